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
	following // a column of a path
)

// An effect runs on one channel. It gives the channel's level as a function
// of the instant. Effects are kept as values, side by side, so that a frame
// with thousands of them touches little memory and allocates none.
type effect struct {
	at   level.Address // the channel's coarse slot
	kind effectKind
	// timer measures a fade's duration and a wave's period. Its delay is
	// always over for a wave.
	timer    timer
	from, to float64
	curve    curve.Easing // of a fade
	shape    curve.Shape  // of a wave, as are the next three
	phase    float64
	width    float64
	seed     uint64
	run      *run // of a path
	column   int
}

// value returns the level at the instant now, and whether the effect has
// arrived by then and is over.
func (x *effect) value(p *pulse, now time.Duration) (v float64, over bool) {
	switch x.kind {
	case waving:
		cycles := x.timer.progress(p, now)
		if math.IsInf(cycles, 1) {
			cycles = 0
		}
		return x.from + (x.to-x.from)*x.shape.At(x.phase+cycles, x.width, x.seed), false
	case following:
		values, over := x.run.eval(p, now)
		return values[x.column], over
	}
	u := x.timer.progress(p, now)
	if u >= 1 {
		return x.to, true
	}
	return x.from + (x.to-x.from)*x.curve.At(u), false
}

// A run is a path that runs on several channels; each of them has an effect
// of its own that points here.
type run struct {
	timer  timer // of a segment
	path   curve.Path
	start  []float64 // the first knot
	values []float64 // at the instant at, if known is set
	at     time.Duration
	over   bool
	known  bool
}

// eval returns the levels of all channels at the instant now, evaluated once
// for all of them, and whether the path has come to its end.
func (r *run) eval(p *pulse, now time.Duration) ([]float64, bool) {
	if !r.known || r.at != now {
		segments := r.timer.progress(p, now)
		r.values = r.path.Eval(r.values, r.start, segments)
		r.at, r.known = now, true
		r.over = segments >= float64(r.path.Segments())
	}
	return r.values, r.over
}

// run puts the effect on its channel, in place of what runs there.
func (e *Engine) run(x effect) {
	s := e.slot(x.at)
	if s.effect != 0 {
		e.effects[s.effect-1] = x
		return
	}
	e.effects = append(e.effects, x)
	s.effect = int32(len(e.effects))
}

// end removes the effect from the channel at a, if one runs there.
func (e *Engine) end(a level.Address) {
	s := e.slot(a)
	if s.effect == 0 {
		return
	}
	last := len(e.effects) - 1
	moved := &e.effects[s.effect-1]
	*moved = e.effects[last]
	e.slot(moved.at).effect = s.effect
	s.effect = 0
	e.effects[last] = effect{}
	e.effects = e.effects[:last]
}

// level returns the level of the channel at a at the instant now, as what runs
// on it has it.
func (e *Engine) level(a level.Address, now time.Duration) float64 {
	s := e.slot(a)
	if s.effect == 0 {
		return s.value
	}
	v, _ := e.effects[s.effect-1].value(&e.pulse, now)
	return v
}

// evaluate brings all channels that something runs on to their level at the
// instant now, and removes the effects that are over.
func (e *Engine) evaluate(now time.Duration) {
	for i := 0; i < len(e.effects); {
		x := &e.effects[i]
		at := x.at
		v, over := x.value(&e.pulse, now)
		e.slot(at).value = v
		e.write(at)
		if over {
			e.end(at) // another effect takes its place at i
		} else {
			i++
		}
	}
}
