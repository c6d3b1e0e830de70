package curve

import (
	"math"
	"testing"
)

func TestEasingAt(t *testing.T) {
	for _, c := range []struct {
		name            string
		quarter, middle float64
	}{
		{"linear", 0.25, 0.5},
		{"ease", (1 - math.Sqrt2/2) / 2, 0.5},
		{"ease_in", 0.0625, 0.25},
		{"ease_out", 0.4375, 0.75},
		{"smooth", 0.15625, 0.5},
		{"step", 0, 0},
		{"snap", 1, 1},
	} {
		e, ok := ParseEasing(c.name)
		if !ok || e.String() != c.name {
			t.Errorf("ParseEasing(%q) = %q, %v", c.name, e, ok)
		}
		for _, p := range [][2]float64{{-1, 0}, {math.NaN(), 0}, {0.25, c.quarter}, {0.5, c.middle}, {1, 1}, {7, 1}, {math.Inf(1), 1}} {
			if got := e.At(p[0]); math.Abs(got-p[1]) > 1e-15 {
				t.Errorf("%s.At(%v) = %v, want %v", e, p[0], got, p[1])
			}
		}
		start := 0.0
		if e == Snap {
			start = 1
		}
		if got := e.At(0); got != start {
			t.Errorf("%s.At(0) = %v, want %v", e, got, start)
		}
		last := 0.0
		for i := range 1001 {
			v := e.At(float64(i) / 1000)
			if v < last || v > 1 {
				t.Errorf("%s decreases or leaves 0..1 at %d/1000: %v after %v", e, i, v, last)
			}
			last = v
		}
	}
}

func TestEasingNames(t *testing.T) {
	if _, ok := ParseEasing("Linear"); ok {
		t.Error("names are lower case")
	}
	if e := Easing(200); e.String() != "" || e.At(0.3) != 0.3 {
		t.Errorf("an unknown easing is nameless and linear, got %q, %v", e, e.At(0.3))
	}
	names := Names()
	names[0] = "changed"
	if Names()[0] != "linear" || len(names) != int(Snap)+1 {
		t.Errorf("Names() = %v", Names())
	}
}

func TestSmoothIsTheTheaterSegment(t *testing.T) {
	for i := range 101 {
		u := float64(i) / 100
		if got, want := Smooth.At(u), Bezier(0, 0, 1, 1, u); math.Abs(got-want) > 1e-15 {
			t.Errorf("smooth at %v is %v, the segment %v", u, got, want)
		}
	}
}
