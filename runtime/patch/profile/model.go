package profile

import (
	"slices"
	"strconv"

	"showrun/runtime/color"
	"showrun/runtime/patch"
)

// Model is what a fixture of the profile is patched as. A channel of 24 bits has the
// first 16 of them.
func (p Profile) Model() patch.Model {
	m := patch.Model{Name: p.Name + ", " + p.Mode, Slots: p.Slots}
	for _, c := range p.Channels {
		m.Channels = append(m.Channels, c.model(p))
		if m.Wheel == nil && c.Property == "color_wheel" {
			m.Wheel = c.filters()
		}
	}
	for _, pixel := range p.Pixels {
		m.Parts = append(m.Parts, p.part(pixel))
	}
	return m
}

// part is a pixel as scripts see it: its channels are called by their properties, numbered
// where it has several of one.
func (p Profile) part(pixel Pixel) patch.Part {
	part, taken := patch.Part{Name: pixel.Name}, map[string]bool{}
	for _, i := range pixel.Channels {
		name := p.Channels[i].Property
		for n := 2; taken[name]; n++ {
			name = p.Channels[i].Property + "_" + strconv.Itoa(n)
		}
		taken[name] = true
		part.Channels = append(part.Channels, patch.PartChannel{Name: name, Index: i})
	}
	return part
}

// classes are those that the names of properties do not tell of.
var classes = map[string]patch.Class{
	"color_preset": patch.Color, "color_temperature": patch.Color, "color_wheel_spin": patch.Color, "color_effect": patch.Color,
	"pan_rotation": patch.Position, "tilt_rotation": patch.Position, "beam_position_x": patch.Position, "beam_position_y": patch.Position,
}

func (c Channel) model(p Profile) patch.ModelChannel {
	mc := patch.ModelChannel{Name: c.Name, Coarse: c.Slots[0] + 1, Property: patch.PropertyOf(c.Property)}
	if len(c.Slots) > 1 {
		mc.Fine = c.Slots[1] + 1
	}
	if class, ok := classes[c.Property]; ok {
		mc.Class = class
	}
	mc.Default = c.Default
	mc.Also = c.also(p)
	switch way, ok := c.way(); {
	case (c.Property == "pan" || c.Property == "tilt") && ok:
		mc.Degrees = way
	case c.Property == "color_wheel":
		mc.Emitter = color.Wheel
	}
	mc.Capabilities = c.parts(mc.Degrees)
	return mc
}

// parts are the capabilities that scripts can ask for. Angles of a head are counted from
// half-way, whatever the file counts them from.
func (c Channel) parts(way float64) (list []patch.Capability) {
	for _, k := range c.Capabilities {
		if way != 0 && k.Unit == patch.Degrees && k.About == c.Property {
			k.Start, k.End = (k.From-127.5)/255*way, (k.To-127.5)/255*way
		}
		if len(k.Names) > 0 || k.Unit != patch.NoUnit {
			list = append(list, k.Capability)
		}
	}
	return list
}

// way is how many degrees a channel turns from level 0 to 255.
func (c Channel) way() (degrees float64, ok bool) {
	widest := 0.0
	for _, k := range c.Capabilities {
		if width := k.To - k.From; k.About == c.Property && k.Unit == patch.Degrees && k.Start != k.End && width > widest {
			degrees, widest = (k.End-k.Start)/width*255, width
		}
	}
	return degrees, widest > 0
}

// also are the names that a channel answers to besides its own: what the file calls it,
// and what only it has a part for, such as "strobe" of a shutter.
func (c Channel) also(p Profile) (names []string) {
	candidates := []string{c.Name, c.Label, c.Property}
	for _, k := range c.Capabilities {
		candidates = append(candidates, k.About)
	}
	for _, name := range candidates {
		key := patch.Plain(name)
		if key != "" && !slices.Contains(names, key) && !p.others(c, key) {
			names = append(names, key)
		}
	}
	return names
}

// others tells whether a channel other than c has a name, or a part of that name.
func (p Profile) others(c Channel, key string) bool {
	return slices.ContainsFunc(p.Channels, func(o Channel) bool {
		if o.Name == c.Name {
			return false
		}
		return patch.Plain(o.Name) == key || patch.Plain(o.Label) == key ||
			slices.ContainsFunc(o.Capabilities, func(k Capability) bool { return patch.Plain(k.About) == key })
	})
}

// filters are the colours of a wheel.
func (c Channel) filters() (slots []color.Slot) {
	for _, k := range c.Capabilities {
		if k.Colored && k.About == c.Property {
			slots = append(slots, color.Slot{Color: k.Color, Level: k.Level})
		}
	}
	return slots
}
