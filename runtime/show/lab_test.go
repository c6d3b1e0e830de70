package show_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"testing"
	"testing/fstest"
	"time"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings"
	"showrun/runtime/beat"
	"showrun/runtime/clock"
	"showrun/runtime/device"
	"showrun/runtime/device/osc"
	"showrun/runtime/device/stagelinq"
	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/script"
	"showrun/runtime/show"
)

var rounds = flag.Uint64("rounds", 1, "how many times as many random shows as usual the tests go through")

// lab runs a real show on a clock that jumps, with the two halves as independent as they
// are live: while a handler is busy, the engine half has its turns. What the show says
// with mark(...) leaves as an order, and is noted with its stamp and the instant it left.
type lab struct {
	t       *testing.T
	clock   *clock.Virtual
	m       *show.Machine
	live    *show.Load
	devices map[string]device.Device
	log     bytes.Buffer

	course beat.Course // where the beat went, as it was published when it went there
	plan   *beat.Plan
	marks  []mark
	frames []shown
	deck   *deck

	files    map[string][]byte // beside the show
	lists    []show.List       // that the load has, besides what it declares
	operated []string          // what was done with them
}

// mark is an order that left.
type mark struct {
	at, left time.Duration
	args     []any
}

func (m mark) String() string { return fmt.Sprintf("%.3f %v", m.at.Seconds(), m.args) }

// shown is what slot 1 of output 0 showed in a frame.
type shown struct {
	at    time.Duration
	value byte
}

func newLab(t *testing.T, text string) *lab { return newLabOf(t, 1, text) }

func newLabOf(t *testing.T, seed uint64, text string) *lab {
	t.Helper()
	h := &lab{t: t, clock: clock.NewVirtual()}
	h.m = show.New(show.Config{
		Name: "show", File: "show.lua", Rate: 100, Lookahead: lookahead, Seed: seed, Frames: h,
		Bind: func(s show.Scene) show.Bindings { return labelled{bindings.New(s), h} },
		Now:  h.clock.Now, Stopwatch: func() time.Duration { return 0 },
		Log: slog.New(slog.NewTextHandler(&h.log, nil)),
	})
	t.Cleanup(func() {
		if h.live != nil {
			h.live.Detach()
			h.live.End()
		}
	})
	h.load(text)
	return h
}

const labPrelude = `local clock, show, osc, stagelinq, lab = require "clock", require "show", require "osc", require "stagelinq", require "lab" ` +
	`local one = require "signet".sender{}:universe(1) local out = osc.sender{ port = 53000 } ` +
	`local function mark(...) out:send("/mark", ...) end `

// load makes a script the live load, in place of the one before.
func (h *lab) load(text string) {
	h.t.Helper()
	state := show.First()
	if h.live != nil {
		state, _ = h.m.CopyState()
	}
	h.loadAfter(state, text)
}

func (h *lab) loadAfter(state show.Copy, text string) {
	h.t.Helper()
	h.swapOn(h.prepareAfter(state, text), 0)
}

// prepare makes a script the load to come.
func (h *lab) prepare(text string) *show.Load {
	h.t.Helper()
	state, _ := h.m.CopyState()
	return h.prepareAfter(state, text)
}

func (h *lab) prepareAfter(state show.Copy, text string) *show.Load {
	h.t.Helper()
	folder := fstest.MapFS{"show.lua": {Data: []byte(labPrelude + text)}}
	for name, data := range h.files {
		folder[name] = &fstest.MapFile{Data: data}
	}
	next, err := h.m.Prepare(context.Background(), folder, state)
	if err != nil {
		h.t.Fatal(err)
	}
	env, devices := h.m.Env(), map[string]device.Device{}
	env.Since, env.Time = h.clock.Since, h.clock.Time
	for _, d := range next.Declarations() {
		if devices[d.Key()] = h.devices[d.Key()]; devices[d.Key()] == nil {
			if devices[d.Key()], err = d.OpenVirtual(env); err != nil {
				h.t.Fatal(err)
			}
			if a, ok := devices[d.Key()].(device.Adopter); ok {
				a.Adopt(d)
			}
		}
	}
	next.Provide(devices)
	h.devices = devices
	return next
}

// swapOn makes a load the live one, on a beat unless that is 0.
func (h *lab) swapOn(next *show.Load, on time.Duration) {
	var before *show.Load
	if on == 0 {
		before = h.m.Swap(next, h.clock.Now())
	} else {
		before = h.m.SwapOn(next, on)
	}
	if before != nil {
		before.End()
	}
	h.live = next
}

// labelled adds the module of the lab.
type labelled struct {
	show.Bindings
	h *lab
}

func (l labelled) Modules() []script.Module {
	return append(l.Bindings.Modules(), script.Module{Name: "lab", Open: func(_ *script.Generation, L *lua.LState) *lua.LTable {
		m := L.NewTable()
		m.RawSetString("busy", L.NewFunction(func(L *lua.LState) int {
			l.h.busy(time.Duration(float64(L.CheckNumber(1)) * float64(time.Second)))
			return 0
		}))
		return m
	}})
}

func (l labelled) TakeState(before show.Bindings) error {
	return l.Bindings.TakeState(before.(labelled).Bindings)
}

func (l labelled) Board() (show.Board, bool) {
	b, changed := l.Bindings.Board()
	b.Lists = append(b.Lists, l.h.lists...)
	return b, changed
}

func (l labelled) Operate(op show.Operation) error {
	switch op.(type) {
	case show.Go, show.Back, show.StopList, show.Jump:
		l.h.operated = append(l.h.operated, fmt.Sprintf("%.3f %T%v", l.h.clock.Now().Seconds(), op, op))
		return nil
	}
	return l.Bindings.Operate(op)
}

func (h *lab) Frame(f *level.Frame) { h.frames = append(h.frames, shown{f.At, f.Levels[0][0]}) }

func (h *lab) Order(o engine.DueOrder) {
	h.marks = append(h.marks, mark{o.At, h.clock.Now(), o.Message.(osc.Message).Args})
}

// engine gives the engine half a turn if one is due.
func (h *lab) engine() {
	h.report()
	now := h.clock.Now()
	if h.m.EngineNext() > now {
		return
	}
	h.m.Engine(now)
	if plan := h.m.Plan(); h.deck == nil && plan != h.plan {
		h.plan, h.course = plan, h.course.Then(now, plan.Course)
	}
}

// engineNext is when the engine half has its next turn.
func (h *lab) engineNext() time.Duration {
	next := h.m.EngineNext()
	if h.deck != nil {
		next = min(next, h.deck.reports)
	}
	return max(next, h.clock.Now())
}

// busy lets time pass in a handler.
func (h *lab) busy(d time.Duration) {
	for until := h.clock.Now() + d; ; h.engine() {
		next := h.engineNext()
		if next >= until {
			h.clock.Set(until)
			return
		}
		h.clock.Set(next)
	}
}

// run goes on until an instant.
func (h *lab) run(until time.Duration) {
	h.t.Helper()
	for {
		next := min(max(h.m.ScriptNext(), h.clock.Now()), h.engineNext())
		ready := false
		select {
		case <-h.m.Ready():
			next, ready = h.clock.Now(), true
		default:
		}
		if next > until {
			h.clock.Set(until)
			return
		}
		h.clock.Set(next)
		if ready || h.m.ScriptNext() <= next {
			if _, err := h.m.Script(next); err != nil {
				h.t.Fatal(err)
			}
		}
		h.engine()
	}
}

// deck is a source that plays as it is told, and what it did.
type deck struct {
	key     string
	reports time.Duration // when it reports next
	did     []played
	loop    [2]float64                       // that it tells of
	halted  time.Duration                    // when it told last that it stands
	jumps   func(now time.Duration, d *deck) // what happens at a report
}

// played is a piece of what a deck did: from an instant and a beat on at a tempo, 0 if it
// stands.
type played struct {
	at        time.Duration
	beat, bpm float64
}

func (p played) is(at time.Duration) float64 { return p.beat + (at-p.at).Seconds()*p.bpm/60 }

// on is what the deck does at an instant.
func (d *deck) on(at time.Duration) played {
	i := len(d.did) - 1
	for i > 0 && d.did[i].at > at {
		i--
	}
	return d.did[i]
}

// goes lets the deck do something else from now on.
func (d *deck) goes(now time.Duration, beat, bpm float64) {
	d.did = append(d.did, played{now, beat, bpm})
}

// reportEvery is how often players tell where they are.
const reportEvery = time.Second / 30

// report tells where the deck is.
func (h *lab) report() {
	d, now := h.deck, h.clock.Now()
	if d == nil || now < d.reports {
		return
	}
	d.reports = now + reportEvery
	if d.jumps != nil {
		d.jumps(now, d)
	}
	if p := d.on(now); p.bpm == 0 && d.halted != p.at {
		d.halted = p.at
		h.m.Env().Observe(d.key, beat.Observation{Arrival: now, Halt: true})
	}
	h.m.Env().Observe(d.key, beat.Observation{Arrival: now, Clock: uint64(now) + 1, Beat: d.on(now).is(now), BPM: 120, Loop: d.loop})
}

// follows is the source that deck(1) of the show is.
func (h *lab) follows() string {
	for _, d := range h.live.Declarations() {
		if d, ok := d.(*stagelinq.SinkDecl); ok {
			return d.DeckKey(1)
		}
	}
	h.t.Fatal("no sink")
	return ""
}
