package engine

import (
	"math"
	"time"

	"showrun/runtime/curve"
	"showrun/runtime/level"
)

// effectKind says what an effect does.
type effectKind uint8

const (
	fading effectKind = iota
	waving
	following // a column of a path, or a component of a colour
)

// An effect runs on one channel. It gives the channel's level as a function
// of the instant. Effects are kept as values, side by side, so that a frame
// with thousands of them touches little memory and allocates none.
// The fields but one are exported for the snapshot.
type effect struct {
	At   level.Address // the channel's coarse slot
	Kind effectKind
	// Timer measures a fade's duration and a wave's period. Its delay is
	// always over for a wave.
	Timer    timer
	From, To float64
	Curve    curve.Easing // of a fade
	Shape    curve.Shape  // of a wave, as are the next three
	Phase    float64
	Width    float64
	Seed     uint64
	run      *run // of a path
	Column   int
}

// value returns the level at the instant now, and whether the effect has
// arrived by then and is over.
func (x *effect) value(p *pulse, now time.Duration) (v float64, over bool) {
	switch x.Kind {
	case waving:
		cycles := x.Timer.progress(p, now)
		if math.IsInf(cycles, 1) {
			cycles = 0
		}
		return x.From + (x.To-x.From)*x.Shape.At(x.Phase+cycles, x.Width, x.Seed), false
	case following:
		values, over := x.run.eval(p, now)
		return values[x.Column], over
	}
	u := x.Timer.progress(p, now)
	if u >= 1 {
		return x.To, true
	}
	return x.From + (x.To-x.From)*x.Curve.At(u), false
}

// A run is a path, or a change of colour, that runs on several channels; each of them has
// an effect of its own that points here.
type run struct {
	Timer  timer // of a segment
	Path   curve.Path
	Start  []float64 // the first knot
	Shade  shade     // in place of a path, if it is of any kind
	values []float64 // at the instant at, if known is set
	at     time.Duration
	over   bool
	known  bool

	snapshot uint64 // the last it is in, by its number ...
	number   int    // ... and which run it is there
}

// eval returns the levels of all channels at the instant now, evaluated once
// for all of them, and whether the path has come to its end.
func (r *run) eval(p *pulse, now time.Duration) ([]float64, bool) {
	if r.known && r.at == now {
		return r.values, r.over
	}
	r.at, r.known = now, true
	if r.Shade.Kind != still {
		c, over := r.Shade.at(&r.Timer, p, now)
		r.values, r.over = append(r.values[:0], c.R, c.G, c.B), over
	} else {
		segments := r.Timer.progress(p, now)
		r.values = r.Path.Eval(r.values, r.Start, segments)
		r.over = segments >= float64(r.Path.Segments())
	}
	return r.values, r.over
}

// columns is how many channels it is for.
func (r *run) columns() int {
	if r.Shade.Kind != still {
		return 3
	}
	return r.Path.Columns()
}

// run puts the effect on its channel, in place of what runs there.
func (e *Engine) run(x effect) {
	s := e.slot(x.At)
	switch {
	case s.effect > 0:
		e.effects[s.effect-1] = x
		return
	case s.effect < 0:
		e.unmix(x.At)
	}
	e.effects = append(e.effects, x)
	s.effect = int32(len(e.effects))
}

// end removes the effect from the channel at a, if one runs there, or takes it out of its
// mix.
func (e *Engine) end(a level.Address) {
	s := e.slot(a)
	switch {
	case s.effect == 0:
		return
	case s.effect < 0:
		e.unmix(a)
		return
	}
	last := len(e.effects) - 1
	moved := &e.effects[s.effect-1]
	*moved = e.effects[last]
	e.slot(moved.At).effect = s.effect
	s.effect = 0
	e.effects[last] = effect{}
	e.effects = e.effects[:last]
}

// level returns the level of the channel at a at the instant now, as what runs
// on it has it.
func (e *Engine) level(a level.Address, now time.Duration) float64 {
	s := e.slot(a)
	switch {
	case s.effect == 0:
		return s.value
	case s.effect < 0:
		return e.mixed(a, now)
	}
	v, _ := e.effects[s.effect-1].value(&e.pulse, now)
	return v
}

// evaluate brings the channels that something runs on, and whose outputs take
// part in the frame, to their level at the instant now, and removes the effects
// that are over.
func (e *Engine) evaluate(now time.Duration) {
	for i := 0; i < len(e.effects); {
		x := &e.effects[i]
		at := x.At
		if !e.banks[at.Output.Real()].part {
			i++
			continue
		}
		v, over := x.value(&e.pulse, now)
		e.slot(at).value = v
		e.write(at)
		if over {
			e.end(at) // another effect takes its place at i
		} else {
			i++
		}
	}
	e.mixAll(now)
	e.layer(now)
}
