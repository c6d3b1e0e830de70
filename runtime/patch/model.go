package patch

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"showrun/runtime/color"
	"showrun/runtime/level"
)

// A Model is a make of fixture in one of its modes: what its profile tells, or what is
// known from the names of its channels.
type Model struct {
	// Name is for people, such as "Acme Par 7, 7 channels".
	Name string
	// Slots is how many slots it occupies, also those that no channel has.
	Slots    int
	Channels []ModelChannel
	// Wheel are the filters of the channel whose Emitter is color.Wheel.
	Wheel []color.Slot
}

// A ModelChannel is a channel of a model. Slots count from 1.
type ModelChannel struct {
	Name   string
	Coarse int
	Fine   int // 0 for 8 bits
	Property
}

// A Property is what is known of a channel besides its name and where it is.
type Property struct {
	Class   Class
	Emitter color.Emitter
	// Degrees is the way from level 0 to level 255, for pan and tilt; 0 if it is not
	// known. Half-way is 0 degrees. It is negative if the level falls as the angle grows.
	Degrees float64
	// Default is the level the channel has until it is told another, 0-255.
	Default float64
	// Capabilities are what parts of the channel do, by name.
	Capabilities []Capability
}

// A Capability is a part of a channel with a name, such as a gobo: the levels from From
// to To, of which Level is what the name stands for.
type Capability struct {
	Name            string
	From, To, Level float64
}

// Angle returns the level for an angle in degrees, and whether the channel gets there.
func (p Property) Angle(degrees float64) (l float64, ok bool) {
	l = 127.5 + degrees/p.Degrees*255
	const slack = 1e-6
	return min(max(l, 0), 255), l >= -slack && l <= 255+slack
}

// Turned returns the angle in degrees for a level.
func (p Property) Turned(l float64) float64 { return (l - 127.5) / 255 * p.Degrees }

// ModelOf returns the model that the names of channels tell of, one slot each. A channel
// named "x fine" right after "x" is no channel of its own but makes x 16-bit; anywhere
// else it is a channel like any other.
func ModelOf(channels []string) (Model, error) {
	m := Model{Slots: len(channels)}
	if len(channels) == 0 {
		return m, errors.New("at least one channel is needed")
	}
	seen := make(map[string]int, len(channels))
	for i, name := range channels {
		if name == "" {
			return m, fmt.Errorf("channel %d has no name", i+1)
		}
		if first, ok := seen[name]; ok {
			return m, fmt.Errorf("channels %d and %d are both called %q", first+1, i+1, name)
		}
		seen[name] = i
		if n := len(m.Channels); n > 0 && m.Channels[n-1].Fine == 0 && name == fineName(m.Channels[n-1].Name) {
			m.Channels[n-1].Fine = i + 1
			continue
		}
		m.Channels = append(m.Channels, ModelChannel{Name: name, Coarse: i + 1, Property: PropertyOf(name)})
	}
	return m, nil
}

// PropertyOf returns what the name of a channel tells of it.
func PropertyOf(channel string) Property {
	return Property{Class: ClassOf(channel), Emitter: emitterOf(channel)}
}

// Turn returns the model with the ways of pan and tilt, in degrees; 0 leaves one as it is.
func (m Model) Turn(pan, tilt float64) (Model, error) {
	m.Channels = slices.Clone(m.Channels)
	for _, way := range []struct {
		name    string
		degrees float64
	}{{"pan", pan}, {"tilt", tilt}} {
		if way.degrees == 0 {
			continue
		}
		i := slices.IndexFunc(m.Channels, func(c ModelChannel) bool { return strings.EqualFold(c.Name, way.name) })
		if i < 0 {
			return m, fmt.Errorf("range: there is no channel %q", way.name)
		}
		m.Channels[i].Degrees = way.degrees
	}
	return m, nil
}

// mix returns what makes the colour of the fixture whose first slot is at, and its
// brightness unless there is a dimmer; nil if neither is made by several.
func (f *Fixture) mix(wheel []color.Slot) *Mix {
	mix := &Mix{At: f.At.Attribute(1)}
	for i, p := range f.Properties {
		if p.Emitter == color.None || p.Emitter == color.Wheel && len(wheel) == 0 {
			continue
		}
		mix.Channels = append(mix.Channels, f.Channels[i])
		mix.Emitters = append(mix.Emitters, p.Emitter)
	}
	mix.Wheel = wheel
	mix.Dims = len(f.Channels) > 0 && mix.Lit() && !slices.ContainsFunc(f.Properties, func(p Property) bool { return p.Class == Intensity })
	if len(mix.Channels) == 0 || !mix.Dims && !mix.Colored() {
		return nil
	}
	return mix
}

// A Mix is how the attributes of a fixture become levels of its channels. It is not changed
// once it is made.
type Mix struct {
	// At is the first of four attributes: intensity, red, green and blue.
	At level.Address
	// Channels has the channel of each emitter.
	Channels []Channel
	color.Mix
	// Dims says that the intensity scales the colour, since there is no dimmer.
	Dims bool
}

// Equal tells whether two mixes are the same.
func (m *Mix) Equal(o *Mix) bool {
	return m.At == o.At && m.Dims == o.Dims && slices.Equal(m.Channels, o.Channels) &&
		slices.Equal(m.Emitters, o.Emitters) && slices.Equal(m.Wheel, o.Wheel)
}

// Attribute returns an attribute as a channel: 0 is the intensity, 1-3 are red, green and
// blue.
func (m *Mix) Attribute(n int) Channel {
	return Channel{Name: attributeNames[n], Coarse: level.Address{Output: m.At.Output, Slot: m.At.Slot + int32(n)}}
}

var attributeNames = [...]string{"intensity", "color red", "color green", "color blue"}

// Color returns the three channels of the colour as an attribute.
func (m *Mix) ColorChannels() []Channel {
	return []Channel{m.Attribute(1), m.Attribute(2), m.Attribute(3)}
}

// Dimmer returns the channels of the intensity as an attribute: dimmers, or that of the
// mix; none for a fixture that gives no light.
func (f Fixture) Dimmer() []Channel {
	if f.Mix != nil && f.Mix.Dims {
		return []Channel{f.Mix.Attribute(0)}
	}
	var dimmers []Channel
	for i, p := range f.Properties {
		if p.Class == Intensity {
			dimmers = append(dimmers, f.Channels[i])
		}
	}
	return dimmers
}

// Colored tells whether the fixture has a colour as an attribute.
func (f Fixture) Colored() bool { return f.Mix != nil && f.Mix.Colored() }

// emitterOf returns what a channel does for the colour, by its name.
func emitterOf(channel string) color.Emitter {
	switch strings.NewReplacer(" ", "_").Replace(strings.ToLower(channel)) {
	case "red":
		return color.Red
	case "green":
		return color.Green
	case "blue":
		return color.Blue
	case "white", "warm_white", "cold_white":
		return color.White
	case "amber":
		return color.Amber
	case "lime":
		return color.Lime
	case "mint":
		return color.Mint
	case "indigo":
		return color.Indigo
	case "uv":
		return color.UV
	case "cyan":
		return color.Cyan
	case "magenta":
		return color.Magenta
	case "yellow":
		return color.Yellow
	}
	return color.None
}
