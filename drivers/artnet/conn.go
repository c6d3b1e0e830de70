package artnet

import (
	"context"
	"fmt"
	"sync"
	"time"

	"showrun/drivers/artnet/port"
)

// A Conn is a Controller on the network. Run must be called for it to look for devices and
// answer polls; Close ends one that never ran.
type Conn struct {
	*Controller
	port  *port.Port
	page  byte
	close sync.Once
}

// Open opens the port of a Controller.
func Open(cfg Config) (*Conn, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	take := cfg.Ports.Take
	if cfg.Quiet {
		take = cfg.Ports.TakeSilent
	}
	p, err := take(cfg.Interface, cfg.Port)
	if err != nil {
		return nil, fmt.Errorf("art-net controller: %w", err)
	}
	page, ok := p.Page()
	if !ok {
		p.Release()
		return nil, fmt.Errorf("art-net controller: all pages of ports of %v are taken", p.Address())
	}
	cfg.Page = page
	c := &Conn{port: p, page: page}
	if c.Controller, err = New(cfg, p.Address(), p.Broadcast(), time.Now(), p.NewWriter().Write); err != nil {
		c.Close()
		return nil, err
	}
	c.wake = p.Wake
	return c, nil
}

// Run looks for devices, answers polls, keeps sync on time and flushes universes that nobody
// else flushes, until ctx ends. Then it closes the port and returns nil.
func (c *Conn) Run(ctx context.Context) error {
	defer c.Close()
	if err := c.port.Play(ctx, c.Controller); err != nil {
		return fmt.Errorf("art-net controller: %w", err)
	}
	return nil
}

// Close closes the port for this Controller. Run does it by itself.
func (c *Conn) Close() error {
	c.close.Do(func() {
		if c.Controller != nil {
			c.end()
		}
		c.port.Return(c.page)
		c.port.Release()
	})
	return nil
}
