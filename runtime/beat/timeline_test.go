package beat

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func TestTimelineRoundTrips(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		line := Timeline{
			Origin: time.Duration(r.Int64N(int64(100 * time.Hour))),
			Beat:   Micro(r.Int64N(2e12) - 1e12),
			BPM:    20 + 979*r.Float64(),
		}
		b := line.Beat + Micro(r.Int64N(4e11)-2e11)
		at := line.Time(b)
		if got := line.At(at); got != b {
			t.Fatalf("%+v: At(Time(%d)) = %d", line, b, got)
		}
		if got := line.At(at - 1); got >= b {
			t.Fatalf("%+v: Time(%d) = %d, but the beat is reached before", line, b, at)
		}
		x := line.Origin + time.Duration(r.Int64N(int64(200*time.Hour))-int64(100*time.Hour))
		if got := line.Time(line.At(x)); got > x || x-got > line.Span(1)+1 {
			t.Fatalf("%+v: Time(At(%d)) = %d, more than a micro-beat (%v) before", line, x, got, line.Span(1))
		}
	}
}

func TestTimelineNeverDecreases(t *testing.T) {
	for _, bpm := range []float64{20, 59.99, 120, 127.997, 999} {
		line := Timeline{Origin: 7 * time.Second, Beat: -3, BPM: bpm}
		last := line.At(0)
		for x := time.Duration(1); x < 20000; x++ {
			if b := line.At(x); b < last || b > last+1 {
				t.Fatalf("%v BPM: beat %d at %d ns after %d", bpm, b, x, last)
			} else {
				last = b
			}
		}
	}
}

func TestTimeline(t *testing.T) {
	line := Timeline{Origin: time.Second, Beat: 4 * Beat, BPM: 120}
	stopped := line
	stopped.Stopped = true
	for _, c := range []struct {
		name string
		line Timeline
		at   time.Duration
		beat Micro
	}{
		{"origin", line, time.Second, 4 * Beat},
		{"half a second on", line, 1500 * time.Millisecond, 5 * Beat},
		{"before the origin", line, 0, 2 * Beat},
		{"negative beats", line, -2 * time.Second, -2 * Beat},
		{"just before a beat", line, 1500*time.Millisecond - 1, 5*Beat - 1},
		{"stopped, later", stopped, time.Hour, 4 * Beat},
		{"stopped, before", stopped, 0, 4 * Beat},
		{"no tempo", Timeline{Beat: 9}, time.Hour, 9},
		{"tempo is no number", Timeline{Beat: 9, BPM: math.NaN()}, time.Hour, 9},
		{"tempo is infinite", Timeline{Beat: 9, BPM: math.Inf(1)}, time.Hour, 9},
		{"negative tempo", Timeline{Beat: 9, BPM: -1}, time.Hour, 9},
	} {
		if got := c.line.At(c.at); got != c.beat {
			t.Errorf("%s: At(%v) = %d, want %d", c.name, c.at, got, c.beat)
		}
	}
	for _, c := range []struct {
		name string
		line Timeline
		beat Micro
		at   time.Duration
	}{
		{"ahead", line, 6 * Beat, 2 * time.Second},
		{"behind", line, 0, -time.Second},
		{"stopped, ahead", stopped, 4*Beat + 1, Never},
		{"stopped, here", stopped, 4 * Beat, time.Second},
		{"stopped, behind", stopped, -Beat, time.Second},
		{"beyond what a duration holds", Timeline{BPM: 1}, maxMicro, Never},
		{"no tempo", Timeline{}, 1, Never},
	} {
		if got := c.line.Time(c.beat); got != c.at {
			t.Errorf("%s: Time(%d) = %v, want %v", c.name, c.beat, got, c.at)
		}
	}
	for _, c := range []struct {
		bpm  float64
		n    Micro
		want time.Duration
	}{
		{120, 4 * Beat, 2 * time.Second}, {120, -Beat, -500 * time.Millisecond}, {128, Beat * 3 / 4, 351562500 * time.Nanosecond},
		{0, Beat, Never}, {0, 0, 0}, {0, -1, 0}, {math.NaN(), 1, Never}, {1e-9, maxMicro, Never}, {1e-9, -maxMicro, math.MinInt64},
	} {
		if got := (Timeline{BPM: c.bpm, Stopped: true}).Span(c.n); got != c.want {
			t.Errorf("Span(%d) at %v BPM = %v, want %v", c.n, c.bpm, got, c.want)
		}
	}
}

func TestPhaseAndGrid(t *testing.T) {
	for _, c := range []struct{ b, quantum, offset, phase, next Micro }{
		{0, 4, 0, 0, 4}, {1, 4, 0, 1, 4}, {3, 4, 0, 3, 4}, {4, 4, 0, 0, 8},
		{-1, 4, 0, 3, 0}, {-4, 4, 0, 0, 0}, {-5, 4, 0, 3, -4},
		{0, 4, 1, 0, 1}, {1, 4, 1, 1, 5}, {-8, 4, 1, 0, -7}, {-7, 4, 1, 1, -3},
		{2, 4, -1, 2, 3}, {3, 4, -1, 3, 7}, {2, 4, 9, 2, 5},
		{5, 0, 0, 0, 6}, {5, -3, 0, 0, 6},
		{999_999, Beat, 0, 999_999, Beat}, {Beat, Beat, 0, 0, 2 * Beat},
	} {
		if got := Phase(c.b, c.quantum); got != c.phase {
			t.Errorf("Phase(%d, %d) = %d, want %d", c.b, c.quantum, got, c.phase)
		}
		if got := (Grid{c.quantum.Float(), c.offset}).Next(c.b); got != c.next {
			t.Errorf("Grid{%d, %d}.Next(%d) = %d, want %d", c.quantum, c.offset, c.b, got, c.next)
		}
	}
}

func TestMicro(t *testing.T) {
	for _, c := range []struct {
		beats float64
		want  Micro
	}{
		{0, 0}, {1, Beat}, {-0.5, -Beat / 2}, {0.0000004, 0}, {0.0000006, 1}, {1.0 / 3, 333_333},
		{math.NaN(), 0}, {math.Inf(1), maxMicro}, {-1e300, -maxMicro},
	} {
		if got := FromFloat(c.beats); got != c.want {
			t.Errorf("FromFloat(%v) = %d, want %d", c.beats, got, c.want)
		}
	}
	if got := (285*Beat + 414_809).Float(); got != 285.414809 {
		t.Errorf("Float() = %v", got)
	}
}

func FuzzGrid(f *testing.F) {
	f.Add(int64(0), int64(4_000_000), int64(0))
	f.Add(int64(-1), int64(3), int64(-77))
	f.Fuzz(func(t *testing.T, after, quantum, offset int64) {
		a, o, q := Micro(after)%maxMicro, Micro(offset)%maxMicro, max(Micro(quantum)%maxMicro, 1)
		next := (Grid{q.Float(), o}).Next(a)
		if next <= a || next-a > q || (next-o)%q != 0 {
			t.Fatalf("Grid{%d, %d}.Next(%d) = %d", q, o, a, next)
		}
		if p := Phase(a, q); p < 0 || p >= q || (a-p)%q != 0 {
			t.Fatalf("Phase(%d, %d) = %d", a, q, p)
		}
	})
}

func FuzzTimeline(f *testing.F) {
	f.Add(int64(0), int64(0), 120.0, int64(1_000_000), int64(time.Hour))
	f.Add(int64(-1), int64(-1), math.MaxFloat64, int64(math.MaxInt64), int64(math.MinInt64))
	f.Fuzz(func(t *testing.T, origin, beat int64, bpm float64, b, at int64) {
		line := Timeline{Origin: time.Duration(origin), Beat: Micro(beat) % maxMicro, BPM: bpm}
		x, y := line.At(time.Duration(at)), line.At(time.Duration(at/2))
		if (at > at/2 && x < y) || (at < at/2 && x > y) {
			t.Fatalf("%+v runs backwards: %d at %d, %d at %d", line, x, at, y, at/2)
		}
		line.Time(Micro(b) % maxMicro)
		line.Span(Micro(b))
	})
}

func TestAGridEnds(t *testing.T) {
	for _, after := range []Micro{maxMicro, maxMicro - 1, 1<<63 - 1, -maxMicro, -1 << 63} {
		for _, q := range []float64{0, 1e-6, 1.0 / 3, 1, 1e9} {
			if p := (Grid{Quantum: q}).Next(after); p > maxMicro || p <= after && after < maxMicro {
				t.Errorf("the point after %d of every %g beats is %d", after, q, p)
			}
		}
	}
}
