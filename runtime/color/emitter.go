package color

import (
	"slices"
)

// An Emitter is what a channel of a fixture does for its colour.
type Emitter uint8

// What channels do. White light is the same amount of red, green and blue.
const (
	None    Emitter = iota
	Red             // adds red
	Green           // adds green
	Blue            // adds blue
	White           // adds white; there may be several, warm and cold
	Amber           // adds red with three quarters as much green
	Lime            // adds green with three quarters as much red
	Mint            // adds green with half as much red and three quarters as much blue
	Indigo          // adds blue with a third as much red
	UV              // is hardly seen: it follows violet and takes nothing from the others
	Cyan            // takes red away
	Magenta         // takes green away
	Yellow          // takes blue away
	Wheel           // has filters, of which one is in the light
)

// light is what an emitter adds at 255, and false for one that adds nothing that is seen.
func (e Emitter) light() (RGB, bool) {
	switch e {
	case Red:
		return RGB{255, 0, 0}, true
	case Green:
		return RGB{0, 255, 0}, true
	case Blue:
		return RGB{0, 0, 255}, true
	case White:
		return white, true
	case Amber:
		return RGB{255, 191.25, 0}, true
	case Lime:
		return RGB{191.25, 255, 0}, true
	case Mint:
		return RGB{127.5, 255, 191.25}, true
	case Indigo:
		return RGB{85, 0, 255}, true
	}
	return RGB{}, false
}

// Adds tells whether the emitter makes light, also such as is hardly seen.
func (e Emitter) Adds() bool {
	_, seen := e.light()
	return seen || e == UV
}

// Takes tells whether the emitter is a filter that takes a component away.
func (e Emitter) Takes() bool { return e == Cyan || e == Magenta || e == Yellow }

// A Slot is a filter of a wheel: its colour, and the level of the channel that puts it in.
type Slot struct {
	Color RGB
	Level float64
}

// A Mix is the emitters of a fixture in the order of its channels, and the filters of its
// wheel, if it has one. It is not changed once it is in use.
type Mix struct {
	Emitters []Emitter
	Wheel    []Slot
}

// Colored tells whether there is more to choose than white.
func (m Mix) Colored() bool {
	for _, e := range m.Emitters {
		if e != None && e != White {
			return true
		}
	}
	return false
}

// Lit tells whether an emitter makes light or takes some away, so that the colour can be
// dark.
func (m Mix) Lit() bool {
	for _, e := range m.Emitters {
		if e.Adds() || e.Takes() {
			return true
		}
	}
	return false
}

// extracted are the emitters that stand for several components, in the order in which
// they take their share.
var extracted = [...]Emitter{White, Amber, Lime, Mint, Indigo}

// Levels appends the levels that make a colour, one for each emitter. What white can give
// it gives, then amber and so on of the rest, and red, green and blue what is left. A wheel
// stands at the filter nearest to the colour if nothing else can make it, and else at that
// nearest to white.
func (m Mix) Levels(levels []float64, c RGB) []float64 {
	var share [Wheel + 1]float64
	share[Cyan], share[Magenta], share[Yellow] = 255-c.R, 255-c.G, 255-c.B
	share[UV] = max(min(2*c.R, c.B), 0)
	rest := c
	for _, e := range extracted {
		if m.has(e) {
			share[e] = e.most(rest)
			light, _ := e.light()
			rest = rest.plus(light, -share[e]/255)
		}
	}
	share[Red], share[Green], share[Blue] = rest.R, rest.G, rest.B
	if m.has(Wheel) {
		share[Wheel] = m.nearest(c)
	}
	for _, e := range m.Emitters {
		levels = append(levels, share[e])
	}
	return levels
}

func (m Mix) has(e Emitter) bool { return slices.Contains(m.Emitters, e) }

func (m Mix) count(e Emitter) (n int) {
	for _, have := range m.Emitters {
		if have == e {
			n++
		}
	}
	return n
}

// most is the level at which the emitter gives no more than c has of any component.
func (e Emitter) most(c RGB) float64 {
	light, _ := e.light()
	most := 255.0
	for _, x := range [...][2]float64{{c.R, light.R}, {c.G, light.G}, {c.B, light.B}} {
		if x[1] > 0 {
			most = min(most, x[0]/x[1]*255)
		}
	}
	return max(most, 0)
}

// nearest is the level for the filter nearest to a colour, whose brightness does not count.
func (m Mix) nearest(c RGB) float64 {
	if m.Lit() {
		c = white
	}
	c = c.full()
	best, distance := 0.0, -1.0
	for _, s := range m.Wheel {
		o := s.Color.full()
		d := (c.R-o.R)*(c.R-o.R) + (c.G-o.G)*(c.G-o.G) + (c.B-o.B)*(c.B-o.B)
		if distance < 0 || d < distance {
			best, distance = s.Level, d
		}
	}
	return best
}

// full is the colour as bright as it can be; white for black.
func (c RGB) full() RGB {
	if c.Max() <= 0 {
		return white
	}
	return c.Times(255 / c.Max())
}

// Color returns the colour that levels make, one for each emitter: Levels the other way
// round. Where several levels make one colour, Levels has the way it would take.
func (m Mix) Color(levels []float64) RGB {
	var c RGB
	switch {
	case m.takes():
		c = white
	case !m.Lit():
		return m.filter(levels)
	}
	for i, e := range m.Emitters {
		light, seen := e.light()
		switch l := levels[i]; {
		case seen: // several of one kind are told the same
			c = c.plus(light, l/255/float64(m.count(e)))
		case e == Cyan:
			c.R -= l
		case e == Magenta:
			c.G -= l
		case e == Yellow:
			c.B -= l
		}
	}
	return c
}

func (m Mix) takes() bool { return m.has(Cyan) || m.has(Magenta) || m.has(Yellow) }

// filter is the colour of the filter that is in the light.
func (m Mix) filter(levels []float64) RGB {
	best, distance := white, -1.0
	for i, e := range m.Emitters {
		if e != Wheel {
			continue
		}
		for _, s := range m.Wheel {
			if d := max(s.Level-levels[i], levels[i]-s.Level); distance < 0 || d < distance {
				best, distance = s.Color, d
			}
		}
	}
	return best
}

// Infer returns an intensity and a colour, scaled by it, that make levels of the emitters:
// the intensity given if it can be, and components up to 255.
func (m Mix) Infer(levels []float64, intensity float64) (float64, RGB) {
	c := m.Color(levels)
	if intensity <= 0 {
		intensity = c.Max()
	}
	if intensity <= 0 {
		return 0, c
	}
	c = c.Times(255 / intensity)
	if most := c.Max(); most > 255 {
		intensity, c = min(intensity*most/255, 255), c.Times(255/most)
	}
	return intensity, c
}
