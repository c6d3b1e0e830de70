package curve

import "math"

// Shape is the form of a periodic wave between 0 and 1. The zero value is [Sine].
type Shape uint8

// The shapes, by the phase φ in [0, 1) of one cycle.
const (
	Sine     Shape = iota // (1 - cos(2πφ)) / 2: from 0 up to 1 at half the cycle and back
	Triangle              // straight up to 1 at φ = width, straight back to 0
	Saw                   // φ: straight up, then at once back to 0
	Square                // 1 while φ < width, then 0
	Random                // one value in [0, 1) for each cycle, the same for the same cycle and seed
)

// shapeNames is indexed by Shape.
var shapeNames = [...]string{"sine", "triangle", "saw", "square", "random"}

// ShapeNames returns the names of all shapes in the order of their values.
func ShapeNames() []string { return append([]string(nil), shapeNames[:]...) }

// ParseShape returns the shape of that name.
func ParseShape(name string) (Shape, bool) {
	for i, n := range shapeNames {
		if n == name {
			return Shape(i), true
		}
	}
	return Sine, false
}

// String returns the shape's name, "" for a value that is none.
func (s Shape) String() string {
	if int(s) < len(shapeNames) {
		return shapeNames[s]
	}
	return ""
}

// At returns the value in 0..1 after so many cycles, which may be negative;
// NaN and infinities count as 0 cycles. width, limited to 0..1, is where a
// triangle peaks and how long a square stays on; 0.5 is symmetric. The other
// shapes have no use for it. seed tells one random wave from another.
func (s Shape) At(cycles, width float64, seed uint64) float64 {
	number := math.Floor(cycles)
	phase := cycles - number
	if math.IsNaN(phase) {
		number, phase = 0, 0
	}
	if phase >= 1 { // a tiny negative number, rounded
		phase = 0
	}
	switch s {
	case Triangle:
		switch {
		case phase < width:
			return phase / math.Min(width, 1)
		case width > 0:
			return (1 - phase) / (1 - width)
		}
		return 1 - phase
	case Saw:
		return phase
	case Square:
		if phase < width {
			return 1
		}
		return 0
	case Random:
		return scatter(number, seed)
	}
	return (1 - math.Cos(2*math.Pi*phase)) / 2
}

// scatter hashes the number of a cycle with a seed into [0, 1), by the finaliser
// of a 64-bit multiplicative hash.
func scatter(number float64, seed uint64) float64 {
	h := math.Float64bits(number+0) + (seed+1)*0x9e3779b97f4a7c15 // +0 turns -0 into 0
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	h ^= h >> 31
	return float64(h>>11) / (1 << 53)
}
