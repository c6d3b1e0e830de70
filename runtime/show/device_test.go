package show_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"showrun/bindings"
	"showrun/runtime/beat"
	"showrun/runtime/clock"
	"showrun/runtime/device"
	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/script"
	"showrun/runtime/show"
)

// house is a show turn by turn, with devices that note what they are told.
type house struct {
	t       *testing.T
	clock   *clock.Virtual
	m       *show.Machine
	log     bytes.Buffer
	live    *show.Load
	devices map[string]device.Device
	noted   []string
	turned  []show.ScriptTurn
	bugs    string // the method that panics
	asked   func() // when the script asks for the date
}

const lookahead = 50 * time.Millisecond

func newHouse(t *testing.T) *house {
	h := &house{t: t, clock: clock.NewVirtual()}
	h.m = show.New(show.Config{
		Name: "show", File: "show.lua", Rate: 100, Lookahead: lookahead, Seed: 1, Frames: h,
		Bind: func(s show.Scene) show.Bindings { return noting{bindings.New(s), h} },
		Record: func(in any) {
			if in, ok := in.(show.ScriptTurn); ok {
				h.turned = append(h.turned, in)
			}
		},
		World: script.World{Wall: func() time.Time { h.asked(); return time.Time{} }},
		Now:   h.clock.Now, Stopwatch: h.clock.Now, Log: slog.New(slog.NewTextHandler(&h.log, nil)),
	})
	t.Cleanup(func() {
		if h.live != nil {
			h.live.Detach()
			h.live.End()
		}
	})
	return h
}

func (h *house) Frame(*level.Frame)      {}
func (h *house) Order(o engine.DueOrder) { h.note("seen %v", o.Message) }
func (h *house) note(format string, args ...any) {
	h.noted = append(h.noted, fmt.Sprintf(format, args...))
}

// load makes a script the live load. Neither loop has a turn.
func (h *house) load(text string) {
	h.t.Helper()
	state := show.First()
	if h.live != nil {
		state, _ = h.m.CopyState()
	}
	const modules = `local clock, show, osc, theater, stagelinq = require "clock", require "show", require "osc", require "theater", require "stagelinq" `
	next, err := h.m.Prepare(context.Background(), fstest.MapFS{"show.lua": {Data: []byte(modules + text)}}, state)
	if err != nil {
		h.t.Fatal(err)
	}
	devices := map[string]device.Device{}
	for _, d := range next.Declarations() {
		if devices[d.Key()] = h.devices[d.Key()]; devices[d.Key()] == nil {
			devices[d.Key()], _ = d.OpenVirtual(device.Env{})
		}
	}
	next.Provide(devices)
	if before := h.m.Swap(next, h.clock.Now()); before != nil {
		before.End()
	}
	h.live, h.devices = next, devices
}

// turns goes on for a while, ten milliseconds at a time.
func (h *house) turns(d time.Duration) {
	h.t.Helper()
	for until := h.clock.Now() + d; h.clock.Now() < until; {
		h.clock.Set(h.clock.Now() + 10*time.Millisecond)
		if _, err := h.m.Script(h.clock.Now()); err != nil {
			h.t.Fatal(err)
		}
		h.m.Engine(h.clock.Now())
	}
}

// want compares what was noted since the last time.
func (h *house) want(lines ...string) {
	h.t.Helper()
	if !slices.Equal(h.noted, lines) {
		h.t.Errorf("noted %q\nwant  %q\nlog\n%s", h.noted, lines, h.log.String())
	}
	h.noted = nil
}

// noting has other devices in the place of those of the protocols.
type noting struct {
	show.Bindings
	house *house
}

func (n noting) TakeState(before show.Bindings) error {
	return n.Bindings.TakeState(before.(noting).Bindings)
}

func (n noting) Devices() (list []device.Declaration) {
	for _, d := range n.Bindings.Devices() {
		if _, machine := d.(device.Guarded); machine {
			list = append(list, machineDecl{boxDecl{d, n.house}})
		} else {
			list = append(list, boxDecl{d, n.house})
		}
	}
	return list
}

type boxDecl struct {
	device.Declaration
	house *house
}

func (d boxDecl) OpenVirtual(device.Env) (device.Device, error) {
	return &box{name: d.String(), house: d.house}, nil
}

type machineDecl struct{ boxDecl }

func (machineDecl) SafeRecord(string) []byte { return nil }

func (d machineDecl) OpenVirtual(device.Env) (device.Device, error) {
	return &machine{box{name: d.String(), house: d.house}}, nil
}

// box is a device.
type box struct {
	device.Silent
	name  string
	house *house
}

func (b *box) told(method, format string, args ...any) {
	if b.house.bugs == method {
		panic("a bug in " + method)
	}
	b.house.note(format, args...)
}

func (b *box) Adopt(d device.Declaration)        { b.told("Adopt", "%s adopts", b.name) }
func (b *box) Take(_ time.Duration, message any) { b.told("Take", "%s takes %v", b.name, message) }

type machine struct{ box }

func (m *machine) Tempo(_ time.Duration, bpm float64) { m.told("Tempo", "%s at %v", m.name, bpm) }
func (m *machine) Drop(message any)                   { m.told("Drop", "%s drops %v", m.name, message) }
func (m *machine) Safe()                              {}
func (m *machine) AtRest() bool                       { return true }
func (m *machine) Hold(bool)                          {}

const sender = `local out = osc.sender{ port = 9 } `

// TestAReloadTellsDevicesFirst: a device that goes on learns what the new load wants of
// it before it takes the first order of that.
func TestAReloadTellsDevicesFirst(t *testing.T) {
	h := newHouse(t)
	h.load(sender + `out:send("/first")`)
	h.turns(lookahead)
	h.want("osc.sender 127.0.0.1:9 takes {/first []}", "seen {/first []}")
	h.load(sender + `out:send("/second")`)
	h.turns(2 * lookahead)
	h.want("osc.sender 127.0.0.1:9 adopts", "osc.sender 127.0.0.1:9 takes {/second []}", "seen {/second []}")
}

// TestABugInADeviceIsTold: whatever a device is told, it does not end the show.
func TestABugInADeviceIsTold(t *testing.T) {
	const valve = `local valve = theater.valve{ port = 9 } `
	for method, script := range map[string]string{
		"Adopt": ``,
		"Take":  `clock.after(0.01, function() valve:move(1, 0.5) end)`,
		"Tempo": `clock.set_tempo(90)`,
		"Drop":  `clock.after(0.045, function() valve:move(1, 0.5) end)`,
	} {
		h := newHouse(t)
		h.load(valve)
		h.turns(10 * time.Millisecond)
		h.bugs = method
		h.load(valve + script)
		h.turns(60 * time.Millisecond)
		h.m.Bar()
		h.turns(2 * lookahead)
		if !strings.Contains(h.log.String(), "a bug in "+method) {
			t.Errorf("%s: not told\n%s", method, h.log.String())
		}
	}
}

// TestABugInEveryOrder is told now and then, with how many there were.
func TestABugInEveryOrder(t *testing.T) {
	h := newHouse(t)
	h.bugs = "Take"
	h.load(`local valve = theater.valve{ port = 9 } clock.every(0.1, function() valve:move(1, 0.5) end)`)
	h.turns(11 * time.Second)
	log := h.log.String()
	if n := strings.Count(log, "a bug in Take"); n != 2 {
		t.Errorf("told %d times in 11 s, want 2", n)
	}
	if !strings.Contains(log, "more=99 ") {
		t.Errorf("how many more is not told:\n%.2000s", log)
	}
}

// TestFarewells: a device that a reload drops takes what it was told for instants before
// the new load begins, and only then it may be closed. What comes later is lost.
func TestFarewells(t *testing.T) {
	h := newHouse(t)
	h.load(sender + `local valve = theater.valve{ port = 9 }
clock.after(0.09, function() out:send("/soon") end)
clock.after(0.25, function() out:send("/never") end)
show.on("unload", function() out:send("/bye") end)`)
	h.turns(lookahead)
	before := h.live
	h.noted = nil
	h.load(``)
	h.load(``) // at once another
	h.turns(40 * time.Millisecond)
	h.want("osc.sender 127.0.0.1:9 takes {/soon []}", "seen {/soon []}")
	select {
	case <-before.Left():
		t.Error("the devices may be closed before the farewell")
	default:
	}
	h.turns(20 * time.Millisecond)
	h.want("osc.sender 127.0.0.1:9 takes {/bye []}", "seen {/bye []}")
	<-before.Left()
	h.turns(300 * time.Millisecond)
	h.want()
	if n := h.m.Stats().Lost; n != 0 {
		t.Errorf("%d orders are lost", n)
	}
}

// TestEventsWaitWithinBounds: a turn takes what it delivers, and the rest stays where
// there is a limit and where the newest of a key replaces the one before.
func TestEventsWaitWithinBounds(t *testing.T) {
	h := newHouse(t)
	h.load(``)
	turn := func() (more bool) {
		t.Helper()
		more, err := h.m.Script(h.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		return more
	}
	put := func(n int) (room int) {
		for range n {
			if h.m.Put(script.Event{Topic: "x"}) {
				room++
			}
		}
		return room
	}
	if got := put(5000); got != 4096 {
		t.Errorf("room for %d", got)
	}
	turn()
	if got := put(5000); got != 16 {
		t.Errorf("room for %d after a turn", got)
	}
	for turn() {
	}
	put(100)
	h.m.Put(script.Event{Topic: "fader", Key: "fader", Value: 1})
	turn()
	h.m.Put(script.Event{Topic: "fader", Key: "fader", Value: 2})
	for turn() {
	}
	var faders []any
	for _, in := range h.turned {
		for _, ev := range in.Events {
			if ev.Topic == "fader" {
				faders = append(faders, ev.Value)
			}
		}
	}
	if !slices.Equal(faders, []any{2}) {
		t.Errorf("the fader was at %v, want only 2", faders)
	}
}

// TestHeldMachineryTakesNothing: what machinery was told while it was held does not reach
// it, even if it takes orders again before the engine knows; what it is told afterwards
// does.
func TestHeldMachineryTakesNothing(t *testing.T) {
	h := newHouse(t)
	h.load(`local valve, n = theater.valve{ port = 9 }, 0
clock.every(0.01, function() n = n + 1 valve:move(1, n) end)`)
	h.turns(200 * time.Millisecond)
	given := func(verb string) (first, last, times int) {
		for _, line := range h.noted {
			var n int
			if i := strings.Index(line, verb); i >= 0 {
				if _, err := fmt.Sscanf(line[i:], verb+" {1 %d}", &n); err != nil {
					t.Fatal(line, err)
				}
				if times++; times == 1 {
					first = n
				}
				last = n
			}
		}
		return first, last, times
	}
	if _, _, n := given("takes"); n < 10 {
		t.Fatalf("noted %q", h.noted)
	}
	h.noted = nil
	h.m.Hold(true)
	h.turns(200 * time.Millisecond)
	// Here the machines are let go.
	h.turns(10 * time.Millisecond)
	if _, _, n := given("takes"); n > 0 {
		t.Errorf("%d orders of the hold are taken", n)
	}
	h.m.Hold(false)
	h.turns(200 * time.Millisecond)
	_, dropped, _ := given("drops")
	if first, _, n := given("takes"); n < 10 || first != dropped+1 {
		t.Errorf("%d orders are taken from %d on; the last that was dropped is %d", n, first, dropped)
	}
	if _, _, n := given("seen"); n != 0 {
		_, _, taken := given("takes")
		if n != taken {
			t.Errorf("%d orders are shown, %d were taken", n, taken)
		}
	}
	if n := strings.Count(h.log.String(), "refused until"); n != 1 {
		t.Errorf("told %d times", n)
	}
}

// TestASourceIsNotSleptThrough: a script that has just begun to wait for a tempo source
// learns of a change of it that the engine published meanwhile.
func TestASourceIsNotSleptThrough(t *testing.T) {
	h := newHouse(t)
	h.load(`local deck = stagelinq.sink{}:deck(1)
clock.after(0.01, function() deck:on_beat(1, function() end) os.time() end)`)
	source := h.live.Declarations()[0].Key() + " deck 1"
	h.asked = func() {
		h.m.Env().Observe(source, beat.Observation{Arrival: h.clock.Now(), Beat: 3, BPM: 120})
		h.m.Engine(h.clock.Now())
	}
	more, err := h.m.Script(h.clock.Now())
	if err != nil || !more {
		t.Errorf("another turn %t, error %v, log\n%s", more, err, h.log.String())
	}
	if more, err = h.m.Script(h.clock.Now()); err != nil || more {
		t.Errorf("yet another turn %t, error %v", more, err)
	}
}
