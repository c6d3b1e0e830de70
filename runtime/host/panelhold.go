package host

import (
	"slices"
	"strings"

	"showrun/drivers/osc"
	"showrun/runtime/show"
)

// Addresses of what is held, with the fixture and the channel in them: a fader can send
// these, and is told the level at the same.
const (
	oscHold   = oscCommands + "hold/"
	oscUnhold = oscCommands + "unhold/"
)

// grip makes an operation of a message whose address names what is held; false for another.
// The operation is nil for a button that was let go.
func grip(m osc.Message, b *show.Board) (op show.Operation, is bool) {
	if rest, is := strings.CutPrefix(m.Address, oscUnhold); is {
		if released(m.Args) {
			return nil, true
		}
		fixture, channel := inBoard(rest, b)
		return show.Unhold{Fixture: fixture, Channel: channel}, true
	}
	rest, is := strings.CutPrefix(m.Address, oscHold)
	if !is {
		return nil, false
	}
	hold := show.Hold{}
	hold.Fixture, hold.Channel = inBoard(rest, b)
	if len(m.Args) > 0 {
		hold.Value = show.Written(plain(m.Args[0]))
	}
	return hold, true
}

// inBoard is the fixture, and the channel, of which an address has the names.
func inBoard(rest string, b *show.Board) (fixture, channel string) {
	fixture, channel, _ = strings.Cut(rest, "/")
	var fixtures, channels []string
	for _, h := range b.Holds {
		fixtures, channels = append(fixtures, h.Fixture), append(channels, h.Channel)
	}
	fixtures = append(fixtures, b.Names()...)
	fixture = nameOf(fixture, fixtures)
	if b.Patch != nil {
		for _, f := range b.Patch.Named(fixture) {
			channels = append(f.Names(), channels...)
		}
	}
	return fixture, nameOf(channel, channels)
}

// nameOf is the first name that is so in an address; the text itself for none.
func nameOf(text string, names []string) string {
	if i := slices.IndexFunc(names, func(name string) bool { return inAddress(name) == text }); i >= 0 {
		return names[i]
	}
	return text
}

// holdNews is what is held now and was not, or otherwise, and what is not any more.
func holdNews(before, b *show.Board) (list []osc.Message) {
	was, is := heldIn(before), heldIn(b)
	address := func(prefix string, h show.HeldLevel) string {
		return prefix + inAddress(h.Fixture) + "/" + inAddress(h.Channel)
	}
	for _, h := range before.Holds {
		if _, still := is[grasped{h.Fixture, h.Channel}]; !still {
			list = append(list, osc.Message{Address: address(oscUnhold, h), Args: []any{int32(1)}})
		}
	}
	for _, h := range b.Holds {
		if o, held := was[grasped{h.Fixture, h.Channel}]; held && o.Value == h.Value && o.Color == h.Color {
			continue
		}
		m := osc.Message{Address: address(oscHold, h), Args: []any{float32(h.Value)}}
		if h.Color != "" {
			m.Args = []any{h.Color}
		}
		list = append(list, m)
	}
	return list
}

// grasped is what is held, by name.
type grasped struct{ fixture, channel string }

// heldIn is what a board has of the operator layer.
func heldIn(b *show.Board) map[grasped]show.HeldLevel {
	held := map[grasped]show.HeldLevel{}
	for _, h := range b.Holds {
		held[grasped{h.Fixture, h.Channel}] = h
	}
	return held
}
