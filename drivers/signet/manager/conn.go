package manager

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"showrun/drivers/signet"
	"showrun/drivers/signet/device"
	"showrun/drivers/signet/multicast"
	"showrun/drivers/signet/wire"
)

// Open opens the sockets of a Manager and takes its session number. Run must
// be called for it to poll and to hear; Close ends a Manager that never ran.
func Open(cfg Config) (*Manager, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	machine, err := newMachine(cfg, time.Now())
	if err != nil {
		return nil, fmt.Errorf("sig-net manager: %w", err)
	}
	cfg.Keys = signet.Keys{} // the machine holds what it needs
	conn, err := multicast.Open(multicast.Config{Interface: cfg.Interface, Port: cfg.Port, TTL: wire.TTL})
	if err != nil {
		return nil, fmt.Errorf("sig-net manager: %w", err)
	}
	for _, g := range []netip.Addr{wire.GroupNode, wire.GroupLost, wire.GroupBeacon, wire.GroupPoll} {
		if err := conn.Join(g); err != nil {
			conn.Close()
			return nil, fmt.Errorf("sig-net manager: %w", err)
		}
	}
	return &Manager{cfg: cfg, conn: conn, machine: machine}, nil
}

// Run watches until ctx ends, then closes the sockets and returns nil.
func (m *Manager) Run(ctx context.Context) error {
	defer m.Close()
	err := m.conn.Serve(ctx, multicast.Loop{
		Lock: &m.mu, Deadline: m.machine.deadline, Receive: m.receive, Step: m.step,
	})
	if err != nil {
		return fmt.Errorf("sig-net manager: %w", err)
	}
	return nil
}

func (m *Manager) receive(b []byte, from netip.AddrPort, at time.Time) {
	if device.IsEcho(b, from.Port(), m.conn.LocalAddr().Port(), m.cfg.TUID) {
		return
	}
	m.mu.Lock()
	m.events = m.machine.receive(m.events[:0], b, from, at)
	m.mu.Unlock()
	m.tell()
}

func (m *Manager) step(now time.Time) (err error) {
	send := func(r wire.Resource, payload []byte) {
		if err == nil {
			err = m.say(r, payload)
		}
	}
	m.mu.Lock()
	m.events = m.machine.step(m.events[:0], now, send, func(p wire.Poll) {
		send(wire.Resource{Kind: wire.KindPoll}, wire.AppendPoll(nil, p))
	})
	m.mu.Unlock()
	m.tell()
	return err
}

func (m *Manager) tell() {
	if m.cfg.OnEvent == nil {
		return
	}
	for _, e := range m.events {
		m.cfg.OnEvent(e)
	}
}

// say sends one packet; mu is held.
func (m *Manager) say(r wire.Resource, payload []byte) error {
	b, err := m.machine.voice.Append(m.talk[:0], r, r.Number, payload)
	if err != nil {
		return err
	}
	m.talk = b
	if err := m.conn.Write(b, netip.AddrPortFrom(r.Group(), uint16(m.cfg.Port))); err != nil {
		m.cfg.Log.Debug("sig-net packet not sent", "error", err)
	}
	return nil
}

// Close closes the sockets. Run does it by itself.
func (m *Manager) Close() error { return m.conn.Close() }
