package patch

// A Part is what can be lit on its own of a model, such as a pixel of a tube.
type Part struct {
	Name     string
	Channels []PartChannel
}

// A PartChannel is a channel of a model as one of its part.
type PartChannel struct {
	Name  string // in the part: "red" for the model's "red_3"
	Index int    // in the channels of the model
}

// part returns a part of the fixture as a fixture of its own. It shares the channels: what
// either is told last holds. Its attributes lie at its last slot, so that they are apart
// from those of the whole, which has the first. A part of one channel needs none.
func (f *Fixture) part(p Part) Fixture {
	part := Fixture{Name: f.Name + " " + p.Name, Of: f.Name, At: f.Channels[p.Channels[0].Index].Coarse}
	last := part.At
	for _, c := range p.Channels {
		ch := f.Channels[c.Index]
		last.Slot = max(last.Slot, ch.Coarse.Slot)
		ch.Name = c.Name
		part.Channels = append(part.Channels, ch)
		part.Properties = append(part.Properties, f.Properties[c.Index])
	}
	part.Slots = int(last.Slot-part.At.Slot) + 1
	if len(p.Channels) == 1 && part.Properties[0].Emitter.Adds() {
		part.Properties[0].Class = Intensity
	}
	if part.Intensity = part.lights(); len(p.Channels) > 1 {
		if part.Mix = part.mix(nil); part.Mix != nil {
			part.Mix.At = last.Attribute(1)
		}
	}
	return part
}
