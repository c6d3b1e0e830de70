package receiver

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"showrun/drivers/lan/multicast"
	"showrun/drivers/signet/device"
	"showrun/drivers/signet/wire"
)

// A Conn is a Receiver on the network. Run must be called for it to hear anything;
// Close ends one that never ran.
type Conn struct {
	*Receiver
	conn   *multicast.Conn
	groups multicast.Groups
}

// Open opens the sockets of a Receiver.
func Open(cfg Config) (*Conn, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	if cfg.Open {
		cfg.Log.Warn("sig-net receiver in open mode: anything on the network is believed")
	}
	var err error
	if cfg.Sessions != nil && !cfg.Open {
		if cfg.Session, err = device.NextSession(cfg.Sessions, cfg.TUID); err != nil {
			return nil, fmt.Errorf("sig-net receiver: %w", err)
		}
	}
	conn, err := multicast.Open(multicast.Config{Interface: cfg.Interface, Port: cfg.Port, TTL: wire.TTL})
	if err != nil {
		return nil, fmt.Errorf("sig-net receiver: %w", err)
	}
	c := &Conn{conn: conn, groups: multicast.Groups{Socket: conn}}
	if c.Receiver, err = New(cfg, time.Now(), c.write); err != nil {
		conn.Close()
		return nil, err
	}
	c.Receiver.follow = c.follow
	for _, g := range c.Groups() {
		if err := c.follow(g); err != nil {
			conn.Close()
			return nil, err
		}
	}
	return c, nil
}

func (c *Conn) write(_ time.Time, to netip.AddrPort, b []byte) error { return c.conn.Write(b, to) }

// follow joins and leaves groups. The error is that of the group must; others, which
// announcements name, are logged.
func (c *Conn) follow(must netip.Addr) (failure error) {
	c.groups.Follow(c.Groups, func(group netip.Addr, err error) {
		if group == must {
			failure = fmt.Errorf("sig-net receiver: %w", err)
			return
		}
		c.cfg.Log.Warn("sig-net universe is on a group that cannot be joined", "group", group, "error", err)
	})
	return failure
}

// Run listens until ctx ends, then closes the sockets and returns nil.
func (c *Conn) Run(ctx context.Context) error {
	defer c.Close()
	err := c.conn.Serve(ctx, multicast.Loop{
		Lock: &c.mu, Deadline: c.machine.deadline, Receive: c.receive, Step: c.Step,
	})
	if err != nil {
		return fmt.Errorf("sig-net receiver: %w", err)
	}
	return nil
}

func (c *Conn) receive(b []byte, from netip.AddrPort, at time.Time) { c.Receive(at, b, from) }

// Close closes the sockets. Run does it by itself.
func (c *Conn) Close() error { return c.conn.Close() }
