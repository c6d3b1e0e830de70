package patch

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// A Capability is a range of levels of a channel that does one thing, such as a gobo or
// strobing.
type Capability struct {
	// Names are what scripts may call it; errors list the first. It may have none.
	Names []string
	// From and To are its first and its last level, 0-255 with fractions. Level, between
	// them, is the one that its names stand for.
	From, To, Level float64
	// About is what it does, such as "strobe" for a part of a shutter; "" for nothing.
	About string
	// Start and End are what From and To mean in Unit; without a unit they are 0.
	Start, End float64
	Unit       Unit
}

// Named returns the level, 0-255, that a text asks of a channel: the name of a capability
// ("open", "Gobo 3"), whatever its case, or a quantity in the unit of one ("10Hz").
func (p Property) Named(channel, text string) (float64, error) {
	key := Plain(text)
	for _, c := range p.Capabilities {
		if key != "" && slices.ContainsFunc(c.Names, func(name string) bool { return Plain(name) == key }) {
			return c.Level, nil
		}
	}
	if value, unit, ok := ParseQuantity(text); ok {
		return p.quantity(channel, text, value, unit)
	}
	return 0, p.unknown(channel, text)
}

// quantity finds the level of a value: where the channel usually has it, or else anywhere.
func (p Property) quantity(channel, text string, value float64, unit Unit) (float64, error) {
	var have []string
	for _, usual := range []bool{true, false} {
		for _, c := range p.Capabilities {
			switch {
			case c.usual(channel, text) != usual || c.Unit != unit:
			case c.holds(value):
				return c.at(value), nil
			case c.Start != c.End:
				have = append(have, fmt.Sprintf("%g-%g%s", c.Start, c.End, unit))
			}
		}
	}
	if len(have) == 0 {
		return 0, p.unknown(channel, text)
	}
	return 0, fmt.Errorf("%s cannot be %q; it has %s", channel, text, strings.Join(have, ", "))
}

// usual tells whether it is here that a channel has a value: where it does what it is for,
// or strobes, and a direction of turning where it turns.
func (c Capability) usual(channel, text string) bool {
	if strings.HasSuffix(Plain(text), "cw") {
		return strings.HasSuffix(c.About, "rotation") || strings.HasSuffix(c.About, "spin")
	}
	return c.About == channel || c.About == "strobe"
}

// holds tells whether a capability reaches a value.
func (c Capability) holds(value float64) bool {
	return value >= min(c.Start, c.End) && value <= max(c.Start, c.End)
}

// at is the level for a value that it holds.
func (c Capability) at(value float64) float64 {
	if c.Start == c.End {
		return c.Level
	}
	return c.From + (c.To-c.From)*(value-c.Start)/(c.End-c.Start)
}

func (p Property) unknown(channel, text string) error {
	var names []string
	for _, c := range p.Capabilities {
		if len(c.Names) > 0 && !slices.Contains(names, c.Names[0]) {
			names = append(names, c.Names[0])
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("%s has no %q, only levels", channel, text)
	}
	return fmt.Errorf("%s has no %q%s; it has %s", channel, text, didYouMean(text, names), some(names))
}

// some lists names for an error, not more than a reader bears.
func some(names []string) string {
	const most = 24
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// Plain is a name to compare with others, without what people do not care for: case,
// spaces and most signs.
func Plain(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		case strings.ContainsRune("%+°#", r):
			return r
		}
		return -1
	}, name)
}
