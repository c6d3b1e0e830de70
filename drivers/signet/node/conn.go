package node

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"showrun/drivers/lan/multicast"
	"showrun/drivers/signet/device"
	"showrun/drivers/signet/wire"
)

// A Conn is a Node on the network. Run must be called for it to take part; Close ends
// one that never ran.
type Conn struct {
	*Node
	conn   *multicast.Conn
	groups multicast.Groups
}

// Open opens the sockets of a Node and joins its groups.
func Open(cfg Config) (*Conn, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	var err error
	if cfg.Session != 0 && cfg.Sessions != nil {
		if cfg.Session, err = device.NextSession(cfg.Sessions, cfg.TUID); err != nil {
			return nil, fmt.Errorf("sig-net node: %w", err)
		}
	}
	conn, err := multicast.Open(multicast.Config{Interface: cfg.Interface, Port: cfg.Port, TTL: wire.TTL})
	if err != nil {
		return nil, fmt.Errorf("sig-net node: %w", err)
	}
	if cfg.Open {
		cfg.Log.Warn("sig-net node in open mode: anything on the network is believed")
	}
	c := &Conn{conn: conn, groups: multicast.Groups{Socket: conn}}
	if c.Node, err = New(cfg, time.Now(), c.write); err != nil {
		conn.Close()
		return nil, err
	}
	c.wake, c.Node.follow = conn.Wake, c.follow
	if err := c.follow(); err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

func (c *Conn) write(_ time.Time, to netip.AddrPort, b []byte) error { return c.conn.Write(b, to) }

// follow joins and leaves groups as the patch demands.
func (c *Conn) follow() (failure error) {
	c.groups.Follow(c.Groups, func(_ netip.Addr, err error) { failure = fmt.Errorf("sig-net node: %w", err) })
	return failure
}

// Run takes part until ctx ends, then closes the sockets and returns nil.
func (c *Conn) Run(ctx context.Context) error {
	defer c.Close()
	err := c.conn.Serve(ctx, multicast.Loop{
		Lock: &c.mu, Deadline: c.machine.deadline, Receive: c.receive, Step: c.Step,
	})
	if err != nil {
		return fmt.Errorf("sig-net node: %w", err)
	}
	return nil
}

func (c *Conn) receive(b []byte, from netip.AddrPort, at time.Time) { c.Receive(at, b, from) }

// Close closes the sockets. Run does it by itself.
func (c *Conn) Close() error { return c.conn.Close() }
