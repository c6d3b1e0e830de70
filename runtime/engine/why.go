package engine

import (
	"fmt"

	"showrun/runtime/color"
	"showrun/runtime/level"
)

// A Layer is what a step of what makes a level belongs to.
type Layer uint8

// The layers, the nearest to the output first.
const (
	InBlackout Layer = iota
	InMaster
	InHold
	InScript
)

// A Step is one of those that make a level.
type Step struct {
	Layer Layer
	At    level.Address // of what it is about: the channel itself, or an attribute
	Value float64       // 0-255, after the step
	What  string        // in words
	Color string        // after the step, such as #ff0000, if it is the color that was asked of
	Origin
	Known bool // whether there is an origin: nothing was ever done otherwise
}

// Why lists what makes the level of the channel or the attribute at a, the nearest to the
// output first: of the second half of a channel of 16 bits, what makes the first. It is for
// the engine loop.
func (e *Engine) Why(a level.Address) []Step {
	if !e.known(a) {
		return []Step{{Layer: InScript, At: a, What: "nothing has set it"}}
	}
	if half := e.slot(a).coarse; half != 0 {
		a.Slot = half
	}
	w := &why{e: e, value: min(max(e.slot(a).value, 0), 255)}
	if e.slot(a).held {
		w.value = min(max(e.above(a, e.slot(a).value), 0), 255)
	}
	w.masters(a)
	w.holds(a)
	w.below(a)
	if m := e.mixer(a); m != nil && m.isColor(a) {
		w.colors(m)
	}
	return w.steps
}

// Follows tells whether the channel at a goes by the attributes of its fixture; engine loop.
func (e *Engine) Follows(a level.Address) bool { return e.known(a) && e.slot(a).effect < 0 }

// why is an answer that is put together.
type why struct {
	e     *Engine
	value float64 // before the master
	steps []Step
}

// add adds a step of an origin.
func (w *why) add(l Layer, a level.Address, value float64, maker int32, format string, args ...any) {
	s := Step{Layer: l, At: a, Value: min(max(value, 0), 255), What: fmt.Sprintf(format, args...)}
	s.Origin, s.Known = w.e.origins.get(maker)
	w.steps = append(w.steps, s)
}

// masters adds the blackout and the master, where they scale the level and show.
func (w *why) masters(a level.Address) {
	m := &w.e.master
	if !w.scaled(a) {
		return
	}
	if d := m.dark.Value; d > 0 {
		w.add(InBlackout, a, w.value*m.scale, m.makers[1], "blackout%s", percent(d))
	}
	if g := m.grand.Value; g < 1 {
		w.add(InMaster, a, w.value*g, m.makers[0], "master at %.4g%%", g*100)
	}
}

// scaled tells whether the master scales the channel at a, or what the intensity at a makes.
func (w *why) scaled(a level.Address) bool {
	if !a.Output.IsAttribute() {
		return w.e.slot(a).scaled
	}
	m := w.e.mixer(a)
	if m == nil || a != m.Mix.At {
		return false
	}
	for _, ch := range m.Mix.Channels {
		if w.e.slot(ch.Coarse).scaled {
			return true
		}
	}
	return false
}

func percent(of float64) string {
	if of == 1 {
		return ""
	}
	return fmt.Sprintf(", %.4g%% of it", of*100)
}

// holds adds what operators hold: the level itself, and attributes that make it.
func (w *why) holds(a level.Address) {
	e := w.e
	if i, held := e.holds.at[a]; held {
		w.hold(a, w.value, i)
	}
	over, covered := e.holds.over[a]
	if !covered {
		return
	}
	for i := range e.holds.list {
		x := e.holds.list[i].At
		m := e.mixer(x)
		if m == nil || !m.makes(a) || m.isColor(x) && x != next(m.Mix.At, 1) {
			continue
		}
		w.hold(x, over, i)
	}
}

func (w *why) hold(a level.Address, value float64, i int) {
	h := &w.e.holds.list[i]
	what := fmt.Sprintf("held at %.5g", h.Level.goal()*255)
	if m := w.e.mixer(a); m != nil && m.isColor(a) {
		what = "color held at " + w.heldColor(m).String()
	} else if m != nil {
		what = "intensity " + what
	}
	if h.Weight.goal() == 0 {
		what += ", and fades out"
	}
	w.add(InHold, a, value, h.Maker, "%s", what)
}

// colors has the steps of a color tell what it is: one level of the three says nothing.
func (w *why) colors(m *mixer) {
	for i := range w.steps {
		s := &w.steps[i]
		s.Color = w.e.colorValue(m).String()
		if s.Layer == InHold {
			s.Color = w.heldColor(m).String()
		}
	}
}

// heldColor is the colour of a fixture with what is held of it.
func (w *why) heldColor(m *mixer) color.RGB {
	at := func(n int) float64 { a := next(m.Mix.At, n); return w.e.above(a, w.e.slot(a).value) }
	return color.RGB{R: at(1), G: at(2), B: at(3)}
}

// makes tells whether the channel at a is one of the mix.
func (m *mixer) makes(a level.Address) bool {
	for _, ch := range m.Mix.Channels {
		if ch.Coarse == a {
			return true
		}
	}
	return false
}

// below adds what lies under all that: the attributes that the channel follows, or what was
// done with it.
func (w *why) below(a level.Address) {
	e := w.e
	s := e.slot(a)
	if s.effect >= 0 {
		w.done(a, s.value, "")
		return
	}
	m := &e.mixers[-s.effect-1]
	if m.Mix.Dims {
		w.done(m.Mix.At, s.value, fmt.Sprintf("intensity %.5g: ", e.slot(m.Mix.At).value))
	}
	c := e.colorValue(m)
	w.done(e.latest(next(m.Mix.At, 1), 3), m.mix(nil, 255, c, 0)[m.index(a)], "color "+c.String()+": ")
}

// latest is which of so many attributes from a on was changed last.
func (e *Engine) latest(a level.Address, n int) level.Address {
	last := a
	for i := range n {
		x, known := e.origins.get(*e.maker(next(a, i)))
		was, before := e.origins.get(*e.maker(last))
		if known && (!before || x.At > was.At) {
			last = next(a, i)
		}
	}
	return last
}

// done adds what was done last with the level at a, and what it does now.
func (w *why) done(a level.Address, value float64, about string) {
	s := w.e.slot(a)
	maker := *w.e.maker(a)
	o, known := w.e.origins.get(maker)
	what := "nothing has set it"
	switch {
	case s.effect > 0:
		what = w.e.effects[s.effect-1].says()
	case known:
		what = done(o.Did)
	}
	w.add(InScript, a, value, maker, "%s%s", about, what)
}

// says is what an effect does, in words.
func (x *effect) says() string {
	switch x.Kind {
	case fading:
		return fmt.Sprintf("fades to %.5g", x.To)
	case waving:
		return fmt.Sprintf("waves between %.5g and %.5g", x.From, x.To)
	}
	switch r := x.run; r.Shade.Kind {
	case shading:
		return "fades to " + r.Shade.To.String()
	case swaying:
		return "waves between " + r.Shade.From.String() + " and " + r.Shade.To.String()
	}
	return "follows a path"
}

// done is what was done and is over, in words.
func done(did string) string {
	switch did {
	case "fade":
		return "has faded"
	case "path":
		return "has followed a path"
	case "stop":
		return "stopped"
	}
	return did
}
