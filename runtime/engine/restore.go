package engine

import (
	"errors"
	"fmt"
)

// save makes to a copy that shares nothing with the mixer that changes.
func (m *mixer) save(to *mixer) {
	bound, rest := append(to.Bound[:0], m.Bound...), append(to.Rest[:0], m.Rest...)
	*to = mixer{Mix: m.Mix, Bound: bound, Rest: rest, Left: m.Left, Told: m.Told}
}

func (e *Engine) restoreMixers(mixers []mixer, numbers renumbering) error {
	for i := range mixers {
		var m mixer
		mixers[i].save(&m)
		m.Mix = numbers.mix(m.Mix)
		if !e.mixable(&m.Mix) || e.mixer(m.Mix.At) != nil || len(m.Bound) != len(m.Mix.Channels) || len(m.Rest) != len(m.Bound) {
			return fmt.Errorf("mix %d does not fit", i+1)
		}
		e.mixers = append(e.mixers, m)
		e.assign(&e.mixers[i], i)
	}
	return nil
}

func (e *Engine) restoreHolds(list []hold, numbers renumbering) error {
	for _, h := range list {
		h.At = numbers.address(h.At)
		if !e.known(h.At) {
			return fmt.Errorf("slot %d is held on an output that has none", h.At.Slot)
		}
		if _, twice := e.holds.at[h.At]; twice {
			return errors.New("a slot is held twice")
		}
		e.lay(h)
		e.rewrite(h.At)
	}
	for i := range e.mixers {
		if m := &e.mixers[i]; e.layered(m) {
			e.cover(m)
		}
	}
	e.publishHolds()
	return nil
}
