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

// isColor makes sure that there is a colour at a. It reports false if there can be none.
func (e *Engine) isColor(a level.Address) bool { return a.Output.IsAttribute() && e.open(next(a, 2)) }

// fadeColor starts a fade of a colour.
func (e *Engine) fadeColor(c FadeColor, at time.Duration) bool {
	if !e.isColor(c.At) {
		return false
	}
	m, to := e.mixer(c.At), finiteColor(c.To)
	told := m == nil || m.Told || !m.Mix.Dims
	e.remix(c.At, at, takeover{c.Delay, c.Duration, c.Curve})
	if !told && e.intensityAt(m, at) == 0 {
		e.putColor(c.At, to) // what comes out of the dark for the first time has no colour to come from
	}
	e.shade(c.At, newTimer(&e.pulse, at, c.Delay, c.Duration),
		shade{Kind: shading, From: e.colorAt(c.At, at), To: to, Curve: c.Curve, Direct: c.Direct})
	e.creditColor(c.At, "fade")
	return true
}

// waveColor has a colour go to and fro.
func (e *Engine) waveColor(c WaveColor, at time.Duration) bool {
	if !e.isColor(c.At) {
		return false
	}
	e.remix(c.At, at, takeover{})
	e.shade(c.At, newTimer(&e.pulse, at, Length{}, c.Period), shade{
		Kind: swaying, From: finiteColor(c.From), To: finiteColor(c.To), Direct: c.Direct,
		Shape: c.Shape, Phase: c.Phase, Width: c.Width, Seed: c.Seed,
	})
	e.creditColor(c.At, "wave")
	return true
}

// shade has the colour at a change, in place of what runs on it.
func (e *Engine) shade(a level.Address, t timer, s shade) {
	r := &run{Timer: t, Shade: s, values: make([]float64, 0, 3)}
	for i := range 3 {
		e.run(effect{At: next(a, i), Kind: following, run: r, Column: i})
	}
}

// putColor puts a colour to levels and ends what runs on it.
func (e *Engine) putColor(a level.Address, c color.RGB) {
	e.putAttribute(a, c.R)
	e.putAttribute(next(a, 1), c.G)
	e.putAttribute(next(a, 2), c.B)
}

// next returns the attribute n after that at a.
func next(a level.Address, n int) level.Address {
	a.Slot += int32(n)
	return a
}

// colorAt returns the colour at a at the instant now.
func (e *Engine) colorAt(a level.Address, now time.Duration) color.RGB {
	return color.RGB{R: e.level(a, now), G: e.level(next(a, 1), now), B: e.level(next(a, 2), now)}
}

// setColors puts colours to levels.
func (e *Engine) setColors(c SetColors, at time.Duration) bool {
	if len(c.Levels) != 3*len(c.At) {
		return false
	}
	done := true
	for i, a := range c.At {
		if !e.isColor(a) {
			done = false
			continue
		}
		e.remix(a, at, takeover{})
		l := c.Levels[3*i : 3*i+3]
		e.putColor(a, finiteColor(color.RGB{R: float64(l[0]), G: float64(l[1]), B: float64(l[2])}))
		e.creditColor(a, "set")
	}
	return done
}

func finiteColor(c color.RGB) color.RGB {
	return color.RGB{R: finite(c.R), G: finite(c.G), B: finite(c.B)}
}
