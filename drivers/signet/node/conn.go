package node

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"showrun/drivers/signet/device"
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
	stop := context.AfterFunc(ctx, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.stopping = true
		n.wake()
	})
	defer stop()
	buffer := make([]byte, wire.MaxReceive)
	var events []levelEvent
	for {
		n.mu.Lock()
		stopping := n.stopping
		deadline := n.machine.deadline()
		n.conn.SetDeadline(deadline)
		n.mu.Unlock()
		if stopping {
			return nil
		}
		size, from, at, err := n.conn.Read(buffer)
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return fmt.Errorf("sig-net node: %w", err)
		}
		n.mu.Lock()
		events = events[:0]
		if err == nil {
			n.machine.receive(buffer[:size], from, at, func(number int, p *wire.Packet) {
				e := n.machine.endpoint(number)
				events = append(events, levelEvent{
					endpoint: number, universe: int(e.universe), levels: e.merger.Levels(),
					packet: Packet{from, p.Sender, p.Session, p.Sequence, at},
				})
			})
		}
		var failure error
		if err != nil || !at.Before(deadline) {
			n.machine.step(at, func(r wire.Resource, payload []byte) {
				if failure == nil {
					failure = n.say(r, payload)
				}
			})
		}
		n.mu.Unlock()
		if failure != nil {
			return failure
		}
		for _, e := range events {
			if n.cfg.OnLevels != nil {
				n.cfg.OnLevels(e.endpoint, e.universe, e.levels, e.packet)
			}
		}
	}
}

// A levelEvent is a call of OnLevels that waits for the lock to be free. Its
// levels stay as they are, for only Run's goroutine changes them.
type levelEvent struct {
	endpoint, universe int
	levels             []byte
	packet             Packet
}

// wake makes Run look at its deadline again; mu is held.
func (n *Node) wake() { n.conn.SetDeadline(time.Unix(1, 0)) }

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

var _ device.Device = (*machine)(nil)
