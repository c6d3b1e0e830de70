package dmx

import (
	"errors"
	"sync/atomic"
	"time"

	"showrun/drivers/dmxusb"
	"showrun/runtime/device"
	"showrun/runtime/device/universe"
)

// Output is a widget that sends.
type Output struct {
	*universe.Sender
	wired
}

// virtualOutput is one that is not there.
type virtualOutput struct {
	*universe.Sender
	device.Silent
}

// Adopt implements device.Adopter.
func (o *Output) Adopt(d device.Declaration) { o.Sender.Adopt(d.(*Decl).Sent, nil) }

// Adopt implements device.Adopter.
func (o *virtualOutput) Adopt(d device.Declaration) { o.Sender.Adopt(d.(*Decl).Sent, nil) }

// driver is a Link, as universe.Driver. A widget has one universe, and keeps on sending what
// it was told last: it is left dark.
type driver struct {
	*dmxusb.Link
	joined atomic.Bool
}

// Join implements universe.Driver.
func (d *driver) Join(universe.Universe) error { d.joined.Store(true); return nil }

// Leave implements universe.Driver.
func (d *driver) Leave(universe.Stream) error {
	if d.joined.Swap(false) {
		d.Link.SetLevels(make([]byte, universe.Slots))
	}
	return nil
}

// SetPriority implements universe.Driver: there is none.
func (d *driver) SetPriority(int, []byte) error {
	return errors.New("a DMX universe has no priority")
}

// SetLevels implements universe.Driver.
func (d *driver) SetLevels(_ universe.Stream, levels []byte) { d.Link.SetLevels(levels) }

// FlushFor implements universe.Driver: levels leave by themselves.
func (d *driver) FlushFor(_, _ time.Time) (int, error) { return 0, nil }

// Release implements universe.Driver: there is nothing to release.
func (d *driver) Release(time.Time) (int, error) { return 0, nil }
