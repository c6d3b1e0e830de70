package replay

import (
	"testing"
	"time"

	"showrun/runtime/show"
)

type levelOf struct {
	Slot int
	At   time.Duration
}

// TestTheAnswerOfAnInstant is the last one by then, unless the next comes right after it and
// the last is long ago; of several the one that was asked of the same instant.
func TestTheAnswerOfAnInstant(t *testing.T) {
	const ms, s = time.Millisecond, time.Second
	said := answers{}
	ask := func(slot int, of time.Duration) show.AskDevice {
		return show.AskDevice{Key: "desk", Question: levelOf{slot, of}}
	}
	for _, h := range []struct {
		slot   int
		of, at time.Duration
		value  any
	}{
		{1, 0, s, "first"}, {1, 0, 2*s + 3*ms, "second"}, {1, 0, 2*s + 9*ms, "third"},
		{2, 3 * s, 3 * s, "of 3 s"}, {2, 4 * s, 3 * s, "of 4 s"}, {3, 0, s, nil},
	} {
		said.heard(ask(h.slot, h.of), h.value, h.at, 0)
	}
	for _, c := range []struct {
		slot   int
		of, at time.Duration
		want   any
		known  bool
	}{
		{1, 0, s - 21*ms, nil, false},
		{1, 0, s - 20*ms, "first", true},
		{1, 0, s, "first", true},
		{1, 0, 2*s - 18*ms, "first", true},
		{1, 0, 2*s - 17*ms, "second", true},
		{1, 0, 2 * s, "second", true},
		{1, 0, 2*s + 8*ms, "second", true},
		{1, 0, 2*s + 9*ms, "third", true},
		{1, 0, 9 * s, "third", true},
		{2, 3 * s, 3 * s, "of 3 s", true},
		{2, 4 * s, 3 * s, "of 4 s", true},
		{2, 5 * s, 3 * s, "of 4 s", true},
		{3, 0, s, nil, true},
		{4, 0, s, nil, false},
	} {
		if got, known := said.to(ask(c.slot, c.of), c.at); got != c.want || known != c.known {
			t.Errorf("slot %d of %v, asked at %v: %v, %v, expected %v, %v", c.slot, c.of, c.at, got, known, c.want, c.known)
		}
	}
	said.heard(ask(1, 0), "fourth", 8*s, 7*s)
	if got, _ := said.to(ask(1, 0), 7*s); got != "third" {
		t.Errorf("got %v after it was said that nobody asks for more than that", got)
	}
	if n := len(said["desk replay.levelOf{Slot:1 At:0s}"]); n != 2 {
		t.Errorf("%d are kept: %v", n, said)
	}
}
