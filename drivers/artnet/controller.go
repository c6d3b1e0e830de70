package artnet

import (
	"cmp"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"

	"showrun/drivers/artnet/polled"
	"showrun/drivers/artnet/port"
	"showrun/drivers/artnet/wire"
	"showrun/drivers/lan"
	"showrun/drivers/lan/multicast"
)

// Config describes a Controller. Everything has a default.
type Config struct {
	Interface string // a name or IPv4 address; "" for the first that can broadcast
	Port      int    // 0 means 6454
	Ports     *Ports // that are shared with other roles of this process; nil for one's own
	Page      byte   // of ports, among those of the same address; 0 means 1. Open takes a free one

	Rate      int              // packets per second and universe at most; 0 means 44
	Sync      bool             // ArtSync after the levels of a frame
	Quiet     bool             // nobody is looked for: levels go to Unicast, or by Broadcast
	Unicast   []netip.AddrPort // who gets every universe, besides those who subscribe
	Broadcast bool             // levels to everybody. The protocol forbids it; some old devices want it

	ShortName, LongName string
	Delay               time.Duration // of answers to polls, at most; 0 means 1 s, less than 0 none
	OnNodes             func()        // the table has changed; it must not call the Controller
	Log                 *slog.Logger
	Rand                *rand.Rand // for random delays; nil seeds one from the system
}

// Bounds of the rate, packets a second.
const (
	defaultRate = 44
	maxRate     = 250
)

// The rhythm of polls (section 6): one every 2.5 to 3 seconds, and so long for an answer.
const (
	pollInterval = 2500 * time.Millisecond
	pollPatience = 3 * time.Second
)

// maxUnicast is how many get every universe.
const maxUnicast = 32

func (c *Config) complete() error {
	c.Port, c.Page, c.Rate = cmp.Or(c.Port, wire.Port), cmp.Or(c.Page, 1), cmp.Or(c.Rate, defaultRate)
	switch {
	case c.Rate < 1 || c.Rate > maxRate:
		return fmt.Errorf("art-net controller: rate must be 1-%d packets per second, got %d", maxRate, c.Rate)
	case len(c.Unicast) > maxUnicast:
		return fmt.Errorf("art-net controller: %d addresses to send to, more than %d", len(c.Unicast), maxUnicast)
	case c.Quiet && !c.Broadcast && len(c.Unicast) == 0:
		return fmt.Errorf("art-net controller: nobody is looked for and no address is given, so nobody would get levels")
	}
	if c.Delay == 0 {
		c.Delay = time.Second
	}
	c.ShortName, c.LongName = cmp.Or(c.ShortName, "showrun"), cmp.Or(c.LongName, c.ShortName, "showrun")
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Rand == nil {
		c.Rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	c.Ports = cmp.Or(c.Ports, &port.Ports{})
	return nil
}

// Stats counts what a Controller did since it was made.
type Stats struct {
	Packets   uint64 // that left
	Errors    uint64 // packets the system refused
	Universes int
	Nodes     int               // pages of ports in the table
	Refused   uint64            // replies, subscriptions and polls there was no room for
	Dropped   map[string]uint64 // packets that were none, by what was wrong
}

// A Controller streams universes to the devices that subscribe to them. It is a machine: it
// has no sockets, clock or goroutines, instants are handed in, and what is to leave is given
// to a Send.
//
// Its methods may be called from any goroutine, and wait for nobody who parses, logs or
// writes to a socket: a thread that has frames to keep on time may call them.
type Controller struct {
	cfg  Config
	self netip.AddrPort
	all  multicast.Destination
	send Send
	wake func() // says that Deadline has changed

	mu       sync.Mutex
	table    *table
	askers   polled.Askers
	streams  []*stream
	round    lan.Round
	index    map[Address]*stream
	unicast  []multicast.Destination
	pollDue  time.Time // zero if nobody is looked for
	replies  uint16    // that were sent, for the report
	stats    Stats
	lastCall time.Time // of FlushFor
	flushed  time.Time // when levels were looked at last
	syncDue  time.Time // zero if nothing is to be made visible

	sending bool   // somebody has the wire
	left    handed // for who has it
	late    error  // of a burst whose caller is gone

	// Of whoever has the wire.
	packets []Packet
	owners  []*stream // of the packets, nil for others
	arena   []byte    // bytes of the packets without one
	failure error

	onRefused func(i int, err error) // refuse
}

// Send puts the packets of a burst on the wire, in order, without waiting. It calls refused
// for each that cannot be sent, and tells how many were. It must not keep the bytes.
type Send func(packets []Packet, refused func(i int, err error)) (sent int)

// Packet is bytes on their way.
type Packet = multicast.Packet

// New makes a Controller at an address that starts at now. all is where everybody hears
// what is sent. Its packets go nowhere if send is nil.
func New(cfg Config, self, all netip.AddrPort, now time.Time, send Send) (*Controller, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	if send == nil {
		send = func(packets []Packet, _ func(int, error)) int { return len(packets) }
	}
	c := &Controller{
		cfg: cfg, self: self, all: multicast.To(all), send: send, wake: func() {},
		table: newTable(uint16(cfg.Port)), index: map[Address]*stream{},
		askers: polled.Askers{Delay: cfg.Delay, Rand: cfg.Rand},
		stats:  Stats{Dropped: map[string]uint64{}},
	}
	c.onRefused = c.refuse
	for _, a := range cfg.Unicast {
		c.unicast = append(c.unicast, multicast.To(a))
	}
	if !cfg.Quiet {
		c.pollDue = now
	}
	return c, nil
}

// Join adds a universe. It is sent from the first SetLevels on.
func (c *Controller) Join(a Address) error {
	if a > LastAddress {
		return fmt.Errorf("universe must be 0-%d, got %d", LastAddress, a)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.index[a] == nil {
		s := newStream(a, c.cfg.Rate)
		c.index[a] = s
		c.streams = append(c.streams, s)
	}
	return nil
}

// Leave ends a universe: nothing more is sent. The protocol has no word for it, so devices
// show what they got last.
func (c *Controller) Leave(a Address) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.index[a]
	if s == nil {
		return fmt.Errorf("universe %v is not joined", a)
	}
	delete(c.index, a)
	c.streams = slices.DeleteFunc(slices.Clone(c.streams), func(o *stream) bool { return o == s })
	return nil
}

// SetLevels takes the newest levels of a joined universe, slot 1 first; slots not given are
// 0. They are copied and leave with the next Flush. Levels of other universes are ignored.
func (c *Controller) SetLevels(a Address, levels []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.index[a]; s != nil {
		s.setLevels(levels)
	}
}

// Nodes lists who answers polls, page by page, without what this Controller itself says.
func (c *Controller) Nodes() []Node {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(c.table.list(), func(n Node) bool {
		return n.From == c.self.Addr() && n.Style == wire.StyleController
	})
}

// Stats gives the counters.
func (c *Controller) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.stats
	s.Universes, s.Nodes, s.Refused = len(c.streams), len(c.table.pages), c.table.refused+c.askers.Refused
	s.Dropped = map[string]uint64{}
	for why, n := range c.stats.Dropped {
		s.Dropped[why] = n
	}
	return s
}
