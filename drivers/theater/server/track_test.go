package server

import (
	"math"
	"testing"
	"time"
)

// start is when the step tests begin.
var start = time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)

// after is an instant so many seconds after start.
func after(seconds float64) time.Time {
	return start.Add(time.Duration(math.Round(seconds * 1e9)))
}

// tolerance is how far a position may be from the closed form.
const tolerance = 1e-9

// casteljau computes a Bezier segment by halving distances, another way than the
// product does.
func casteljau(k0, k1, k2, k3, u float64) float64 {
	mix := func(a, b float64) float64 { return a + (b-a)*u }
	a, b, c := mix(k0, k1), mix(k1, k2), mix(k2, k3)
	return mix(mix(a, b), mix(b, c))
}

// closed is where a column of a path is after so many seconds at a tempo.
func closed(first float64, knots []float64, tempo, seconds float64) float64 {
	n := len(knots) / 3
	s := seconds * tempo / 60
	switch {
	case s <= 0:
		return first
	case s >= float64(n):
		return knots[len(knots)-1]
	}
	whole := int(s)
	if whole > 0 {
		first = knots[3*whole-1]
	}
	k := knots[3*whole:]
	return casteljau(first, k[0], k[1], k[2], s-float64(whole))
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Fatalf("%s: got %.12f, want %.12f", what, got, want)
	}
}

func TestTrackFollowsTheClosedForm(t *testing.T) {
	knots := []float64{0, 360, 360, 180, 180, 180, 0, 0, 0}
	for _, tempo := range []float64{60, 30, 120, 90, 7, 61.7, 0.01, 6000} {
		k := newTrack(1)
		k.tempo = tempo
		k.add(append([]float64(nil), knots...), start)
		length := 3 * 60 / tempo
		for i := -10; i <= 1010; i++ {
			seconds := math.Round(float64(i)/1000*length*1e9) / 1e9
			got := k.values(nil, after(seconds))[0]
			near(t, after(seconds).String(), got, closed(0, knots, tempo, seconds))
		}
		if k.moving() || k.segments != 0 {
			t.Errorf("tempo %v: %d segments left at the end", tempo, k.segments)
		}
	}
}

// A thousand paths of 60/7 s follow one another without drift, however seldom the
// track is asked.
func TestPathsDoNotDrift(t *testing.T) {
	for _, every := range []float64{0.7, 9, 4000, 1e6} {
		k := newTrack(1)
		k.tempo = 7
		value := 0.0
		var want []float64
		for range 1000 {
			knots := []float64{value, 255 - value, 255 - value}
			value = 255 - value
			want = append(want, knots...)
			k.add(knots, start)
		}
		for i := 0; float64(i)*every < 9000; i++ {
			s := math.Round(float64(i)*every*1e9) / 1e9
			near(t, after(s).String(), k.values(nil, after(s))[0], closed(0, want, 7, s))
		}
	}
}

// The instants of segments are those of the tempo, to the nanosecond, and each is
// the end of the one before.
func TestTrackTellsSegments(t *testing.T) {
	k := newTrack(1)
	k.tempo = 7
	var starts, ends []time.Time
	var values []float64
	k.finished = func(start, end time.Time, v []float64) {
		starts, ends, values = append(starts, start), append(ends, end), append(values, v[0])
	}
	k.add([]float64{1, 1, 1, 2, 2, 2}, start)
	k.add([]float64{3, 3, 3}, start)
	for n := 1; n <= 3; n++ {
		at := k.next()
		k.advance(at.Add(-1))
		if len(ends) != n-1 {
			t.Fatalf("segment %d is over before its time", n)
		}
		k.advance(at)
		if len(ends) != n {
			t.Fatalf("segment %d is not over at %v", n, at)
		}
		if want := start.Add(time.Duration(n) * time.Minute / 7); !ends[n-1].Equal(want) || values[n-1] != float64(n) {
			t.Errorf("segment %d ends at %v at %v, want %v", n, ends[n-1], values[n-1], want)
		}
		if n > 1 && !starts[n-1].Equal(ends[n-2]) {
			t.Errorf("segment %d starts %v after the one before", n, starts[n-1].Sub(ends[n-2]))
		}
	}
	if !k.next().IsZero() {
		t.Errorf("a track at rest has a deadline, %v", k.next())
	}
}

// Tempos at the edge of the numbers neither hang nor break.
func TestExtremeTempos(t *testing.T) {
	for _, tempo := range []float64{math.SmallestNonzeroFloat64, 1e-12, 1e12, math.MaxFloat64} {
		k := newTrack(1)
		k.tempo = tempo
		k.add([]float64{1, 2, 3, 4, 5, 6}, start)
		if next := k.next(); !next.After(start) {
			t.Errorf("tempo %v: the deadline %v is not after the start", tempo, next)
		}
		if v := k.values(nil, start.Add(time.Hour))[0]; !(v >= 0 && v <= 6) {
			t.Errorf("tempo %v: %v after an hour", tempo, v)
		}
		if slow := tempo < 1; k.moving() != slow {
			t.Errorf("tempo %v: moving is %v after an hour", tempo, k.moving())
		}
	}
}
