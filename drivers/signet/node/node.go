// Package node is a virtual Sig-Net Node: endpoints that listen to universes,
// merge their sources and hand levels on, as a gateway or dimmer would. It
// answers polls and takes commands. Tests and rehearsals use it in place of
// hardware.
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

// Config describes a Node. Everything but Keys has a default.
type Config struct {
	TUID      signet.TUID // zero draws one for this run
	Scope     string      // "" means "local"
	Keys      signet.Keys // of K0.NodeKeys; without Local no commands are taken
	Open      bool        // Open Mode: unsigned packets only
	Sessions  signet.Sessions
	Interface string // "" for the system's choice, or a name or IPv4 address
	Port      int    // 0 means 5683
	Universes []int  // endpoint i+1 listens to Universes[i]; 0 for none
	SoemCode  uint32
	Label     string
	Model     string
	// OnLevels is called for every accepted level packet, with the levels
	// of the endpoint after the merge. It runs on the goroutine of Run and
	// must not keep levels.
	OnLevels func(endpoint, universe int, levels []byte, p Packet)
	Log      *slog.Logger
	Rand     *mathrand.Rand // for random delays; nil seeds one from the system
}

// Stats counts the packets of a Node.
type Stats struct {
	Accepted uint64
	Counters signet.Counters
	Drops    map[string]uint64 // by reason
}

// A Node is one virtual device. Its methods may be called from any goroutine.
type Node struct {
	cfg  Config
	conn *multicast.Conn

	events []levelEvent // of Run's goroutine

	mu      sync.Mutex
	machine *machine
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

// Levels is the output of an endpoint, counted from 1, up to the last slot
// that any source sends; nil if there is no such endpoint.
func (n *Node) Levels(endpoint int) []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	e := n.machine.endpoint(endpoint)
	if e == nil {
		return nil
	}
	return append([]byte{}, e.merger.Levels()...)
}

// Stats gives the counters.
func (n *Node) Stats() Stats {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.machine.gate.Counters()
	return Stats{Accepted: c.Accepted(), Counters: c, Drops: c.Dropped()}
}
