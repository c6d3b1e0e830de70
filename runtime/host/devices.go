package host

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"showrun/runtime/device"
	"showrun/runtime/rig"
	"showrun/runtime/show"
)

// liveDevice is a device that has been opened. Those of the live load run.
type liveDevice struct {
	name    string // for people
	key     string
	device  device.Device
	cancel  context.CancelFunc // set when it was started
	running sync.WaitGroup     // its loops
	gone    chan struct{}      // closed when it was stopped
}

// liveDevices are those of a load, by key.
type liveDevices map[string]*liveDevice

// open opens the devices of a load that are not live yet. On an error those it has
// opened are closed again.
func (h *Host) open(ctx context.Context, l *show.Load) (liveDevices, error) {
	all := liveDevices{}
	given := map[string]device.Device{}
	for _, decl := range l.Declarations() {
		key := decl.Key()
		d := h.devices[key]
		if d == nil {
			if old := h.ending[key]; old != nil {
				select {
				case <-old.gone: // until then it may hold a port
				case <-ctx.Done():
					h.discard(all)
					return nil, ctx.Err()
				}
			}
			opened, err := h.openOne(decl)
			if err != nil {
				h.discard(all)
				return nil, &DeviceError{decl.String(), err}
			}
			d = &liveDevice{name: decl.String(), key: key, device: opened, gone: make(chan struct{})}
		}
		all[key], given[key] = d, d.device
	}
	l.Provide(given)
	return all, nil
}

func (h *Host) openOne(decl device.Declaration) (device.Device, error) {
	d, err := decl.Open(h.env())
	if err != nil {
		return nil, err
	}
	if err := h.engage(decl); err != nil {
		closeUnused(d)
		return nil, err
	}
	if m, ok := d.(device.Machinery); ok && (h.store.Forgot() || h.leftUnsafe(decl.Key()) != nil) {
		m.Safe() // before its first command; once it runs, it tries on by itself
	}
	if a, ok := d.(device.Adopter); ok {
		a.Adopt(decl)
	}
	return d, nil
}

func closeUnused(d device.Device) {
	if closer, ok := d.(interface{ Close() error }); ok {
		closer.Close()
	}
}

// discard closes devices that were opened for a load that will not go live.
func (h *Host) discard(all liveDevices) {
	for key, d := range all {
		if h.devices[key] == nil {
			closeUnused(d.device)
			h.unused(key, d.device)
		}
	}
}

// env is what a device reaches of the host.
func (h *Host) env() device.Env {
	env := h.show.Env()
	env.Since, env.Time = h.clock.Since, h.clock.Time
	env.Interface, env.Ports = h.networkInterface(), h.opts.Ports
	env.Dir, env.Keys, env.Getenv, env.Store = h.folder.Dir, KeyFolders(h.dir), h.opts.Getenv, h.store
	if h.rig != nil {
		env.Rigs = h.rig.Parts()
	}
	return env
}

// networkInterface is that of devices that name none.
func (h *Host) networkInterface() string {
	if h.rig != nil {
		return rig.Loopback()
	}
	return h.opts.Interface
}

// start runs the devices of the live load that do not run yet.
func (h *Host) start(ctx context.Context) {
	for _, d := range h.devices {
		if d.cancel != nil {
			continue
		}
		ctx, cancel := context.WithCancel(ctx)
		d.cancel = cancel
		for _, loop := range d.device.Loops() {
			d.running.Go(func() { h.supervise(ctx, d.name, loop) })
		}
		h.wg.Go(d.running.Wait)
	}
}

// supervise runs a loop of a device and, should it fail, runs it again after a
// pause that grows.
func (h *Host) supervise(ctx context.Context, device string, loop func(context.Context) error) {
	const least, most = 250 * time.Millisecond, 10 * time.Second
	for pause := least; ; pause = min(2*pause, most) {
		began := h.clock.Now()
		err := survive(func() error { return loop(ctx) })
		if h.clock.Now()-began > most {
			pause = least // it went well for a while
		}
		if ctx.Err() != nil {
			return
		}
		h.opts.Log.Error("device failed", "device", device, "error", err, "again in", pause)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// stop ends a device that no load wants any more.
func (h *Host) stop(d *liveDevice) {
	defer close(d.gone)
	if m, ok := d.device.(device.Machinery); ok {
		m.Safe()
	}
	if d.cancel != nil {
		d.cancel()
		d.running.Wait()
	}
	h.disengage(d.key, d.device)
}

// describe says what a reload did to the devices.
func describe(old, next liveDevices) string {
	var parts []string
	list := func(verb string, in, not liveDevices) {
		var names []string
		for key, d := range in {
			if not[key] == nil {
				names = append(names, d.name)
			}
		}
		slices.Sort(names)
		if len(names) > 0 {
			parts = append(parts, verb+" "+strings.Join(names, ", "))
		}
	}
	list("added", next, old)
	list("removed", old, next)
	if parts == nil {
		return "kept"
	}
	return strings.Join(parts, "; ")
}

// rigEnv is what the parts of the rig reach of the host.
func (h *Host) rigEnv() device.RigEnv {
	return device.RigEnv{Interface: rig.Loopback(), Ports: h.opts.Ports, Time: h.clock.Time, Since: h.clock.Since, Log: h.opts.Log}
}
