// Package universe is what the universes of all protocols have in common for a show: how
// they are declared, what orders change, how frames become levels of a driver, and how
// what a driver hears becomes events and answers. The adapter of a protocol hands its
// driver in.
package universe

import (
	"bytes"
	"cmp"
	"fmt"
	"net/netip"
	"strings"

	"showrun/runtime/device"
	"showrun/runtime/level"
)

// Slots is the size of a universe.
const Slots = 512

// Universe is a universe that a show sends, and the levels it shows. What a protocol does
// not have is left zero.
type Universe struct {
	Number    int
	Output    level.Output
	Preview   bool       // for visualisers, not for the rig
	Priority  []byte     // nil, one for all slots, or 512
	Multicast netip.Addr // invalid for the usual group
	Unicast   string     // addresses to send to instead of the group, one a line; "" for the group
}

// Stream names a stream of levels: there may be one for the rig and one for visualisers
// of the same number.
type Stream struct {
	Number  int
	Preview bool
}

// Stream is the stream of the universe.
func (u Universe) Stream() Stream { return Stream{u.Number, u.Preview} }

// Equal tells whether two are declared alike.
func (u Universe) Equal(v Universe) bool {
	return u.Stream() == v.Stream() && u.Output == v.Output && u.Multicast == v.Multicast && u.Unicast == v.Unicast && bytes.Equal(u.Priority, v.Priority)
}

// Addresses are those to send to, none for the group. Addresses without a port get that
// given.
func (u Universe) Addresses(port int) (list []netip.AddrPort) {
	for text := range strings.FieldsSeq(u.Unicast) {
		if to, err := ParseUnicast(text, port); err == nil {
			list = append(list, to)
		}
	}
	return list
}

// ParseUnicast reads the address of a device: an IPv4 address, with or without a port,
// which is then the one given.
func ParseUnicast(text string, port int) (netip.AddrPort, error) {
	to, err := netip.ParseAddrPort(text)
	if err != nil {
		var a netip.Addr
		if a, err = netip.ParseAddr(text); err != nil {
			return to, err
		}
		to = netip.AddrPortFrom(a, uint16(port))
	}
	if a := to.Addr(); !a.Is4() || a.IsMulticast() || a.IsUnspecified() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}) || to.Port() == 0 {
		return to, fmt.Errorf("%s is not the address of a device", text)
	}
	return to, nil
}

// Port is that of a protocol: usual, unless the host has another.
func Port(env device.Env, protocol string, usual int) int { return cmp.Or(env.Ports[protocol], usual) }

// Outputs are those of universes.
func Outputs(universes []Universe) []level.Output {
	var list []level.Output
	for _, u := range universes {
		list = append(list, u.Output)
	}
	return list
}

// Name names an output of universes for people: "universe 1"; "" for another output.
func Name(universes []Universe, o level.Output) string {
	for _, u := range universes {
		if u.Output != o {
			continue
		}
		if u.Preview {
			return fmt.Sprintf("universe %d, preview", u.Number)
		}
		return fmt.Sprintf("universe %d", u.Number)
	}
	return ""
}

// Orders that a Sender takes.
type (
	// SetPriority changes the priority of a universe: one value, or 512; 0-200.
	SetPriority struct {
		Universe int
		Priority []byte
	}
	// LeaveUniverse ends a universe until the next load declares it again.
	LeaveUniverse struct {
		Universe int
		Preview  bool
	}
)

// Questions that scripts ask a Receiver. An answer that is zero says that there is nothing.
type (
	// LevelOf asks for a slot, 1-512, after the merge; a SlotLevel.
	LevelOf struct {
		Universe, Slot int
		Preview        bool // of its preview, which is not merged
	}
	// LevelsOf asks for the levels of a universe after the merge, up to the last slot that
	// any source sends; a []byte.
	LevelsOf struct {
		Universe int
		Preview  bool
	}
)

// SlotLevel is the level of a slot, and whether anybody drives it.
type SlotLevel struct {
	Level  byte
	Driven bool
}

// Levels are the levels of a universe after the merge, up to the last slot any source
// sends; slots nobody drives are 0. Nobody writes to them. There are none when the last
// source has gone.
type Levels struct {
	Universe int
	Levels   []byte
	// Source names who wins most slots, as the protocol does; "" if nobody drives any.
	Source string
}

// Values has one of each type above that events, orders and answers carry.
func Values() []any {
	return []any{Levels{}, SetPriority{}, LeaveUniverse{}, SlotLevel{}, []byte{}}
}

// Topic is the topic of the levels of a stream that a device hears; it carries Levels.
func Topic(d device.Declaration, s Stream) string {
	kind := "levels"
	if s.Preview {
		kind = "preview"
	}
	return fmt.Sprintf("%s %s %d", d.Key(), kind, s.Number)
}
