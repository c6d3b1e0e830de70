package engine

import (
	"slices"
	"time"

	"showrun/runtime/color"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// A hold is what an operator has put above the level of a channel. The fields are exported
// for the snapshot.
type hold struct {
	At     level.Address // the coarse slot of the channel
	Level  fader         // the level, of 255
	Weight fader         // how much of the level shows, the rest is what lies underneath
	Maker  int32         // the number of its origin, 0 for none
}

// holds are all there are, in the order in which they came.
type holds struct {
	list []hold
	at   map[level.Address]int // where in the list
	// over has the levels that held attributes make, by the channel.
	over map[level.Address]float64
	news bool // what is held has changed since it was published
	// levels and under are what a fixture is at and what its attributes make of it, while
	// it is looked at.
	levels, under []float64
}

// hold puts a level above a channel.
func (e *Engine) hold(c Hold, now time.Duration) bool {
	if !e.claim(c.Channel) {
		return false
	}
	a := c.Channel.Coarse
	i, held := e.holds.at[a]
	if !held {
		i = e.lay(hold{At: a, Level: fader{Value: finite(c.To) / 255}})
	}
	h := &e.holds.list[i]
	if held {
		h.Level.move(&e.pulse, now, finite(c.To)/255, c.Duration, 0)
	}
	h.Weight.move(&e.pulse, now, 1, c.Duration, 0)
	e.origins.give(&h.Maker, "hold")
	e.holds.news = true
	return true
}

// lay puts a hold above its channel and returns where in the list it is.
func (e *Engine) lay(h hold) int {
	if e.holds.at == nil {
		e.holds.at, e.holds.over = map[level.Address]int{}, map[level.Address]float64{}
	}
	e.holds.at[h.At] = len(e.holds.list)
	e.holds.list = append(e.holds.list, h)
	e.slot(h.At).held = true
	return len(e.holds.list) - 1
}

// release lets holds go.
func (e *Engine) release(c Release, now time.Duration) {
	for _, a := range e.released(c) {
		if i, held := e.holds.at[a]; held {
			e.holds.list[i].Weight.move(&e.pulse, now, 0, c.Duration, 0)
		}
	}
	e.holds.news = true
}

// released lists the addresses that a release is for.
func (e *Engine) released(c Release) (list []level.Address) {
	for _, ch := range c.Channels {
		list = append(list, ch.Coarse)
	}
	if len(c.Channels) == 0 {
		for _, h := range e.holds.list {
			list = append(list, h.At)
		}
	}
	return list
}

// Holds lists what is held and not on its way out, in the order in which it came.
func (e *Engine) Holds() (list []Hold) {
	for i := range e.holds.list {
		h := &e.holds.list[i]
		if h.Weight.goal() != 0 {
			list = append(list, Hold{Channel: patch.Channel{Coarse: h.At}, To: h.Level.goal() * 255})
		}
	}
	return list
}

// publishHolds tells other goroutines what is held.
func (e *Engine) publishHolds() {
	held := make(map[level.Address]struct{}, len(e.holds.list))
	for _, h := range e.holds.list {
		if h.Weight.To != 0 {
			held[h.At] = struct{}{}
		}
	}
	e.holds.news = false
	e.reader.held.Store(&held)
}

// layer brings what is held on outputs that take part in the frame to the instant now.
func (e *Engine) layer(now time.Duration) {
	if len(e.holds.list) == 0 {
		return
	}
	if e.holds.news {
		e.publishHolds() // once for all of a batch
	}
	gone := false
	for i := range e.holds.list {
		h := &e.holds.list[i]
		if !e.banks[h.At.Output.Real()].part {
			continue
		}
		moves := h.Level.Moving || h.Weight.Moving
		h.Level.step(&e.pulse, now)
		h.Weight.step(&e.pulse, now)
		if moves {
			e.rewrite(h.At)
		}
		gone = gone || !h.Weight.Moving && h.Weight.Value == 0
	}
	e.layerMixes()
	if gone {
		e.dropHolds()
	}
}

// dropHolds removes the holds that do not show any more.
func (e *Engine) dropHolds() {
	var over []level.Address
	e.holds.list = slices.DeleteFunc(e.holds.list, func(h hold) bool {
		gone := !h.Weight.Moving && h.Weight.Value == 0
		if gone {
			e.origins.drop(&h.Maker)
			over = append(over, h.At)
		}
		return gone
	})
	clear(e.holds.at)
	for i, h := range e.holds.list {
		e.holds.at[h.At] = i
	}
	for _, a := range over {
		_, e.slot(a).held = e.holds.over[a]
		e.rewrite(a)
		if m := e.mixer(a); m != nil && !e.layered(m) {
			e.uncover(m)
		}
	}
}

// above returns the level of a held channel over what lies underneath.
func (e *Engine) above(a level.Address, under float64) float64 {
	if l, ok := e.holds.over[a]; ok {
		under = l
	}
	if i, ok := e.holds.at[a]; ok {
		h := &e.holds.list[i]
		under += (h.Level.Value*255 - under) * h.Weight.Value
	}
	return under
}

// layered tells whether an attribute of the fixture is held.
func (e *Engine) layered(m *mixer) bool {
	for n := range 4 {
		if e.slot(next(m.Mix.At, n)).held {
			return true
		}
	}
	return false
}

// layerMixes lays what held attributes make over the channels that follow them.
func (e *Engine) layerMixes() {
	var last *mixer
	for i := range e.holds.list {
		a := e.holds.list[i].At
		m := e.mixer(a)
		if m == nil || m == last || !e.banks[a.Output.Real()].part {
			continue
		}
		last = m
		e.cover(m)
	}
}

// cover lays what the attributes of a fixture make, as they are held, over its channels:
// what the script made of them otherwise fades out as the holds come in.
func (e *Engine) cover(m *mixer) {
	h := &e.holds
	for _, ch := range m.Mix.Channels {
		e.bind(ch) // which may have had no command yet
	}
	intensity, c := e.underneath(m)
	h.under = m.mix(h.under[:0], intensity, c, 0)
	weight := 0.0
	for n, v := range [...]*float64{&intensity, &c.R, &c.G, &c.B} {
		a := next(m.Mix.At, n)
		if i, held := h.at[a]; held {
			*v = e.above(a, *v)
			weight = max(weight, h.list[i].Weight.Value)
		}
	}
	e.share = m.mix(e.share[:0], intensity, c, 0)
	for i, ch := range m.Mix.Channels {
		l := e.share[i]
		if m.Mix.Emitters[i] != color.Wheel {
			l += (h.levels[i] - h.under[i]) * (1 - weight)
		}
		h.over[ch.Coarse] = l
		e.slot(ch.Coarse).held = true
		e.rewrite(ch.Coarse)
	}
}

// underneath returns the intensity and the colour that a fixture has without holds, and notes
// its levels: those of the attributes, or what the channels make if not all follow. A fixture
// that nothing was done with yet goes by its attributes, as it does for a script: who pulls up
// its intensity gets light.
func (e *Engine) underneath(m *mixer) (intensity float64, c color.RGB) {
	intensity, c = 255, e.colorValue(m)
	if m.Mix.Dims {
		intensity = e.slot(m.Mix.At).value
	}
	e.holds.levels = e.holds.levels[:0]
	all, touched := true, false
	for i, ch := range m.Mix.Channels {
		e.holds.levels = append(e.holds.levels, e.slot(ch.Coarse).value)
		all = all && m.Bound[i]
		touched = touched || *e.maker(ch.Coarse) != 0
	}
	made := m.Mix.Color(e.holds.levels)
	if all || !touched && made == (color.RGB{}) {
		return intensity, c
	}
	if c = made; intensity > 0 {
		c = c.Times(255 / intensity)
	}
	return intensity, c
}

// uncover takes away what held attributes made of the channels of a fixture.
func (e *Engine) uncover(m *mixer) {
	for _, ch := range m.Mix.Channels {
		delete(e.holds.over, ch.Coarse)
		_, held := e.holds.at[ch.Coarse]
		e.slot(ch.Coarse).held = held
		e.rewrite(ch.Coarse)
	}
}
