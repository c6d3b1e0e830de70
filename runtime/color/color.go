// Package color has what lamps and people call a colour: its names, how one fades into
// another, and how emitters, filters and wheels make it.
//
// It is arithmetic on plain values. Nothing in it keeps anything.
package color

import (
	"fmt"
	"math"
)

// RGB is a colour as light of three components, 0-255 with fractions.
type RGB struct{ R, G, B float64 }

var white = RGB{255, 255, 255}

// Max is the largest component, which is how bright a colour is taken to be.
func (c RGB) Max() float64 { return max(c.R, c.G, c.B) }

// Times returns the colour with all components k times as large.
func (c RGB) Times(k float64) RGB { return RGB{c.R * k, c.G * k, c.B * k} }

// plus returns the light of both together, k times the other.
func (c RGB) plus(o RGB, k float64) RGB { return RGB{c.R + o.R*k, c.G + o.G*k, c.B + o.B*k} }

// String writes the colour as "#rrggbb".
func (c RGB) String() string {
	return fmt.Sprintf("#%02x%02x%02x", round8(c.R), round8(c.G), round8(c.B))
}

// round8 rounds halves up, also those that computing has made a little less.
func round8(v float64) byte { return byte(math.Floor(min(max(v, 0), 255) + 0.5 + 1e-9)) }

// HSV returns the colour of a hue in degrees, any number of turns, with saturation and
// value 0-1.
func HSV(h, s, v float64) RGB {
	h = math.Mod(h, 360) / 60
	if h < 0 {
		h += 6
	}
	component := func(n float64) float64 {
		k := math.Mod(n+h, 6)
		return 255 * (v - v*s*min(max(min(k, 4-k), 0), 1))
	}
	return RGB{component(5), component(3), component(1)}
}

// Between returns the colour a part u of the way from one to another, 0-1. Each component
// goes in a straight line, and all are scaled so that the largest of them does so too:
// red to blue passes a bright magenta, and nothing on the way is darker than both ends.
func Between(from, to RGB, u float64) RGB {
	c := Direct(from, to, u)
	have, want := c.Max(), from.Max()+(to.Max()-from.Max())*u
	if have <= 0 || u <= 0 || u >= 1 {
		return c
	}
	return c.Times(want / have)
}

// Direct returns the colour a part u of the way in a straight line, which is darker in the
// middle where the ends have different components.
func Direct(from, to RGB, u float64) RGB {
	return RGB{from.R + (to.R-from.R)*u, from.G + (to.G-from.G)*u, from.B + (to.B-from.B)*u}
}
