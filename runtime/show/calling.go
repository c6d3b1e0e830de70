package show

import (
	"sync/atomic"
	"time"
)

// calling is the call of a device that the engine loop is in. The engine loop writes,
// anybody reads.
type calling struct {
	device atomic.Pointer[string] // nil between two calls
	since  atomic.Int64
}

// begin notes that a device is called in the turn at now. The name must not change.
func (c *calling) begin(device *string, now time.Duration) {
	c.since.Store(int64(now))
	c.device.Store(device)
}

func (c *calling) end() { c.device.Store(nil) }

// Calling names the device that the engine loop is calling, and since when; "" for none. No
// call waits for anything, so one that lasts is a bug of its device.
func (m *Machine) Calling() (device string, since time.Duration) {
	since = time.Duration(m.calling.since.Load())
	if name := m.calling.device.Load(); name != nil {
		return *name, since
	}
	return "", 0
}
