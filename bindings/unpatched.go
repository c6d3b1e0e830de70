package bindings

import (
	"showrun/runtime/device"
	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// darken takes the light from the slots that fixtures of the load before had, and that no
// fixture of this one has: nothing else would ever put them out. What moves is left alone,
// and so is what the top level of this load speaks of as slots.
func (s *Show) darken(before *Show) {
	ours := s.spokenOf()
	live := map[level.Output]bool{}
	for _, d := range s.Devices() {
		if d, ok := d.(device.Outputs); ok {
			for _, o := range d.Outputs() {
				live[o] = true
			}
		}
	}
	for _, f := range before.Patch().Fixtures() {
		for i, ch := range f.Channels {
			class := f.Properties[i].Class
			if class != patch.Intensity && class != patch.Color || !live[ch.Coarse.Output] {
				continue
			}
			for _, a := range []level.Address{ch.Coarse, ch.Fine} {
				if !a.IsZero() && !ours[a] {
					s.G.Emit(engine.Set{Channel: patch.Channel{Name: ch.Name, Coarse: a}})
				}
			}
		}
	}
}

// spokenOf are the slots of fixtures and those that the top level does something with.
func (s *Show) spokenOf() map[level.Address]bool {
	ours := map[level.Address]bool{}
	add := func(channels ...patch.Channel) {
		for _, ch := range channels {
			ours[ch.Coarse], ours[ch.Fine] = true, true
		}
	}
	for _, f := range s.Patch().Fixtures() {
		add(f.Channels...)
	}
	for _, c := range s.opening {
		switch c := c.(type) {
		case engine.Set:
			add(c.Channel)
		case engine.Fade:
			add(c.Channel)
		case engine.Wave:
			add(c.Channel)
		}
	}
	return ours
}
