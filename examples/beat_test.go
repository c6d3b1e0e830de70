package examples

import (
	"context"
	"os"
	"testing"
	"time"

	"showrun/runtime/beat"
)

// TestTheBeatIsThatOfTheDeck: what waits for a beat of the deck that is followed and what waits
// for that of the show wait for the same instant, to the nanosecond, from a second after a mix
// on. Otherwise half a look is in one frame and half in the next.
func TestTheBeatIsThatOfTheDeck(t *testing.T) {
	const name = "club-night"
	r := newGig(t, options(t, name, nil))
	defer r.Close()
	if err := r.Load(context.Background(), os.DirFS(name)); err != nil {
		t.Fatal(err)
	}
	due, settled := hands(t, name), time.Second
	for now := time.Duration(0); now < lengthOf(t, name); now += 20 * time.Millisecond {
		if err := r.Until(context.Background(), now); err != nil {
			t.Fatal(err)
		}
		for ; len(due) > 0 && due[0].at <= now; due = due[1:] {
			if due[0].words[0] == "lead" {
				settled = now + time.Second
			}
			if err := due[0].lay(r); err != nil {
				t.Fatal(err)
			}
		}
		if now < settled {
			continue
		}
		show := r.Show().Plan().Course
		deck := r.Show().Plan().Source(show.Turn(now).Source)
		next := (beat.Grid{Quantum: 1}).Next(show.At(now))
		is, _ := show.Time(show.Line(now).Epoch, next)
		if want, ok := deck.Time(deck.Line(now).Epoch, next); !ok || is != want {
			t.Fatalf("at %v: beat %v of the show is at %v, that of the deck at %v", now, next.Float(), is, want)
		}
	}
}
