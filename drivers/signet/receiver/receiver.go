// Package receiver takes Sig-Net levels, previews and timecode in: what a
// visualiser, a monitor or a show that listens to a console needs. Sources of
// a universe are merged by priority and HTP, held for sync, and dropped when
// they fall silent.
package receiver

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"showrun/drivers/signet"
	"showrun/drivers/signet/merge"
	"showrun/drivers/signet/multicast"
	"showrun/drivers/signet/wire"
)

// A Packet is where levels came from. Its Sender is zero if the output changed
// without a packet: a source was lost, or sync released or ran out.
type Packet struct {
	From     netip.AddrPort
	Sender   signet.SenderID
	Session  uint32
	Sequence uint32
	At       time.Time // arrival, by the kernel's stamp where there is one
}

// Config describes a Receiver. Its functions are called on the goroutine of
// Run, one at a time; they may call methods of the Receiver.
type Config struct {
	TUID      signet.TUID // of our own Sender, whose packets are ignored; may be zero
	Scope     string      // "" means "local"
	Keys      signet.Keys
	Open      bool   // Open Mode: unsigned packets only
	Interface string // "" for the system's choice, or a name or IPv4 address
	Port      int    // 0 means 5683
	Sources   int    // per universe at most; 0 means 64
	Strict    bool   // timecode is lost after 1.0 s instead of 1.25 s
	// Sessions makes the Receiver take part in discovery, as a Visualiser
	// named TUID. Leave it nil if a Sender speaks for the same TUID.
	Sessions signet.Sessions
	Label    string     // these four for discovery only
	Model    string     // "" means "showrun"
	Version  string     // of the software
	SoemCode uint32     // 0 means the prototype code
	Rand     *rand.Rand // for random delays; nil seeds one from the system
	// OnLevels is called for every accepted packet of a subscribed universe
	// and for every other change, with the levels after the merge up to the
	// last slot any source sends. It must not keep levels.
	OnLevels func(universe int, levels []byte, p Packet)
	// OnPreview is called for every packet of a subscribed preview.
	OnPreview func(universe int, levels []byte, p Packet)
	// OnTimecode is called for every change of a subscribed stream; jump
	// tells that a label does not follow the one before.
	OnTimecode func(stream int, change TimecodeChange, t Timecode, jump bool)
	Log        *slog.Logger
}

// Stats counts what a Receiver took and refused.
type Stats struct {
	Counters signet.Counters
	Drops    map[string]uint64 // by reason
	Clamped  uint64            // priorities above 200
	Refused  uint64            // packets of sources beyond the limit of a universe
}

// A Receiver listens to universes and timecode. Its methods may be called
// from any goroutine.
type Receiver struct {
	cfg  Config
	conn *multicast.Conn

	events []event // of Run's goroutine

	mu      sync.Mutex
	machine *machine
	joined  map[joinKey]bool
	talk    []byte
}

// joinKey is a group joined for a universe, so that each is left once.
type joinKey struct {
	universe uint16
	preview  bool
	group    netip.Addr
}

// Subscribe listens to a universe, 1 to 63999.
func (r *Receiver) Subscribe(universe int) error {
	if err := wire.CheckUniverse(universe); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	u := uint16(universe)
	if r.machine.universes[u] != nil {
		return nil
	}
	if err := r.join(joinKey{universe: u, group: wire.Fold(u)}); err != nil {
		return err
	}
	r.machine.universes[u] = merge.New(r.cfg.Sources)
	return nil
}

// Unsubscribe stops listening to a universe, levels and preview.
func (r *Receiver) Unsubscribe(universe int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	u := uint16(universe)
	delete(r.machine.universes, u)
	delete(r.machine.previews, u)
	for k := range r.joined {
		if int(k.universe) == universe {
			r.leave(k)
		}
	}
}

// SubscribePreview listens to the preview of a universe.
func (r *Receiver) SubscribePreview(universe int) error {
	if err := wire.CheckUniverse(universe); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	u := uint16(universe)
	if err := r.join(joinKey{universe: u, preview: true, group: wire.GroupPreview}); err != nil {
		return err
	}
	r.machine.previews[u] = true
	return nil
}

// SubscribeTimecode listens to a timecode stream, 1 to 255.
func (r *Receiver) SubscribeTimecode(stream int) error {
	if stream < 1 || stream > 255 {
		return fmt.Errorf("timecode stream must be 1-255, got %d", stream)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.machine.timecodes[uint8(stream)] == nil {
		r.machine.timecodes[uint8(stream)] = &timecodeStream{}
	}
	return nil
}

// Levels appends the merged levels of a subscribed universe to b, up to the
// last slot any source sends. Slots nobody drives are 0.
func (r *Receiver) Levels(b []byte, universe int) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := r.machine.universe(universe); m != nil {
		b = append(b, m.Levels()...)
	}
	return b
}

// Level is the merged level of a slot, 1 to 512, and whether any source drives
// it.
func (r *Receiver) Level(universe, slot int) (level byte, driven bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := r.machine.universe(universe); m != nil {
		return m.Lookup(slot - 1)
	}
	return 0, false
}

// Sources lists the streams of a universe.
func (r *Receiver) Sources(universe int) []merge.Source {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := r.machine.universe(universe); m != nil {
		return m.Sources()
	}
	return nil
}

// Timecode is the state of a subscribed stream.
func (r *Receiver) Timecode(stream int) Timecode {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t := r.machine.timecodes[uint8(stream)]; t != nil && stream < 256 {
		return t.Timecode
	}
	return Timecode{}
}

// Directory lists the universes that Senders announce, in no order.
func (r *Receiver) Directory() []Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]Entry, 0, len(r.machine.directory.entries))
	for _, e := range r.machine.directory.entries {
		list = append(list, *e)
	}
	return list
}

// Forget drops a device from the replay table: one that lost its session
// counter is locked out until then.
func (r *Receiver) Forget(t signet.TUID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.machine.gate.Forget(t)
}

// Stats gives the counters.
func (r *Receiver) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.machine.gate.Counters()
	s := Stats{Counters: c, Drops: c.Dropped()}
	for _, m := range r.machine.universes {
		s.Clamped += m.Clamped
		s.Refused += m.Refused
	}
	return s
}
