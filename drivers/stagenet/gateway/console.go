package gateway

import (
	"fmt"
	"time"

	"showrun/drivers/lan"
	"showrun/drivers/stagenet/link"
	"showrun/drivers/stagenet/wire"
)

// console is a connected console. It is the link.Handler of its connection.
type console struct {
	gateway *Gateway
	conn    link.Peer

	// Guarded by the Gateway's mu.
	ask       bool      // a LEASE_REQ is due
	askAt     time.Time // and another one, after a refusal; zero for none
	tell      bool      // a MAPPING_UPDATE is due
	leaseID   string
	addresses []string       // by channel
	index     map[string]int // channel by address

	// The reading goroutine's.
	strikes link.Strikes
	seldom  lan.Seldom
}

// Connect takes a console on a connection that the caller carries, such as a
// link.Memory. How many there are is the caller's business.
func (g *Gateway) Connect(p link.Peer) link.Handler {
	c := &console{gateway: g, conn: p, ask: true}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stats.Connects++
	g.consoles[c] = true
	return c
}

// Write implements link.Handler.
func (c *console) Write(now time.Time) (next time.Time) {
	g := c.gateway
	var request, mapping []byte
	var mapped int
	g.mu.Lock()
	if !c.askAt.IsZero() && !now.Before(c.askAt) {
		c.ask = true
	}
	if c.ask {
		c.ask, c.askAt = false, time.Time{}
		request = wire.AppendLeaseRequest(nil, g.cfg.ID, len(g.channels))
	}
	if c.tell {
		c.tell = false
		list := c.mappings()
		mapping, mapped = wire.AppendMappingUpdate(nil, c.leaseID, list), len(list)
	}
	next = c.askAt
	g.mu.Unlock()
	if mapping != nil {
		c.conn.Send(mapping)
		g.log.Info("stagenet gateway: mapped", "console", c.conn.Address(), "channels", mapped)
	}
	if request != nil {
		c.conn.Send(request)
	}
	return next
}

// Finish implements link.Handler. Nothing has to be said in the end.
func (c *console) Finish(time.Time) {}

// End implements link.Handler.
func (c *console) End(time.Time, error) {
	c.gateway.mu.Lock()
	defer c.gateway.mu.Unlock()
	delete(c.gateway.consoles, c)
}

// mappings tells which channel each address is, with mu held.
func (c *console) mappings() []wire.Mapping {
	var list []wire.Mapping
	for i, a := range c.addresses {
		if j, ok := c.index[a]; ok && i == j && i < len(c.gateway.channels) {
			ch := c.gateway.channels[i]
			list = append(list, wire.Mapping{Address: a, HardwareType: ch.HardwareType, Channel: ch.Number})
		}
	}
	return list
}

// Receive implements link.Handler.
func (c *console) Receive(now time.Time, b []byte) {
	g := c.gateway
	m, err := wire.Parse(b)
	if err != nil {
		c.invalid(err, now)
		return
	}
	if m.Kind == wire.DataPacket {
		g.show(c, m)
		return
	}
	g.mu.Lock()
	g.stats.UnknownFields += uint64(m.Unknown)
	refused := m.Kind == wire.LeaseResponse && (m.Error != "" || m.LeaseID == "")
	channels := len(g.channels)
	switch {
	case m.Kind != wire.LeaseResponse:
		g.stats.UnknownTypes++
	case refused:
		g.stats.Refusals++
		c.leaseID, c.addresses, c.index = "", nil, nil
		c.askAt = now.Add(askAgain)
	default:
		g.stats.Leases++
		c.lease(m)
	}
	g.mu.Unlock()
	switch {
	case m.Kind != wire.LeaseResponse:
		return
	case refused:
		g.log.Warn("stagenet gateway: lease refused", "console", c.conn.Address(), "channels", channels, "error", m.Error)
	default:
		if len(m.Addresses) != channels {
			g.log.Warn("stagenet gateway: the lease has another size", "console", c.conn.Address(),
				"channels", channels, "addresses", len(m.Addresses))
		}
		g.log.Info("stagenet gateway: leased", "console", c.conn.Address(), "lease", m.LeaseID, "addresses", span(m.Addresses))
	}
	c.conn.Wake()
}

// lease takes the addresses of a lease, with mu held.
func (c *console) lease(m wire.Message) {
	c.leaseID, c.addresses = m.LeaseID, m.Addresses
	c.index = make(map[string]int, len(m.Addresses))
	for i, a := range m.Addresses {
		if _, twice := c.index[a]; !twice {
			c.index[a] = i
		}
	}
	c.tell = true
}

// span names addresses for people.
func span(addresses []string) string {
	switch n := len(addresses); n {
	case 0:
		return "none"
	case 1:
		return addresses[0]
	default:
		return fmt.Sprintf("%d from %s to %s", n, addresses[0], addresses[n-1])
	}
}

// show hands a value to the sink.
func (g *Gateway) show(c *console, m wire.Message) {
	g.sinking.Lock()
	defer g.sinking.Unlock()
	g.mu.Lock()
	g.stats.UnknownFields += uint64(m.Unknown)
	i, ok := c.index[string(m.Address)]
	if !ok || i >= len(g.channels) {
		g.stats.UnknownAddresses++
		g.mu.Unlock()
		return
	}
	g.stats.Values++
	ch := g.channels[i]
	g.mu.Unlock()
	g.cfg.Sink.Set(ch, m.Value)
}

// invalid counts a message that cannot be used, and closes the connection when
// there are too many (PROTOCOL.md ruling 8).
func (c *console) invalid(err error, now time.Time) {
	g := c.gateway
	g.mu.Lock()
	g.stats.Invalid++
	g.mu.Unlock()
	if held, ok := c.seldom.Allow(now, link.LogInterval); ok {
		g.log.Warn("stagenet gateway: invalid message from console", "console", c.conn.Address(), "error", err, "more", held)
	}
	if c.strikes.Add(now) {
		c.conn.Kick(link.Policy, fmt.Sprintf("%d invalid messages within %s", link.MaxStrikes, link.StrikeWindow))
	}
}
