package stagenet

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"showrun/drivers/stagenet"
	"showrun/runtime/device"
	"showrun/runtime/level"
)

// Use is the order to send an address that a script sets by its number, from the
// instant of the order on.
type Use struct {
	Address int // 1 is SN1
	At      level.Address
	Load    int // that of the script, see ConsoleDecl
}

// Console joins a StageNet console to the engine. Frames are delivered to the driver on one
// goroutine at a time, which finds what a load wants, what orders have asked for and that
// gateways have news in atomic values, so that nobody waits for it or for another.
type Console struct {
	decl   *ConsoleDecl
	env    device.Env
	driver *stagenet.Console
	box    *level.Mailbox // of frames with what is selected

	adopted  atomic.Pointer[ConsoleDecl]
	ordered  atomic.Pointer[order] // newest first
	selected atomic.Pointer[[]level.Output]
	news     atomic.Uint64 // events of gateways, which may have other leases and mappings
	live     atomic.Int64  // gateways that are connected
	leaving  atomic.Bool

	// Of whoever delivers frames.
	seen    seen
	waiting []*order // for their instants
	routes  routes

	// Of event.
	connected map[string]bool
	losses    int                  // of gateways
	told      map[string]time.Time // when it was logged last that a gateway is mapped
}

// order is a Use, and the one before it.
type order struct {
	Use
	at    time.Duration
	older *order
}

// seen is what the routes are for.
type seen struct {
	adopted *ConsoleDecl
	news    uint64
}

func newConsole(d *ConsoleDecl, env device.Env) *Console {
	c := &Console{
		decl: d, env: env, box: level.NewMailbox(), connected: map[string]bool{}, told: map[string]time.Time{},
	}
	c.adopted.Store(&ConsoleDecl{})
	c.selected.Store(&[]level.Output{})
	return c
}

// drive makes the driver.
func (c *Console) drive(cfg stagenet.Config) error {
	cfg.Routed, cfg.OnEvent, cfg.Log = true, c.event, c.env.Log
	var err error
	c.driver, err = stagenet.New(cfg)
	return err
}

// Adopt implements device.Adopter: from now on the levels this declaration names
// are sent.
func (c *Console) Adopt(decl device.Declaration) {
	d := decl.(*ConsoleDecl)
	c.adopted.Store(d)
	c.sel(d.Outputs()...)
}

// sel makes the mailbox carry outputs, any goroutine.
func (c *Console) sel(outputs ...level.Output) {
	for {
		before := c.selected.Load()
		after := slices.Clone(*before)
		for _, o := range outputs {
			if !slices.Contains(after, o) {
				after = append(after, o)
			}
		}
		if len(after) == len(*before) {
			return
		}
		if c.selected.CompareAndSwap(before, &after) {
			break
		}
	}
	for last := c.selected.Load(); ; { // another may have more
		c.box.Select(*last...)
		now := c.selected.Load()
		if now == last {
			return
		}
		last = now
	}
}

// Take implements device.Taker.
func (c *Console) Take(at time.Duration, message any) {
	u, ok := message.(Use)
	if !ok {
		return
	}
	o := &order{Use: u, at: at}
	for {
		o.older = c.ordered.Load()
		if c.ordered.CompareAndSwap(o.older, o) {
			break
		}
	}
	c.sel(u.At.Output)
}

// WaitsFor implements device.Waiter: the gateways the show names that are not connected.
func (c *Console) WaitsFor() (list []string) {
	for _, d := range c.adopted.Load().Gateways {
		if g, _ := c.driver.Gateway(d.ID); !g.Connected {
			list = append(list, "gateway "+d.ID)
		}
	}
	return list
}

// Universes implements device.Publisher: it counts the gateways that hold a lease and
// are connected.
func (c *Console) Universes() int { return int(c.live.Load()) }

// Counts implements device.Counted.
func (c *Console) Counts() []device.Count {
	st := c.driver.Stats()
	return []device.Count{
		{Name: "advertisements_no_room", What: "advertisements without room", N: st.Discovery.Refused},
		{Name: "advertisements_distant", What: "advertised addresses on other networks", N: st.Discovery.Distant},
		{Name: "leases_refused", What: "leases refused", N: st.Refused},
		{Name: "lease_claims", What: "claims of gateways that are connected", N: st.Claims},
		{Name: "leases_evicted", What: "unused leases that made room", N: st.Evicted},
		{Name: "messages_invalid", What: "messages not understood", N: st.Invalid},
		{Name: "mappings_unused", What: "mappings not used", N: st.ForeignMappings + st.DoubleMappings + st.BadMappings},
		{Name: "connections_stuck", What: "connections that did not read", N: st.Stuck},
	}
}

// deliver gives a frame to the driver.
func (c *Console) deliver(f *level.Frame) {
	now := seen{c.adopted.Load(), c.news.Load()}
	if c.use(f.At) || now != c.seen {
		c.seen = now
		c.routes.resolve(now.adopted.Load, now.adopted.Gateways, c.driver.Routes())
	}
	c.routes.send(c.driver, f)
	// The frame's own instant, not the time it got here: a late frame must not hold
	// back the next.
	c.driver.Flush(c.env.Time(f.At - c.decl.Latency))
}

// use does what orders say up to the instant of a frame, and tells whether that is
// anything.
func (c *Console) use(at time.Duration) (news bool) {
	first := len(c.waiting)
	for o := c.ordered.Swap(nil); o != nil; o = o.older {
		c.waiting = append(c.waiting, o)
	}
	slices.Reverse(c.waiting[first:])
	for len(c.waiting) > 0 && c.waiting[0].at <= at {
		c.routes.use(c.waiting[0].Use)
		c.waiting, news = c.waiting[1:], true
	}
	return news
}

// event takes what the driver says of a gateway, one event at a time.
func (c *Console) event(e stagenet.Event) {
	// Whoever wants the lists asks for the gateway: they may be long, and a gateway may
	// say the same over and over.
	g := Gateway{
		ID: e.Gateway.ID, Type: e.Gateway.Type, Version: e.Gateway.Version, Address: e.Gateway.Address,
		Connected: e.Gateway.Connected, Lease: Lease{ID: e.Gateway.Lease.ID},
	}
	if g.Connected {
		c.connected[g.ID] = true
	} else {
		delete(c.connected, g.ID)
	}
	c.live.Store(int64(len(c.connected)))
	if e.Kind == stagenet.Lost {
		c.losses++
	}
	c.news.Add(1)
	c.log(e)
	topic := c.decl.EventTopic(e.Kind.String())
	c.env.Event(device.Event{
		Topic: topic, From: c.decl.Key(), At: c.env.Since(e.At), Value: g,
		// Between two losses the newest of the same counts.
		Key: fmt.Sprintf("%s %d %s", topic, c.losses, g.ID),
	})
}

// logEvery is how often it is logged at most that one gateway is mapped.
const logEvery = time.Second

// log tells people of an event.
func (c *Console) log(e stagenet.Event) {
	g := e.Gateway
	switch e.Kind {
	case stagenet.Leased:
		c.env.Log.Debug("stagenet: gateway leased", "gateway", g.ID, "lease", g.Lease.ID, "addresses", len(g.Lease.Addresses))
	case stagenet.Mapped:
		if e.At.Sub(c.told[g.ID]) < logEvery {
			return
		}
		c.told[g.ID] = e.At
		c.env.Log.Info("stagenet: gateway mapped", "gateway", g.ID, "lease", g.Lease.ID, "channels", len(g.Mappings))
		for _, d := range c.adopted.Load().Gateways {
			if d.ID == g.ID {
				c.lacking(d, gatewayOf(g))
			}
		}
	case stagenet.Lost:
		delete(c.told, g.ID)
		if !c.leaving.Load() {
			c.env.Log.Warn("stagenet: gateway lost", "gateway", g.ID, "reason", e.Reason)
		}
	}
}

// lacking warns of what the show uses and a gateway does not have.
func (c *Console) lacking(d *GatewayDecl, g Gateway) {
	for _, l := range d.Levels {
		if l.Type == "" {
			if n := len(g.Lease.Addresses); l.Used > n {
				c.env.Log.Warn("stagenet: the show uses a slot that the lease does not have", "gateway", g.ID, "slot", l.Used, "addresses", n)
			}
			continue
		}
		channel := l.Used - 1 + FirstChannel(l.Type)
		if !slices.ContainsFunc(g.Lease.Mappings, func(m Mapping) bool { return m.Type == l.Type && m.Channel == channel }) {
			c.env.Log.Warn("stagenet: the show uses a channel that the gateway does not have", "gateway", g.ID, "type", l.Type, "channel", channel)
		}
	}
}
