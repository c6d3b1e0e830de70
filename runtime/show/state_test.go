package show_test

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"showrun/bindings"
	"showrun/runtime/clock"
	"showrun/runtime/device"
	"showrun/runtime/device/osc"
	"showrun/runtime/device/stagelinq"
	"showrun/runtime/engine"
	"showrun/runtime/journal"
	"showrun/runtime/level"
	"showrun/runtime/raced"
	"showrun/runtime/rehearse"
	"showrun/runtime/show"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// busy is a show in which all that a state is made of is going on at any time: effects
// in seconds and beats, on 8 and 16 bits, work queued for instants and beats, orders, an
// output that wants its frames early, and a tempo that is conducted or follows a deck.
const busy = `
local clock, osc, show, signet, stage = require "clock", require "osc", require "show", require "signet", require "stage"
local stagelinq = require "stagelinq"
local dj, out = stagelinq.sink{}, osc.sender{ port = 53000 }
local one = signet.sender{}:universe(1)
local two = signet.sender{ endpoint = 2, latency = 0.02 }:universe(1)
local head = stage.fixture{ name = "head", channels = { "pan", "pan fine", "tilt" }, at = one:slot(4) }
local random = math.random
clock.every("17ms", function() one:set(random(20, 40), random(0, 255)) end)
clock.every("190ms", function() one:fade(random(20, 40), random(0, 255), random()) end)
clock.every("70ms", function() two:fade(random(1, 9), random(0, 255), "3/2b") end)
clock.every("210ms", function() head:spline({ random(0, 255), 0,  200.25, 255,  200.25, 255 }, "1/2b") end)
clock.every("150ms", function() head:set{ tilt = random(0, 255) } end)
clock.on_beat(1/4, function(b) two:set(random(10, 20), random(0, 255)) out:send("/beat", b.count, random()) end)
local followed = false
clock.every("130ms", function()
  local n = random(1, 12)
  if n == 1 then followed = not followed clock.follow(followed and dj:master() or "internal")
  elseif followed then return
  elseif n < 6 then clock.set_tempo(random(60, 240))
  elseif n < 8 then clock.tap()
  else clock.nudge(random() * 2 - 1) end
end)
`

// outcome notes what comes of a show.
type outcome struct {
	registry *level.Registry
	lines    []string
}

func (o *outcome) note(format string, args ...any) {
	o.lines = append(o.lines, fmt.Sprintf(format, args...))
}

func (o *outcome) Frame(f *level.Frame) {
	o.note("frame %d at %d woken %t %v: %016x", f.Seq, f.At, f.Woken, f.Part, f.Hash(o.registry))
}
func (o *outcome) Order(d engine.DueOrder) { o.note("order at %d: %+v", d.At, d) }

// copied sends a state through its encoding.
func copied(t *testing.T, s show.EngineState) (read show.EngineState, size int) {
	t.Helper()
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(s); err != nil {
		t.Fatal(err)
	}
	size = b.Len()
	if err := gob.NewDecoder(&b).Decode(&read); err != nil {
		t.Fatal(err)
	}
	return read, size
}

// restored makes a machine that goes on from a state, on a clock that stands.
func restored(t *testing.T, s show.EngineState) (*show.Machine, *outcome) {
	t.Helper()
	is := &outcome{}
	m, err := show.Restore(show.Config{Now: func() time.Duration { return s.At }, Log: slog.New(slog.DiscardHandler), Frames: is}, s)
	if err != nil {
		t.Fatal(err)
	}
	is.registry = m.Registry()
	return m, is
}

// alone goes on with the engine half from deadline to deadline.
func alone(m *show.Machine, until time.Duration, o *outcome) {
	before := fmt.Sprintf("%+v", m.Plan().Course.Since(m.Snapshot().At))
	o.note("course %s", before)
	for next := m.EngineNext(); next <= until; next = m.EngineNext() {
		m.Engine(next)
		if course := fmt.Sprintf("%+v", m.Plan().Course.Since(next)); course != before {
			o.note("at %d %s", next, course)
			before = course
		}
	}
	o.note("stats %+v", m.Stats())
}

// TestARestoredMachineGoesOn takes a state at random instants of a show in virtual time.
// From there on the script is silent, and so is the deck: a machine made from the state
// does the same as the one it is of, with no script and no devices.
func TestARestoredMachineGoesOn(t *testing.T) {
	protocols := []device.Protocol{osc.Protocol(), stagelinq.Protocol()}
	journal.Register(show.Values()...)
	for _, p := range protocols {
		journal.Register(p.Values...)
	}
	queued, planned, sources, effects := 0, 0, 0, 0
	var s show.EngineState // taken again and again
	for seed := range raced.Of[uint64](20, 5) * *rounds {
		r := rand.New(rand.NewPCG(seed, 5))
		was := &outcome{}
		run, err := rehearse.New(rehearse.Options{
			Name: "show", File: "show.lua", Bind: bindings.New, Protocols: protocols,
			Rate: []int{25, 44, 100}[seed%3], Lookahead: 50 * time.Millisecond, Seed: seed + 1, Frames: was,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer run.Close()
		was.registry = run.Show().Registry()
		if err := run.Load(context.Background(), fstest.MapFS{"show.lua": {Data: []byte(busy)}}); err != nil {
			t.Fatal(err)
		}
		instant := time.Duration(r.Int64N(int64(8 * time.Second)))
		if err := run.Until(context.Background(), instant); err != nil {
			t.Fatal(err)
		}
		run.Show().SnapshotInto(&s)
		read, _ := copied(t, s)
		queued, planned = queued+len(s.Engine.Queue), planned+len(s.Beat.Planned)
		sources, effects = sources+len(s.Beat.Sources), effects+len(s.Engine.Effects)
		m, is := restored(t, read)
		was.lines = nil
		for _, half := range []struct {
			m *show.Machine
			o *outcome
		}{{run.Show(), was}, {m, is}} {
			alone(half.m, instant+3*time.Second, half.o)
		}
		if !slices.Equal(was.lines, is.lines) {
			t.Fatalf("seed %d, from %v on: %s", seed, instant, firstDifference(was.lines, is.lines))
		}
	}
	t.Logf("%d batches and %d changes of tempo waited, %d sources were heard, %d effects ran", queued, planned, sources, effects)
	if raced.Of(queued < 30 || planned < 3 || sources < 15 || effects < 100, queued < 5 || effects < 20) {
		t.Error("too little happened")
	}
}

func firstDifference(a, b []string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d\n%s\nrestored:\n%s", i, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines, restored %d", len(a), len(b))
}

// TestALoadTakesOverAState: the look stays when a show goes live on a restored machine,
// and what the load before had queued for later does not come.
func TestALoadTakesOverAState(t *testing.T) {
	virtual := clock.NewVirtual()
	var text strings.Builder
	log := show.NewFrameLog(&text)
	cfg := show.Config{
		Name: "show", File: "show.lua", Bind: bindings.New, Rate: 100, Seed: 1, Lookahead: 500 * time.Millisecond,
		Now: virtual.Now, Stopwatch: virtual.Now, Log: slog.New(slog.DiscardHandler),
	}
	live := func(m *show.Machine, script string) {
		t.Helper()
		l, err := m.Prepare(context.Background(), fstest.MapFS{"show.lua": {Data: []byte(script)}}, show.First())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Detach(); l.End() })
		env, devices := m.Env(), map[string]device.Device{}
		env.Since, env.Time = virtual.Since, virtual.Time
		for _, d := range l.Declarations() {
			if devices[d.Key()], err = d.OpenVirtual(env); err != nil {
				t.Fatal(err)
			}
		}
		l.Provide(devices)
		m.Swap(l, virtual.Now())
	}
	step := func(m *show.Machine, until time.Duration) {
		t.Helper()
		for now := virtual.Now(); now <= until; now += 10 * time.Millisecond {
			virtual.Set(now)
			if _, err := m.Script(now); err != nil {
				t.Fatal(err)
			}
			m.Engine(now)
		}
	}
	const universe = `local clock, one = require "clock", require("signet").sender{}:universe(1) `
	first := show.New(cfg)
	live(first, universe+`one:set(1, 10) one:fade(2, 100, 1) clock.set_tempo(90) clock.after(0.7, function() one:set(3, 30) end)`)
	step(first, 300*time.Millisecond)
	s, _ := copied(t, first.Snapshot())
	if len(s.Engine.Queue) == 0 || s.Load != 1 || s.At != 300*time.Millisecond {
		t.Fatalf("the state of %v, load %d, %d batches", s.At, s.Load, len(s.Engine.Queue))
	}

	cfg.Frames = log
	var inputs []uint64
	cfg.Record = func(in any) { inputs = append(inputs, show.NumberOf(in)) }
	second, err := show.Restore(cfg, s)
	if err != nil {
		t.Fatal(err)
	}
	live(second, universe+`one:set(4, 40) clock.after(0.2, function() one:set(5, 50) clock.set_tempo(clock.tempo() + 10) end)`)
	step(second, 1200*time.Millisecond)
	log.Flush()
	lines := strings.Split(strings.TrimSpace(text.String()), "\n")
	for want, n := range map[string]int{" 0/1=10": 1, " 0/2=100": 1, " 0/3=": 0, " 0/4=40": 1, " 0/5=50": 1} {
		if got := strings.Count(text.String(), want); got != n {
			t.Errorf("%d times %q, want %d, in\n%s", got, want, n, text.String())
		}
	}
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, "1.000000 0/2=100") {
		t.Errorf("the fade ends with %q", last)
	}
	if tempo := second.Plan().Course.Turn(virtual.Now()).Tempo; tempo != 100 {
		t.Errorf("the tempo is %v", tempo)
	}
	if !slices.IsSorted(inputs) || inputs[0] <= s.Number {
		t.Errorf("inputs go on from %d with %d", s.Number, inputs[0])
	}
}

func TestRestoreRefusesADamagedState(t *testing.T) {
	s := show.New(show.Config{Now: func() time.Duration { return 0 }}).Snapshot()
	s.Engine.Schedule.Rate = -1
	if _, err := show.Restore(show.Config{}, s); err == nil || !strings.Contains(err.Error(), "rate") {
		t.Errorf("error %v", err)
	}
}
