package bindings

import (
	"strings"
	"testing"
	"time"
)

const artnetPrelude = `local artnet = require "artnet" `

// TestArtNetUniverses: universes by number and by their parts are the same, and levels
// reach their frames.
func TestArtNetUniverses(t *testing.T) {
	s := live(t, artnetPrelude+`
		local out = artnet.sender{ name = "desk" }
		local u = out:universe(1, 2, 3)
		assert(u == out:universe(0x123) and u.number == 0x123)
		u:set(1, 255)
		u:set{ [2] = 128 }
		stage.fixture{ name = "spot", kind = "dimmer", at = u:slot(3) }:set(64)
		clock.after(0.1, function() print(u:get(1), #u:levels(), #artnet.nodes()) u:leave() end)`)
	s.run(time.Second)
	if got := s.levels[len(s.levels)-1][:3]; string(got) != string([]byte{255, 128, 64}) {
		t.Errorf("levels %v", got)
	}
	if !strings.HasSuffix(s.log[len(s.log)-1], " 255 512 0") && !strings.Contains(s.log[len(s.log)-1], "255") {
		t.Errorf("log %q", s.log)
	}
}

// TestArtNetMistakes: what is wrong is said before anything is sent.
func TestArtNetMistakes(t *testing.T) {
	for text, want := range map[string]string{
		`artnet.sender{}:universe(32768)`:                                     "0-32767",
		`artnet.sender{}:universe(128, 0, 0)`:                                 "0-127",
		`artnet.sender{}:universe(0, 16, 0)`:                                  "0-15",
		`artnet.sender{}:universe(0, 0)`:                                      "universe",
		`artnet.sender{ discover = false }`:                                   "nobody would get levels",
		`artnet.sender{ name = "a name that is too long" }`:                   "17 bytes",
		`artnet.sender{ rate = 0 }`:                                           "1-250",
		`artnet.sender{} artnet.sender{ rate = 20 }`:                          "another name",
		`artnet.sender{}:universe(1) artnet.sender{ name = "b" }:universe(1)`: "another sender",
		`artnet.receiver{ merge = "max" }`:                                    "htp",
		`artnet.sender{ unicast = "239.0.0.1" }`:                              "IPv4 address",
		`artnet.sender{}:universe(1):priority(5)`:                             "priority",
	} {
		s := newStand(t)
		err := s.load(map[string]string{"show.lua": prelude + artnetPrelude + text})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
