package manager

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"showrun/drivers/lan/multicast"
	"showrun/drivers/signet/device"
	"showrun/drivers/signet/wire"
)

// A Conn is a Manager on the network. Run must be called for it to poll and to hear;
// Close ends one that never ran.
type Conn struct {
	*Manager
	conn *multicast.Conn
}

// Open opens the sockets of a Manager and takes its session number.
func Open(cfg Config) (*Conn, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	if cfg.Sessions == nil {
		return nil, fmt.Errorf("sig-net manager: needs a place to keep session numbers")
	}
	var err error
	if cfg.Session, err = device.NextSession(cfg.Sessions, cfg.TUID); err != nil {
		return nil, fmt.Errorf("sig-net manager: %w", err)
	}
	conn, err := multicast.Open(multicast.Config{Interface: cfg.Interface, Port: cfg.Port, TTL: wire.TTL})
	if err != nil {
		return nil, fmt.Errorf("sig-net manager: %w", err)
	}
	c := &Conn{conn: conn}
	if c.Manager, err = New(cfg, time.Now(), c.write); err != nil {
		conn.Close()
		return nil, err
	}
	c.wake = conn.Wake
	for _, g := range c.Groups() {
		if err := conn.Join(g); err != nil {
			conn.Close()
			return nil, fmt.Errorf("sig-net manager: %w", err)
		}
	}
	return c, nil
}

func (c *Conn) write(_ time.Time, to netip.AddrPort, b []byte) error { return c.conn.Write(b, to) }

// Run watches until ctx ends, then closes the sockets and returns nil.
func (c *Conn) Run(ctx context.Context) error {
	defer c.Close()
	err := c.conn.Serve(ctx, multicast.Loop{
		Lock: &c.mu, Deadline: c.machine.deadline, Receive: c.receive, Step: c.Step,
	})
	if err != nil {
		return fmt.Errorf("sig-net manager: %w", err)
	}
	return nil
}

func (c *Conn) receive(b []byte, from netip.AddrPort, at time.Time) {
	if !device.IsEcho(b, from.Port(), c.conn.LocalAddr().Port(), c.cfg.TUID) {
		c.Receive(at, b, from)
	}
}

// Close closes the sockets. Run does it by itself.
func (c *Conn) Close() error { return c.conn.Close() }
