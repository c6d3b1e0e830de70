package node

import (
	"context"
	"fmt"
	"net/netip"
	"sync"

	"showrun/drivers/artnet/port"
	"showrun/drivers/lan/multicast"
)

// A Conn is a Node on the network. Run must be called for it to take part; Close ends one
// that never ran.
type Conn struct {
	*Node
	port  *port.Port
	close sync.Once
}

// Open opens the port of a Node.
func Open(cfg Config) (*Conn, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	p, err := cfg.Ports.Take(cfg.Interface, cfg.Port)
	if err != nil {
		return nil, fmt.Errorf("art-net node: %w", err)
	}
	c := &Conn{port: p}
	w := p.NewWriter()
	send := func(to netip.AddrPort, b []byte) (failure error) {
		w.Write([]multicast.Packet{{Bytes: b, To: multicast.To(to)}}, func(_ int, err error) { failure = err })
		return failure
	}
	if c.Node, err = newNode(cfg, p.Address().Addr(), send, p); err != nil {
		p.Release()
		return nil, err
	}
	c.wake = p.Wake
	return c, nil
}

// Run takes part until ctx ends. Then it closes the port and returns nil.
func (c *Conn) Run(ctx context.Context) error {
	defer c.Close()
	if err := c.port.Play(ctx, c.Node); err != nil {
		return fmt.Errorf("art-net node: %w", err)
	}
	return nil
}

// Close closes the port for this Node. Run does it by itself.
func (c *Conn) Close() error {
	c.close.Do(func() {
		c.mu.Lock()
		c.release()
		c.mu.Unlock()
		c.port.Release()
	})
	return nil
}
