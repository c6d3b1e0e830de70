package module

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

// maxKnot bounds knots, so that curves through them stay finite.
const maxKnot = 1e9

// Knots takes argument i as the knots of a Bezier path: a list with a row after the
// other, three rows for every segment, a column for every channel of who.
func (c Call) Knots(i, channels int, who string) []float64 {
	t, ok := c.Get(i).(*lua.LTable)
	if !ok {
		c.Wrong("the knots", "a list of numbers", c.Get(i))
	}
	n := t.Len()
	c.OnlyList(t, n, "the knots")
	if per := 3 * channels; n == 0 || n%per != 0 {
		c.Fail("%d knots for %s; it takes a multiple of %d: three for each %s", n, who, per, segment(channels))
	}
	knots := make([]float64, n)
	for k := range knots {
		v := t.RawGetInt(k + 1)
		number, ok := v.(lua.LNumber)
		switch {
		case !ok:
			c.Wrong(fmt.Sprintf("knot %d", k+1), "a number", v)
		case !(number >= -maxKnot && number <= maxKnot):
			c.Wrong(fmt.Sprintf("knot %d", k+1), "a number from -1e9 to 1e9", v)
		}
		knots[k] = float64(number)
	}
	return knots
}

// segment words what there are three knots for.
func segment(channels int) string {
	if channels == 1 {
		return "segment"
	}
	return fmt.Sprintf("segment and each of %d channels", channels)
}
