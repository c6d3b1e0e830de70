package host

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"showrun/drivers/signet"
	"showrun/drivers/signet/node"
	"showrun/drivers/signet/receiver"
	"showrun/runtime/rig"
)

// TestAShowHearsItself sends levels, priorities and timecode with a Sender that
// syncs its frames and hears them again with a Receiver, on the network of the rig.
func TestAShowHearsItself(t *testing.T) {
	file := filepath.Join(t.TempDir(), "show.lua")
	save(t, file, `local clock, show, signet = require "clock", require "show", require "signet"
local net = signet.sender{ sync = true, latency = "2ms", label = "desk" }
local one, guest = net:universe(1), signet.sender{ endpoint = 3, label = "guest" }:universe(1, { priority = 50 })
local tc = net:timecode(9, { rate = 25 })
local heard = signet.receiver{}
local u, film = heard:universe(1), heard:timecode(9)
guest:set(1, 200)
one:set(1, 10)
tc:start("01:00:00:00")
u:on("levels", function(levels, source) show.log.info("slot 1 is %d, %s", levels[1], tostring(source ~= nil)) end)
film:on("found", function(position) show.log.info("film found at %s", position:sub(1, 8)) end)
film:on("frame", function(position)
  if position >= "01:00:01:00" and tc.running then
    show.log.info("film runs: %s, ours %s", position:sub(1, 8), tc.position:sub(1, 8))
    tc:stop()
    one:priority(40)
  end
end)
local rig = signet.manager{ label = "eye" }
rig:on("found", function(node) show.log.info("manager found %s", node.tuid) end)
`)
	log := newLines()
	h, stop := runLive(t, Options{Show: file, Rig: true, Log: log.logger()})
	log.await(t, `film found at `, 1)
	log.await(t, `slot 1 is 10, true`, 1) // the guest is not heard, or no longer
	log.await(t, `film runs: 01:00:01, ours 01:00:01`, 1)
	log.await(t, `slot 1 is 200, true`, 1) // until its priority is the higher one
	log.await(t, `manager found`, 3)       // both Senders and the Receiver
	if n := h.Status().Universes; n != 2 {
		t.Errorf("%d universes", n)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// TestSyncOnTheInstant measures, with -measure 20s, when the levels of a Sender
// that syncs are released at a Receiver, against the instant the show gave.
func TestSyncOnTheInstant(t *testing.T) {
	length := measuring(t)
	for _, option := range []string{"sync = true", "sync = false"} {
		file := filepath.Join(t.TempDir(), "show.lua")
		save(t, file, fmt.Sprintf(`local clock, net = require "clock", require "signet".sender{ %s }
local list = {}
for n = 1, 20 do list[n] = net:universe(n) end
for n = 1, 20 do list[n]:fade(2, 255, 3600) end     -- so that there is something in every second
clock.run(function()
  clock.sleep(1 - clock.time())
  for level = 1, 250 do
    for n = 1, 20 do list[n]:set(1, level) end
    clock.sleep(0.5)
  end
end)`, option))
		h, stop := runLive(t, Options{Show: file, Rig: true})
		var mu sync.Mutex
		shown := map[byte][]time.Time{} // by level: when each universe showed it first
		last := map[int]byte{}
		r, err := receiver.Open(receiver.Config{
			Keys: h.rig.Parts()["signet"].(interface{ Keys() signet.Keys }).Keys(), Interface: rig.Loopback(), Port: h.opts.Ports["signet"],
			OnLevels: func(u int, levels []byte, _ receiver.Packet) {
				now := time.Now()
				mu.Lock()
				defer mu.Unlock()
				if len(levels) > 0 && levels[0] != last[u] {
					last[u] = levels[0]
					shown[levels[0]] = append(shown[levels[0]], now)
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		for n := 1; n <= 20; n++ {
			if err := r.Subscribe(n); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- r.Run(ctx) }()
		<-time.After(length)
		cancel()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		var late, spread []time.Duration
		for level, at := range shown {
			if level < 4 || len(at) != 20 {
				continue
			}
			slices.SortFunc(at, time.Time.Compare)
			instant := h.clock.Time(time.Duration(level+1) * 500 * time.Millisecond)
			late = append(late, at[0].Sub(instant))
			spread = append(spread, at[19].Sub(at[0]))
		}
		slices.Sort(late)
		slices.Sort(spread)
		n := len(late)
		if n == 0 {
			t.Fatal("nothing was heard")
		}
		t.Logf("%s: %d changes of 20 universes: first one shown %v to %v after the instant, p50 %v; from the first to the last p50 %v, max %v",
			option, n, late[0], late[n-1], late[n/2], spread[n/2], spread[n-1])
	}
}

// TestRigHearsTheShow: the rig's node is of the installation of the show, whatever its
// scope, and hears unsigned packets if those are what the show sends. Previews are none.
func TestRigHearsTheShow(t *testing.T) {
	t.Parallel()
	for _, options := range []string{`{}`, `{ scope = "hall" }`, `{ mode = "open" }`, `{ mode = "both", scope = "hall" }`} {
		file := filepath.Join(t.TempDir(), "show.lua")
		save(t, file, fmt.Sprintf(`local net = require "signet".sender%s
net:universe(1, { preview = true }):set(1, 99)
net:universe(2):set(1, 77)`, options))
		heard := make(chan string, 100)
		_, stop := runLive(t, Options{Show: file, Rig: true, Protocols: hearing(func(universe int, levels []byte, _ node.Packet) {
			select {
			case heard <- fmt.Sprintf("%d: %d", universe, levels[0]):
			default:
			}
		})})
		select {
		case got := <-heard:
			if got != "2: 77" {
				t.Errorf("%s: heard %s", options, got)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("%s: nothing is heard", options)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	}
}
