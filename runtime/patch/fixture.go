package patch

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"showrun/runtime/level"
)

// A Channel is one property of a fixture and where its level goes. Levels are
// 0-255 with fractions. A channel with a Fine address has 16 bits, the level
// scaled to 0-65535: the high byte goes to Coarse and the low byte to Fine.
type Channel struct {
	Name   string
	Coarse level.Address
	Fine   level.Address // zero for 8 bits
}

// A Fixture is a patched lamp, head or anything else with channels on slots of one
// output that follow one another.
type Fixture struct {
	Name string
	// Kind is a name in the table of kinds, or "" for a list of channels or a profile.
	Kind string
	// Of is the name of the fixture that this is a part of, "" for a whole one.
	Of string
	// Parts are what can be lit on its own of it, such as pixels.
	Parts []Fixture
	// At is its first slot, and Slots how many there are.
	At    level.Address
	Slots int
	// Channels are in the order of their slots; the two slots of a 16-bit
	// channel are one Channel. Properties has what is known of each.
	Channels   []Channel
	Properties []Property
	// Intensity are those of Channels that make the fixture bright, which is
	// what the stage's master scales: "dimmer" or "intensity", or else the
	// colours that mix light. It is empty for a fixture that gives none.
	Intensity []Channel
	// Position is where it is on the stage, and Rotation how it hangs, if it is Placed.
	Position, Rotation Vector
	Placed             bool
	// Mix makes the colour, and the intensity where there is no dimmer; nil without
	// either.
	Mix *Mix
}

// New returns a fixture of a kind whose first slot is at, on an output with
// the given number of slots. The kinds are:
//
//	dimmer       dimmer
//	rgb          red, green, blue
//	rgbw         red, green, blue, white
//	rgba         red, green, blue, amber
//	rgbwa        red, green, blue, white, amber
//	rgbaw_uv     red, green, blue, amber, white, uv
//	moving_head  pan, pan fine, tilt, tilt fine, speed, dimmer, shutter,
//	             red, green, blue, white, zoom
//
// The last is a common layout of wash heads. Fixtures differ: for any other
// order of channels there is NewCustom.
func New(name, kind string, at level.Address, slots int) (Fixture, error) {
	m, err := Kind(kind)
	if err != nil {
		return Fixture{}, fmt.Errorf("fixture %q: %w", name, err)
	}
	f, err := NewModel(name, m, at, slots)
	f.Kind = kind
	return f, err
}

// Kind returns the model of a kind.
func Kind(kind string) (Model, error) {
	channels := kindChannels(kind)
	if channels == nil {
		return Model{}, fmt.Errorf("unknown kind %q%s; kinds are %s", kind, didYouMean(kind, Kinds()), strings.Join(Kinds(), ", "))
	}
	return ModelOf(channels)
}

// NewCustom returns a fixture with the named channels, as ModelOf reads them, one slot
// each, the first at at, on an output with the given number of slots.
func NewCustom(name string, channels []string, at level.Address, slots int) (Fixture, error) {
	m, err := ModelOf(channels)
	if err != nil && name != "" {
		return Fixture{}, fmt.Errorf("fixture %q: %w", name, err)
	}
	return NewModel(name, m, at, slots)
}

// NewModel returns a fixture of a model whose first slot is at, on an output with the given
// number of slots.
func NewModel(name string, m Model, at level.Address, slots int) (Fixture, error) {
	f := Fixture{Name: name, At: at, Slots: m.Slots}
	if err := f.fits(slots); err != nil {
		return Fixture{}, fmt.Errorf("fixture %q: %w", name, err)
	}
	for _, c := range m.Channels {
		here := Channel{Name: c.Name, Coarse: f.slot(c.Coarse)}
		if c.Fine != 0 {
			here.Fine = f.slot(c.Fine)
		}
		f.Channels = append(f.Channels, here)
		f.Properties = append(f.Properties, c.Property)
	}
	f.Intensity = f.lights()
	f.Mix = f.mix(m.Wheel)
	for _, p := range m.Parts {
		f.Parts = append(f.Parts, f.part(p))
	}
	return f, nil
}

// slot returns the address of a slot of the fixture, counted from 1.
func (f *Fixture) slot(n int) level.Address {
	return level.Address{Output: f.At.Output, Slot: f.At.Slot + int32(n) - 1}
}

// fits tells what is wrong with where the fixture is.
func (f *Fixture) fits(slots int) error {
	switch {
	case f.Name == "":
		return errors.New("a name is needed")
	case f.At.Slot < 1 || int(f.At.Slot) > slots:
		return fmt.Errorf("slot must be 1-%d, got %d", slots, f.At.Slot)
	case f.Slots > slots-int(f.At.Slot)+1:
		return fmt.Errorf("%d slots from slot %d on run past the last slot, %d", f.Slots, f.At.Slot, slots)
	}
	return nil
}

// lights returns the channels that make the fixture bright: its dimmers if it has any, else
// the colours that add light.
func (f *Fixture) lights() []Channel {
	var dimmers, colours []Channel
	for i, p := range f.Properties {
		switch {
		case p.Class == Intensity:
			dimmers = append(dimmers, f.Channels[i])
		case p.Emitter.Adds():
			colours = append(colours, f.Channels[i])
		}
	}
	if len(dimmers) > 0 {
		return dimmers
	}
	return colours
}

// Channel returns the channel called name, or an error that says which there
// are.
func (f Fixture) Channel(name string) (Channel, error) {
	for _, c := range f.Channels {
		if c.Name == name {
			return c, nil
		}
		if !c.Fine.IsZero() && name == fineName(c.Name) {
			return Channel{}, fmt.Errorf("fixture %q: channel %q is the fine half of %q, which takes fractions", f.Name, name, c.Name)
		}
	}
	key := Plain(name)
	if i := slices.IndexFunc(f.Properties, func(p Property) bool { return slices.Contains(p.Also, key) }); i >= 0 {
		return f.Channels[i], nil
	}
	names := f.Names()
	return Channel{}, fmt.Errorf("fixture %q has no channel %q%s; it has %s",
		f.Name, name, didYouMean(name, names), some(names[:len(f.Channels)]))
}

// Names are what the fixture has, by name: its channels, and color and intensity.
func (f Fixture) Names() (names []string) {
	for _, ch := range f.Channels {
		names = append(names, ch.Name)
	}
	return append(names, f.attributes()...)
}

// attributes are the names of what the fixture has besides its channels.
func (f Fixture) attributes() (names []string) {
	if f.Colored() {
		names = append(names, "color")
	}
	if len(f.Dimmer()) > 0 {
		names = append(names, "intensity")
	}
	return names
}

// Property returns what is known of a channel of the fixture.
func (f Fixture) Property(c Channel) Property {
	if i := slices.Index(f.Channels, c); i >= 0 {
		return f.Properties[i]
	}
	return Property{}
}

// Last returns the address of the last slot the fixture occupies.
func (f Fixture) Last() level.Address { return f.slot(f.Slots) }

func fineName(name string) string {
	return name + " fine"
}
