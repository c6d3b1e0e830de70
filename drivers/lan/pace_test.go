package lan

import (
	"testing"
	"time"
)

const ms = time.Millisecond

func TestBackoff(t *testing.T) {
	b := Backoff{First: 250 * ms, Max: 10 * time.Second}
	for i, want := range []time.Duration{250, 500, 1000, 2000, 4000, 8000, 10000, 10000} {
		if got := b.Next(0.5); got != want*ms {
			t.Errorf("wait %d is %v, want %v", i, got, want*ms)
		}
	}
	for range 1000 {
		b.Next(0.5)
	}
	if least, most := b.Next(0), b.Next(0.999); least != 7500*ms || most != 10*time.Second {
		t.Errorf("jitter from %v to %v", least, most)
	}
	b.Reset()
	if least := b.Next(0); least != 187500*time.Microsecond || b.Failures() != 1 {
		t.Errorf("after a success %v, %d failures", least, b.Failures())
	}
}

func TestSeldom(t *testing.T) {
	var s Seldom
	start := time.Unix(1000, 0)
	for _, step := range []struct {
		after time.Duration
		held  int
		ok    bool
	}{{0, 0, true}, {ms, 0, false}, {999 * ms, 0, false}, {1000 * ms, 2, true}, {1500 * ms, 0, false}, {5000 * ms, 1, true}} {
		if held, ok := s.Allow(start.Add(step.after), time.Second); held != step.held || ok != step.ok {
			t.Errorf("after %v: %d held, %v; want %d, %v", step.after, held, ok, step.held, step.ok)
		}
	}
}
