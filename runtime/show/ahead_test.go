package show_test

import (
	"testing"
	"time"

	"showrun/runtime/show"
)

// TestABeatThatWasRunAheadIsNotRunAgain: a handler that the new version makes right after a
// swap, for a beat that is yet to come but was run ahead by the version before, begins with the
// beat after it. Who made it in both versions would have the beat twice otherwise.
func TestABeatThatWasRunAheadIsNotRunAgain(t *testing.T) {
	const text = `show.trigger("go", function() clock.on_beat(1, function(b) mark(b.count) end) end)`
	h := newLab(t, text)
	fire := func(at time.Duration) {
		h.run(at)
		if err := h.m.Operate(show.Fire{Name: "go"}); err != nil {
			t.Fatal(err)
		}
	}
	fire(100 * time.Millisecond)
	h.run(470 * time.Millisecond) // the beat at 0.5 s has been run
	h.load(text)
	fire(480 * time.Millisecond)
	h.run(2100 * time.Millisecond)
	if len(h.marks) != 4 {
		t.Fatalf("%v, want 4 beats", h.marks)
	}
	for i, m := range h.marks {
		if want := number(h.marks[0].args[0]) + float64(i); number(m.args[0]) != want {
			t.Errorf("%v, want beat %v; all %v", m, want, h.marks)
		}
	}
}
