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

	"showrun/drivers/signet/device"
	"showrun/drivers/signet/key"
	"showrun/drivers/signet/merge"
	"showrun/drivers/signet/wire"
)

// Packet is where a level packet came from.
type Packet struct {
	From     netip.AddrPort
	Sender   wire.SenderID
	Session  uint32
	Sequence uint32
	At       time.Time // arrival, by the kernel's stamp where there is one
}

// A Sink is where the output of a Node goes: a DMX port, a dimmer, a display.
type Sink interface {
	// Output shows 512 levels on an endpoint, counted from 1. It is called
	// when they change, on the goroutine of Receive and Step, and must not keep
	// them. No levels mean that the output stops.
	Output(endpoint int, levels []byte)
}

// Config describes a Node. Everything but Keys has a default. A Node without
// keys that is not in Open Mode is offboarded: it sends beacons and nothing
// else.
type Config struct {
	TUID      wire.TUID // zero draws one for this run
	Scope     string    // "" means "local"
	Keys      key.Keys  // of K0.NodeKeys; without Local no commands are taken
	Open      bool      // Open Mode: unsigned packets only
	Sessions  device.Sessions
	Session   uint32 // of this start, 0 for 1; Open takes the next of Sessions
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
	// of the endpoint after the merge. It runs on the goroutine of Receive
	// and Step and must not keep levels.
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
	Counters  device.Counters
	Drops     map[string]uint64 // by reason
	Refused   uint64            // commands voided for one bad setting
	Identify  byte              // 0 off, 1 subtle, 2 full, 3 mute
	Offboard  bool              // without keys, sending beacons
	Lost      bool              // no Manager polls us
	ChangeNow uint16            // CHANGE_COUNT
}

// A Node is one virtual device. It is a machine: it has no sockets, clock or goroutines,
// and instants are handed in. One goroutine at a time calls Receive, Step and Deadline;
// all other methods may be called from any goroutine.
type Node struct {
	cfg    Config
	send   device.Send
	wake   func()       // says that Deadline has changed; mu is held
	follow func() error // takes Groups to the sockets

	outputs []output     // of Receive and Step
	events  []levelEvent // of Receive and Step
	outbox  device.Outbox

	mu      sync.Mutex
	machine *machine
}

// New makes a Node that starts at now. What it says is given to send, or to nobody if
// that is nil.
func New(cfg Config, now time.Time, send device.Send) (*Node, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	machine, err := newMachine(cfg, now)
	if err != nil {
		return nil, fmt.Errorf("sig-net node: %w", err)
	}
	cfg.Keys = key.Keys{} // the machine holds what it needs
	return &Node{cfg: cfg, send: send, wake: func() {}, follow: func() error { return nil }, machine: machine}, nil
}

// complete fills defaults in and checks the rest.
func (cfg *Config) complete() error {
	if cfg.TUID.IsZero() {
		t, err := wire.NewTUID(rand.Reader)
		if err != nil {
			return err
		}
		cfg.TUID = t
	}
	if cfg.Scope == "" {
		cfg.Scope = wire.DefaultScope
	}
	if err := wire.CheckScope(cfg.Scope); err != nil {
		return err
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
			return fmt.Errorf("sig-net node: universe of endpoint %d must be 0-%d, got %d", i+1, wire.LastUniverse, u)
		}
	}
	if !cfg.Open && cfg.speaksWith(cfg.Keys) {
		cfg.Session = max(cfg.Session, 1)
	} else {
		cfg.Session = 0
	}
	return nil
}

// speaksWith tells whether a Node that is not in Open Mode takes part with these keys.
func (cfg *Config) speaksWith(keys key.Keys) bool {
	return !keys.Sender.IsZero() && !keys.Citizen.IsZero()
}

// Receive takes one packet. It does not keep b.
func (n *Node) Receive(now time.Time, b []byte, from netip.AddrPort) {
	var p wire.Packet
	n.mu.Lock()
	n.outputs = n.machine.receive(n.outputs[:0], &p, b, from, now)
	n.collect(Packet{from, p.Sender, p.Session, p.Sequence, now})
	warning := n.machine.presence.TakeWarning()
	state, stored, regroup := n.settle()
	n.mu.Unlock()
	warning.Log(n.cfg.Log, n.cfg.TUID)
	if regroup {
		n.regroup()
	}
	n.tell()
	if stored && n.cfg.OnState != nil {
		n.cfg.OnState(state)
	}
}

// Step does what is due at now. An error says that numbering cannot go on.
func (n *Node) Step(now time.Time) error {
	n.mu.Lock()
	err := n.machine.failure
	n.machine.failure = nil
	n.outputs = n.machine.step(n.outputs[:0], now, n.outbox.Say(n.machine.voice))
	n.collect(Packet{})
	n.mu.Unlock()
	if failure := n.outbox.Send(now, n.send, n.cfg.Port, n.cfg.Log); err == nil {
		err = failure
	}
	n.tell()
	return err
}

// Deadline is when Step has something to do next, the zero Time for never.
func (n *Node) Deadline() time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.machine.deadline()
}

// Groups are the multicast groups to hear.
func (n *Node) Groups() []netip.Addr {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.machine.groups()
}

// A levelEvent is a call of OnLevels and Sink that waits for the lock to be
// free.
type levelEvent struct {
	endpoint, universe int
	levels             []byte // for OnLevels; stay as only Receive and Step change them
	shown              []byte // for the Sink
	changed            bool
	accepted           bool // packet is the cause
	packet             Packet
}

// collect turns the outputs of the machine into events; mu is held.
func (n *Node) collect(p Packet) {
	n.events = n.events[:0]
	for _, o := range n.outputs {
		e := n.machine.endpoint(o.number)
		event := levelEvent{endpoint: o.number, universe: e.Universe, levels: e.merger.Levels(), changed: o.changed}
		if o.packet != nil {
			event.packet = p
			event.accepted = true
		}
		if o.changed {
			event.shown = e.shown()
		}
		n.events = append(n.events, event)
	}
}

// tell calls the functions of the configuration.
func (n *Node) tell() {
	for _, e := range n.events {
		if e.accepted && n.cfg.OnLevels != nil {
			n.cfg.OnLevels(e.endpoint, e.universe, e.levels, e.packet)
		}
		if e.changed && n.cfg.Sink != nil {
			n.cfg.Sink.Output(e.endpoint, e.shown)
		}
	}
}

// settle follows a change of configuration; mu is held.
func (n *Node) settle() (state State, stored, regroup bool) {
	stored, regroup = n.machine.stored, n.machine.regroup
	n.machine.stored, n.machine.regroup = false, false
	if stored {
		state = n.machine.state()
	}
	return state, stored, regroup
}

// regroup tells people of a group that cannot be heard.
func (n *Node) regroup() {
	if err := n.follow(); err != nil {
		n.cfg.Log.Warn("sig-net group", "error", err)
	}
}

// TUID is the identity of the Node.
func (n *Node) TUID() wire.TUID { return n.cfg.TUID }

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
func (n *Node) Forget(t wire.TUID) bool {
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
