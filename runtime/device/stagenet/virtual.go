package stagenet

import (
	"context"
	"slices"
	"time"

	"showrun/drivers/stagenet/gateway"
	"showrun/drivers/stagenet/link"
	"showrun/runtime/beat"
	"showrun/runtime/device"
	"showrun/runtime/level"
)

// virtualConsole is a Console in virtual time, with the gateways of a rig connected to it
// within this program.
type virtualConsole struct {
	*Console
	boxes map[string]*virtualGateway
	wired []*virtualGateway // as they came
}

// virtualGateway is a gateway in virtual time.
type virtualGateway struct {
	*gateway.Gateway
	channels []gateway.Channel
	levels   gateway.Levels
	wire     *link.Memory
}

// Loops implements device.Device.
func (c *virtualConsole) Loops() []func(context.Context) error { return nil }

// Adopt implements device.Adopter: the gateways a declaration names are there, leased and
// mapped, when it returns.
func (c *virtualConsole) Adopt(decl device.Declaration) {
	c.Console.Adopt(decl)
	for _, want := range decl.(*ConsoleDecl).RigGateways() {
		if err := c.bring(want); err != nil {
			c.env.Log.Warn("stagenet: no such gateway in virtual time", "gateway", want.ID, "error", err)
		}
	}
	c.Step(c.env.Now())
}

// bring connects a gateway, or gives one that is there other channels.
func (c *virtualConsole) bring(want gateway.Config) error {
	if b := c.boxes[want.ID]; b != nil {
		if slices.Equal(b.channels, want.Channels) {
			return nil
		}
		b.channels = want.Channels
		return b.Resize(want.Channels)
	}
	b := &virtualGateway{channels: want.Channels}
	want.Sink = &b.levels
	var err error
	if b.Gateway, err = gateway.New(want); err != nil {
		return err
	}
	join := func(p link.Peer) link.Handler { return c.driver.Connect(p, b.Text()) }
	b.wire = link.Connect(c.env.Time(c.env.Now()), "console", "rig", join, b.Connect)
	c.boxes[want.ID] = b
	c.wired = append(c.wired, b)
	return nil
}

// Publish implements device.Publisher.
func (c *virtualConsole) Publish(f *level.Frame) { c.deliver(f) }

// Next implements device.Stepper.
func (c *virtualConsole) Next() time.Duration {
	next := beat.Never
	for _, b := range c.wired {
		if due := b.wire.Deadline(); !due.IsZero() {
			next = min(next, c.env.Since(due))
		}
	}
	return next
}

// Step implements device.Stepper.
func (c *virtualConsole) Step(now time.Duration) {
	for _, b := range c.wired {
		b.wire.Step(c.env.Time(now))
	}
}
