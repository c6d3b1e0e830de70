package engine

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"showrun/runtime/color"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

func from(line string) Source { return Source{Line: line} }

// lines are those of the origins of what makes a level.
func lines(e *Engine, a level.Address) (list []string) {
	for _, s := range e.Why(a) {
		list = append(list, s.Line)
	}
	return list
}

// TestSourcesAloneAreNothing: no frame is planned for them.
func TestSourcesAloneAreNothing(t *testing.T) {
	e := newTest(t)
	e.Use(0)
	e.Submit(at(13*ms, from("a"), from("b")))
	e.Submit(at(14*ms, from("a"), Order{"d", "x"}))
	check(t, play(e, 24*ms), "0s frame 0s: 0", "10ms frame 10ms: 0", "14ms order x to d of 14ms", "20ms frame 20ms: 0")
	if s := e.Stats(); s.Batches != 0 {
		t.Errorf("%d batches", s.Batches)
	}
}

// TestOriginsOutliveMixes: what attributes have made is known of the channels when there are
// no attributes any more, and in a snapshot.
func TestOriginsOutliveMixes(t *testing.T) {
	b := newBar(t, 1, "rgb")
	red := b.fixtures[0].Channels[0].Coarse
	b.Submit(at(0, from("intensity"), Set{b.intensity(0), 100}, from("color"), FadeColor{At: b.color(0), To: color.RGB{R: 9}}))
	b.to(20 * ms)
	if got := fmt.Sprint(lines(b.Engine, red)); got != "[intensity color]" {
		t.Errorf("made by %s", got)
	}
	b.Submit(at(30*ms, Attributes{}))
	b.to(50 * ms)
	r, err := Restore(Config{Registry: b.Engine.registry}, copied(t, b.Snapshot()))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []*Engine{b.Engine, r} {
		if got := fmt.Sprint(lines(e, red)); got != "[color]" && got != "[intensity]" {
			t.Errorf("made by %s", got)
		}
	}
}

// TestOriginsAreCounted: there are never more than what has them, whatever happens, and all
// that is counted is there.
func TestOriginsAreCounted(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 3))
		b := newBar(t, 3, "rgbw")
		e := b.Engine
		for i := range 300 {
			f := b.fixtures[rng.IntN(3)]
			ch := f.Channels[rng.IntN(4)]
			commands := []Command{
				Set{ch, 5}, Fade{Channel: ch, To: 7, Duration: Length{Time: 30 * ms}}, Stop{ch}, Set{f.Mix.Attribute(rng.IntN(4)), 9},
				FadeColor{At: f.Mix.Attribute(1).Coarse, Duration: Length{Time: 20 * ms}}, Hold{Channel: ch, To: 4}, Hold{Channel: f.Mix.Attribute(0), To: 3},
				Release{}, Release{Channels: []patch.Channel{ch}}, Master{To: 50}, Blackout{On: true}, Attributes{}, Attributes{Mixes: []patch.Mix{*f.Mix}},
			}
			e.Submit(at(e.NextFrame(), from(fmt.Sprint(i)), commands[rng.IntN(len(commands))], from("more"), commands[rng.IntN(len(commands))]))
			e.Step(e.NextFrame())
			switch rng.IntN(40) {
			case 0:
				e.Clear()
			case 1:
				r, err := Restore(Config{Registry: e.registry}, copied(t, e.Snapshot()))
				if err != nil {
					t.Fatal(err)
				}
				e = r
			}
			uses := make([]int32, len(e.origins.list))
			note := func(n int32) {
				if n != 0 {
					uses[n-1]++
				}
			}
			for _, k := range e.banks {
				for _, n := range k.makers {
					note(n)
				}
				for _, n := range k.attributeMakers {
					note(n)
				}
			}
			for _, h := range e.holds.list {
				note(h.Maker)
			}
			note(e.master.makers[0])
			note(e.master.makers[1])
			unused := 0
			for n := range uses {
				if uses[n] == 0 {
					unused++
				}
			}
			if fmt.Sprint(uses) != fmt.Sprint(e.origins.uses) || unused != len(e.origins.free) {
				t.Fatalf("seed %d, step %d: counted %v, used %v, free %v", seed, i, e.origins.uses, uses, e.origins.free)
			}
		}
	}
}

// TestOriginsCostNoFrame: who asks pays, frames do not.
func TestOriginsCostNoFrame(t *testing.T) {
	e := newBusy(t, 1, 50)
	n := testing.AllocsPerRun(50, func() { e.Step(e.Next()) })
	if len(e.origins.list) == 0 || n != 0 {
		t.Errorf("%d origins, %v allocations a frame", len(e.origins.list), n)
	}
}
