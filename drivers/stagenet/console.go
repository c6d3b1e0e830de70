package stagenet

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"showrun/drivers/lan/mdns"
	"showrun/drivers/stagenet/link"
	"showrun/drivers/stagenet/wire"
)

// Value is the level of one address, 0-255.
type Value = wire.Value

// Address is a StageNet address of this console, such as SN17.
type Address = wire.Address

// ParseAddress reads an address such as "SN17".
func ParseAddress(s string) (Address, error) { return wire.ParseAddress(s) }

// ErrNotLeased says that no lease holds an address.
var ErrNotLeased = errors.New("stagenet: no gateway holds this address")

// Rates of frames, in Hz.
const (
	DefaultRate = 44
	maxRate     = 1000
)

// Config describes a Console. Everything has a default.
type Config struct {
	// Gateways are the URLs of gateways on networks without multicast, such as
	// "ws://10.0.0.7:4000/stagenet"; port and path may be left out.
	Gateways []string
	// Discover looks for gateways by multicast DNS.
	Discover bool
	// Interface chooses the network for discovery and connections: "" for any,
	// or the name of an interface or one of its addresses.
	Interface string
	// Rate is the most frames per second a gateway gets; 0 means 44.
	Rate int
	// Saved are the leases of earlier runs. One that contradicts another is an error.
	Saved []Lease
	// Leases keeps leases over restarts; nil keeps them in memory only.
	Leases Leases
	// Routed says that values come with every frame, for the channels that Routes told
	// last. After a mapping a gateway gets those given after Routes, with the next
	// Flush, instead of what was meant for the mapping before.
	Routed bool
	// MaxAddresses is the most addresses of one gateway; 0 means 65,536.
	MaxAddresses int
	// OnEvent is told what becomes of gateways, one at a time and in order. It
	// must return fast, and may call the Console but not wait for Run.
	OnEvent func(Event)
	// Log receives what a person may want to know; nil discards it.
	Log *slog.Logger
}

// EventKind says what became of a gateway.
type EventKind int

// A gateway is Found when it is advertised or asks for a lease for the first
// time, Leased when it was granted addresses, Mapped when it told its channels,
// and Lost when its connection ended or, without one, its advertisement; once, if both
// end. A gateway that was lost and comes back is Leased again.
const (
	Found EventKind = iota
	Leased
	Mapped
	Lost
)

func (k EventKind) String() string { return [...]string{"found", "leased", "mapped", "lost"}[k] }

// Event says what became of a gateway.
type Event struct {
	Kind    EventKind
	Gateway Gateway
	At      time.Time
	Reason  string // of a loss
}

// about is what a gateway says of itself outside of its lease.
type about struct {
	Type    string // TXT record "type", such as "DMX"
	Version string // TXT record "version", of the protocol
	Address string // of its last connection, or the URL it is advertised at
}

// Gateway is what is known of one gateway. The slices are the receiver's to
// read, not to write.
type Gateway struct {
	ID        string
	Type      string // as advertised, such as "DMX"; empty if it is not
	Version   string // of the protocol, as advertised
	Address   string // host and port, or the URL of a gateway not connected yet
	Connected bool   // its connection holds the lease
	Lease     Lease
	Mappings  []Mapping
	Revision  uint64 // another whenever Lease or Mappings are
}

// Index returns which of the lease's addresses a hardware channel is.
func (g Gateway) Index(hardwareType string, channel int) (int, bool) {
	for _, m := range g.Mappings {
		if m.HardwareType == hardwareType && m.Channel == channel {
			return slices.BinarySearch(g.Lease.Addresses, m.Address)
		}
	}
	return 0, false
}

// Stats are counters since the Console was made.
type Stats struct {
	Connects        uint64 // handshakes done
	DialErrors      uint64
	Requests        uint64 // LEASE_REQ
	Refused         uint64 // LEASE_REQ answered with an Error
	MappingUpdates  uint64
	UnknownLeases   uint64 // MAPPING_UPDATE for a lease its connection does not hold
	ForeignMappings uint64 // entries dropped: address not in the lease
	DoubleMappings  uint64 // entries dropped: address named before
	BadMappings     uint64 // entries dropped: without type or channel
	UnknownTypes    uint64 // messages ignored
	UnknownFields   uint64
	Invalid         uint64 // messages that are not JSON or lack a field
	Values          uint64 // DATA_PKT sent
	Frames          uint64 // per gateway
	Stuck           uint64 // connections given up because the gateway did not read
	Claims          uint64 // LEASE_REQ for the id of a gateway that another connection holds
	Evicted         uint64 // leases that were never used and made room for others
	Discovery       mdns.Stats
}

// Console hands out addresses to gateways and sends them values. Run owns its
// sockets and goroutines; the other methods are safe from any goroutine and
// never wait for a gateway, and but for Forget neither for a store or a log.
type Console struct {
	cfg    Config
	log    *slog.Logger
	period time.Duration

	configured chan struct{} // told when urls changed

	storing sync.Mutex // held while a lease is planned, stored and granted; before mu

	mu       sync.Mutex
	urls     []string // of configured gateways
	table    *table
	sessions map[*session]bool
	targets  map[string]*target
	known    map[string]bool // gateways that were found
	gone     map[string]bool // of these, those that are told to be lost
	queue    []func()        // what is to be told and logged, in order
	stats    Stats
	browser  *mdns.Browser // nil while none looks
	released chan struct{} // closed and replaced when a session ends

	telling sync.Mutex // held while OnEvent or the log is called; before mu
}

// New makes a Console. It is on the network once Run is called; without that, gateways
// are connected to it by Connect.
func New(cfg Config) (*Console, error) {
	if cfg.Rate == 0 {
		cfg.Rate = DefaultRate
	}
	if cfg.Rate < 1 || cfg.Rate > maxRate {
		return nil, fmt.Errorf("stagenet: rate must be 1-%d frames per second, got %d", maxRate, cfg.Rate)
	}
	if cfg.MaxAddresses == 0 {
		cfg.MaxAddresses = DefaultMaxAddresses
	}
	if cfg.MaxAddresses < 1 || cfg.MaxAddresses > MaxAddresses {
		return nil, fmt.Errorf("stagenet: addresses of one gateway must be 1-%d, got %d", MaxAddresses, cfg.MaxAddresses)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	urls, err := checkURLs(cfg.Gateways)
	if err != nil {
		return nil, err
	}
	t, err := newTable(cfg.MaxAddresses, cfg.Saved)
	if err != nil {
		return nil, err
	}
	return &Console{
		cfg: cfg, log: cfg.Log, period: time.Second / time.Duration(cfg.Rate), configured: make(chan struct{}, 1), urls: urls, table: t,
		sessions: map[*session]bool{}, targets: map[string]*target{}, known: map[string]bool{}, gone: map[string]bool{}, released: make(chan struct{}),
	}, nil
}

// checkURLs completes the URLs of gateways and leaves out those named twice.
func checkURLs(list []string) ([]string, error) {
	list = slices.Clone(list)
	for i, raw := range list {
		url, err := link.CheckURL(raw)
		if err != nil {
			return nil, fmt.Errorf("stagenet: %w", err)
		}
		list[i] = url
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// SetGateways replaces Config.Gateways. Connections to URLs that are no longer
// among them are closed, the others stay.
func (c *Console) SetGateways(list []string) error {
	urls, err := checkURLs(list)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.urls = urls
	c.mu.Unlock()
	select {
	case c.configured <- struct{}{}:
	default:
	}
	return nil
}

// Set takes the newest value of an address; it leaves with the next Flush. The
// value of an address whose gateway is away, or has not mapped it, is kept.
func (c *Console) Set(a Address, v Value) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, ok := c.table.find(a)
	if !ok {
		return fmt.Errorf("%w: %s", ErrNotLeased, a)
	}
	if !p.lease.stale && p.lease.set(p.index, v) {
		p.lease.holder.dirty = true
	}
	return nil
}

// Levels takes the newest values of all addresses of a gateway, in the order of
// its lease; they leave with the next Flush. Values beyond the lease are
// ignored, addresses beyond the values keep theirs. It reports whether the
// gateway has a lease.
func (c *Console) Levels(gatewayID string, values []Value) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.table.leases[gatewayID]
	if l == nil || l.stale {
		return l != nil
	}
	news := false
	for i, v := range values[:min(len(values), len(l.slots))] {
		news = l.set(i, v) || news
	}
	if news {
		l.holder.dirty = true
	}
	return true
}

// Flush ends a frame that is due at now: every gateway gets the newest values it
// does not have yet, at most Rate times a second. A gateway that is still busy
// with the last frame gets the newest values when it is done.
func (c *Console) Flush(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for s := range c.sessions {
		if s.dirty {
			s.dirty = false
			s.frames.want(now)
			s.conn.Wake()
		}
	}
}

// Value returns the newest value of an address, and false if none was given or
// no lease holds it.
func (c *Console) Value(a Address) (Value, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, ok := c.table.find(a)
	if !ok {
		return 0, false
	}
	s := p.lease.slots[p.index]
	return s.value, s.set
}

// Find returns which gateway holds an address, the index of the address in its
// lease, and the channel it is; that is zero while the gateway has not mapped it. It
// returns false if no lease holds the address.
func (c *Console) Find(a Address) (gatewayID string, index int, m Mapping, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, ok := c.table.find(a)
	if !ok {
		return "", 0, m, false
	}
	for _, candidate := range p.lease.mappings {
		if candidate.Address == a {
			m = candidate
		}
	}
	return p.lease.GatewayID, p.index, m, true
}

// Gateway returns what is known of a gateway, and false if that is nothing.
func (c *Console) Gateway(id string) (Gateway, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.table.leases[id] == nil && !c.known[id] {
		return Gateway{ID: id}, false
	}
	return c.gateway(id), true
}

// Gateways returns every gateway that has a lease or is advertised, by id.
func (c *Console) Gateways() []Gateway {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gateways()
}

// gateways is Gateways with mu held.
func (c *Console) gateways() []Gateway {
	var list []Gateway
	for id := range c.table.leases {
		list = append(list, c.gateway(id))
	}
	for id := range c.known {
		if c.table.leases[id] == nil {
			list = append(list, c.gateway(id))
		}
	}
	slices.SortFunc(list, func(a, b Gateway) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// Routes is Gateways for whoever gives values: those given from here on are for the
// mappings that it returns. See Config.Routed.
func (c *Console) Routes() []Gateway {
	c.mu.Lock()
	for _, l := range c.table.leases {
		l.stale = false
	}
	list := c.gateways()
	c.mu.Unlock()
	return list
}

// gateway is Gateway with mu held.
func (c *Console) gateway(id string) Gateway {
	g := Gateway{ID: id}
	var a about
	for _, t := range c.targets {
		if t.id == id {
			a = t.about
		}
	}
	if l := c.table.leases[id]; l != nil {
		g.Lease, g.Mappings, g.Revision, g.Connected = l.Lease, l.mappings, l.revision, l.holder != nil
		if g.Connected || a == (about{}) {
			a = l.about
		}
	}
	g.Type, g.Version, g.Address = a.Type, a.Version, a.Address
	return g
}

// Forget frees the lease of a gateway that is not connected.
func (c *Console) Forget(gatewayID string) error {
	c.storing.Lock()
	defer c.storing.Unlock()
	c.mu.Lock()
	l := c.table.leases[gatewayID]
	connected := l != nil && l.holder != nil
	c.mu.Unlock()
	switch {
	case l == nil:
		return fmt.Errorf("stagenet: gateway %q has no lease", gatewayID)
	case connected:
		return fmt.Errorf("stagenet: gateway %q is connected; disconnect it first", gatewayID)
	}
	if c.cfg.Leases != nil {
		if err := c.cfg.Leases.Delete(gatewayID); err != nil {
			return fmt.Errorf("stagenet: forget the lease of gateway %q: %w", gatewayID, err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.table.remove(l)
	return nil
}

// Stats returns the counters.
func (c *Console) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	st := c.stats
	if c.browser != nil {
		st.Discovery = c.browser.Stats()
	}
	return st
}

// event queues an event, with mu held; tell delivers it.
func (c *Console) event(kind EventKind, id, reason string, at time.Time) {
	if c.cfg.OnEvent != nil {
		e := Event{kind, c.gateway(id), at, reason}
		c.queue = append(c.queue, func() { c.cfg.OnEvent(e) })
	}
}

// found queues Found for a gateway that is new, with mu held.
func (c *Console) found(id string, at time.Time) {
	if !c.known[id] {
		c.known[id] = true
		delete(c.gone, id)
		c.event(Found, id, "", at)
	}
}

// lost queues Lost for a gateway, with mu held, unless that was told since it was there:
// one that leaves ends its connection, and then its advertisement.
func (c *Console) lost(id, reason string, at time.Time) {
	if !c.gone[id] {
		c.gone[id] = true
		c.event(Lost, id, reason, at)
	}
}

// later queues a line of the log, with mu held; tell writes it.
func (c *Console) later(log func(text string, args ...any), text string, args ...any) {
	c.queue = append(c.queue, func() { log(text, args...) })
}

// tell delivers what is queued in order, without mu: nobody who holds that waits for a
// log or for whoever is told.
func (c *Console) tell() {
	c.telling.Lock()
	defer c.telling.Unlock()
	for {
		c.mu.Lock()
		if len(c.queue) == 0 {
			c.queue = nil
			c.mu.Unlock()
			return
		}
		say := c.queue[0]
		c.queue = c.queue[1:]
		c.mu.Unlock()
		say()
	}
}
