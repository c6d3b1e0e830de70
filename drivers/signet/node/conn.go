package node

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"showrun/drivers/signet"
	"showrun/drivers/signet/multicast"
	"showrun/drivers/signet/wire"
)

// open makes the machine and its sockets.
func open(cfg Config) (*Node, error) {
	machine, err := newMachine(cfg, time.Now())
	if err != nil {
		return nil, fmt.Errorf("sig-net node: %w", err)
	}
	conn, err := multicast.Open(multicast.Config{Interface: cfg.Interface, Port: cfg.Port, TTL: wire.TTL})
	if err != nil {
		return nil, fmt.Errorf("sig-net node: %w", err)
	}
	if cfg.Open {
		cfg.Log.Warn("sig-net node in open mode: anything on the network is believed")
	}
	cfg.Keys = signet.Keys{} // the machine holds what it needs
	n := &Node{cfg: cfg, conn: conn, machine: machine, joined: make(map[netip.Addr]bool)}
	if err := n.regroup(); err != nil {
		conn.Close()
		return nil, err
	}
	return n, nil
}

// Run takes part until ctx ends, then closes the sockets and returns nil.
func (n *Node) Run(ctx context.Context) error {
	defer n.Close()
	err := n.conn.Serve(ctx, multicast.Loop{
		Lock: &n.mu, Deadline: n.machine.deadline, Receive: n.receive, Step: n.step,
	})
	if err != nil {
		return fmt.Errorf("sig-net node: %w", err)
	}
	return nil
}

// A levelEvent is a call of OnLevels and Sink that waits for the lock to be
// free.
type levelEvent struct {
	endpoint, universe int
	levels             []byte // for OnLevels; stay as only Run's goroutine changes them
	shown              []byte // for the Sink
	changed            bool
	accepted           bool // packet is the cause
	packet             Packet
}

func (n *Node) receive(b []byte, from netip.AddrPort, at time.Time) {
	var p wire.Packet
	n.mu.Lock()
	n.outputs = n.machine.receive(n.outputs[:0], &p, b, from, at)
	packet := Packet{from, p.Sender, p.Session, p.Sequence, at}
	n.collect(packet)
	state, stored := n.settle()
	n.mu.Unlock()
	n.tell()
	if stored && n.cfg.OnState != nil {
		n.cfg.OnState(state)
	}
}

func (n *Node) step(now time.Time) (err error) {
	n.mu.Lock()
	err, n.machine.failure = n.machine.failure, nil
	n.outputs = n.machine.step(n.outputs[:0], now, func(r wire.Resource, payload []byte) {
		if err == nil {
			err = n.say(r, payload)
		}
	})
	n.collect(Packet{})
	n.mu.Unlock()
	n.tell()
	return err
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
func (n *Node) settle() (state State, stored bool) {
	if err := n.regroup(); err != nil {
		n.cfg.Log.Warn("sig-net group", "error", err)
	}
	stored, n.machine.stored = n.machine.stored, false
	if stored {
		state = n.machine.state()
	}
	return state, stored
}

// regroup joins and leaves groups as the patch demands; mu is held.
func (n *Node) regroup() error {
	if !n.machine.regroup {
		return nil
	}
	n.machine.regroup = false
	wanted := n.machine.groups()
	for g := range n.joined {
		if !wanted[g] {
			delete(n.joined, g)
			if err := n.conn.Leave(g); err != nil {
				n.cfg.Log.Debug("sig-net group not left", "error", err)
			}
		}
	}
	for g := range wanted {
		if n.joined[g] {
			continue
		}
		if err := n.conn.Join(g); err != nil {
			return fmt.Errorf("sig-net node: %w", err)
		}
		n.joined[g] = true
	}
	return nil
}

// say sends one packet about the device itself; mu is held.
func (n *Node) say(r wire.Resource, payload []byte) (err error) {
	if r.Kind == wire.KindNodeBeacon {
		n.talk = n.machine.voice.AppendBeacon(n.talk[:0], payload)
	} else if n.talk, err = n.machine.voice.Append(n.talk[:0], r, r.Number, payload); err != nil {
		return err
	}
	if err := n.conn.Write(n.talk, netip.AddrPortFrom(r.Group(), uint16(n.cfg.Port))); err != nil {
		n.cfg.Log.Debug("sig-net packet not sent", "error", err)
	}
	return nil
}

// SetUniverse patches an endpoint, counted from 1, at the device itself; 0
// unpatches it. Managers are told.
func (n *Node) SetUniverse(endpoint, universe int) error {
	if universe != 0 {
		if err := wire.CheckUniverse(universe); err != nil {
			return err
		}
	}
	return n.setLocally(endpoint, wire.TLV{TID: wire.TIDEPUniverse, Value: []byte{byte(universe >> 8), byte(universe)}})
}

// SetFailover chooses the data-loss behaviour of an endpoint at the device
// itself. Managers are told.
func (n *Node) SetFailover(endpoint int, f wire.Failover) error {
	if f.Action > wire.FailoverStop || f.Action == wire.FailoverScene && f.Scene == 0 {
		return fmt.Errorf("failover must be 0-4, and a scene 1-65535, got %+v", f)
	}
	return n.setLocally(endpoint, wire.TLV{TID: wire.TIDEPFailover, Value: []byte{f.Action, byte(f.Scene >> 8), byte(f.Scene)}})
}

func (n *Node) setLocally(endpoint int, t wire.TLV) error {
	n.mu.Lock()
	if n.machine.endpoint(endpoint) == nil {
		n.mu.Unlock()
		return fmt.Errorf("sig-net node has endpoints 1-%d, got %d", n.machine.DataEndpoints(), endpoint)
	}
	// The output itself follows on the goroutine of Run.
	n.machine.setLocally(endpoint, t, time.Now())
	state, stored := n.settle()
	n.conn.Wake()
	n.mu.Unlock()
	if stored && n.cfg.OnState != nil {
		n.cfg.OnState(state)
	}
	return nil
}

// Onboard gives an offboarded Node its keys.
func (n *Node) Onboard(keys signet.Keys) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.machine.rekey(keys, time.Now()); err != nil {
		return err
	}
	n.conn.Wake()
	return n.regroup()
}

// Offboard wipes the keys at the device itself: from now on it sends beacons.
func (n *Node) Offboard() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.machine.wipe(); err != nil {
		return err
	}
	n.conn.Wake()
	return n.regroup()
}

// Close closes the sockets. Run does it by itself.
func (n *Node) Close() error { return n.conn.Close() }
