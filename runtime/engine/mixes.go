package engine

import (
	"slices"

	"showrun/runtime/color"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// setMixes makes these fixtures those whose channels follow attributes, and no others.
func (e *Engine) setMixes(mixes []patch.Mix) {
	before := e.mixers
	e.mixers, e.stale = make([]mixer, 0, len(mixes)), e.stale[:0]
	old := make(map[level.Address]*mixer, len(before))
	for i := range before {
		old[before[i].Mix.At] = &before[i]
	}
	seen := make(map[level.Address]bool, len(mixes))
	for _, mix := range mixes {
		if seen[mix.At] || !e.mixable(&mix) {
			e.stats.RefusedCommands++
			continue
		}
		seen[mix.At] = true
		m := old[mix.At]
		if m == nil || !m.Mix.Equal(&mix) {
			m = &mixer{Mix: mix, Bound: make([]bool, len(mix.Channels)), Rest: make([]float64, len(mix.Channels))}
		}
		e.mixers = append(e.mixers, *m)
	}
	for i := range before {
		e.dissolve(&before[i])
	}
	for i := range e.mixers {
		m := &e.mixers[i]
		e.assign(m, i)
		switch was := old[m.Mix.At]; {
		case was == nil:
			e.forget(m)
		case !was.Mix.Equal(&m.Mix) && !slices.Contains(was.Bound, false):
			e.inherit(m, was)
		}
		if e.layered(m) {
			e.cover(m)
		}
	}
	for i := range before {
		if a := before[i].Mix.At; e.mixer(a) == nil {
			for n := range 4 {
				e.end(next(a, n))
			}
		}
	}
}

// mixable opens what a mix needs and reports whether it can be.
func (e *Engine) mixable(mix *patch.Mix) bool {
	if !mix.At.Output.IsAttribute() || mix.At.Slot != mix.At.Fixture().Attribute(1).Slot ||
		!e.open(next(mix.At, 3)) || len(mix.Channels) != len(mix.Emitters) {
		return false
	}
	for i, c := range mix.Channels {
		twice := slices.ContainsFunc(mix.Channels[:i], func(o patch.Channel) bool { return o.Coarse == c.Coarse })
		if twice || c.Coarse.Output != mix.At.Output.Real() || !e.openChannel(c) || mix.Emitters[i] > color.Wheel {
			return false
		}
	}
	return true
}

// dissolve lets go of the channels of a mixer, which keep their levels.
func (e *Engine) dissolve(m *mixer) {
	e.uncover(m)
	for i, c := range m.Mix.Channels {
		if m.Bound[i] {
			e.slot(c.Coarse).effect = 0
			e.origins.share(e.maker(c.Coarse), *e.maker(e.latest(m.Mix.At, 4)))
		}
	}
	at := m.Mix.At.Fixture()
	e.banks[at.Output].mixers[at.Slot-1] = 0
}

// assign gives a mixer its number, counted from 0, and takes the channels that are bound.
func (e *Engine) assign(m *mixer, n int) {
	at := m.Mix.At.Fixture()
	e.banks[at.Output].mixers[at.Slot-1] = int32(n) + 1
	for i, c := range m.Mix.Channels {
		if m.Bound[i] {
			e.slot(c.Coarse).effect = -int32(n) - 1
		}
	}
	m.stale = false
	e.touch(m)
}

// inherit has all channels of a fixture follow its attributes, as those of what was at its
// place before did, which was mixed in another way.
func (e *Engine) inherit(m, was *mixer) {
	m.Told = was.Told
	for i, c := range m.Mix.Channels {
		e.bind(c)
		e.end(c.Coarse)
		m.Bound[i] = true
		e.slot(c.Coarse).effect = -e.mixerNumber(m)
	}
}

// forget brings the attributes of a fixture to where they begin: white at full intensity,
// and no channel follows them.
func (e *Engine) forget(m *mixer) {
	clear(m.Bound)
	m.Left, m.Told = fader{}, false
	for n := range 4 {
		e.putAttribute(next(m.Mix.At, n), 255)
	}
}
