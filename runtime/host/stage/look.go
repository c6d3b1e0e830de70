package stage

import (
	"math"
	"slices"
	"strings"

	"showrun/runtime/color"
	"showrun/runtime/console"
	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// warm is the light of a lamp that is nothing but dimmed: tungsten.
var warm = color.RGB{R: 255, G: 197, B: 143}

// violet is what is seen of a lamp that gives ultraviolet only.
var violet = color.RGB{R: 110, G: 0, B: 255}

// A look is what it takes to tell how a fixture looks.
type look struct {
	lit     bool
	dimmers []level.Address // of it, and of the whole that it is part of
	cells   []level.Address // of its parts
	closed  []closed

	// Light is that of the emitters together, at what is left of it without any; or else that
	// of one filter of a wheel, the channel of which is the only emitter.
	emitters []emitter
	dark     color.RGB
	wheel    *color.Mix

	pan, tilt turn
	held      []level.Address
}

// An emitter adds light for each of its levels, or takes it away.
type emitter struct {
	at    level.Address
	light color.RGB
}

// closed is where a shutter lets no light out.
type closed struct {
	at       level.Address
	from, to float64
}

// lookOf makes the look of a fixture, or of a part of one.
func lookOf(f, whole *patch.Fixture) look {
	l := look{lit: lights(f), pan: turning(f, "pan"), tilt: turning(f, "tilt"), closed: shutters(f)}
	l.dimmers, l.cells = dimmers(f)
	if whole != nil {
		own, _ := dimmers(whole)
		l.dimmers = append(l.dimmers, own...)
		l.closed = append(l.closed, shutters(whole)...)
	}
	l.mix(f.Mix)
	l.lit = l.lit || len(l.closed) > 0 // a lamp that burns all the time behind its shutter
	for _, c := range f.Channels {
		l.held = append(l.held, c.Coarse)
	}
	for _, m := range mixes(f) {
		for n := range int32(4) {
			l.held = append(l.held, level.Address{Output: m.At.Output, Slot: m.At.Slot + n})
		}
	}
	return l
}

// mix notes what makes the colour of a fixture.
func (l *look) mix(m *patch.Mix) {
	if m == nil {
		l.dark = warm
		return
	}
	if i := slices.Index(m.Emitters, color.Wheel); i >= 0 && !m.Lit() {
		l.wheel = &color.Mix{Emitters: []color.Emitter{color.Wheel}, Wheel: m.Wheel}
		l.emitters = []emitter{{at: m.Channels[i].Coarse}}
		return
	}
	levels := make([]float64, len(m.Emitters))
	l.dark = m.Color(levels)
	dim := true
	for i, c := range m.Channels {
		levels[i] = 1
		with := m.Color(levels)
		levels[i] = 0
		light := color.RGB{R: with.R - l.dark.R, G: with.G - l.dark.G, B: with.B - l.dark.B}
		dim = dim && light == color.RGB{}
		l.emitters = append(l.emitters, emitter{c.Coarse, light})
	}
	if !dim || l.dark.Max() > 0 {
		return
	}
	for i := range l.emitters { // it gives nothing but ultraviolet
		l.emitters[i].light = violet.Times(1 / 255.0 / float64(len(l.emitters)))
	}
}

// lights tells whether a fixture gives light.
func lights(f *patch.Fixture) bool { return len(f.Intensity) > 0 || len(f.Dimmer()) > 0 }

// mixes are those of a fixture and of its parts.
func mixes(f *patch.Fixture) (list []*patch.Mix) {
	if f.Mix != nil {
		list = append(list, f.Mix)
	}
	for i := range f.Parts {
		list = append(list, mixes(&f.Parts[i])...)
	}
	return list
}

// dimmers are the dimmers of a fixture: of the whole of it, and of its parts.
func dimmers(f *patch.Fixture) (own, cells []level.Address) {
	in := map[level.Address]bool{}
	for _, p := range f.Parts {
		for _, c := range p.Channels {
			in[c.Coarse] = true
		}
	}
	for i, c := range f.Channels {
		switch {
		case f.Properties[i].Class != patch.Intensity:
		case in[c.Coarse]:
			cells = append(cells, c.Coarse)
		default:
			own = append(own, c.Coarse)
		}
	}
	return own, cells
}

// shutters are the places of the channels of a fixture where no light gets out.
func shutters(f *patch.Fixture) (list []closed) {
	for i, p := range f.Properties {
		for _, c := range p.Capabilities {
			if slices.ContainsFunc(c.Names, func(name string) bool { return strings.HasPrefix(patch.Plain(name), "close") }) && c.About == "shutter" {
				list = append(list, closed{f.Channels[i].Coarse, c.From, c.To})
			}
		}
	}
	return list
}

// Looks appends how each fixture looks, in the order of Fixtures.
func (s *Stage) Looks(r *engine.Reader, to []console.Look) []console.Look {
	for i := range s.looks {
		to = append(to, s.looks[i].now(r))
	}
	return to
}

// now is how the fixture looks by the levels that go out.
func (l *look) now(r *engine.Reader) console.Look {
	c, bright := l.light(r)
	return console.Look{
		Intensity: round(bright), R: round(c.R), G: round(c.G), B: round(c.B),
		Pan: l.pan.now(r), Tilt: l.tilt.now(r), Held: l.isHeld(r),
	}
}

// light is the colour at full intensity, and the intensity.
func (l *look) light(r *engine.Reader) (c color.RGB, bright float64) {
	c = l.color(r)
	bright = c.Max()
	if bright > 0 {
		c = c.Times(255 / bright)
	} else {
		c = color.RGB{R: 255, G: 255, B: 255}
	}
	bright = min(bright, 255) * mean(r, l.dimmers) * mean(r, l.cells)
	for _, s := range l.closed {
		if at := r.Shown(s.at); at >= s.from-0.5 && at < s.to+0.5 {
			bright = 0
		}
	}
	if !l.lit {
		bright = 0
	}
	return c, bright
}

// color is the colour of the emitters, as bright as they make it.
func (l *look) color(r *engine.Reader) color.RGB {
	if l.wheel != nil {
		var levels [4]float64
		return l.wheel.Color(append(levels[:0], r.Shown(l.emitters[0].at)))
	}
	c := l.dark
	for i := range l.emitters {
		e := &l.emitters[i]
		level := r.Shown(e.at)
		c.R += e.light.R * level
		c.G += e.light.G * level
		c.B += e.light.B * level
	}
	return c
}

// mean is the part of their light that dimmers let out on average, 1 without any.
func mean(r *engine.Reader, dimmers []level.Address) float64 {
	if len(dimmers) == 0 {
		return 1
	}
	sum := 0.0
	for _, at := range dimmers {
		sum += r.Shown(at)
	}
	return sum / 255 / float64(len(dimmers))
}

// isHeld reports whether an operator holds any of the fixture.
func (l *look) isHeld(r *engine.Reader) bool {
	for _, at := range l.held {
		if r.Held(at) {
			return true
		}
	}
	return false
}

// now is the angle in degrees; 0 without the channel.
func (t turn) now(r *engine.Reader) float64 {
	if t.at.IsZero() {
		return 0
	}
	return t.of.Turned(r.Shown(t.at))
}

func round(v float64) uint8 { return uint8(math.Floor(min(max(v, 0), 255) + 0.5)) }
