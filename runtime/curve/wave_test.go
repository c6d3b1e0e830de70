package curve

import (
	"math"
	"testing"
)

func TestShapeAt(t *testing.T) {
	for _, c := range []struct {
		name          string
		cycles, width float64
		want          float64
	}{
		{"sine", 0, 0.5, 0}, {"sine", 0.25, 0.5, 0.5}, {"sine", 0.5, 0.5, 1}, {"sine", -0.25, 0.5, 0.5}, {"sine", 17.5, 0, 1},
		{"triangle", 0, 0.5, 0}, {"triangle", 0.25, 0.5, 0.5}, {"triangle", 0.5, 0.5, 1}, {"triangle", 0.75, 0.5, 0.5},
		{"triangle", 0.2, 0.2, 1}, {"triangle", 0.6, 0.2, 0.5}, {"triangle", 0.25, 0, 0.75}, {"triangle", 0.25, 1, 0.25},
		{"triangle", 0.25, 9, 0.25}, {"triangle", 0.25, -9, 0.75}, {"triangle", -0.9, 0.2, 0.5},
		{"saw", 0, 0, 0}, {"saw", 0.75, 0, 0.75}, {"saw", 3.25, 0, 0.25}, {"saw", -0.25, 0, 0.75},
		{"square", 0, 0.5, 1}, {"square", 0.49, 0.5, 1}, {"square", 0.5, 0.5, 0}, {"square", 0.1, 0, 0}, {"square", 0.99, 1, 1}, {"square", -0.1, 0.5, 0},
		{"sine", math.NaN(), 0.5, 0}, {"saw", math.Inf(1), 0.5, 0}, {"square", math.Inf(-1), 0.5, 1},
	} {
		s, ok := ParseShape(c.name)
		if !ok || s.String() != c.name {
			t.Errorf("ParseShape(%q) = %q, %v", c.name, s, ok)
		}
		if got := s.At(c.cycles, c.width, 1); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s.At(%v, %v) = %v, want %v", s, c.cycles, c.width, got, c.want)
		}
	}
}

func TestShapesStayInRange(t *testing.T) {
	for s := Sine; s <= Random; s++ {
		for _, width := range []float64{0, 0.3, 0.5, 1, math.NaN()} {
			for _, cycles := range []float64{-1e-300, -1e-17, 1e300, -1e300, 1 << 52, 0.1, 0.999999999} {
				if v := s.At(cycles, width, 3); !(v >= 0 && v <= 1) {
					t.Errorf("%s.At(%v, %v) = %v", s, cycles, width, v)
				}
			}
		}
	}
}

func TestRandomShape(t *testing.T) {
	// One value per cycle, the same every time, also below zero.
	for _, n := range []float64{-2, -1, 0, 1, 1e6} {
		if a, b := Random.At(n, 0, 5), Random.At(n+0.9, 1, 5); a != b {
			t.Errorf("cycle %v begins at %v and ends at %v", n, a, b)
		}
	}
	if Random.At(math.Copysign(0, -1), 0, 5) != Random.At(0, 0, 5) {
		t.Error("-0 is not 0")
	}
	// Spread evenly over ten bins, for consecutive cycles and for consecutive seeds.
	var bySeed, byCycle [10]int
	sum, product := 0.0, 0.0
	const n = 20000
	for i := range n {
		a := Random.At(float64(i), 0, 1)
		byCycle[int(a*10)]++
		bySeed[int(Random.At(3, 0, uint64(i))*10)]++
		sum += a
		product += (a - 0.5) * (Random.At(float64(i+1), 0, 1) - 0.5)
	}
	for i := range 10 {
		if byCycle[i] < n/10*9/10 || bySeed[i] < n/10*9/10 {
			t.Errorf("bin %d holds %d by cycle, %d by seed of %d", i, byCycle[i], bySeed[i], n)
		}
	}
	if math.Abs(sum/n-0.5) > 0.01 || math.Abs(product/n) > 0.002 {
		t.Errorf("mean %v, correlation of neighbours %v", sum/n, product/n*12)
	}
}

func TestShapeNames(t *testing.T) {
	if len(ShapeNames()) != int(Random)+1 || ShapeNames()[0] != "sine" {
		t.Errorf("ShapeNames() = %v", ShapeNames())
	}
	if _, ok := ParseShape("cosine"); ok {
		t.Error("cosine is no shape")
	}
	if Shape(99).String() != "" {
		t.Error("an unknown shape has a name")
	}
}

func TestNothingAllocates(t *testing.T) {
	p, err := NewPath(2, make([]float64, 12))
	if err != nil {
		t.Fatal(err)
	}
	dst, start, sum := make([]float64, 0, 2), []float64{1, 2}, 0.0
	if n := testing.AllocsPerRun(100, func() {
		dst = p.Eval(dst, start, 1.5)
		for s := Sine; s <= Random; s++ {
			sum += s.At(7.3, 0.5, 1)
		}
		for e := Linear; e <= Snap; e++ {
			sum += e.At(0.3)
		}
	}); n != 0 {
		t.Errorf("%v allocations per evaluation", n)
	}
}
