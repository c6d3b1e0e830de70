package doctor

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestShow looks at shows whose devices are on this machine.
func TestShow(t *testing.T) {
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	number := c.LocalAddr().(*net.UDPAddr).Port
	for name, c := range map[string]struct {
		text string
		want []string // findings, each "grade text", which may be cut
	}{
		"no devices": {``, []string{"ok show loads; 0 devices declared"}},
		"a mistake":  {"local show = require 'show'\nshow.nothing()", []string{"fail show does not load: show.lua:2: "}},
		"a valve and a receiver": {fmt.Sprintf(`require "theater".valve{ host = "127.0.0.1" }
require "osc".receiver{ port = %d, interface = "lo" }`, number), []string{
			"ok show loads; 2 devices declared", "ok theater.valve 127.0.0.1:23000 can be opened", "ok theater.valve 127.0.0.1:23000: it is this machine",
			fmt.Sprintf("fail osc.receiver %d cannot be opened: ", number),
		}},
		"a network that is not there": {`require "signet".sender{ mode = "open", interface = "no0" }:universe(1)`, []string{
			"ok show loads; 1 device declared", `fail signet.sender (scope local) cannot be opened: `,
		}},
		"a gateway that is not there": {`require "stagenet".console{ interface = "lo", discover = false, gateways = { "ws://127.0.0.1:1" } }:gateway("booth")`, []string{
			"ok show loads; 1 device declared", "fail gateway ws://127.0.0.1:1 is not there within 3s (stagenet.console on lo)",
		}},
		"a widget that is not there": {`require "dmx".usb{ port = "/dev/nowhere" }:universe(1)`, []string{
			"ok show loads; 1 device declared", "fail DMX USB widget /dev/nowhere is not there within 3s (dmx.usb /dev/nowhere)",
		}},
		"MIDI that is not there": {`local midi = require "midi"
midi.input{ name = "No such port" }
midi.input{ host = "127.0.0.1", port = 9 }
midi.input{ session = "No such session", interface = "lo" }`, []string{
			"ok show loads; 3 devices declared", `fail midi port "No such port" cannot be opened: midi: there is no such MIDI port like "No such port"`,
			`fail MIDI session at 127.0.0.1:9 is not there within 3s`, `ok midi session at 127.0.0.1:9: it is this machine`,
			`fail MIDI session "No such session" is not there within 3s`,
		}},
		"lamps by their address": {`require "sacn".sender{ interface = "lo", unicast = "127.0.0.3" }:universe(1, { unicast = "127.0.0.2" })`, []string{
			"ok show loads; 1 device declared", "ok sacn.sender", "ok sacn.sender", "ok sacn.sender",
		}},
		"what sends to all": {`require "osc".sender{ host = "239.1.2.3", port = 9, interface = "lo" }`, []string{
			"ok show loads; 1 device declared", "ok osc.sender 239.1.2.3:9 can be opened", "ok osc.sender 239.1.2.3:9: it is for everybody who listens",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "show.lua")
			file = filepath.Join(filepath.Dir(file), "show", "show.lua")
			if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			m := This()
			m.Shows = func() ([]Running, error) { return nil, nil }
			sees(t, devices(t.Context(), m, Options{Show: file, StateDir: t.TempDir()}), c.want)
		})
	}
	sees(t, devices(t.Context(), This(), Options{Show: "/no/show.lua"}), []string{"fail no show at /no/show.lua"})
}

// sees checks findings.
func sees(t *testing.T, all []Finding, want []string) {
	t.Helper()
	var got []string
	fits := len(all) == len(want)
	for i, f := range all {
		got = append(got, string(f.Grade)+" "+f.Text)
		fits = fits && i < len(want) && strings.HasPrefix(got[i], want[i])
	}
	if !fits {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestShowThatRuns: it is asked itself, and its devices are left to it.
func TestShowThatRuns(t *testing.T) {
	file := filepath.Join(t.TempDir(), "gala.lua")
	if err := os.WriteFile(file, []byte(`require "osc".receiver{ port = 9000 }`), 0o600); err != nil {
		t.Fatal(err)
	}
	m := healthy()
	for text, want := range map[string]string{
		"pid 7, generation 1, machines: 0":                                    "ok gala runs, and what it names is there",
		"pid 7, machines: 0, WAITING FOR player prime5, 3 EVENTS LOST":        "fail gala runs and waits for player prime5",
		"pid 7, machines: 0, WAITING FOR gateway booth, held by an EMERGENCY": "fail gala runs and waits for gateway booth",
	} {
		m.Shows = func() ([]Running, error) {
			return []Running{{Show: "ball", Text: "WAITING FOR x"}, {Show: "gala", PID: "7", Text: text}}, nil
		}
		sees(t, devices(t.Context(), m, Options{Show: file}), []string{want})
	}
}
