// Package bridge takes the levels of universes from one protocol to another: what --to and
// --from of the commands name. A Sink is where levels go, whoever has them: a Sig-Net Node, a
// StageNet gateway, a theater server or a Source of another protocol.
package bridge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"showrun/drivers/artnet"
	"showrun/drivers/signet/key"
)

// Slots of a universe.
const Slots = 512

// A Sink takes the levels of some universes, counted from 0.
type Sink interface {
	// Show shows up to 512 levels on a universe, from the instant at on. It copies them,
	// and waits for nobody. One goroutine calls it at a time.
	Show(universe int, levels []byte, at time.Time)
	// Run sends them until ctx ends, the last ones too.
	Run(ctx context.Context) error
	// Close closes the Sink, after Run or without one.
	Close() error
}

// A Source hears the levels of some universes.
type Source interface {
	Run(ctx context.Context) error // until ctx ends; closes it
	Close() error                  // one that was not run
}

// Hear is told of the levels of a universe, counted from 0, when a packet comes; of none when
// nobody sends it any more. Levels are lent. It is called on one goroutine at a time.
type Hear func(universe int, levels []byte, at time.Time)

// Env is what sinks and sources reach.
type Env struct {
	Name      string // of who has them, for others; names what is kept as well
	Universes int    // how many
	Interface string // "" = what each protocol does by itself, 0.0.0.0 likewise
	Rate      int    // frames a second at most
	StateDir  string
	FindKey   func(dir string) (key.Transfer, error) // of the Sig-Net installation
	Ports     map[string]int                         // UDP ports that are not the usual ones, for tests
	ArtNet    *artnet.Ports                          // of this process, which is one device there
	Stdout    io.Writer
	Log       *slog.Logger
}

// network is the interface to use: all networks leave the choice to the system.
func (e Env) network() string {
	if ip, err := netip.ParseAddr(e.Interface); err == nil && ip.IsUnspecified() {
		return ""
	}
	return e.Interface
}

// kind is what is known of a protocol.
type kind struct {
	name  string
	usage string // what follows the name
	// check refuses what cannot be of so many universes.
	check func(a Address, universes int) error
	sink  func(Address, Env) (Sink, error)         // nil if it is none
	hear  func(Address, Env, Hear) (Source, error) // nil if it is none
}

// kinds are all protocols, in the order people see.
func kinds() []kind {
	return []kind{
		{"signet", ":UNIVERSE", checkSigNet, openSigNet, hearSigNet},
		{"sacn", ":UNIVERSE", checkSACN, openSACN, hearSACN},
		{"artnet", ":UNIVERSE", checkArtNet, openArtNet, hearArtNet},
		{"stagenet", ":GATEWAY-ID", checkStageNet, openStageNet, nil},
		{"dmxusb", ":SERIAL or :PORT", checkWidgets, openWidgets, hearWidgets},
		{"file", " or file:NAME", checkFile, openFile, nil},
	}
}

// Address is where levels go to or come from.
type Address struct {
	kind kind
	text string // as it was given
	rest string // after the colon
}

// String is as it was given.
func (a Address) String() string { return a.text }

// Usage lists what may be written.
func Usage(from bool) string {
	var list []string
	for _, k := range kinds() {
		if !from || k.hear != nil {
			list = append(list, k.name+k.usage)
		}
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + " or " + list[last]
}

// ParseSink reads what --to says, for so many universes.
func ParseSink(text string, universes int) (Address, error) {
	return parse("--to", text, universes, func(k kind) bool { return k.sink != nil })
}

// ParseSource reads what --from says, for so many universes.
func ParseSource(text string, universes int) (Address, error) {
	return parse("--from", text, universes, func(k kind) bool { return k.hear != nil })
}

func parse(flag, text string, universes int, has func(kind) bool) (Address, error) {
	name, rest, _ := strings.Cut(text, ":")
	i := slices.IndexFunc(kinds(), func(k kind) bool { return k.name == name && has(k) })
	if i < 0 {
		return Address{}, fmt.Errorf("%s must be %s, got %q", flag, Usage(flag == "--from"), text)
	}
	a := Address{kinds()[i], text, rest}
	if err := a.kind.check(a, universes); err != nil {
		return Address{}, fmt.Errorf("%s %s: %w", flag, text, err)
	}
	return a, nil
}

// Open opens a Sink. It sends nothing before Run, and outlives its network.
func (a Address) Open(e Env) (Sink, error) {
	open := func() (Sink, error) { return a.kind.sink(a, e) }
	s, err := open()
	if err != nil {
		return nil, err
	}
	return &lastingSink{open: open, log: e.Log, now: s, newest: make([][]byte, e.Universes)}, nil
}

// Hear opens a Source, which outlives its network.
func (a Address) Hear(e Env, hear Hear) (Source, error) {
	open := func() (Source, error) { return a.kind.hear(a, e, hear) }
	s, err := open()
	if err != nil {
		return nil, err
	}
	lost := func(at time.Time) {
		for u := range e.Universes {
			hear(u, nil, at)
		}
	}
	return &lastingSource[Source]{s, open, lost, e.Log}, nil
}

// Loops reports whether what is sent to one address would be heard at another.
func Loops(from, to Address, universes int) bool {
	if from.kind.name != to.kind.name {
		return false
	}
	a, badA := strconv.Atoi(from.rest)
	b, badB := strconv.Atoi(to.rest)
	if badA != nil || badB != nil {
		return from.rest == to.rest
	}
	return a < b+universes && b < a+universes
}

// numbers reads the number of the first of some universes, which has to be between two.
func numbers(a Address, universes, lowest, highest int) (first int, err error) {
	first, err = strconv.Atoi(a.rest)
	switch {
	case err != nil || first < lowest || first > highest:
		return 0, fmt.Errorf("the universe must be %d-%d, got %q", lowest, highest, a.rest)
	case first+universes-1 > highest:
		return 0, fmt.Errorf("the last of %d universes would be %d, at most %d there are", universes, first+universes-1, highest)
	}
	return first, nil
}

// errNoName asks for what follows the colon.
var errNoName = errors.New("a name must follow the colon")
