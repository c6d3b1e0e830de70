// Package manager is the read side of a Sig-Net Manager: it polls unless
// another Manager does, keeps a table of every device with all it tells, fetches
// configuration when a change count moves, and shows beacons of devices
// without keys. It sends no commands, so the keys of a guest are enough.
package manager

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"showrun/drivers/signet/device"
	"showrun/drivers/signet/key"
	"showrun/drivers/signet/wire"
)

// Config describes a Manager.
type Config struct {
	TUID      wire.TUID
	Scope     string   // "" means "local"
	Keys      key.Keys // of K0.Keys or of a guest file
	Sessions  device.Sessions
	Session   uint32        // of this start, 0 for 1; Open takes the next of Sessions
	Interface string        // "" for the system's choice, or a name or IPv4 address
	Port      int           // 0 means 5683
	Listen    time.Duration // before the first poll, and after the last of another Manager; 0 means 10.5 s
	SoemCode  uint32
	Label     string
	Model     string
	Version   string
	// OnEvent is called on the goroutine of Receive and Step, one event at a time; it
	// may call methods of the Manager.
	OnEvent func(Event)
	Log     *slog.Logger
	Rand    *rand.Rand // for random delays; nil seeds one from the system
}

// EventKind is what happened.
type EventKind uint8

// The events.
const (
	Found       EventKind = iota // a device was heard for the first time, or again
	Lost                         // a device did not answer three polls
	Changed                      // a device tells something new
	Unreachable                  // a device says that polls do not reach it
	Duplicate                    // another device speaks with our TUID
	BeaconFound                  // a device without keys
	BeaconLost                   // its beacons stopped
	BeaconSpoof                  // one TUID, two addresses
)

// String is the name of the event.
func (k EventKind) String() string {
	return [...]string{"found", "lost", "changed", "unreachable", "duplicate", "beacon", "beacon lost", "beacon spoof"}[k]
}

// An Event tells of a device or of a beacon.
type Event struct {
	Kind   EventKind
	Node   Node   // of the first five kinds
	Beacon Beacon // of the others
}

// A Node is a device as it described itself; any role, not only Nodes.
type Node struct {
	TUID        wire.TUID
	SoemCode    uint32
	ChangeCount uint16
	Session     uint32
	Address     netip.AddrPort // source of its last packet
	Online      bool
	Unreachable bool // it says that polls do not reach it
	Heard       time.Time
	Endpoints   []Endpoint           // root first, ascending
	Events      []wire.SecurityEvent // counters of attacks it saw, one per code
}

// An Endpoint holds the last value of every TID that a device told about one
// of its endpoints.
type Endpoint struct {
	Number uint16
	Values map[wire.TID][]byte
}

// Endpoint finds an endpoint by its number, or gives nil.
func (n *Node) Endpoint(number uint16) *Endpoint {
	for i := range n.Endpoints {
		if n.Endpoints[i].Number == number {
			return &n.Endpoints[i]
		}
	}
	return nil
}

func (n *Node) root(t wire.TID) []byte {
	if e := n.Endpoint(wire.RootEndpoint); e != nil {
		return e.Values[t]
	}
	return nil
}

// Label is the name an operator gave the device.
func (n *Node) Label() string { return wire.ParseLabel(n.root(wire.TIDDeviceLabel)) }

// Model is the product.
func (n *Node) Model() string { return wire.ParseLabel(n.root(wire.TIDModelName)) }

// Firmware is the version text.
func (n *Node) Firmware() string {
	_, text, _ := wire.ParseFirmware(n.root(wire.TIDFirmwareVersion))
	return text
}

// Roles are the bits of TID_RT_ROLE_CAPABILITY, 0 if not told.
func (n *Node) Roles() uint64 { return wire.Flags(n.root(wire.TIDRoleCapability)) }

// DataEndpoints is the number of data endpoints it claims.
func (n *Node) DataEndpoints() int { return int(wire.Flags(n.root(wire.TIDEndpointCount))) }

// Universe is the universe of a data endpoint, 0 if none or not told.
func (e *Endpoint) Universe() int { return int(wire.Flags(e.Values[wire.TIDEPUniverse])) }

// Label is the name an operator gave the endpoint.
func (e *Endpoint) Label() string { return wire.ParseLabel(e.Values[wire.TIDEPLabel]) }

// Direction is the value of TID_EP_DIRECTION: bits 0-1 are 0 off, 1 consumer,
// 2 supplier, 3 fallback; bit 2 is RDM.
func (e *Endpoint) Direction() byte { return byte(wire.Flags(e.Values[wire.TIDEPDirection])) }

// Status are the bits of TID_EP_STATUS.
func (e *Endpoint) Status() uint32 { return uint32(wire.Flags(e.Values[wire.TIDEPStatus])) }

// Stats counts what a Manager did and heard.
type Stats struct {
	Counters device.Counters
	Drops    map[string]uint64 // by reason
	Polls    uint64            // sent by us
	Snooped  uint64            // of other Managers
	Active   bool              // we are the one who polls
}

// A Manager watches an installation. It is a machine: it has no sockets, clock or
// goroutines, and instants are handed in. One goroutine at a time calls Receive, Step and
// Deadline; all other methods may be called from any goroutine.
type Manager struct {
	cfg  Config
	send device.Send
	wake func() // says that Deadline has changed; mu is held

	events []Event // of Receive and Step
	outbox device.Outbox

	mu      sync.Mutex
	machine *machine
}

// New makes a Manager that starts at now. Its packets are given to send, or to nobody if
// that is nil.
func New(cfg Config, now time.Time, send device.Send) (*Manager, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	machine, err := newMachine(cfg, now)
	if err != nil {
		return nil, fmt.Errorf("sig-net manager: %w", err)
	}
	cfg.Keys = key.Keys{} // the machine holds what it needs
	return &Manager{cfg: cfg, send: send, wake: func() {}, machine: machine}, nil
}

// Groups are the multicast groups to hear.
func (m *Manager) Groups() []netip.Addr {
	return []netip.Addr{wire.GroupNode, wire.GroupLost, wire.GroupBeacon, wire.GroupPoll}
}

// Receive takes one packet that is no echo of ours. It does not keep b.
func (m *Manager) Receive(now time.Time, b []byte, from netip.AddrPort) {
	m.mu.Lock()
	m.events = m.machine.receive(m.events[:0], b, from, now)
	warning := m.machine.presence.TakeWarning()
	m.mu.Unlock()
	warning.Log(m.cfg.Log, m.cfg.TUID)
	m.tell()
}

// Step does what is due at now. An error says that numbering cannot go on.
func (m *Manager) Step(now time.Time) error {
	m.mu.Lock()
	say := m.outbox.Say(m.machine.voice)
	m.events = m.machine.step(m.events[:0], now, say, func(p wire.Poll) {
		say(wire.Resource{Kind: wire.KindPoll}, wire.AppendPoll(nil, p))
	})
	m.mu.Unlock()
	err := m.outbox.Send(now, m.send, m.cfg.Port, m.cfg.Log)
	m.tell()
	return err
}

// Deadline is when Step has something to do next.
func (m *Manager) Deadline() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.machine.deadline()
}

func (m *Manager) tell() {
	if m.cfg.OnEvent == nil {
		return
	}
	for _, e := range m.events {
		m.cfg.OnEvent(e)
	}
}

// complete fills defaults in and checks the rest.
func (c *Config) complete() error {
	if c.TUID.IsZero() {
		return fmt.Errorf("sig-net manager: no TUID given")
	}
	if c.Scope == "" {
		c.Scope = wire.DefaultScope
	}
	if err := wire.CheckScope(c.Scope); err != nil {
		return err
	}
	if c.Keys.Manager.IsZero() || c.Keys.Citizen.IsZero() {
		return fmt.Errorf("sig-net manager: needs the manager and citizen keys; enter the passphrase or a guest file")
	}
	if c.Port == 0 {
		c.Port = wire.Port
	}
	if c.Listen == 0 {
		c.Listen = wire.LostPolls * (wire.PollInterval + wire.PollJitter)
	}
	if c.SoemCode == 0 {
		c.SoemCode = wire.PrototypeSoemCode
	}
	if c.Model == "" {
		c.Model = "showrun"
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Rand == nil {
		c.Rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	return nil
}

// Nodes lists every device heard so far, by TUID.
func (m *Manager) Nodes() []Node {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.machine.table.list()
}

// Beacons lists the devices without keys heard within 30 seconds, by TUID.
func (m *Manager) Beacons() []Beacon {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.machine.beacons.list()
}

// Refresh asks every device for everything, at once.
func (m *Manager) Refresh() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.machine.refresh, m.machine.urgent = true, true
	m.wake()
}

// Remove drops a device from the table and from the replay protection: for one
// that is gone for good, or that lost its session counter.
func (m *Manager) Remove(t wire.TUID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.machine.table.remove(t)
	m.machine.gate.Forget(t)
}

// Stats gives the counters.
func (m *Manager) Stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.machine.gate.Counters()
	return Stats{
		Counters: c, Drops: c.Dropped(), Polls: m.machine.polls, Snooped: m.machine.snooped, Active: m.machine.active,
	}
}
