package show_test

import (
	"bytes"
	"cmp"
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
	"showrun/runtime/show"
)

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
	for seed := range 4 * *rounds {
		r := rand.New(rand.NewPCG(seed, 14))
		var live, again bytes.Buffer
		var inputs []any
		config := func(b *bytes.Buffer) (show.Config, *clock.Virtual, *show.FrameLog) {
			clock, log := clock.NewVirtual(), show.NewFrameLog(b)
			return show.Config{
				Name: "show", File: "show.lua", Rate: 50, Lookahead: lookahead, Seed: seed, Frames: log,
				Bind: bindings.New, Now: clock.Now, Stopwatch: func() time.Duration { return 0 }, Log: slog.New(slog.DiscardHandler),
			}, clock, log
		}
		cfg, clk, log := config(&live)
		cfg.Record = func(in any) { inputs = append(inputs, in) }
		m := show.New(cfg)
		run := func(d time.Duration) {
			for until := clk.Now() + d; clk.Now() < until; {
				clk.Advance(10 * time.Millisecond)
				if r.IntN(9) == 0 {
					m.Operate(operated(r)) // what there is not is refused
				}
				for more := true; more; {
					more, _ = m.Script(clk.Now())
				}
				m.Engine(clk.Now())
			}
		}
		state := show.First()
		for range 5 {
			l, err := m.Prepare(t.Context(), fstest.MapFS{"show.lua": {Data: []byte(playOfCues)}}, state)
			if err != nil {
				t.Fatal(err)
			}
			if l.Number() > 1 {
				run(time.Second)
			}
			if before := m.Swap(l, clk.Now()); before != nil {
				before.End()
			}
			run(2 * time.Second)
			state, _ = m.CopyState()
		}
		m.End(clk.Now())
		run(2 * time.Second)
		_, last := m.Leave(clk.Now(), true)
		run(0)
		m.Engine(clk.Now() + time.Second)
		last.End()
		log.Flush()

		cfg, _, log = config(&again)
		repeat := show.NewReplay(cfg)
		slices.SortStableFunc(inputs, func(a, b any) int { return cmp.Compare(show.NumberOf(a), show.NumberOf(b)) })
		for i, in := range inputs {
			if err := repeat.Feed(passedOn(t, in)); err != nil {
				t.Fatalf("seed %d, input %d, %T: %v", seed, i, in, err)
			}
		}
		log.Flush()
		was, is := strings.Split(live.String(), "\n"), strings.Split(again.String(), "\n")
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
