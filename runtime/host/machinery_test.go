package host

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/device"
	"showrun/runtime/patch"
	"showrun/runtime/script"
	"showrun/runtime/show"
	"showrun/runtime/store"
)

// machine is machinery of which a test sees what it is told.
type machine struct {
	held  bool
	taken []any
	drops []any
	hold  func(on bool)
	safe  func()
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
func (m *machine) Safe() {
	if m.safe != nil {
		m.safe()
	}
}
func (m *machine) AtRest() bool     { return true }
func (m *machine) Drop(message any) { m.drops = append(m.drops, message) }
func (m *machine) Hold(on bool) {
	m.held = on
	if m.hold != nil {
		m.hold(on)
	}
}

// moving declares a machine.
type moving struct {
	key     string
	machine device.Device
}

func (d moving) Key() string                                   { return d.key }
func (d moving) String() string                                { return d.key }
func (d moving) Open(device.Env) (device.Device, error)        { return d.machine, nil }
func (d moving) OpenVirtual(device.Env) (device.Device, error) { return d.machine, nil }
func (d moving) SafeRecord(string) []byte                      { return nil }

// declaring are bindings of a show that declares devices and does nothing.
type declaring struct {
	devices []device.Declaration
	goes    func() // when the load after it takes its state
}

func (declaring) Modules() []script.Module        { return nil }
func (d declaring) Devices() []device.Declaration { return d.devices }
func (declaring) Intensity() []patch.Channel      { return nil }
func (declaring) Mixes() []patch.Mix              { return nil }
func (declaring) Patch() *patch.Patch             { return new(patch.Patch) }
func (declaring) Layout() []patch.Place           { return nil }
func (declaring) CopyState() (any, error)         { return nil, nil }
func (declaring) Ready() error                    { return nil }
func (declaring) Bar() beat.Micro                 { return 4 * beat.Beat }
func (declaring) Carry() show.Carried             { return show.Carried{} }
func (declaring) Board() (show.Board, bool)       { return show.Board{}, false }
func (declaring) Operate(show.Operation) error    { return nil }
func (declaring) TakeState(before show.Bindings) error {
	if b := before.(declaring); b.goes != nil {
		b.goes()
	}
	return nil
}

// stillHost is a host whose loops do not run, with machines that are live already.
func stillHost(t *testing.T, machines map[string]*machine, goes func()) *Host {
	t.Helper()
	file := filepath.Join(t.TempDir(), "show.lua")
	save(t, file, "local nothing = true")
	h, err := New(Options{Show: file, StateDir: t.TempDir(), Bind: func(show.Scene) show.Bindings {
		d := declaring{goes: goes}
		for _, key := range slices.Sorted(maps.Keys(machines)) {
			d.devices = append(d.devices, moving{key, machines[key]})
		}
		return d
	}})
	if err != nil {
		t.Fatal(err)
	}
	if h.store, err = store.Open(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.store.Close() })
	load(t, h, show.First())
	return h
}

// load makes the next load live, on the goroutine of the test.
func load(t *testing.T, h *Host, state show.Copy) {
	t.Helper()
	next, err := h.prepare(t.Context(), state)
	if err != nil {
		t.Fatal(err)
	}
	h.swap(next, 0)
	h.devices = next.devices
	t.Cleanup(func() { next.Detach(); next.End(); next.files.Close() })
}

// TestStopAndReleaseAtOnce: of an emergency stop and a release at the same moment
// either is done after the other, for all machines.
func TestStopAndReleaseAtOnce(t *testing.T) {
	a, b := &machine{}, &machine{}
	h := stillHost(t, map[string]*machine{"a": a, "b": b}, nil)
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
	machines := map[string]*machine{"machine": m}
	h := stillHost(t, machines, nil)
	delete(machines, "machine")
	state, err := h.show.CopyState()
	if err != nil {
		t.Fatal(err)
	}
	load(t, h, state)
	if !m.held {
		t.Error("it is out of reach of an emergency stop and not held")
	}
}

// TestNewMachinesAreHeld: one that a reload brings while machinery is held is held before
// the script can tell it anything.
func TestNewMachinesAreHeld(t *testing.T) {
	m := &machine{}
	machines := map[string]*machine{}
	h := stillHost(t, machines, nil)
	h.EmergencyStop("test")
	machines["machine"] = m
	state, err := h.show.CopyState()
	if err != nil {
		t.Fatal(err)
	}
	load(t, h, state)
	if !m.held {
		t.Error("it may move")
	}
}

// TestStopDuringASwap: an emergency stop waits for no script that goes or comes, and
// holds the machinery of both.
func TestStopDuringASwap(t *testing.T) {
	goes, comes := &machine{}, &machine{}
	machines := map[string]*machine{"goes": goes}
	var h *Host
	stop := func() {
		done := make(chan struct{})
		go func() { defer close(done); h.EmergencyStop("test") }()
		<-done
		if !goes.held || !comes.held {
			t.Errorf("held: %t what goes, %t what comes", goes.held, comes.held)
		}
	}
	h = stillHost(t, machines, stop)
	delete(machines, "goes")
	machines["comes"] = comes
	load(t, h, show.First())
	if !comes.held {
		t.Error("the swap let it go")
	}
}

// opening is a machine whose device does not open before the machine that is live is
// made safe.
type opening struct {
	moving
	begun, safe chan struct{}
}

func (d opening) Open(device.Env) (device.Device, error) {
	close(d.begun)
	<-d.safe
	return d.machine, nil
}

// TestTheEndWaitsForNoDevice: machinery is made safe at the end though the loader waits for
// a device that opens.
func TestTheEndWaitsForNoDevice(t *testing.T) {
	file := filepath.Join(t.TempDir(), "show.lua")
	save(t, file, "local nothing = true")
	begun, safe := make(chan struct{}), make(chan struct{})
	stopped := sync.OnceFunc(func() { close(safe) })
	live := &machine{safe: stopped, hold: func(bool) { stopped() }, ends: make(chan struct{})}
	close(live.ends)
	loads := 0
	h, err := New(Options{Show: file, StateDir: t.TempDir(), Bind: func(show.Scene) show.Bindings {
		d := declaring{devices: []device.Declaration{moving{"live", live}}}
		if loads++; loads == 2 {
			d.devices = append(d.devices, opening{moving{"opening", live}, begun, safe})
		}
		return d
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		h.askReload("test")
		<-begun
		cancel()
	}()
	if err := h.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

// TestABugHoldsMachinery: what is on its way when a loop panics moves nothing any more.
func TestABugHoldsMachinery(t *testing.T) {
	m := &machine{}
	h := stillHost(t, map[string]*machine{"machine": m}, nil)
	h.guard("script", func() { panic("a bug") })
	if !m.held {
		t.Error("it may move")
	}
}

// TestPanicInACall: the loader waits no longer for a script loop that a bug has ended.
func TestPanicInACall(t *testing.T) {
	h := stillHost(t, nil, nil)
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
	t.Parallel()
	state, log := newLines(), newLines()
	port := valveServer(t, func(s string) { fmt.Fprintf(state, "[%s]", s) })
	file := filepath.Join(t.TempDir(), "show.lua")
	save(t, file, valveShow(port, "", ""))
	h, stop := runLive(t, Options{Show: file, Interface: "127.0.0.1", Log: log.logger()})
	state.await(t, "[1 50 false]", 1)
	save(t, file, valveShow(port, `, safe = "stop"`, ""))
	log.await(t, "event reload", 1)
	log.await(t, "show reloaded", 1)
	if s := state.String(); s != "[1 50 false]" {
		t.Errorf("after the reload %s", s)
	}
	kept := h.store.Engaged()
	if len(kept) != 1 {
		t.Errorf("kept %q", kept)
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
	t.Parallel()
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "show.lua")
	rig := false
	run := func(show string) string {
		log := newLines()
		save(t, file, show)
		h, err := newHost(Options{Show: file, StateDir: dir, Rig: rig, Ports: freePorts(t), Log: log.logger(), For: time.Millisecond})
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
	rig = true
	if log := run(`require "theater".valve{ host = "192.0.2.1", interface = "127.0.0.1" }`); !strings.Contains(log, "the next one without a rig") {
		t.Errorf("nothing of it with a rig:\n%s", log)
	}
	rig = false
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
	h := stillHost(t, nil, nil)
	log := newLines()
	h.opts.Log = log.logger()
	from := netip.MustParseAddrPort("10.0.0.1:9000")
	for range 100 {
		h.isCommand([]byte("/fader/1"), from)
	}
	h.wg.Wait()
	if n := strings.Count(log.String(), "not known"); n != 1 {
		t.Errorf("noise is told %d times", n)
	}
}
