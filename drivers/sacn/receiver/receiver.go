// Package receiver takes levels of streaming ACN in. Sources of a universe are merged by
// priority, also per address, and HTP; held for synchronisation; and dropped when they end
// or fall silent.
package receiver

import (
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"showrun/drivers/sacn/wire"
)

// A Packet is where levels came from. Its Source is zero if the output changed without a
// packet of levels.
type Packet struct {
	From   netip.AddrPort
	Source wire.CID
	Name   string    // of the source
	At     time.Time // arrival, by the kernel's stamp where there is one
}

// Config describes a Receiver. Its functions are called on the goroutine of Run, one at a
// time; they may call methods of the Receiver.
type Config struct {
	Interface string // "" for the system's choice, or a name or IPv4 address
	Port      int    // 0 means 5568
	Sources   int    // per universe at most; 0 means 64
	Discover  bool   // look for sources, for Found
	// OnLevels is called for every accepted packet of levels of a subscribed universe and for
	// every other change, with the levels after the merge up to the last slot any source
	// sends; not during the first 1.5 s of a subscription. It must not keep levels.
	OnLevels func(universe int, levels []byte, p Packet)
	// OnPreview is called for every packet of a subscribed preview, and with no levels when
	// the last source of it has gone.
	OnPreview func(universe int, levels []byte, p Packet)
	Log       *slog.Logger
}

// defaultSources is how many sources a universe takes.
const defaultSources = 64

// complete fills defaults in.
func (c *Config) complete() {
	if c.Port == 0 {
		c.Port = wire.Port
	}
	if c.Sources == 0 {
		c.Sources = defaultSources
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.OnLevels == nil {
		c.OnLevels = func(int, []byte, Packet) {}
	}
	if c.OnPreview == nil {
		c.OnPreview = func(int, []byte, Packet) {}
	}
}

// Stats counts what a Receiver refused.
type Stats struct {
	Foreign    uint64 // packets that are no streaming ACN
	Malformed  uint64
	Disordered uint64 // out of their order
	Refused    uint64 // packets there was no room for: of another source, synchronisation or list of universes
	Clamped    uint64 // priorities above 200
}

// A Receiver listens to universes. It is a machine: it has no sockets, clock or goroutines,
// and instants are handed in. One goroutine at a time calls Receive, Step and Deadline, and
// on it the functions of Config are called; all other methods may be called from any
// goroutine.
type Receiver struct {
	cfg    Config
	follow func(must netip.Addr) error // takes Groups to the sockets; mu is not held
	now    func() time.Time            // of subscriptions

	events []event // of Receive and Step

	mu      sync.Mutex
	wake    func() // says that Deadline has changed; mu is held
	machine *machine
}

// New makes a Receiver. now tells the instant at which a subscription begins.
func New(cfg Config, now func() time.Time) *Receiver {
	cfg.complete()
	return &Receiver{cfg: cfg, now: now, machine: newMachine(cfg), follow: func(netip.Addr) error { return nil }, wake: func() {}}
}

// Subscribe listens to a universe, 1 to 63999. Doing it again changes nothing.
func (r *Receiver) Subscribe(n int) error {
	return r.subscribe(n, r.machine.universes, r.now().Add(wire.SamplingPeriod))
}

// SubscribePreview listens to the preview of a universe.
func (r *Receiver) SubscribePreview(n int) error {
	return r.subscribe(n, r.machine.previews, time.Time{})
}

func (r *Receiver) subscribe(n int, list map[uint16]*universe, sampling time.Time) error {
	if err := wire.CheckUniverse(n); err != nil {
		return err
	}
	r.mu.Lock()
	if list[uint16(n)] == nil {
		list[uint16(n)] = &universe{sampling: sampling}
		r.machine.soon(sampling)
		r.wake()
	}
	r.mu.Unlock()
	return r.follow(wire.Group(uint16(n)))
}

// Unsubscribe ends it.
func (r *Receiver) Unsubscribe(n int) { r.unsubscribe(n, r.machine.universes) }

// UnsubscribePreview ends it.
func (r *Receiver) UnsubscribePreview(n int) { r.unsubscribe(n, r.machine.previews) }

func (r *Receiver) unsubscribe(n int, list map[uint16]*universe) {
	if wire.CheckUniverse(n) != nil {
		return
	}
	r.mu.Lock()
	if u := list[uint16(n)]; u != nil {
		for _, s := range u.sources {
			r.machine.forget(s)
		}
		delete(list, uint16(n))
	}
	r.mu.Unlock()
	_ = r.follow(netip.Addr{})
}

// Groups are the multicast groups to listen to.
func (r *Receiver) Groups() []netip.Addr {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.machine.groups()
}

// Receive takes one packet. It does not keep b.
func (r *Receiver) Receive(now time.Time, b []byte, from netip.AddrPort) {
	r.mu.Lock()
	r.events = r.machine.receive(r.events[:0], b, from, now)
	r.mu.Unlock()
	r.tell()
}

// Step does what is due at now.
func (r *Receiver) Step(now time.Time) error {
	r.mu.Lock()
	r.events = r.machine.step(r.events[:0], now)
	r.mu.Unlock()
	r.tell()
	return nil
}

// tell calls the functions of Config, and follows groups.
func (r *Receiver) tell() {
	for _, e := range r.events {
		if e.preview {
			r.cfg.OnPreview(e.number, e.levels, e.packet)
		} else {
			r.cfg.OnLevels(e.number, e.levels, e.packet)
		}
	}
	r.mu.Lock()
	regroup := r.machine.regroup
	r.machine.regroup = false
	r.mu.Unlock()
	if regroup {
		_ = r.follow(netip.Addr{})
	}
}

// Deadline is when Step has something to do, the zero Time for never.
func (r *Receiver) Deadline() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.machine.due
}

// Driven appends for each of the levels of a universe whether any source drives it.
func (r *Receiver) Driven(list []bool, n int) []bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if u := r.universe(n); u != nil {
		return append(list, u.Driven()...)
	}
	return list
}

// universe is a subscribed universe, nil if it is not; mu is held.
func (r *Receiver) universe(n int) *universe {
	if wire.CheckUniverse(n) != nil {
		return nil
	}
	return r.machine.universes[uint16(n)]
}

// A Source describes one source of a universe.
type Source struct {
	CID        wire.CID
	Name       string
	From       netip.AddrPort
	Priority   byte // of its packets
	PerAddress bool // it has priorities per address
	Synced     bool // it is held until it is released
	Wins       int  // slots of the output that are its own
	Last       time.Time
}

// Sources lists who sends a universe, in order of appearance.
func (r *Receiver) Sources(n int) []Source {
	r.mu.Lock()
	defer r.mu.Unlock()
	u := r.universe(n)
	if u == nil {
		return nil
	}
	list := make([]Source, 0, len(u.sources))
	for _, s := range u.sources {
		list = append(list, Source{s.cid, s.name, s.from, s.priority, !s.address.IsZero(), !s.synced.IsZero(), s.now.Wins, s.last})
	}
	return list
}

// Found lists the sources that told their universes, by name.
func (r *Receiver) Found() []Found {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.machine.found == nil {
		return nil
	}
	return r.machine.found.list()
}

// Stats gives the counters.
func (r *Receiver) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.machine.stats
}
