// Package node is an Art-Net node: it says which universes it wants, takes their levels,
// merges those of two sources and holds them back for a sync.
package node

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
)

// Config describes a Node. Everything has a default.
type Config struct {
	Interface string      // a name or IPv4 address; "" for the first that can broadcast
	Port      int         // 0 means 6454
	Ports     *port.Ports // that are shared with other roles of this process; nil for one's own
	Universes []wire.Address
	LTP       bool // the latest change of a slot counts, not the highest level

	ShortName, LongName string
	Style               wire.Style
	Delay               time.Duration // of answers to polls, at most; 0 means 1 s, less than 0 none

	// OnLevels is told of every change of a universe, and of every packet that is taken
	// without a change if Every is set. It is called by one goroutine at a time, in the order
	// of the changes; levels are lent. It may be nil, and must not call the Node.
	OnLevels func(a wire.Address, levels []byte, p Packet)
	Every    bool

	// OnStopped is told when the last source of a universe has stopped, whose levels are held.
	// It is called as OnLevels is, and may be nil.
	OnStopped func(a wire.Address, at time.Time)

	Log  *slog.Logger
	Rand *rand.Rand // for random delays; nil seeds one from the system
}

// Packet is what changed a universe.
type Packet struct {
	Source Source // who sent it; if time has passed instead, who sends now
	At     time.Time
}

func (c *Config) complete() error {
	c.Port = cmp.Or(c.Port, wire.Port)
	for _, a := range c.Universes {
		if a > wire.LastAddress {
			return fmt.Errorf("art-net node: universe must be 0-%d, got %d", wire.LastAddress, a)
		}
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

// Stats counts what a Node did since it was made.
type Stats struct {
	Levels  uint64            // packets of levels that were taken
	Stale   uint64            // that were overtaken by later ones
	Crowd   uint64            // of sources a port has no room for
	Refused uint64            // polls there was no room for
	Dropped map[string]uint64 // packets that were none, by what was wrong
}

// Send sends a packet, without waiting for a network that takes no more.
type Send func(to netip.AddrPort, b []byte) error

// A Node is a machine: it has no sockets, clock or goroutines, instants are handed in, and
// what is to leave is given to a Send. Its methods may be called from any goroutine.
type Node struct {
	cfg   Config
	self  netip.Addr
	send  Send
	wake  func() // says that Deadline has changed
	pages pager

	mu      sync.Mutex
	list    []*page
	ports   map[wire.Address]*output
	askers  polled.Askers
	synced  time.Time  // end of sync mode, zero if it is off
	newest  netip.Addr // who sent the last levels that were taken
	replies int        // for the report
	stats   Stats
	b       []byte // of a packet that is sent
}

// A pager gives and takes back numbers for pages of ports.
type pager interface {
	Page() (byte, bool)
	Return(byte)
}

// A page is up to four ports with a net and a subnet, one ArtPollReply.
type page struct {
	number byte
	base   wire.Address // the first of its net and subnet
	ports  [wire.PortCount]*output
}

// An output is one port.
type output struct {
	merger
	address wire.Address
	sending bool // levels have come
}

// numbers are pages for a Node that has all of them.
type numbers struct{ taken [256]bool }

// Page implements pager.
func (n *numbers) Page() (byte, bool) {
	i := slices.Index(n.taken[1:], false)
	if i < 0 {
		return 0, false
	}
	n.taken[i+1] = true
	return byte(i + 1), true
}

// Return implements pager.
func (n *numbers) Return(page byte) { n.taken[page] = false }

// New makes a Node at an address. Its packets go nowhere if send is nil.
func New(cfg Config, self netip.Addr, send Send) (*Node, error) {
	return newNode(cfg, self, send, &numbers{})
}

func newNode(cfg Config, self netip.Addr, send Send, pages pager) (*Node, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	if send == nil {
		send = func(netip.AddrPort, []byte) error { return nil }
	}
	n := &Node{
		cfg: cfg, self: self, send: send, wake: func() {}, pages: pages, ports: map[wire.Address]*output{},
		askers: polled.Askers{Delay: cfg.Delay, Rand: cfg.Rand}, stats: Stats{Dropped: map[string]uint64{}},
	}
	if _, ok := n.turn(); !ok { // by which it is seen without ports too
		return nil, fmt.Errorf("art-net node: all pages of ports of %v are taken", self)
	}
	for _, a := range cfg.Universes {
		if err := n.add(a); err != nil {
			n.release()
			return nil, err
		}
	}
	return n, nil
}

// Subscribe takes a universe from now on, and tells who wants to know.
func (n *Node) Subscribe(a wire.Address, now time.Time) error {
	if a > wire.LastAddress {
		return fmt.Errorf("universe must be 0-%d, got %d", wire.LastAddress, a)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ports[a] != nil {
		return nil
	}
	if err := n.add(a); err != nil {
		return err
	}
	n.tell(now)
	return nil
}

// Unsubscribe takes a universe no longer.
func (n *Node) Unsubscribe(a wire.Address, now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	o := n.ports[a]
	if o == nil {
		return
	}
	delete(n.ports, a)
	for _, p := range n.list {
		if i := slices.Index(p.ports[:], o); i >= 0 {
			p.ports[i] = nil
			// The page stays until the Node ends: a reply without the port says that it is gone.
		}
	}
	n.tell(now)
}

// tell tells who wants to know that something has changed; mu is held.
func (n *Node) tell(now time.Time) {
	n.askers.Changed(now)
	n.wake()
}

// add makes a port on a page with room for it.
func (n *Node) add(a wire.Address) error {
	if n.ports[a] != nil {
		return nil
	}
	base := a &^ 0xf
	o := &output{merger: merger{ltp: n.cfg.LTP}, address: a}
	for _, p := range n.list {
		i := slices.Index(p.ports[:], nil)
		if i < 0 || p.base != base && p.ports != [wire.PortCount]*output{} {
			continue
		}
		p.base, p.ports[i], n.ports[a] = base, o, o
		return nil
	}
	p, ok := n.turn()
	if !ok {
		return fmt.Errorf("art-net node: no room for universe %v: one address has 255 pages of up to four universes with the same net and subnet", a)
	}
	p.base, p.ports[0], n.ports[a] = base, o, o
	return nil
}

// turn takes another page, which is empty; false if there is none.
func (n *Node) turn() (p *page, ok bool) {
	number, ok := n.pages.Page()
	if !ok {
		return nil, false
	}
	p = &page{number: number}
	n.list = append(n.list, p)
	return p, true
}

// release gives the pages back.
func (n *Node) release() {
	for _, p := range n.list {
		n.pages.Return(p.number)
	}
	n.list = nil
}

// Levels are the levels of a universe as they are now, up to the last slot that was sent.
func (n *Node) Levels(a wire.Address) []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	o := n.ports[a]
	if o == nil {
		return nil
	}
	return slices.Clone(o.levels[:o.slots])
}

// Sources are those a universe is merged of.
func (n *Node) Sources(a wire.Address) (list []Source) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if o := n.ports[a]; o != nil {
		for _, s := range o.sources {
			list = append(list, s.Source)
		}
	}
	return list
}

// Stats gives the counters.
func (n *Node) Stats() Stats {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.stats
	s.Refused = n.askers.Refused
	s.Dropped = map[string]uint64{}
	for why, count := range n.stats.Dropped {
		s.Dropped[why] = count
	}
	return s
}
