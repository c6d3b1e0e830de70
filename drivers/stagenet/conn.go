package stagenet

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"

	"showrun/drivers/lan"
	"showrun/drivers/stagenet/link"
)

// Run finds gateways and keeps the connections to all of them until ctx ends; what
// was flushed before leaves first. Everything it opened is closed when it returns.
// It returns nil. An interface that is not there, or that the system could not be asked
// for, is waited for.
func (c *Console) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer c.retireAll()
	defer running.Wait()
	defer stop()
	if c.cfg.Discover {
		running.Go(func() { c.look(ctx, &running) })
	}
	look := time.NewTicker(lookInterval)
	defer look.Stop()
	for {
		for _, t := range c.configure() {
			running.Go(func() { c.keep(ctx, t) })
		}
		select {
		case <-ctx.Done():
			return nil
		case <-c.configured:
		case <-look.C:
			c.strand()
		}
	}
}

// lookInterval is how often it is looked whether the addresses are there that connections
// are made from.
const lookInterval = time.Second

// strand ends the connections whose own address is gone: nothing comes back to it, and a
// connection that waits for it would go on in its own time when it is there again.
func (c *Console) strand() {
	interfaces, err := lan.Interfaces()
	if err != nil {
		return // the system could not be asked
	}
	own := map[netip.Addr]bool{}
	for _, i := range interfaces {
		for _, p := range i.Prefixes {
			own[p.Addr()] = true
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for s := range c.sessions {
		conn, ok := s.conn.(*link.Conn)
		if ok && !conn.Local().IsLoopback() && !own[conn.Local()] {
			conn.Drop()
		}
	}
}

// look finds gateways until ctx ends, and tries again when it cannot: somebody else may
// have the port.
func (c *Console) look(ctx context.Context, running *sync.WaitGroup) {
	backoff := lan.Backoff{First: link.FirstWait, Max: link.MaxWait}
	for failures := 0; ; failures++ {
		err := c.discover(ctx, running)
		if ctx.Err() != nil {
			return
		}
		if failures == 0 {
			c.log.Error("stagenet: gateways cannot be looked for, trying on", "error", err)
		}
		if lan.Local(err) {
			backoff.Reset() // it costs nobody anything
		}
		wait(ctx, backoff.Next(rand.Float64()), nil)
	}
}

// keep connects to a gateway, again and again, until ctx ends or the target is
// retired.
func (c *Console) keep(ctx context.Context, t *target) {
	backoff := lan.Backoff{First: link.FirstWait, Max: link.MaxWait}
	failures := 0
	for c.ready(ctx, t) {
		c.mu.Lock()
		url := t.pick()
		c.mu.Unlock()
		conn, err := link.Dial(ctx, url, c.dial)
		if err == nil {
			failures = 0
			started := time.Now()
			c.serve(ctx, t, url, conn)
			if time.Since(started) >= link.Steady {
				backoff.Reset()
			}
		} else if ctx.Err() == nil {
			c.mu.Lock()
			c.stats.DialErrors++
			c.mu.Unlock()
			if lan.Local(err) {
				backoff.Reset() // it costs nobody anything
			}
			if failures++; failures == 1 { // the others say the same
				c.log.Warn("stagenet: gateway cannot be reached, trying on", "gateway", t.name, "error", err)
			}
		}
		wait(ctx, backoff.Next(rand.Float64()), t.changed)
	}
}

// ready waits until a target may be dialled, and reports false when it never may.
func (c *Console) ready(ctx context.Context, t *target) bool {
	for {
		c.mu.Lock()
		retired, taken, released := t.retired, c.taken(t), c.released
		c.mu.Unlock()
		switch {
		case retired || ctx.Err() != nil:
			return false
		case !taken:
			return true
		}
		select {
		case <-ctx.Done():
		case <-released:
		case <-t.changed:
		}
	}
}

// serve runs one connection until it ends.
func (c *Console) serve(ctx context.Context, t *target, url string, conn *link.Conn) {
	s := newSession(c, t, conn)
	if !c.begin(s, url) {
		conn.Drop()
		return
	}
	s.log.Info("stagenet: connected", "gateway", t.name)
	err := conn.Run(ctx, s)
	s.log.Info("stagenet: connection ended", "gateway", t.name, "reason", err)
	c.mu.Lock()
	t.using = ""
	if t.retired && c.targets[t.key] == t {
		delete(c.targets, t.key)
	}
	c.mu.Unlock()
}

// wait waits for a while, less if ctx ends or something changes.
func wait(ctx context.Context, d time.Duration, changed <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-changed:
	}
}

// dial implements link.DialFunc. The addresses of the interface are looked up
// each time, since they may change.
func (c *Console) dial(ctx context.Context, network, address string) (net.Conn, error) {
	from, err := lan.Find(c.cfg.Interface)
	if err != nil {
		return nil, fmt.Errorf("stagenet: %w", err)
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	network, source, err := dialFrom(from, network, host)
	if err != nil {
		return nil, fmt.Errorf("stagenet: %w", err)
	}
	var d net.Dialer
	if source.IsValid() {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(source, 0))
	}
	return d.DialContext(ctx, network, address)
}

// dialFrom is the address to reach a host from by an interface, which may be the choice
// of the system, and the network. A host with a name is reached over IPv4.
func dialFrom(i lan.Interface, network, host string) (string, netip.Addr, error) {
	remote, err := netip.ParseAddr(host)
	if err == nil {
		source, err := i.Source(remote)
		return network, source, err
	}
	if source, err := i.IPv4(); err == nil {
		return "tcp4", source, nil
	}
	return network, netip.Addr{}, nil
}
