package stagenet

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"

	"showrun/drivers/stagenet/link"
)

// Run finds gateways and keeps the connections to all of them until ctx ends; what
// was flushed before leaves first. Everything it opened is closed when it returns.
// It returns nil when ctx ended, and an error when the interface is not there; it
// may be called again then. Gateways that were configured are kept also while none can
// be looked for.
func (c *Console) Run(ctx context.Context) error {
	if err := CheckInterface(c.cfg.Interface); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer c.retireAll()
	defer running.Wait()
	defer stop()
	if c.cfg.Discover {
		running.Go(func() { c.look(ctx, &running) })
	}
	for {
		for _, t := range c.configure() {
			running.Go(func() { c.keep(ctx, t) })
		}
		select {
		case <-ctx.Done():
			return nil
		case <-c.configured:
		}
	}
}

// look finds gateways until ctx ends, and tries again when it cannot: somebody else may
// have the port.
func (c *Console) look(ctx context.Context, running *sync.WaitGroup) {
	var backoff link.Backoff
	for failures := 0; ; failures++ {
		err := c.discover(ctx, running)
		if ctx.Err() != nil {
			return
		}
		if failures == 0 {
			c.log.Error("stagenet: gateways cannot be looked for, trying on", "error", err)
		}
		wait(ctx, backoff.Next(rand.Float64()), nil)
	}
}

// keep connects to a gateway, again and again, until ctx ends or the target is
// retired.
func (c *Console) keep(ctx context.Context, t *target) {
	var backoff link.Backoff
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
	c.mu.Lock()
	if t.retired { // meanwhile
		c.mu.Unlock()
		conn.Drop()
		return
	}
	c.stats.Connects++
	c.sessions[s] = true
	t.using, t.ids = url, nil
	c.mu.Unlock()
	s.log.Info("stagenet: connected", "gateway", t.name)
	err := conn.Run(ctx, s)
	s.log.Info("stagenet: connection ended", "gateway", t.name, "reason", err)
	c.ended(s, err, time.Now())
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

// CheckInterface tells whether there is an interface of this name or address; "" is
// any.
func CheckInterface(name string) error {
	_, err := localAddresses(name)
	return err
}

// local is the addresses to dial from: those of the chosen interface, or any.
type local struct{ ip4, ip6 net.IP }

// localAddresses finds the addresses of an interface, named by itself or by one
// of them.
func localAddresses(name string) (local, error) {
	if name == "" {
		return local{}, nil
	}
	interfaces, err := net.Interfaces()
	if err != nil {
		return local{}, fmt.Errorf("stagenet: list interfaces: %w", err)
	}
	for _, i := range interfaces {
		addresses, err := i.Addrs()
		if err != nil {
			continue // it went away meanwhile
		}
		var l local
		match := i.Name == name
		for _, a := range addresses {
			n, ok := a.(*net.IPNet)
			if !ok {
				continue
			}
			match = match || n.IP.String() == name
			switch {
			case n.IP.To4() != nil:
				if l.ip4 == nil || n.IP.String() == name {
					l.ip4 = n.IP
				}
			case !n.IP.IsLinkLocalUnicast() && l.ip6 == nil:
				l.ip6 = n.IP
			}
		}
		if match {
			return l, nil
		}
	}
	return local{}, fmt.Errorf("stagenet: interface %q: no interface has this name or address", name)
}

// dial implements link.DialFunc. The addresses of the interface are looked up
// each time, since they may change.
func (c *Console) dial(ctx context.Context, network, address string) (net.Conn, error) {
	from, err := localAddresses(c.cfg.Interface)
	if err != nil {
		return nil, err
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	network, ip := from.choose(network, host)
	var d net.Dialer
	if ip != nil {
		d.LocalAddr = &net.TCPAddr{IP: ip}
	}
	return d.DialContext(ctx, network, address)
}

// choose returns the address to reach a host from, nil for any, and the network.
// A link-local address with a zone names its interface itself.
func (l local) choose(network, host string) (string, net.IP) {
	remote, err := netip.ParseAddr(host)
	switch {
	case err != nil && l.ip4 != nil: // a name: reach it over IPv4
		return "tcp4", l.ip4
	case err != nil || remote.Zone() != "":
		return network, nil
	case remote.Unmap().Is4():
		return network, l.ip4
	}
	return network, l.ip6
}
