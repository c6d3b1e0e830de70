package cue

import (
	"testing"
	"time"

	"showrun/runtime/patch"
)

// TestAFunctionThatNeverReturns takes no more memory the longer it runs.
func TestAFunctionThatNeverReturns(t *testing.T) {
	l := New("main")
	if err := l.Add(&Cue{Number: 1, Function: true}); err != nil {
		t.Fatal(err)
	}
	now := Moment{BPM: 120}
	id := l.Press(now).Play
	for n := range 100_000 {
		now.At += 20 * time.Millisecond
		c := Change{Key: Key{Slot: int32(n%3 + 1)}, Class: patch.Intensity, Value: Value{Level: float64(n % 256)}}
		if !l.Note(now, id, c, Length{Time: time.Second}) {
			t.Fatal("a change is not carried out")
		}
	}
	if n := len(l.moving); n > 100 {
		t.Errorf("%d channels move, of 3", n)
	}
	if e := l.Stop(now); len(e.Halt) != 3 {
		t.Errorf("%d channels are halted, want 3", len(e.Halt))
	}
}
