package receiver

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"showrun/drivers/lan/multicast"
	"showrun/drivers/sacn/wire"
)

// A Conn is a Receiver on the network. Run must be called for it to hear anything; Close
// ends one that never ran.
type Conn struct {
	*Receiver
	conn   *multicast.Conn
	groups multicast.Groups
}

// Open opens the sockets of a Receiver.
func Open(cfg Config) (*Conn, error) {
	cfg.complete()
	conn, err := multicast.Open(multicast.Config{Interface: cfg.Interface, Port: cfg.Port, TTL: wire.TTL})
	if err != nil {
		return nil, fmt.Errorf("sacn receiver: %w", err)
	}
	c := &Conn{Receiver: New(cfg, time.Now), conn: conn, groups: multicast.Groups{Socket: conn}}
	c.Receiver.follow, c.wake = c.follow, conn.Wake
	if err := c.follow(wire.Group(wire.DiscoveryUniverse)); err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

// follow joins and leaves groups. The error is that of the group must; others are logged.
func (c *Conn) follow(must netip.Addr) (failure error) {
	c.groups.Follow(c.Groups, func(group netip.Addr, err error) {
		if group == must {
			failure = fmt.Errorf("sacn receiver: %w", err)
			return
		}
		c.cfg.Log.Warn("sacn: a group cannot be joined", "group", group, "error", err)
	})
	return failure
}

// Run listens until ctx ends, then closes the sockets and returns nil.
func (c *Conn) Run(ctx context.Context) error {
	defer c.Close()
	err := c.conn.Serve(ctx, multicast.Loop{
		Lock: &c.mu, Deadline: func() time.Time { return c.machine.due },
		Receive: func(b []byte, from netip.AddrPort, at time.Time) { c.Receive(at, b, from) }, Step: c.Step,
	})
	if err != nil {
		return fmt.Errorf("sacn receiver: %w", err)
	}
	return nil
}

// Close closes the sockets. Run does it by itself.
func (c *Conn) Close() error { return c.conn.Close() }
