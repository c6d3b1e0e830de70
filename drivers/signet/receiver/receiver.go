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

	"showrun/drivers/signet/device"
	"showrun/drivers/signet/key"
	"showrun/drivers/signet/merge"
	"showrun/drivers/signet/wire"
)

// A Packet is where levels came from. Its Sender is zero if the output changed
// without a packet: a source was lost, or sync released or ran out.
type Packet struct {
	From     netip.AddrPort
	Sender   wire.SenderID
	Session  uint32
	Sequence uint32
	At       time.Time // arrival, by the kernel's stamp where there is one
}

// Config describes a Receiver. Its functions are called on the goroutine of
// Run, one at a time; they may call methods of the Receiver.
type Config struct {
	TUID      wire.TUID // of our own Sender, whose packets are ignored; may be zero
	Scope     string    // "" means "local"
	Keys      key.Keys
	Open      bool   // Open Mode: unsigned packets only
	Interface string // "" for the system's choice, or a name or IPv4 address
	Port      int    // 0 means 5683
	Sources   int    // per universe at most; 0 means 64
	Strict    bool   // timecode is lost after 1.0 s instead of 1.25 s
	// Sessions makes the Receiver take part in discovery, as a Visualiser
	// named TUID. Leave it nil if a Sender speaks for the same TUID.
	Sessions device.Sessions
	Session  uint32     // of this start, 0 for 1; Open takes the next of Sessions
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
	Counters device.Counters
	Drops    map[string]uint64 // by reason
	Clamped  uint64            // priorities above 200
	Refused  uint64            // packets of sources beyond the limit of a universe
}

// A Receiver listens to universes and timecode. It is a machine: it has no sockets,
// clock or goroutines, and instants are handed in. One goroutine at a time calls Receive,
// Step and Deadline, and on it the functions of Config are called; all other methods may
// be called from any goroutine.
type Receiver struct {
	cfg    Config
	send   device.Send
	follow func(must netip.Addr) error // takes Groups to the sockets

	events []event // of Receive and Step
	outbox device.Outbox

	mu      sync.Mutex
	machine *machine
}

// New makes a Receiver that starts at now. What it says is given to send, or to nobody
// if that is nil.
func New(cfg Config, now time.Time, send device.Send) (*Receiver, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	machine, err := newMachine(cfg, now)
	if err != nil {
		return nil, fmt.Errorf("sig-net receiver: %w", err)
	}
	r := &Receiver{cfg: cfg, send: send, machine: machine, follow: func(netip.Addr) error { return nil }}
	r.cfg.Keys = key.Keys{} // the machine holds what it needs
	return r, nil
}

// complete fills defaults in and checks the rest.
func (c *Config) complete() error {
	if c.Scope == "" {
		c.Scope = wire.DefaultScope
	}
	if err := wire.CheckScope(c.Scope); err != nil {
		return err
	}
	if !c.Open && c.Keys.Sender.IsZero() {
		return fmt.Errorf("sig-net receiver: secure mode needs keys; enter the passphrase of the installation")
	}
	if c.Port == 0 {
		c.Port = wire.Port
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.speaks() && (c.TUID.IsZero() || !c.Open && c.Keys.Citizen.IsZero()) {
		return fmt.Errorf("sig-net receiver: discovery needs a TUID and the citizen key")
	}
	if c.Model == "" {
		c.Model = "showrun"
	}
	if c.Rand == nil {
		c.Rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	return nil
}

// speaks tells whether the Receiver takes part in discovery.
func (c *Config) speaks() bool { return c.Sessions != nil || c.Session != 0 }

// Receive takes one packet. It does not keep b.
func (r *Receiver) Receive(now time.Time, b []byte, from netip.AddrPort) {
	r.mu.Lock()
	r.events = r.machine.receive(r.events[:0], b, from, now)
	warning := r.machine.warning()
	r.mu.Unlock()
	warning.Log(r.cfg.Log, r.cfg.TUID)
	r.tell()
}

// Step does what is due at now. An error says that numbering cannot go on.
func (r *Receiver) Step(now time.Time) error {
	r.mu.Lock()
	r.events = r.machine.step(r.events[:0], now, r.outbox.Say(r.machine.voice))
	regroup := r.machine.regroup
	r.machine.regroup = false
	r.mu.Unlock()
	if regroup {
		_ = r.follow(netip.Addr{}) // logged there
	}
	err := r.outbox.Send(now, r.send, r.cfg.Port, r.cfg.Log)
	r.tell()
	return err
}

// Deadline is when Step has something to do next, the zero Time for never.
func (r *Receiver) Deadline() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.machine.deadline()
}

// tell calls the functions of Config.
func (r *Receiver) tell() {
	for _, e := range r.events {
		switch {
		case e.kind == wire.KindLevel && r.cfg.OnLevels != nil:
			r.cfg.OnLevels(e.number, e.levels, e.packet)
		case e.kind == wire.KindPreview && r.cfg.OnPreview != nil:
			r.cfg.OnPreview(e.number, e.levels, e.packet)
		case e.kind == wire.KindTimecode && r.cfg.OnTimecode != nil:
			r.cfg.OnTimecode(e.number, e.change, e.timecode, e.jump)
		}
	}
}

// Groups are the multicast groups to hear.
func (r *Receiver) Groups() []netip.Addr {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.machine.groups()
}

// Subscribe listens to a universe, 1 to 63999.
func (r *Receiver) Subscribe(universe int) error {
	if err := wire.CheckUniverse(universe); err != nil {
		return err
	}
	u := uint16(universe)
	r.mu.Lock()
	known := r.machine.universes[u] != nil
	if !known {
		r.machine.universes[u] = merge.New(r.cfg.Sources)
	}
	r.mu.Unlock()
	if known {
		return nil
	}
	if err := r.follow(wire.Fold(u)); err != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.machine.universes, u)
		return err
	}
	return nil
}

// Unsubscribe stops listening to the levels of a universe.
func (r *Receiver) Unsubscribe(universe int) {
	u := uint16(universe)
	r.mu.Lock()
	delete(r.machine.universes, u)
	r.mu.Unlock()
	_ = r.follow(netip.Addr{}) // nothing is joined
}

// SubscribePreview listens to the preview of a universe.
func (r *Receiver) SubscribePreview(universe int) error {
	if err := wire.CheckUniverse(universe); err != nil {
		return err
	}
	r.mu.Lock()
	r.machine.previews[uint16(universe)] = true
	r.mu.Unlock()
	return r.follow(wire.GroupPreview)
}

// UnsubscribePreview stops listening to the preview of a universe.
func (r *Receiver) UnsubscribePreview(universe int) {
	r.mu.Lock()
	delete(r.machine.previews, uint16(universe))
	r.mu.Unlock()
	_ = r.follow(netip.Addr{}) // nothing is joined
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

// Driven appends to b for each of the Levels of a universe whether any source drives it.
func (r *Receiver) Driven(b []bool, universe int) []bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := r.machine.universe(universe); m != nil {
		b = append(b, m.Driven()...)
	}
	return b
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
func (r *Receiver) Forget(t wire.TUID) bool {
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
