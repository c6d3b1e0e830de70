package curve

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Bezier returns the cubic Bezier segment with the knots k0 to k3 at u:
// (1-u)³k0 + 3(1-u)²u·k1 + 3(1-u)u²·k2 + u³k3. u is not clamped.
func Bezier(k0, k1, k2, k3, u float64) float64 {
	v := 1 - u
	return v*v*v*k0 + 3*v*v*u*k1 + 3*v*u*u*k2 + u*u*u*k3
}

// Path is a chain of cubic Bezier segments in one or more columns (channels),
// as in the theater protocol's /spline: the first knot of every segment is
// where the one before ended, that of the first where the path began.
// It is an immutable value; the zero value has no segments.
type Path struct {
	columns int
	knots   []float64 // row-major, three rows of columns per segment
}

// NewPath returns the path with those knots: a row-major matrix with a column
// per channel and three rows per segment. Their number must be a positive
// multiple of 3 × columns and all must be finite. The knots are copied.
func NewPath(columns int, knots []float64) (Path, error) {
	if columns < 1 {
		return Path{}, fmt.Errorf("spline: expected at least one column, got %d", columns)
	}
	if len(knots) == 0 || len(knots)%3 != 0 || len(knots)/3%columns != 0 {
		return Path{}, fmt.Errorf("spline: expected three knots per segment for each of %d channels, got %d knots: give a multiple of 3 × channels", columns, len(knots))
	}
	for i, k := range knots {
		if math.IsNaN(k) || math.IsInf(k, 0) {
			return Path{}, fmt.Errorf("spline: knot %d is %v, expected a finite number", i+1, k)
		}
	}
	return Path{columns: columns, knots: append([]float64(nil), knots...)}, nil
}

// MarshalBinary returns the path as bytes: the number of columns in 32 bits and
// the bits of each knot in 64, big-endian; nothing for a path without segments.
func (p Path) MarshalBinary() ([]byte, error) {
	if p.columns == 0 {
		return nil, nil
	}
	b := binary.BigEndian.AppendUint32(nil, uint32(p.columns))
	for _, k := range p.knots {
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(k))
	}
	return b, nil
}

// UnmarshalBinary is the reverse of MarshalBinary.
func (p *Path) UnmarshalBinary(b []byte) error {
	if len(b) == 0 {
		*p = Path{}
		return nil
	}
	if len(b)%8 != 4 {
		return fmt.Errorf("spline: expected 4 bytes and 8 for each knot, got %d", len(b))
	}
	var knots []float64
	for rest := b[4:]; len(rest) > 0; rest = rest[8:] {
		knots = append(knots, math.Float64frombits(binary.BigEndian.Uint64(rest)))
	}
	read, err := NewPath(int(binary.BigEndian.Uint32(b)), knots)
	if err != nil {
		return err
	}
	*p = read
	return nil
}

// Columns returns the number of channels the path moves.
func (p Path) Columns() int { return p.columns }

// Segments returns the number of segments.
func (p Path) Segments() int {
	if p.columns == 0 {
		return 0
	}
	return len(p.knots) / (3 * p.columns)
}

// Eval returns the values of all columns after so many segments: the integer
// part of segments counts finished ones, the fraction is the progress within
// the next. It is clamped to 0..Segments; NaN counts as 0. The implicit first
// row is start, which holds at least one value per column. The result is dst
// with the values in place of what it held, and is grown only when its
// capacity is short. dst and start may share memory.
func (p Path) Eval(dst, start []float64, segments float64) []float64 {
	n := p.Segments()
	if !(segments > 0) || n == 0 {
		return append(dst[:0], start[:p.columns]...)
	}
	whole := int(math.Min(segments, float64(n)))
	u := segments - float64(whole)
	if whole == n {
		whole, u = n-1, 1
	}
	first := start
	if whole > 0 {
		first = p.knots[(3*whole-1)*p.columns:]
	}
	rows := p.knots[3*whole*p.columns:]
	dst = dst[:0]
	for c := range p.columns {
		dst = append(dst, Bezier(first[c], rows[c], rows[p.columns+c], rows[2*p.columns+c], u))
	}
	return dst
}
