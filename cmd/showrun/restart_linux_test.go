package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"showrun/drivers/stagenet/gateway"
)

// restartShow patches two gateways and tells what they are leased.
const restartShow = `
local stage, show = require "stage", require "show"
local house = require "stagenet".console{ discover = false, gateways = { %q, %q } }
local lamp = stage.fixture{ name = "lamp", kind = "rgb", at = house:gateway("front"):slot(2) }
local fan  = stage.fixture{ name = "fan", kind = "dimmer", at = house:gateway("strip"):channel("ANALOG", 3) }
lamp:set{ 10, 20, 30 }
fan:set(99)
house:set("SN1", 7)    -- of front
house:set("SN10", 77)  -- of strip
house:on("mapped", function(g)
  local a = g.lease.addresses
  show.log.info("mapped %%s: %%s, %%s to %%s, %%s %%d", g.id, g.lease.id, a[1], a[#a], g.lease.mappings[1].type, g.lease.mappings[1].channel)
end)
`

// lamps is the hardware of a gateway.
type lamps struct {
	mu      sync.Mutex
	shown   map[gateway.Channel]byte
	at      time.Time // of the last change
	changed chan struct{}
}

// Set implements gateway.Sink.
func (l *lamps) Set(c gateway.Channel, v byte) {
	l.mu.Lock()
	l.shown[c], l.at = v, time.Now()
	l.mu.Unlock()
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

// wait waits until the lamps show this, by channel number, and nothing else. It
// returns when the last one came to do so.
func (l *lamps) wait(t *testing.T, want map[int]byte) time.Time {
	t.Helper()
	limit := time.After(30 * time.Second)
	for {
		got := map[int]byte{}
		l.mu.Lock()
		for c, v := range l.shown {
			got[c.Number] = v
		}
		at := l.at
		l.mu.Unlock()
		if maps.Equal(got, want) {
			return at
		}
		select {
		case <-l.changed:
		case <-limit:
			t.Fatalf("the lamps show %v, want %v", got, want)
		}
	}
}

// powered runs a gateway until the returned function pulls its plug. Listen is
// where, port 0 for any.
func powered(t *testing.T, id, listen, kind string, first, count int) (g *gateway.Gateway, l *lamps, off func()) {
	t.Helper()
	l = &lamps{shown: map[gateway.Channel]byte{}, changed: make(chan struct{}, 1)}
	g, err := gateway.Listen(gateway.Config{ID: id, Channels: gateway.Channels(kind, first, count), Listen: listen, Sink: l})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := g.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	off = func() { cancel(); running.Wait() }
	t.Cleanup(off)
	return g, l, off
}

// TestKilledConsole kills a show outright and starts it again, with its gateways
// coming in another order: each has the same lease, the same addresses and shows
// the same levels. How soon they are back is printed.
func TestKilledConsole(t *testing.T) {
	t.Parallel()
	front, frontLamps, frontOff := powered(t, "front", "127.0.0.1:0", "DMX", 1, 6)
	strip, _, stripOff := powered(t, "strip", "127.0.0.1:0", "ANALOG", 0, 4)
	stripOff() // its port is known; it is off at first
	dir := t.TempDir()
	show := filepath.Join(dir, "show.lua")
	if err := os.WriteFile(show, fmt.Appendf(nil, restartShow, front.URL(), strip.URL()), 0o600); err != nil {
		t.Fatal(err)
	}
	start := func() (*exec.Cmd, *logLines) {
		run := exec.Command("showrun", "run", "--log-format", "json", "--reload", "off", "--state", filepath.Join(dir, "state"), show)
		return run, follow(t, run)
	}
	await := func(lines *logLines, prefix string) entry {
		t.Helper()
		limit := time.After(30 * time.Second)
		for {
			select {
			case e := <-lines.new:
				if strings.HasPrefix(e.Msg, prefix) {
					return e
				}
			case <-limit:
				t.Fatalf("no %q in the log:\n%s", prefix, strings.Join(lines.all(), "\n"))
			}
		}
	}
	// All channels are the show's, and dark where it has set nothing. SN10 is the fan's:
	// the higher level counts.
	frontShows := map[int]byte{1: 7, 2: 10, 3: 20, 4: 30, 5: 0, 6: 0}
	stripShows := map[int]byte{0: 0, 1: 0, 2: 0, 3: 99}

	run, lines := start()
	const frontMapped, stripMapped = "mapped front: lease_001, SN1 to SN6, DMX 1", "mapped strip: lease_002, SN7 to SN10, ANALOG 0"
	await(lines, frontMapped)
	_, stripLamps, stripOff := powered(t, "strip", strip.Addr().String(), "ANALOG", 0, 4)
	await(lines, stripMapped)
	frontLamps.wait(t, frontShows)
	stripLamps.wait(t, stripShows)

	if err := run.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	run.Wait()
	frontOff()
	stripOff()
	_, stripLamps, _ = powered(t, "strip", strip.Addr().String(), "ANALOG", 0, 4)
	_, lines = start()
	connected := await(lines, "stagenet: connected").Time
	await(lines, stripMapped)
	recovered(t, "TestKilledConsole", stripLamps.wait(t, stripShows).Sub(connected))
	_, frontLamps, _ = powered(t, "front", front.Addr().String(), "DMX", 1, 6)
	connected = await(lines, "stagenet: connected").Time
	await(lines, frontMapped)
	recovered(t, "TestKilledConsole", frontLamps.wait(t, frontShows).Sub(connected))
}
