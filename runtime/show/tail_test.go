package show_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/device/stagelinq"
	"showrun/runtime/raced"
	"showrun/runtime/show"
)

// explained is how a show stands, and why the levels of some fixtures are what they are.
func explained(t *testing.T, why func(fixture, channel string) ([]show.Cause, error), b *show.Board, fixtures []string) string {
	t.Helper()
	text := fmt.Sprintf("%v %v %v %v\n", b.Params, b.Lists, b.Master, b.Blackout)
	for _, name := range fixtures {
		causes, err := why(name, "")
		if err != nil {
			t.Fatal(err)
		}
		text += show.Lines(causes) + "\n"
	}
	return text
}

// playOfLoads is more of a show that is not the same in two loads, with a machine.
const playOfLoads = `
do
  local clock, stage, show, dj = require "clock", require "stage", require "show", require "stagelinq".sink{}
  show.state.n = (show.state.n or 0) + 1
  local mine = require "signet".sender{}:universe(10 + show.generation)
  local extra = stage.fixture{ name = "extra", kind = "dimmer", at = mine:slot(1 + show.state.n) }
  local valve = require "theater".valve{ port = 9 }
  clock.every(0.07, function() valve:move(1, 0.5) end)
  dj:deck(1):on_beat(1/4, function(b) extra:set(b.number % 256) end)
end
`

// TestATailIsRepeated: from any checkpoint on, the engine half alone makes the same frames and
// orders of what was handed over, and explains them in the same way, over several loads.
func TestATailIsRepeated(t *testing.T) {
	for name, c := range map[string]struct {
		text     string
		fixtures []string
	}{
		"cues":  {playOfCues + playOfLoads, []string{"wash", "spot", "extra"}},
		"beats": {strings.Replace(busy, "dj:master()", "dj:deck(1)", 1) + playOfLoads, []string{"head", "extra"}},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range raced.Of[uint64](2, 1) * *rounds {
				r := newRecording(seed)
				live, want := r.tailed(t, rand.New(rand.NewPCG(seed, 15)), c.text, c.fixtures)
				slices.SortStableFunc(r.inputs, func(a, b any) int { return cmp.Compare(show.NumberOf(a), show.NumberOf(b)) })
				var checkpoints []int
				for i, in := range r.inputs {
					if _, ok := in.(show.Checkpoint); ok {
						checkpoints = append(checkpoints, i)
					}
				}
				if len(checkpoints) < 8 {
					t.Fatalf("seed %d: only %d checkpoints", seed, len(checkpoints))
				}
				for n := 0; n < len(checkpoints); n += 4 {
					is, why := r.tail(t, checkpoints[n], c.fixtures)
					first := len(live) - len(is)
					if len(is) < 20 || first < 0 {
						t.Fatalf("seed %d, checkpoint %d: %d lines of %d", seed, n, len(is), len(live))
					}
					for i, line := range is {
						if live[first+i] != line {
							t.Fatalf("seed %d, checkpoint %d: line %d of %d is\n%s\nlive\n%s", seed, n, i, len(is), line, live[first+i])
						}
					}
					if why != want {
						t.Errorf("seed %d, checkpoint %d: it is explained as\n%s\nlive\n%s", seed, n, why, want)
					}
				}
				r.cfg.Frames = nil
				if is := r.repeated(t); len(is) < 500 {
					t.Errorf("seed %d: the whole record makes %d bytes", seed, len(is))
				}
			}
		})
	}
}

// tailed records a show of five loads with checkpoints, and returns what came of it, and how
// it was explained in the end.
func (r *recording) tailed(t *testing.T, rnd *rand.Rand, text string, fixtures []string) (lines []string, why string) {
	live := &outcome{}
	r.cfg.Frames = live
	r.begin()
	live.registry = r.m.Registry()
	for n := range 5 {
		r.m.Registry().Output(fmt.Sprint("of a load that failed ", n), 3) // which has taken a number
		state := show.First()
		if n > 0 {
			state, _ = r.m.CopyState()
		}
		l := r.prepare(t, text, state)
		r.swap(l)
		for until := r.clock.Now() + 2*time.Second; r.clock.Now() < until; r.run(10 * time.Millisecond) {
			now := r.clock.Now()
			if rnd.IntN(9) == 0 {
				r.m.Operate(operated(rnd)) // what there is not is refused
			}
			if rnd.IntN(60) == 0 {
				r.m.Checkpoint()
			}
			if rnd.IntN(60) == 0 {
				r.m.Hold(rnd.IntN(2) == 0)
			}
			for _, d := range l.Declarations() {
				if d, ok := d.(*stagelinq.SinkDecl); ok && rnd.IntN(4) == 0 {
					r.m.Env().Observe(d.DeckKey(1), beat.Observation{Arrival: now, Clock: uint64(now) + 1, Beat: 2.1 * now.Seconds(), BPM: 126})
				}
			}
		}
	}
	why = explained(t, r.m.WhyNow, r.m.Board(), fixtures)
	r.end()
	return live.lines, why
}

// tail repeats a record from an input on.
func (r *recording) tail(t *testing.T, from int, fixtures []string) (lines []string, why string) {
	is, cfg := &outcome{}, r.cfg
	cfg.Record, cfg.Frames = nil, is
	repeat := show.NewReplay(cfg)
	defer repeat.Close()
	is.registry = repeat.Registry()
	for _, in := range r.inputs[from:] {
		if _, ok := in.(show.Ended); ok {
			why = explained(t, repeat.Why, repeat.Board(), fixtures)
		}
		if err := repeat.Feed(passedOn(t, in)); err != nil {
			t.Fatalf("%T: %v", in, err)
		}
	}
	if !repeat.Tail() {
		t.Error("it was begun with the show")
	}
	return is.lines, why
}
