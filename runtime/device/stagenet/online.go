package stagenet

import (
	"context"

	"showrun/runtime/level"
)

// onlineConsole is a Console on the network. Frames wait in a mailbox of one for a loop
// of its own, so a driver that is busy holds up nobody.
type onlineConsole struct {
	*Console

	// driving is what the driver runs under. It ends after the last frame is
	// delivered, a little later than the rest of the device.
	driving context.Context
	halt    context.CancelFunc
}

func goOnline(c *Console) *onlineConsole {
	o := &onlineConsole{Console: c}
	o.driving, o.halt = context.WithCancel(context.Background())
	return o
}

// Dial makes the console connect to the gateways of a rig, in place of those of the last
// call.
func (c *onlineConsole) Dial(urls []string) error { return c.driver.SetGateways(urls) }

// Publish implements device.Publisher.
func (c *onlineConsole) Publish(f *level.Frame) {
	if len(*c.selected.Load()) > 0 {
		c.box.Put(f)
	}
}

// Loops implements device.Device.
func (c *onlineConsole) Loops() []func(context.Context) error {
	return []func(context.Context) error{c.send, c.run}
}

// run runs the driver until the last frame is delivered.
func (c *onlineConsole) run(context.Context) error { return c.driver.Run(c.driving) }

// send delivers frames to the driver until ctx ends.
func (c *onlineConsole) send(ctx context.Context) error {
	defer c.halt()
	var f level.Frame
	for {
		select {
		case <-ctx.Done():
			c.leaving.Store(true)
			if c.box.Take(&f) {
				c.deliver(&f)
			}
			return nil
		case <-c.box.Ready():
			if c.box.Take(&f) {
				c.deliver(&f)
			}
		}
	}
}
