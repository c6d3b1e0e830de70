package replay_test

import (
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"showrun/runtime/journal"
	"showrun/runtime/raced"
	"showrun/runtime/rehearse/replay"
	"showrun/runtime/show"
)

// tail is the recording from shortly before its first checkpoint on.
func (r *tape) tail() []byte {
	r.t.Helper()
	i := slices.IndexFunc(r.entries, func(e journal.Entry) bool { _, ok := e.(show.Checkpoint); return ok })
	if i < 0 {
		r.t.Fatal("there is no checkpoint")
	}
	h := r.header()
	h.Tail = true
	return r.part(h, r.entries[max(i-30, 0):])
}

// TestATailIsPlayed: a recording that begins in the middle makes the same frames, comes to the
// same cues and explains levels in the same way as all of it.
func TestATailIsPlayed(t *testing.T) {
	for seed := range raced.Of[uint64](4, 1) {
		rnd := rand.New(rand.NewPCG(seed, 18))
		r := newTape(t, seed+1, lua(club))
		for n := range 60 {
			r.operate(anything(rnd))
			r.play(time.Duration(rnd.IntN(300)) * time.Millisecond)
			switch {
			case n == 20:
				r.Show().Checkpoint()
			case rnd.IntN(12) == 0:
				r.load(lua(club + "\nwash:set{ white = 9 }"))
			}
		}
		r.operate(show.Jump{Cue: "5"})
		r.play(time.Second)
		r.End()
		whole, tail := r.player(), r.playerOf(r.tail())
		if tail.Began() <= whole.Began() {
			t.Errorf("it begins at %v", tail.Began())
		}
		for _, at := range []replay.Moment{replay.At(tail.Began() + 4*time.Second), replay.InCue("", "5")} {
			for _, p := range []*replay.Player{whole, tail} {
				if err := p.Until(at, on); err != nil || p.First != nil {
					t.Fatalf("%v; the first difference is %v", err, p.First)
				}
			}
			for _, name := range []string{"wash", "spot"} {
				want, err := whole.Why(name, "")
				is, err2 := tail.Why(name, "")
				if err != nil || err2 != nil || show.Lines(is) != show.Lines(want) || whole.Now() != tail.Now() {
					t.Errorf("at %v and %v:\n%s, %v\nthe tail says\n%s, %v", whole.Now(), tail.Now(), show.Lines(want), err, show.Lines(is), err2)
				}
			}
		}
		equal(t, whole)
		equal(t, tail)
		if !tail.Tail() || whole.Tail() || tail.Tally.Equal >= whole.Tally.Equal {
			t.Errorf("%+v of %+v", tail.Tally, whole.Tally)
		}
	}
}

// TestTailsOfExamplesArePlayed, from the middle of them on.
func TestTailsOfExamplesArePlayed(t *testing.T) {
	for _, name := range examples {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newTape(t, 7, os.DirFS("../../../examples/"+name))
			r.play(raced.Of(10*time.Second, 2*time.Second))
			r.Show().Checkpoint()
			r.play(raced.Of(10*time.Second, 2*time.Second))
			r.End()
			equal(t, r.playerOf(r.tail()))
		})
	}
}
