package engine

import (
	"slices"
	"time"

	"showrun/runtime/color"
	"showrun/runtime/level"
)

// A hold is what an operator has put above the level of a channel. The fields are exported
// for the snapshot.
type hold struct {
	At     level.Address // the coarse slot of the channel
	Level  fader         // the level, of 255
	Weight fader         // how much of the level shows, the rest is what lies underneath
}

// holds are all there are, in the order in which they came.
type holds struct {
	list []hold
	at   map[level.Address]int // where in the list
	// over has the levels that held attributes make, by the channel.
	over map[level.Address]float64
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
	e.publishHolds()
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
	e.publishHolds()
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

// publishHolds tells other goroutines what is held.
func (e *Engine) publishHolds() {
	held := make(map[level.Address]struct{}, len(e.holds.list))
	for _, h := range e.holds.list {
		if h.Weight.To != 0 {
			held[h.At] = struct{}{}
		}
	}
	e.reader.held.Store(&held)
}

// layer brings what is held on outputs that take part in the frame to the instant now.
func (e *Engine) layer(now time.Duration) {
	if len(e.holds.list) == 0 {
		return
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
	intensity, c := 255.0, e.colorValue(m)
	if m.Mix.Dims {
		intensity = e.slot(m.Mix.At).value
	}
	levels := make([]float64, 0, len(m.Bound))
	all := true
	for i, ch := range m.Mix.Channels {
		levels = append(levels, e.slot(ch.Coarse).value)
		all = all && m.Bound[i]
	}
	if !all {
		if c = m.Mix.Color(levels); intensity > 0 {
			c = c.Times(255 / intensity)
		}
	}
	under := m.mix(nil, intensity, c, 0)
	weight := 0.0
	dims, weighs := e.overlaid(m.Mix.At, intensity)
	weight = max(weight, weighs)
	c.R, weighs = e.overlaid(next(m.Mix.At, 1), c.R)
	weight = max(weight, weighs)
	c.G, weighs = e.overlaid(next(m.Mix.At, 2), c.G)
	weight = max(weight, weighs)
	c.B, weighs = e.overlaid(next(m.Mix.At, 3), c.B)
	weight = max(weight, weighs)
	for i, l := range m.mix(nil, dims, c, 0) {
		ch := m.Mix.Channels[i].Coarse
		if m.Mix.Emitters[i] != color.Wheel {
			l += (levels[i] - under[i]) * (1 - weight)
		}
		e.holds.over[ch] = l
		e.slot(ch).held = true
		e.rewrite(ch)
	}
}

// overlaid returns the level of an attribute as it is held, and by how much.
func (e *Engine) overlaid(a level.Address, under float64) (l, weight float64) {
	if i, held := e.holds.at[a]; held {
		return e.above(a, under), e.holds.list[i].Weight.Value
	}
	return under, 0
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
