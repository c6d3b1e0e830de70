package engine

import (
	"math"
	"time"

	"showrun/runtime/color"
	"showrun/runtime/curve"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// A mixer makes levels of the emitters of one fixture from its attributes. An emitter
// takes part until a command for its own channel puts something else there, and again from
// the next command for an attribute on. What it stands at then the attributes take over as
// well as they can; what they cannot say stays as a rest, which goes away as the command is
// carried out. So nothing jumps. The fields are exported for the snapshot.
type mixer struct {
	Mix   patch.Mix
	Bound []bool    // whether the emitters take part
	Rest  []float64 // what they have besides their share ...
	Left  fader     // ... times this
	Told  bool      // whether there was a command for the colour

	stale bool // whether it is in the list of those to look at
}

// A takeover says how attributes take emitters over.
type takeover struct {
	delay, length Length
	curve         curve.Easing
}

// freeze has what is left of the emitters besides their share stay, at a command that
// stops the attribute at a.
func (e *Engine) freeze(a level.Address, at time.Duration) {
	if m := e.mixer(a); m != nil {
		m.Left = fader{Value: m.Left.at(&e.pulse, at)}
	}
}

// mixer returns the mixer of the attribute at a; nil if that is none or has none.
func (e *Engine) mixer(a level.Address) *mixer {
	o := a.Output.Real()
	if !a.Output.IsAttribute() || a.Slot < 1 || int(o) >= len(e.banks) {
		return nil
	}
	mixers, i := e.banks[o].mixers, int(a.Fixture().Slot)-1
	if i >= len(mixers) || mixers[i] == 0 {
		return nil
	}
	return &e.mixers[mixers[i]-1]
}

// isColor tells whether the attribute at a is a component of the colour of the fixture.
func (m *mixer) isColor(a level.Address) bool { return a != m.Mix.At }

// remix has all emitters of the fixture whose attribute is at a, which must have been
// opened, follow its attributes. Other addresses are none of its business.
func (e *Engine) remix(a level.Address, at time.Duration, t takeover) {
	m := e.mixer(a)
	if m == nil {
		return
	}
	all := true
	for _, bound := range m.Bound {
		all = all && bound
	}
	if !all || m.Left.at(&e.pulse, at) != 0 {
		e.takeOver(m, a, all, at, t)
	}
	m.Told = m.Told || m.isColor(a)
}

func (e *Engine) takeOver(m *mixer, a level.Address, all bool, at time.Duration, t takeover) {
	levels := make([]float64, len(m.Bound))
	for i, c := range m.Mix.Channels {
		if !m.Bound[i] {
			e.bind(c)
		}
		levels[i] = e.level(c.Coarse, at)
	}
	if !all {
		e.infer(m, levels, !m.isColor(a), at)
	}
	m.Left = fader{}
	share := m.mix(nil, e.intensityAt(m, at), e.colorAt(next(m.Mix.At, 1), at), 0)
	for i, c := range m.Mix.Channels {
		m.Rest[i] = levels[i] - share[i]
		if m.Mix.Emitters[i] == color.Wheel || math.Abs(m.Rest[i]) < 1e-9 {
			m.Rest[i] = 0
		}
		if m.Rest[i] != 0 {
			m.Left = fader{From: 1, To: 0, Value: 1, Curve: t.curve, Moving: true, Timer: newTimer(&e.pulse, at, t.delay, t.length)}
		}
		if !m.Bound[i] {
			e.end(c.Coarse)
			m.Bound[i] = true
			e.slot(c.Coarse).effect = -e.mixerNumber(m)
		}
	}
	e.touch(m)
}

// infer puts the attributes on which nothing runs to what the emitters are at. The
// intensity stays as it is if it can; from darkness, a command for it finds the colour that
// the fixture had.
func (e *Engine) infer(m *mixer, levels []float64, intensity bool, at time.Duration) {
	dim, red := m.Mix.At, next(m.Mix.At, 1)
	c, now := m.Mix.Color(levels), e.intensityAt(m, at)
	bright := c.Max() > 0
	dims := m.Mix.Dims && !e.busy(dim, at)
	switch {
	case dims && intensity && !bright:
		e.putAttribute(dim, 0)
		return
	case e.busy(red, at) || now <= 0 && !(dims && bright):
		return
	case now <= 0:
		now = c.Max()
		e.putAttribute(dim, now)
	}
	c = c.Times(255 / now)
	e.putColor(red, c)
}

// busy tells whether something runs on the attribute at a that is not over at the instant
// now.
func (e *Engine) busy(a level.Address, now time.Duration) bool {
	n := e.slot(a).effect
	if n == 0 {
		return false
	}
	_, over := e.effects[n-1].value(&e.pulse, now)
	return !over
}

func (e *Engine) putAttribute(a level.Address, v float64) {
	e.end(a)
	e.slot(a).value = v
	e.write(a)
}

// intensityAt returns the intensity by which the mixer scales at the instant now.
func (e *Engine) intensityAt(m *mixer, now time.Duration) float64 {
	if !m.Mix.Dims {
		return 255
	}
	return e.level(m.Mix.At, now)
}

// mix appends the levels of all emitters, with so much of the rest.
func (m *mixer) mix(levels []float64, intensity float64, c color.RGB, left float64) []float64 {
	if m.Mix.Dims {
		c = c.Times(max(intensity, 0) / 255)
	}
	levels = m.Mix.Levels(levels, c)
	if left != 0 {
		for i := range levels {
			levels[i] += m.Rest[i] * left
		}
	}
	return levels
}

// mixed returns the level at the instant now of the channel at a, which follows attributes.
func (e *Engine) mixed(a level.Address, now time.Duration) float64 {
	m := &e.mixers[-e.slot(a).effect-1]
	e.share = m.mix(e.share[:0], e.intensityAt(m, now), e.colorAt(next(m.Mix.At, 1), now), m.Left.at(&e.pulse, now))
	return e.share[m.index(a)]
}

// index returns which emitter has its channel at a.
func (m *mixer) index(a level.Address) int {
	for i, c := range m.Mix.Channels {
		if c.Coarse == a {
			return i
		}
	}
	panic("engine: an emitter of no mix")
}

// unmix takes the channel at a out of its mix. It keeps the level it has.
func (e *Engine) unmix(a level.Address) {
	s := e.slot(a)
	m := &e.mixers[-s.effect-1]
	m.Bound[m.index(a)] = false
	s.effect = 0
}

// mixerNumber returns the number of a mixer, from 1.
func (e *Engine) mixerNumber(m *mixer) int32 {
	at := m.Mix.At.Fixture()
	return e.banks[at.Output].mixers[at.Slot-1]
}

// touch has a mixer looked at in the next frame its output takes part in.
func (e *Engine) touch(m *mixer) {
	if !m.stale {
		m.stale = true
		e.stale = append(e.stale, e.mixerNumber(m)-1)
	}
}

// tell notes the level of the attribute at a.
func (e *Engine) tell(a level.Address) {
	s := e.slot(a)
	value := s.value
	if s.held {
		value = e.above(a, value)
	}
	e.banks[a.Output.Real()].told[a.Slot-1].store(value, value)
	if m := e.mixer(a); m != nil {
		e.touch(m)
	}
}

// mixAll brings the emitters of the fixtures whose attributes have changed, and whose
// outputs take part in the frame, to their level at the instant now.
func (e *Engine) mixAll(now time.Duration) {
	later := e.stale[:0]
	for _, n := range e.stale {
		m := &e.mixers[n]
		if e.banks[m.Mix.At.Output.Real()].part {
			m.stale = false
			e.mixOne(m, now)
		}
		if m.Left.Moving || m.stale {
			m.stale = true
			later = append(later, n)
		}
	}
	e.stale = later
}

func (e *Engine) mixOne(m *mixer, now time.Duration) {
	m.Left.step(&e.pulse, now)
	intensity, c := e.slot(m.Mix.At).value, e.colorValue(m)
	e.share = m.mix(e.share[:0], intensity, c, m.Left.Value)
	for i, ch := range m.Mix.Channels {
		if m.Bound[i] {
			e.slot(ch.Coarse).value = e.share[i]
			e.write(ch.Coarse)
		}
	}
}

// colorValue is the colour of the attributes as of this frame.
func (e *Engine) colorValue(m *mixer) color.RGB {
	at := next(m.Mix.At, 1)
	return color.RGB{R: e.slot(at).value, G: e.slot(next(at, 1)).value, B: e.slot(next(at, 2)).value}
}
