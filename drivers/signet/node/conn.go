package node

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"showrun/drivers/signet/multicast"
	"showrun/drivers/signet/wire"
)

// open makes the machine and its sockets.
func open(cfg Config) (*Node, error) {
	machine, err := newMachine(cfg, time.Now())
	if err != nil {
		return nil, err
	}
	conn, err := multicast.Open(multicast.Config{Interface: cfg.Interface, Port: cfg.Port, TTL: wire.TTL})
	if err != nil {
		return nil, fmt.Errorf("sig-net node: %w", err)
	}
	n := &Node{cfg: cfg, conn: conn, machine: machine}
	groups := []netip.Addr{wire.GroupPoll, wire.GroupManager, wire.GroupTime}
	for _, u := range cfg.Universes {
		if u > 0 {
			groups = append(groups, wire.Fold(uint16(u)))
		}
	}
	for _, g := range groups {
		if err := conn.Join(g); err != nil {
			conn.Close()
			return nil, fmt.Errorf("sig-net node: %w", err)
		}
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

// A levelEvent is a call of OnLevels that waits for the lock to be free. Its
// levels stay as they are, for only Run's goroutine changes them.
type levelEvent struct {
	endpoint, universe int
	levels             []byte
	packet             Packet
}

func (n *Node) receive(b []byte, from netip.AddrPort, at time.Time) {
	n.mu.Lock()
	n.events = n.events[:0]
	n.machine.receive(b, from, at, func(number int, p *wire.Packet) {
		e := n.machine.endpoint(number)
		n.events = append(n.events, levelEvent{
			endpoint: number, universe: int(e.universe), levels: e.merger.Levels(),
			packet: Packet{from, p.Sender, p.Session, p.Sequence, at},
		})
	})
	n.mu.Unlock()
	if n.cfg.OnLevels == nil {
		return
	}
	for _, e := range n.events {
		n.cfg.OnLevels(e.endpoint, e.universe, e.levels, e.packet)
	}
}

func (n *Node) step(now time.Time) (err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.machine.step(now, func(r wire.Resource, payload []byte) {
		if err == nil {
			err = n.say(r, payload)
		}
	})
	return err
}

// say sends one packet about the device itself; mu is held.
func (n *Node) say(r wire.Resource, payload []byte) error {
	b, err := n.machine.voice.Append(n.talk[:0], r, r.Number, payload)
	if err != nil {
		return err
	}
	n.talk = b
	if err := n.conn.Write(b, netip.AddrPortFrom(r.Group(), uint16(n.cfg.Port))); err != nil {
		n.cfg.Log.Debug("sig-net packet not sent", "error", err)
	}
	return nil
}

// Close closes the sockets. Run does it by itself.
func (n *Node) Close() error { return n.conn.Close() }
