package patch

import (
	"errors"
	"fmt"
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

// A Fixture is a patched lamp, head or anything else with channels on
// consecutive slots of one output.
type Fixture struct {
	Name string
	// Kind is a name in the table of kinds, or "" for a list of channels.
	Kind string
	// Channels are in the order of their slots; the two slots of a 16-bit
	// channel are one Channel.
	Channels []Channel
	// Intensity are those of Channels that make the fixture bright, which is
	// what the stage's master scales: "dimmer" or "intensity", or else the
	// colours that mix light. It is empty for a fixture that gives none.
	Intensity []Channel
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
	channels := kindChannels(kind)
	if channels == nil {
		return Fixture{}, fmt.Errorf("fixture %q: unknown kind %q%s; kinds are %s",
			name, kind, didYouMean(kind, Kinds()), strings.Join(Kinds(), ", "))
	}
	f, err := NewCustom(name, channels, at, slots)
	f.Kind = kind
	return f, err
}

// NewCustom returns a fixture with the named channels, one slot each, the
// first at at, on an output with the given number of slots. A channel named
// "x fine" right after "x" is no channel of its own but makes x 16-bit;
// anywhere else it is a channel like any other.
func NewCustom(name string, channels []string, at level.Address, slots int) (Fixture, error) {
	f := Fixture{Name: name}
	if err := f.place(channels, at, slots); err != nil {
		return Fixture{}, fmt.Errorf("fixture %q: %w", name, err)
	}
	f.Intensity = intensity(f.Channels)
	return f, nil
}

func (f *Fixture) place(names []string, at level.Address, slots int) error {
	switch {
	case f.Name == "":
		return errors.New("a name is needed")
	case len(names) == 0:
		return errors.New("at least one channel is needed")
	case at.Slot < 1 || int(at.Slot) > slots:
		return fmt.Errorf("slot must be 1-%d, got %d", slots, at.Slot)
	case len(names) > slots-int(at.Slot)+1:
		return fmt.Errorf("%d slots from slot %d on run past the last slot, %d", len(names), at.Slot, slots)
	}
	seen := make(map[string]int, len(names))
	fine := false // whether the channel before is a fine one already
	for i, name := range names {
		if name == "" {
			return fmt.Errorf("channel %d has no name", i+1)
		}
		if first, ok := seen[name]; ok {
			return fmt.Errorf("channels %d and %d are both called %q", first+1, i+1, name)
		}
		seen[name] = i
		here := level.Address{Output: at.Output, Slot: at.Slot + int32(i)}
		if n := len(f.Channels); n > 0 && !fine && name == fineName(f.Channels[n-1].Name) {
			f.Channels[n-1].Fine = here
			fine = true
			continue
		}
		f.Channels = append(f.Channels, Channel{Name: name, Coarse: here})
		fine = false
	}
	return nil
}

// Channel returns the channel called name, or an error that says which there
// are.
func (f Fixture) Channel(name string) (Channel, error) {
	names := make([]string, len(f.Channels))
	for i, c := range f.Channels {
		if c.Name == name {
			return c, nil
		}
		if !c.Fine.IsZero() && name == fineName(c.Name) {
			return Channel{}, fmt.Errorf("fixture %q: channel %q is the fine half of %q, which takes fractions", f.Name, name, c.Name)
		}
		names[i] = c.Name
	}
	return Channel{}, fmt.Errorf("fixture %q has no channel %q%s; it has %s",
		f.Name, name, didYouMean(name, names), strings.Join(names, ", "))
}

// Last returns the address of the last slot the fixture occupies.
func (f Fixture) Last() level.Address {
	last := f.Channels[len(f.Channels)-1]
	if !last.Fine.IsZero() {
		return last.Fine
	}
	return last.Coarse
}

func (f Fixture) first() level.Address {
	return f.Channels[0].Coarse
}

func fineName(name string) string {
	return name + " fine"
}
