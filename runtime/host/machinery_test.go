package host

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"showrun/drivers/osc"
	"showrun/runtime/clock"
	"showrun/runtime/device"
	"showrun/runtime/engine"
	"showrun/runtime/host/folder"
	"showrun/runtime/rig"
	"showrun/runtime/script"
)

// machine is machinery of which a test sees what it is told.
type machine struct {
	held  bool
	taken []any
	drops []any
	hold  func(on bool)
	ends  chan struct{} // its loop goes on until this is closed
}

func (m *machine) Loops() []func(context.Context) error {
	return []func(context.Context) error{func(context.Context) error { <-m.ends; return nil }}
}
func (m *machine) Take(_ time.Duration, message any) {
	if !m.held {
		m.taken = append(m.taken, message)
	}
}
func (m *machine) Safe()            {}
func (m *machine) AtRest() bool     { return true }
func (m *machine) Drop(message any) { m.drops = append(m.drops, message) }
func (m *machine) Hold(on bool) {
	m.held = on
	if m.hold != nil {
		m.hold(on)
	}
}

// stillHost is a host on a virtual clock with devices that are live already.
func stillHost(t *testing.T, live map[string]device.Device) (*Host, *clock.Virtual) {
	t.Helper()
	opts := Options{Show: "a show"}
	if err := opts.complete(); err != nil {
		t.Fatal(err)
	}
	clk := clock.NewVirtual()
	h := &Host{core: newCore(opts, folder.Folder{}, clk), calls: make(chan func()), crashed: make(chan *InternalError, 1)}
	var inOrder []device.Device
	for _, d := range live {
		inOrder = append(inOrder, d)
	}
	h.devices.set(live, inOrder)
	return h, clk
}

// tell submits an order as a script does.
func tell(h *Host, to string, message any, stamp engine.Stamp) {
	h.batches.put(engine.Batch{Stamp: stamp, Commands: []engine.Command{engine.Order{Device: to, Message: message}}})
}

// TestStopDropsWhatWaits: neither what the engine has for an instant to come nor what
// it was not given yet moves a machine after an emergency stop, though it is released at
// once. Light and what comes after the release are not concerned.
func TestStopDropsWhatWaits(t *testing.T) {
	m, light := &machine{}, &machine{}
	h, clk := stillHost(t, map[string]device.Device{"machine": m, "light": struct {
		device.Taker
		device.Device
	}{light, light}})
	run := func(until time.Duration) {
		for ; h.engineNext() <= until; h.engineStep(clk.Now(), clk.Now()) {
			clk.Set(max(clk.Now(), h.engineNext()))
		}
		clk.Set(until)
	}
	in := func(d time.Duration) engine.Stamp { return engine.Stamp{At: clk.Now() + d} }
	run(time.Second)
	tell(h, "machine", "before", in(500*time.Millisecond))
	tell(h, "light", "light", in(500*time.Millisecond))
	run(1100 * time.Millisecond)
	tell(h, "machine", "just before", in(10*time.Millisecond))
	h.EmergencyStop("me")
	h.Release("me")
	tell(h, "machine", "after", in(20*time.Millisecond))
	run(2 * time.Second)
	if want := []any{"after"}; !slices.Equal(m.taken, want) {
		t.Errorf("the machine was told %v, want %v", m.taken, want)
	}
	if want := []any{"light"}; !slices.Equal(light.taken, want) {
		t.Errorf("light was told %v, want %v", light.taken, want)
	}
	// While it is held as well.
	h.EmergencyStop("me")
	tell(h, "machine", "held", in(100*time.Millisecond))
	run(2050 * time.Millisecond)
	h.Release("me")
	run(3 * time.Second)
	if want := []any{"just before", "before", "held"}; len(m.taken) != 1 || !slices.Equal(m.drops, want) {
		t.Errorf("the machine was told %v while it was held, and dropped %v, want %v", m.taken, m.drops, want)
	}
}

// TestStopAndReleaseAtOnce: of an emergency stop and a release at the same moment
// either is done after the other, for all machines.
func TestStopAndReleaseAtOnce(t *testing.T) {
	a, b := &machine{}, &machine{}
	h, _ := stillHost(t, map[string]device.Device{"a": a, "b": b})
	released := make(chan struct{})
	stopped := false
	for _, m := range []*machine{a, b} {
		m.hold = func(on bool) {
			if on && !stopped {
				stopped = true
				go func() { h.Release("another"); close(released) }()
			}
		}
	}
	h.EmergencyStop("one")
	<-released
	if h.held.Load() || a.held || b.held {
		t.Errorf("held %t, machines %t and %t; the release came last", h.held.Load(), a.held, b.held)
	}
}

// TestRemovedMachinesAreHeld: a machine that a reload no longer names is safe at once,
// however long the loader takes to close devices.
func TestRemovedMachinesAreHeld(t *testing.T) {
	m := &machine{}
	h, _ := stillHost(t, map[string]device.Device{"machine": m})
	next, err := newLoad(t, h)
	if err != nil {
		t.Fatal(err)
	}
	h.wire(next)
	if !m.held {
		t.Error("it is out of reach of an emergency stop and not held")
	}
}

// newLoad is a load of a show that names no device.
func newLoad(t *testing.T, h *Host) (*load, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "show.lua")
	save(t, file, "")
	var err error
	if h.show, err = folder.Find(file); err != nil {
		return nil, err
	}
	l, err := h.prepare(t.Context(), 1, nil, nil, h)
	if err == nil {
		t.Cleanup(func() { l.gen.End(); l.files.Close() })
	}
	return l, err
}

// TestPanicInACall: the loader waits no longer for a script loop that a bug has ended.
func TestPanicInACall(t *testing.T) {
	h, _ := stillHost(t, nil)
	ended := make(chan struct{})
	go func() { defer close(ended); h.guard("script", func() { (<-h.calls)() }) }()
	if h.onScriptLoop(t.Context(), func() { panic("a bug") }) {
		t.Error("the call is said to have gone well")
	}
	<-ended
	if bug := <-h.crashed; bug.Panic != "a bug" {
		t.Errorf("crashed with %v", bug.Panic)
	}
}

// valveShow is a show with a valve that is fed at the start.
func valveShow(port int, options, more string) string {
	return fmt.Sprintf(`local show, theater = require "show", require "theater"
local valve = theater.valve{ port = %d%s }
show.on("start", function() valve:move(1, 50) end)
show.on("reload", function() show.log.info("event reload") end)
%s`, port, options, more)
}

// TestSafeActionChanges: a reload that gives a valve another safe action leaves it as
// it is, and the new one is done from then on, also after a crash.
func TestSafeActionChanges(t *testing.T) {
	state, log := newLines(), newLines()
	port := valveServer(t, func(s string) { fmt.Fprintf(state, "[%s]", s) })
	file := filepath.Join(t.TempDir(), "show.lua")
	save(t, file, valveShow(port, "", ""))
	h, stop := runLive(t, Options{Show: file, Rig: &rig.Config{}, Log: log.logger()})
	state.await(t, "[1 50 false]", 1)
	save(t, file, valveShow(port, `, safe = "stop"`, ""))
	log.await(t, "event reload", 1)
	log.await(t, "show reloaded", 1)
	if s := state.String(); s != "[1 50 false]" {
		t.Errorf("after the reload %s", s)
	}
	kept, err := h.store.Engaged()
	if err != nil || len(kept) != 1 {
		t.Errorf("kept %q, %v", kept, err)
	}
	for _, how := range kept {
		if !strings.Contains(string(how), `"safe":"stop"`) {
			t.Errorf("kept %s", how)
		}
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if s := state.String(); s != "[1 50 false][1 0 false]" && s != "[1 50 false][1 0 false][2 0 false]" {
		t.Errorf("in the end %s", s)
	}
}

// TestUnsafeMachinesAreRemembered: a machine that could not be made safe in the end is
// made safe at the next start; one that could not be opened needs not.
func TestUnsafeMachinesAreRemembered(t *testing.T) {
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "show.lua")
	run := func(show string) string {
		log := newLines()
		save(t, file, show)
		h, err := New(Options{Show: file, StateDir: dir, Log: log.logger(), For: time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		h.Run(context.Background())
		return log.String()
	}
	// Bound to loopback and sent elsewhere: the system refuses, as without a cable.
	if log := run(`require "theater".valve{ host = "192.0.2.1", interface = "127.0.0.1" }:move(1, 50)`); !strings.Contains(log, "could not be made safe") {
		t.Errorf("nothing of it in the end:\n%s", log)
	}
	if log := run(""); !strings.Contains(log, "the last run ended without making a machine safe") {
		t.Errorf("forgotten at the next start:\n%s", log)
	}
	dir = t.TempDir()
	run(`require "theater".valve{ interface = "nothing0" }`)
	if log := run(""); strings.Contains(log, "without making a machine safe") {
		t.Errorf("a machine that was never opened is remembered:\n%s", log)
	}
}

// TestNoiseHidesNoErrors: OSC that is not for us takes nothing from errors of the script.
func TestNoiseHidesNoErrors(t *testing.T) {
	h, _ := stillHost(t, nil)
	log := newLines()
	h.opts.Log = log.logger()
	from := netip.MustParseAddrPort("10.0.0.1:9000")
	for range 100 {
		h.message(osc.Message{Address: "/fader/1"}, osc.TimeTag(0), from, time.Time{})
	}
	h.failed(&script.Failure{Task: "t", Message: "show.lua:1: broken"})
	if !strings.Contains(log.String(), "broken") {
		t.Error("the error of the script is not shown")
	}
	if ev := h.inbox.Take(nil); len(ev) != 1 {
		t.Errorf("%d events, want the error", len(ev))
	}
	if n := strings.Count(log.String(), "not known"); n != 1 {
		t.Errorf("noise is told %d times", n)
	}
}
