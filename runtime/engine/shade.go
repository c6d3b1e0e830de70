package engine

import (
	"math"
	"time"

	"showrun/runtime/color"
	"showrun/runtime/curve"
	"showrun/runtime/level"
)

// shadeKind says what a shade does.
type shadeKind uint8

const (
	still   shadeKind = iota // it is none
	shading                  // fades
	swaying                  // goes to and fro
)

// A shade is a change of colour. The fields are exported for the snapshot.
type shade struct {
	Kind     shadeKind
	From, To color.RGB
	Direct   bool
	Curve    curve.Easing // of a fade
	Shape    curve.Shape  // of a wave, as are the next three
	Phase    float64
	Width    float64
	Seed     uint64
}

// at returns the colour at the instant now, and whether it has arrived by then.
func (s *shade) at(t *timer, p *pulse, now time.Duration) (color.RGB, bool) {
	u := t.progress(p, now)
	if s.Kind == swaying {
		if math.IsInf(u, 1) {
			u = 0
		}
		return s.between(s.Shape.At(s.Phase+u, s.Width, s.Seed)), false
	}
	if u >= 1 {
		return s.To, true
	}
	return s.between(s.Curve.At(u)), false
}

func (s *shade) between(u float64) color.RGB {
	if s.Direct {
		return color.Direct(s.From, s.To, u)
	}
	return color.Between(s.From, s.To, u)
}

// shade has the colour at a change, in place of what runs on it.
func (e *Engine) shade(a level.Address, t timer, s shade) bool {
	if !a.Output.IsAttribute() || !e.open(next(a, 2)) {
		return false
	}
	r := &run{Timer: t, Shade: s, values: make([]float64, 0, 3)}
	for i := range 3 {
		e.run(effect{At: next(a, i), Kind: following, run: r, Column: i})
	}
	return true
}

// next returns the attribute n after that at a.
func next(a level.Address, n int) level.Address {
	a.Slot += int32(n)
	return a
}

// colorAt returns the colour at a at the instant now.
func (e *Engine) colorAt(a level.Address, now time.Duration) color.RGB {
	if !e.known(next(a, 2)) {
		return color.RGB{}
	}
	return color.RGB{R: e.level(a, now), G: e.level(next(a, 1), now), B: e.level(next(a, 2), now)}
}

// setColors puts colours to levels.
func (e *Engine) setColors(c SetColors) bool {
	if len(c.Levels) != 3*len(c.At) {
		return false
	}
	done := true
	for i, a := range c.At {
		if !a.Output.IsAttribute() || !e.open(next(a, 2)) {
			done = false
			continue
		}
		for k := range 3 {
			e.putAttribute(next(a, k), finite(float64(c.Levels[3*i+k])))
		}
	}
	return done
}

func finiteColor(c color.RGB) color.RGB {
	return color.RGB{R: finite(c.R), G: finite(c.G), B: finite(c.B)}
}
