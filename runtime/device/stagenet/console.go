package stagenet

import (
	"context"
	"fmt"
	"slices"
	"sync"
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

// Console joins a StageNet console to the engine. Frames wait in a mailbox of one
// for a loop of its own, so a console that is busy holds up nobody.
type Console struct {
	decl   *ConsoleDecl
	env    device.Env
	driver *stagenet.Console // nil in virtual time
	box    *level.Mailbox
	sends  atomic.Bool // there is something to send

	// driving is what the driver runs under. It ends after the last frame has been
	// handed over, a little later than the rest of the device.
	driving context.Context
	halt    context.CancelFunc

	mu       sync.Mutex
	adopted  []*GatewayDecl // not changed any more
	load     int            // that was adopted
	ordered  []due          // that the sending loop has not seen
	selected []level.Output
	changed  bool                 // leases, mappings or adopted, since the sending loop looked
	live     map[string]bool      // gateways that are connected
	losses   int                  // of gateways
	told     map[string]time.Time // when it was logged last that a gateway is mapped
	virtual  []Gateway            // in virtual time; by id

	routes routes // the sending loop's
}

// due is a Use and its instant.
type due struct {
	Use
	at time.Duration
}

func newConsole(d *ConsoleDecl, env device.Env) *Console {
	c := &Console{decl: d, env: env, box: level.NewMailbox(), live: map[string]bool{}, told: map[string]time.Time{}}
	c.driving, c.halt = context.WithCancel(context.Background())
	return c
}

// Adopt implements device.Adopter: from now on the levels this declaration names
// are sent.
func (c *Console) Adopt(decl device.Declaration) {
	d := decl.(*ConsoleDecl)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.adopted, c.changed = d.Gateways, true
	c.load = d.Load
	if c.driver == nil {
		c.appear(d)
		return
	}
	for _, o := range d.Outputs() {
		c.sel(o)
	}
}

// sel makes the mailbox carry an output, with mu held.
func (c *Console) sel(o level.Output) {
	if !slices.Contains(c.selected, o) {
		c.selected = append(c.selected, o)
		c.box.Select(c.selected...)
		c.sends.Store(true)
	}
}

// Take implements device.Taker.
func (c *Console) Take(at time.Duration, message any) {
	if u, ok := message.(Use); ok && c.driver != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.ordered = append(c.ordered, due{u, at})
		c.sel(u.At.Output)
	}
}

// Lead implements device.Early.
func (c *Console) Lead() time.Duration { return c.decl.Latency }

// Publish implements device.Output.
func (c *Console) Publish(f *level.Frame) {
	if c.sends.Load() {
		c.box.Put(f)
	}
}

// Universes implements device.Output: it counts the gateways that hold a lease and
// are connected.
func (c *Console) Universes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.live) + len(c.virtual)
}

// Dial makes the console connect to more gateways: those of a rig. It replaces
// those of the last call.
func (c *Console) Dial(urls []string) error {
	if c.driver == nil {
		return nil
	}
	return c.driver.SetGateways(slices.Concat(c.decl.URLs, urls))
}

// Loops implements device.Device.
func (c *Console) Loops() []func(context.Context) error {
	if c.driver == nil {
		return nil
	}
	return []func(context.Context) error{c.send, c.drive}
}

// drive runs the driver until the last frame has been handed over.
func (c *Console) drive(context.Context) error { return c.driver.Run(c.driving) }

// send hands frames to the driver until ctx ends.
func (c *Console) send(ctx context.Context) error {
	defer c.halt()
	var f level.Frame
	for {
		select {
		case <-ctx.Done():
			if c.box.Take(&f) {
				c.hand(&f)
			}
			return nil
		case <-c.box.Ready():
			if c.box.Take(&f) {
				c.hand(&f)
			}
		}
	}
}

// hand gives a frame to the driver.
func (c *Console) hand(f *level.Frame) {
	c.mu.Lock()
	load, adopted, changed := c.load, c.adopted, c.changed
	c.changed = false
	for len(c.ordered) > 0 && c.ordered[0].at <= f.At {
		c.routes.use(c.ordered[0].Use)
		c.ordered, changed = c.ordered[1:], true
	}
	c.mu.Unlock()
	if changed {
		c.routes.resolve(load, adopted, c.driver.Gateways())
	}
	c.routes.send(c.driver, f)
	// The frame's own instant, not the time it got here: a late frame must not hold
	// back the next.
	c.driver.Flush(c.env.Time(f.At - c.decl.Latency))
}

// event takes what the driver says of a gateway.
func (c *Console) event(e stagenet.Event) {
	// Whoever wants the lists asks for the gateway: they may be long, and a gateway may
	// say the same over and over.
	g := Gateway{
		ID: e.Gateway.ID, Type: e.Gateway.Type, Version: e.Gateway.Version, Address: e.Gateway.Address,
		Connected: e.Gateway.Connected, Lease: Lease{ID: e.Gateway.Lease.ID},
	}
	c.mu.Lock()
	c.changed = true
	adopted := c.adopted
	if g.Connected {
		c.live[g.ID] = true
	} else {
		delete(c.live, g.ID)
	}
	if e.Kind == stagenet.Lost {
		c.losses++
	}
	topic := c.decl.EventTopic(e.Kind.String())
	// Between two losses the newest of the same counts.
	key := fmt.Sprintf("%s %d %s", topic, c.losses, g.ID)
	seldom := e.Kind == stagenet.Mapped && e.At.Sub(c.told[g.ID]) < logEvery
	if e.Kind == stagenet.Mapped && !seldom {
		c.told[g.ID] = e.At
	}
	c.mu.Unlock()
	switch e.Kind {
	case stagenet.Leased:
		c.env.Log.Debug("stagenet: gateway leased", "gateway", g.ID, "lease", g.Lease.ID, "addresses", len(e.Gateway.Lease.Addresses))
	case stagenet.Mapped:
		if seldom {
			break
		}
		c.env.Log.Info("stagenet: gateway mapped", "gateway", g.ID, "lease", g.Lease.ID, "channels", len(e.Gateway.Mappings))
		for _, d := range adopted {
			if d.ID == g.ID {
				c.lacking(d, gatewayOf(e.Gateway))
			}
		}
	case stagenet.Lost:
		if c.driving.Err() != nil {
			break // we go
		}
		c.env.Log.Warn("stagenet: gateway lost", "gateway", g.ID, "reason", e.Reason)
	}
	c.env.Event(device.Event{Topic: topic, Key: key, At: c.env.Since(e.At), Value: g})
}

// logEvery is how often it is logged at most that one gateway is mapped.
const logEvery = time.Second

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
