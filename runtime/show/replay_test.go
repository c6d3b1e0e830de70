package show_test

import (
	"bytes"
	"cmp"
	"encoding/gob"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"showrun/bindings"
	"showrun/runtime/clock"
	"showrun/runtime/device/osc"
	"showrun/runtime/device/theater"
	"showrun/runtime/level"
	"showrun/runtime/raced"
	"showrun/runtime/show"
)

// A recording is a show that is played on a clock that jumps, with what has entered it.
type recording struct {
	cfg    show.Config
	m      *show.Machine
	clock  *clock.Virtual
	log    *show.FrameLog
	frames bytes.Buffer
	inputs []any
}

func newRecording(seed uint64) *recording {
	r := &recording{clock: clock.NewVirtual()}
	r.log = show.NewFrameLog(&r.frames)
	r.cfg = show.Config{
		Name: "show", File: "show.lua", Rate: 50, Lookahead: lookahead, Seed: seed, Frames: r.log,
		Bind: bindings.New, Now: r.clock.Now, Stopwatch: func() time.Duration { return 0 }, Log: slog.New(slog.DiscardHandler),
		Record: func(in any) { r.inputs = append(r.inputs, in) },
	}
	return r
}

func (r *recording) begin() { r.m = show.New(r.cfg) }

func (r *recording) prepare(t *testing.T, text string, state show.Copy) *show.Load {
	t.Helper()
	l, err := r.m.Prepare(t.Context(), fstest.MapFS{"show.lua": {Data: []byte(text)}}, state)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (r *recording) swap(l *show.Load) {
	if before := r.m.Swap(l, r.clock.Now()); before != nil {
		before.End()
	}
}

// run plays for a while, in steps of 10 ms.
func (r *recording) run(d time.Duration) {
	for until := r.clock.Now() + d; r.clock.Now() < until; {
		r.clock.Advance(10 * time.Millisecond)
		for more := true; more; {
			more, _ = r.m.Script(r.clock.Now())
		}
		r.m.Engine(r.clock.Now())
	}
}

// end has the show say goodbye, and returns its frames.
func (r *recording) end() string {
	r.m.End(r.clock.Now())
	r.run(2 * time.Second)
	_, last := r.m.Leave(r.clock.Now(), true)
	r.m.Engine(r.clock.Now() + time.Second)
	last.End()
	r.log.Flush()
	return r.frames.String()
}

// repeated returns the frames that the record makes, as it comes out of a file.
func (r *recording) repeated(t *testing.T) string {
	t.Helper()
	again := newRecording(r.cfg.Seed)
	again.cfg.Record = nil
	repeat := show.NewReplay(again.cfg)
	slices.SortStableFunc(r.inputs, func(a, b any) int { return cmp.Compare(show.NumberOf(a), show.NumberOf(b)) })
	for i, in := range r.inputs {
		if err := repeat.Feed(passedOn(t, in)); err != nil {
			t.Fatalf("input %d, %T: %v", i, in, err)
		}
	}
	again.log.Flush()
	return again.frames.String()
}

// passedOn is an input as it comes out of a file.
func passedOn(t *testing.T, in any) any {
	t.Helper()
	for _, v := range append(append(show.Values(), osc.Message{}), theater.Protocol().Values...) {
		gob.Register(v)
	}
	var b bytes.Buffer
	var out any
	if err := gob.NewEncoder(&b).Encode(&in); err != nil {
		t.Fatal(err)
	}
	if err := gob.NewDecoder(&b).Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

// playOfCues is a show of cues, colours and params, of which each load has a part.
const playOfCues = `
local clock, stage, show, cue = require "clock", require "stage", require "show", require "cue"
local one = require "signet".sender{}:universe(1)
local N = show.generation
local wash = stage.fixture{ name = "wash", kind = "rgbw", at = one:slot(1) }
local spot = stage.fixture{ name = "spot", kind = "moving_head", at = one:slot(20) }
local all = { wash, spot }
if N % 2 == 1 then all[3] = stage.fixture{ name = "guest", kind = "rgba", at = one:slot(10) } end
local group = stage.group{ name = "all", unpack(all) }
group:set{ intensity = 20 * N }
local names = { "red", "green", "blue", "gold", "navy", "#ff8800" }
for i = 1, 12 do
  if i <= 6 or N < 4 then
    local p = show.param{ "p" .. i, default = i, min = 0, max = 255 }
    p:on(function(v) wash:fade({ color = names[i % 6 + 1], white = v }, 0.2 + i / 50) one:set(100, v) end)
  end
end
show.trigger("bump", function(by) group:fade({ intensity = by or 255 }, 0.3) end)
show.trigger("wave", function() group:wave{ channels = { "color" }, from = "red", to = names[N % 6 + 1], period = "1b", spread = 1 } end)
show.trigger("draw", function() wash:set{ color = { h = math.random(360) } } wash:set{ red = wash:get("green") } end)
local main, side = cue.list{}, cue.list{ name = "side" }
for i = 1, 9 do
  main:cue{ i, "cue " .. i, look = { [wash] = { color = names[(i + N) % 6 + 1], intensity = i * 20 }, all = { intensity = i * 10 } },
    fade = { up = 0.4, down = 0.7 }, follow = i % 3 == 0 and 0.5 or nil, hang = i % 3 == 1 and 0.1 or nil, wait = i % 4 == 0 and 0.3 or nil,
    block = i == 5, cue_only = i == 4, mark = i == 7 }
end
for i = 1, 5 do
  side:cue{ i, fade = 0.5, go = function()
    spot:fade({ pan = math.random(255), tilt = 9 * i })
    clock.sleep(0.2)
    stage.group{ wash }:fade({ color = names[math.random(6)] }, 0.4)
  end, look = i == 2 and { [spot] = { intensity = "60%" } } or nil }
end
main:on("go", function(c) one:set(110, c.number) end)
main:on("done", function() one:set(111, main.current.number) side:go(math.random(5)) end)
show.on("stop", function() main:jump(9, 0.5) wash:fade({ color = "red" }, 1) end)
`

// operated draws what somebody does.
func operated(r *rand.Rand) show.Operation {
	list, number := []string{"", "side"}[r.IntN(2)], fmt.Sprint(1+r.IntN(5))
	return []show.Operation{
		show.SetParam{Name: "p" + number, Value: float64(r.IntN(256))}, show.SetParam{Name: "p9", Value: float64(r.IntN(256))},
		show.Fire{Name: "bump", Args: []any{float64(r.IntN(256))}}, show.Fire{Name: "wave"}, show.Fire{Name: "draw"},
		show.Go{}, show.Go{}, show.Go{}, show.Go{List: list, Cue: number}, show.Back{List: list}, show.StopList{List: list},
		show.Jump{List: list, Cue: number, Over: time.Duration(r.IntN(900)) * time.Millisecond},
		show.Master{Level: float64(r.IntN(256)), Over: time.Second / 4}, show.Blackout{On: r.IntN(2) == 0},
	}[r.IntN(14)]
}

// TestRecordsOfOperatedShowsRepeat: whatever people do with cues, colours, params and triggers over several
// loads, also while the next one is on its way, the record makes the same frames.
func TestRecordsOfOperatedShowsRepeat(t *testing.T) {
	for seed := range raced.Of[uint64](4, 1) * *rounds {
		rnd, r := rand.New(rand.NewPCG(seed, 14)), newRecording(seed)
		r.begin()
		people := func(d time.Duration) {
			for until := r.clock.Now() + d; r.clock.Now() < until; r.run(10 * time.Millisecond) {
				if rnd.IntN(9) == 0 {
					r.m.Operate(operated(rnd)) // what there is not is refused
				}
			}
		}
		state := show.First()
		for range 5 {
			l := r.prepare(t, playOfCues, state)
			if l.Number() > 1 {
				people(time.Second)
			}
			r.swap(l)
			people(2 * time.Second)
			state, _ = r.m.CopyState()
		}
		was := strings.Split(r.end(), "\n")
		is := strings.Split(r.repeated(t), "\n")
		for i := range was {
			if i >= len(is) || was[i] != is[i] {
				t.Fatalf("seed %d, line %d of %d and %d: live\n%s\nagain\n%s", seed, i, len(was), len(is), was[i], is[min(i, len(is)-1)])
			}
		}
		if len(was) < 500 {
			t.Errorf("seed %d: only %d lines", seed, len(was))
		}
	}
}

// TestParamsSetWhileAVersionLoads are taken over in the order of their names in every run.
func TestParamsSetWhileAVersionLoads(t *testing.T) {
	for range 5 {
		r := newRecording(1)
		r.begin()
		const text = labPrelude0 + `for i = 1, 8 do show.param{ "p" .. i, default = 0 }:on(function(v) one:set(100, v) end) end`
		r.swap(r.prepare(t, text, show.First()))
		r.run(time.Second)
		state, _ := r.m.CopyState()
		l := r.prepare(t, text, state)
		for i := 8; i >= 1; i-- {
			r.m.Operate(show.SetParam{Name: fmt.Sprint("p", i), Value: float64(i)})
		}
		r.run(time.Second)
		r.swap(l)
		r.run(time.Second)
		if live := r.end(); !strings.HasSuffix(strings.TrimSpace(live), "0/100=8") {
			t.Fatalf("frames\n%s", live)
		}
	}
}

// TestARecordedFrameAllocatesNothing on the engine loop.
func TestARecordedFrameAllocatesNothing(t *testing.T) {
	r := newRecording(1)
	turns, frames := 0, 0
	r.cfg.Frames, r.cfg.Turned = nil, func(_ show.EngineTurn, f *level.Frame) {
		turns++
		if f != nil {
			frames++
		}
	}
	r.begin()
	r.swap(r.prepare(t, labPrelude0+`one:set(1, 255)`, show.First()))
	r.run(time.Second)
	if turns == 0 || frames < 40 {
		t.Errorf("%d turns, %d frames", turns, frames)
	}
	if n := testing.AllocsPerRun(100, func() { r.clock.Advance(20 * time.Millisecond); r.m.Engine(r.clock.Now()) }); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
	_, last := r.m.Leave(r.clock.Now(), false)
	last.End()
}
