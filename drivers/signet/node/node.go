// Package node is a virtual Sig-Net Node: endpoints that listen to universes,
// merge their sources and hand levels on, as a gateway or dimmer would. It
// answers polls, takes commands and falls back when its sources are lost.
// Tests and rehearsals use it in place of hardware.
package node

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"showrun/drivers/signet"
	"showrun/drivers/signet/merge"
	"showrun/drivers/signet/multicast"
	"showrun/drivers/signet/wire"
)

// Packet is where a level packet came from.
type Packet struct {
	From     netip.AddrPort
	Sender   signet.SenderID
	Session  uint32
	Sequence uint32
	At       time.Time // arrival, by the kernel's stamp where there is one
}

// A Sink is where the output of a Node goes: a DMX port, a dimmer, a display.
type Sink interface {
	// Output shows 512 levels on an endpoint, counted from 1. It is called
	// when they change, on the goroutine of Run, and must not keep them. No
	// levels mean that the output stops.
	Output(endpoint int, levels []byte)
}

// Config describes a Node. Everything but Keys has a default. A Node without
// keys that is not in Open Mode is offboarded: it sends beacons and nothing
// else.
type Config struct {
	TUID      signet.TUID // zero draws one for this run
	Scope     string      // "" means "local"
	Keys      signet.Keys // of K0.NodeKeys; without Local no commands are taken
	Open      bool        // Open Mode: unsigned packets only
	Sessions  signet.Sessions
	Interface string // "" for the system's choice, or a name or IPv4 address
	Port      int    // 0 means 5683
	Universes []int  // endpoint i+1 listens to Universes[i]; 0 for none
	State     *State // configuration of an earlier run; replaces Universes and Label
	SoemCode  uint32
	Label     string
	Model     string
	Version   string
	Scenes    map[uint16][]byte // levels that failover may recall
	Sink      Sink
	// OnLevels is called for every accepted level packet, with the levels
	// of the endpoint after the merge. It runs on the goroutine of Run and
	// must not keep levels.
	OnLevels func(endpoint, universe int, levels []byte, p Packet)
	// OnState is called when stored configuration has changed, on the
	// goroutine that changed it.
	OnState func(State)
	Log     *slog.Logger
	Rand    *mathrand.Rand // for random delays; nil seeds one from the system
}

// Stats counts the packets of a Node.
type Stats struct {
	Accepted  uint64
	Counters  signet.Counters
	Drops     map[string]uint64 // by reason
	Refused   uint64            // commands voided for one bad setting
	Identify  byte              // 0 off, 1 subtle, 2 full, 3 mute
	Offboard  bool              // without keys, sending beacons
	Lost      bool              // no Manager polls us
	ChangeNow uint16            // CHANGE_COUNT
}

// A Node is one virtual device. Its methods may be called from any goroutine.
type Node struct {
	cfg  Config
	conn *multicast.Conn

	outputs []output     // of Run's goroutine
	events  []levelEvent // of Run's goroutine

	mu      sync.Mutex
	machine *machine
	joined  map[netip.Addr]bool
	talk    []byte
}

// New opens the sockets of a Node and joins its groups. Run must be called for
// it to take part; Close ends a Node that never ran.
func New(cfg Config) (*Node, error) {
	if cfg.TUID.IsZero() {
		t, err := signet.NewTUID(rand.Reader)
		if err != nil {
			return nil, err
		}
		cfg.TUID = t
	}
	if cfg.Scope == "" {
		cfg.Scope = wire.DefaultScope
	}
	if err := wire.CheckScope(cfg.Scope); err != nil {
		return nil, err
	}
	if cfg.Port == 0 {
		cfg.Port = wire.Port
	}
	if cfg.SoemCode == 0 {
		cfg.SoemCode = wire.PrototypeSoemCode
	}
	if cfg.Model == "" {
		cfg.Model = "showrun virtual node"
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Rand == nil {
		cfg.Rand = mathrand.New(mathrand.NewPCG(mathrand.Uint64(), mathrand.Uint64()))
	}
	for i, u := range cfg.Universes {
		if u < 0 || u > wire.LastUniverse {
			return nil, fmt.Errorf("sig-net node: universe of endpoint %d must be 0-%d, got %d", i+1, wire.LastUniverse, u)
		}
	}
	return open(cfg)
}

// TUID is the identity of the Node.
func (n *Node) TUID() signet.TUID { return n.cfg.TUID }

// Levels is the merged input of an endpoint, counted from 1, up to the last
// slot that any source sends; nil if there is no such endpoint.
func (n *Node) Levels(endpoint int) []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	if e := n.machine.endpoint(endpoint); e != nil {
		return append([]byte{}, e.merger.Levels()...)
	}
	return nil
}

// Output is what an endpoint shows: 512 levels, or nil if it never had any or
// has stopped.
func (n *Node) Output(endpoint int) []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	if e := n.machine.endpoint(endpoint); e != nil && e.live {
		return append([]byte{}, e.output[:]...)
	}
	return nil
}

// Sources lists the streams of an endpoint.
func (n *Node) Sources(endpoint int) []merge.Source {
	n.mu.Lock()
	defer n.mu.Unlock()
	if e := n.machine.endpoint(endpoint); e != nil {
		return e.merger.Sources()
	}
	return nil
}

// State is the stored configuration.
func (n *Node) State() State {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.machine.state()
}

// Forget drops a device from the replay table: one that lost its session
// counter is locked out until then.
func (n *Node) Forget(t signet.TUID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.machine.gate.Forget(t)
}

// Stats gives the counters.
func (n *Node) Stats() Stats {
	n.mu.Lock()
	defer n.mu.Unlock()
	m := n.machine
	c := m.gate.Counters()
	return Stats{
		Accepted: c.Accepted(), Counters: c, Drops: c.Dropped(), Refused: m.refused,
		Identify: m.identify, Offboard: m.offboarded, Lost: m.lost, ChangeNow: m.changes,
	}
}
