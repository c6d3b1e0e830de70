package host

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestHistogram: every frame that can be late is in it once, by how much.
func TestHistogram(t *testing.T) {
	var s frameStats
	for _, late := range []time.Duration{0, 50 * time.Microsecond, 51 * time.Microsecond, 3 * time.Millisecond, time.Second, -time.Millisecond} {
		s.add(false, time.Minute, time.Minute+late)
	}
	s.add(true, time.Minute, 2*time.Minute) // woken
	h := s.histogram()
	if fmt.Sprint(h.Counts) != "[2 1 0 0 0 0 1 0 0 0 0 1]" || len(h.Counts) != len(h.Bounds)+1 || !slices.IsSorted(h.Bounds) || h.Sum < 1.0031 || h.Sum > 1.0032 {
		t.Errorf("%+v", h)
	}
	if n := testing.AllocsPerRun(100, func() { s.add(false, 0, time.Millisecond) }); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

// TestRate: frames a second are those of the last whole second.
func TestRate(t *testing.T) {
	var s frameStats
	for n := range 100 { // 2.5 s at 40 a second
		s.add(false, 0, time.Duration(n)*25*time.Millisecond)
	}
	for at, want := range map[time.Duration]float64{2500 * time.Millisecond: 40, 3100 * time.Millisecond: 20, 4 * time.Second: 0} {
		if got := s.perSecond(at); got != want {
			t.Errorf("at %v: %v frames a second, want %v", at, got, want)
		}
	}
	s.add(false, 0, 9*time.Second)
	if got := s.perSecond(9 * time.Second); got != 0 {
		t.Errorf("after a pause %v", got)
	}
}

// BenchmarkFrameStats is what it costs the engine loop to count a frame.
func BenchmarkFrameStats(b *testing.B) {
	var s frameStats
	b.ReportAllocs()
	for now := time.Duration(0); b.Loop(); now += 22 * time.Millisecond {
		s.add(false, now-time.Millisecond, now)
	}
}
