package curve

import (
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
)

// exact evaluates the definition in 200-bit arithmetic.
func exact(k [4]float64, u float64) float64 {
	f := func(v float64) *big.Float { return new(big.Float).SetPrec(200).SetFloat64(v) }
	mul := func(vs ...*big.Float) *big.Float {
		p := f(1)
		for _, v := range vs {
			p.Mul(p, v)
		}
		return p
	}
	x := f(u)
	y := f(1)
	y.Sub(y, x)
	sum := mul(y, y, y, f(k[0]))
	sum.Add(sum, mul(f(3), y, y, x, f(k[1])))
	sum.Add(sum, mul(f(3), y, x, x, f(k[2])))
	sum.Add(sum, mul(x, x, x, f(k[3])))
	v, _ := sum.Float64()
	return v
}

func TestBezierIsExact(t *testing.T) {
	for _, k := range [][4]float64{{0, 0, 255, 255}, {0, 255, 255, 180}, {360, 180, 180, 180}, {-1, 3.5, 1e-3, 99}} {
		for i := range 1001 {
			u := float64(i) / 1000
			if got, want := Bezier(k[0], k[1], k[2], k[3], u), exact(k, u); math.Abs(got-want) > 1e-12 {
				t.Fatalf("Bezier(%v, %v) = %v, want %v", k, u, got, want)
			}
		}
	}
}

func TestPathEval(t *testing.T) {
	type point struct {
		segments float64
		want     []float64
	}
	for _, c := range []struct {
		name    string
		columns int
		knots   []float64
		start   []float64
		points  []point
	}{
		{"to 180, then off", 1, []float64{255, 180, 180, 180, 0, 0}, []float64{0}, []point{
			{-1, []float64{0}}, {math.NaN(), []float64{0}}, {0, []float64{0}},
			{0.5, []float64{3.0/8*255 + 3.0/8*180 + 180.0/8}},
			{1, []float64{180}}, {1.5, []float64{90}}, {2, []float64{0}}, {math.Inf(1), []float64{0}},
		}},
		{"axis there and back", 1, []float64{0, 360, 360, 180, 180, 180, 0, 0, 0}, []float64{0}, []point{
			{0.5, []float64{180}}, {1, []float64{360}}, {2, []float64{180}}, {2.5, []float64{180.0 / 8}}, {3, []float64{0}},
		}},
		{"four channels", 4, []float64{0, 0, 0, 0, 255, 255, 255, 0, 255, 255, 255, 0}, []float64{0, 0, 255, 8}, []point{
			{0, []float64{0, 0, 255, 8}}, {0.5, []float64{127.5, 127.5, 159.375, 1}}, {1, []float64{255, 255, 255, 0}}, {99, []float64{255, 255, 255, 0}},
		}},
	} {
		p, err := NewPath(c.columns, c.knots)
		if err != nil {
			t.Fatal(c.name, err)
		}
		if p.Columns() != c.columns || p.Segments() != len(c.knots)/3/c.columns {
			t.Errorf("%s: %d columns, %d segments", c.name, p.Columns(), p.Segments())
		}
		for _, at := range c.points {
			got := p.Eval(nil, c.start, at.segments)
			if len(got) != len(at.want) {
				t.Fatalf("%s at %v: %v, want %v", c.name, at.segments, got, at.want)
			}
			for i := range got {
				if math.Abs(got[i]-at.want[i]) > 1e-12 {
					t.Errorf("%s at %v: %v, want %v", c.name, at.segments, got, at.want)
				}
			}
		}
	}
}

func TestPathOwnsItsKnots(t *testing.T) {
	knots := []float64{0, 100, 100}
	p, _ := NewPath(1, knots)
	knots[2] = 7
	state := []float64{50}
	if got := p.Eval(state, state, 0.5); &got[0] != &state[0] || !slices.Equal(state, []float64{0.125*50 + 0.375*100 + 0.125*100}) {
		t.Errorf("in place: %v", got)
	}
	if got := (Path{}).Eval(nil, []float64{1}, 3); len(got) != 0 {
		t.Errorf("the empty path has no columns, got %v", got)
	}
}

func TestNewPathRefuses(t *testing.T) {
	for _, c := range []struct {
		columns int
		knots   []float64
		want    string
	}{
		{0, []float64{1, 2, 3}, "one column"},
		{-3, []float64{1, 2, 3}, "one column"},
		{1, nil, "got 0 knots"},
		{1, []float64{1, 2}, "got 2 knots"},
		{2, []float64{1, 2, 3}, "got 3 knots"},
		{math.MaxInt, []float64{1, 2, 3}, "got 3 knots"},
		{1, []float64{1, math.NaN(), 3}, "knot 2"},
		{1, []float64{1, 2, math.Inf(-1)}, "knot 3"},
	} {
		if _, err := NewPath(c.columns, c.knots); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("NewPath(%d, %v) = %v, want an error with %q", c.columns, c.knots, err, c.want)
		}
	}
}

func TestPathAsBytes(t *testing.T) {
	for _, columns := range []int{0, 1, 3} {
		var p Path
		if columns > 0 {
			var err error
			if p, err = NewPath(columns, []float64{0, 1.5, -2, 255, 1e-9, 3, 4, 5, 6}); err != nil {
				t.Fatal(err)
			}
		}
		b, err := p.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var read Path
		if err := read.UnmarshalBinary(b); err != nil || read.columns != p.columns || !slices.Equal(read.knots, p.knots) {
			t.Errorf("read %+v, %v; want %+v", read, err, p)
		}
		for n := 1; n < len(b); n++ {
			whole := columns == 1 && n > 4 && (n-4)%24 == 0 // a shorter path
			if err := read.UnmarshalBinary(b[:n]); (err == nil) != whole {
				t.Errorf("%d of %d bytes: %v", n, len(b), err)
			}
		}
	}
}
