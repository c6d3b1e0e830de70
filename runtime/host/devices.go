package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"showrun/drivers/lan"
	"showrun/runtime/control"
	"showrun/runtime/device"
	"showrun/runtime/rig"
	"showrun/runtime/show"
)

// liveDevice is a device of the live load, or of one that may become it. Those of the live
// load run.
type liveDevice struct {
	name    string // for people
	key     string
	decl    device.Declaration
	device  device.Device      // nil while it is not there; loader only
	missing error              // why it is not there; loader only
	opening chan opened        // has what has come of a try to open it, once that has ended
	cancel  context.CancelFunc // set when it was started
	running sync.WaitGroup     // its loops
	gone    chan struct{}      // closed when it was stopped
}

// opened is what has come of a try to open a device.
type opened struct {
	device device.Device
	err    error
}

// liveDevices are those of a load, by key.
type liveDevices map[string]*liveDevice

// open opens the devices of a load that are not live yet, all at the same time. Those that
// are not there are left out. On another error those it has opened are closed again.
func (h *Host) open(ctx context.Context, l *show.Load) (liveDevices, error) {
	all := liveDevices{}
	var fresh []*liveDevice
	for _, decl := range l.Declarations() {
		key := decl.Key()
		if d := h.devices[key]; d != nil {
			all[key] = d
			continue
		}
		d := &liveDevice{name: decl.String(), key: key, decl: decl, missing: errSlow, opening: make(chan opened, 1), gone: make(chan struct{})}
		h.try(d, h.ending[key])
		all[key], fresh = d, append(fresh, d)
	}
	if err := h.openFresh(ctx, fresh); err != nil {
		h.discard(all)
		return nil, err
	}
	given := map[string]device.Device{}
	for key, d := range all {
		if d.device != nil {
			given[key] = d.device
		}
	}
	l.Provide(given)
	return all, nil
}

// openTime is how long a load waits for its devices to open. One that takes longer, as it
// may to look up a name, goes on and arrives later.
const openTime = time.Second

var errSlow = errors.New("it is still being opened")

// openFresh waits for the first tries to open devices.
func (h *Host) openFresh(ctx context.Context, fresh []*liveDevice) error {
	patience, done := context.WithTimeout(ctx, openTime)
	defer done()
	for _, d := range fresh {
		select {
		case <-patience.Done():
		case o := <-d.opening:
			d.opening <- o
		}
		select {
		case o := <-d.opening:
			d.device, d.missing = o.device, o.err
			if o.err != nil && !mayCome(o.err) {
				return &DeviceError{d.name, o.err}
			}
		default: // it goes on being opened
		}
	}
	return ctx.Err()
}

// mayCome tells whether an error of opening a device is for want of something that may come.
func mayCome(err error) bool {
	var missing *device.MissingError
	return errors.As(err, &missing) || lan.MayCome(err)
}

// try tries to open a device, which may take as long as it likes, once that before it with
// the same key has ended: until then it may hold a port.
func (h *Host) try(d, before *liveDevice) {
	go func() {
		var o opened
		if before != nil {
			select {
			case <-before.gone:
			case <-h.over:
				d.opening <- opened{err: errSlow}
				return
			}
		}
		o.err = survive(func() (err error) { o.device, err = h.openOne(d.decl); return err })
		d.opening <- o
	}()
}

func (h *Host) openOne(decl device.Declaration) (device.Device, error) {
	d, err := decl.Open(h.env())
	if err != nil {
		return nil, err
	}
	if err := h.engage(decl); err != nil {
		closeUnused(d)
		return nil, device.Missing(err) // the disk may come back, and keeps no light dark meanwhile
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
			h.giveUp(d)
		}
	}
}

// giveUp closes a device that never ran, also one that is still being opened.
func (h *Host) giveUp(d *liveDevice) {
	if d.missing == errSlow {
		go func() { h.close(d.key, (<-d.opening).device) }()
	}
	h.close(d.key, d.device)
}

func (h *Host) close(key string, d device.Device) {
	if d != nil {
		closeUnused(d)
		h.unused(key, d)
	}
}

// env is what a device reaches of the host.
func (h *Host) env() device.Env {
	env := h.show.Env()
	env.Since, env.Time = h.clock.Since, h.clock.Time
	env.Interface, env.Ports = h.networkInterface(), h.opts.Ports
	env.Dir, env.Keys, env.Getenv, env.Store = h.folder.Dir, KeyFolders(h.dir), h.opts.Getenv, h.store
	env.Shared = &h.shared
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

// start runs the devices of the live load that do not run yet, and waits for those that are
// not there.
func (h *Host) start(ctx context.Context) {
	for _, d := range h.devices {
		if d.cancel != nil {
			continue
		}
		running, cancel := context.WithCancel(ctx)
		d.cancel = cancel
		if d.device == nil {
			h.opts.Log.Warn("a device is not there: the show goes on without it until it is", "device", d.name, "error", d.missing)
			h.wg.Go(func() { h.await(running, d) })
			continue
		}
		h.runLoops(running, d)
	}
	h.tellMissing()
}

// runLoops runs the loops of a device until ctx ends.
func (h *Host) runLoops(ctx context.Context, d *liveDevice) {
	for _, loop := range d.device.Loops() {
		d.running.Go(func() { h.supervise(ctx, d.name, loop) })
	}
	h.wg.Go(d.running.Wait)
}

// An arrival is news of a device that was not there: that it is, or why it still is not.
type arrival struct {
	of     *liveDevice
	device device.Device
	ctx    context.Context // of its loops
	err    error
}

// await tries to open a device until it is there, or ctx ends. The loader is told that, and
// before it each new reason why it is not.
func (h *Host) await(ctx context.Context, d *liveDevice) {
	const least, most = 250 * time.Millisecond, time.Second
	last := d.missing.Error()
	trying := d.missing == errSlow
	if errors.Is(d.missing, syscall.EADDRINUSE) && h.opts.Control != "" {
		if names := control.Others(h.opts.Control); len(names) > 0 {
			h.opts.Log.Warn("shows that run on this machine, one of which may have the port: "+strings.Join(names, ", "), "device", d.name)
		}
	}
	for pause := least; ; pause = min(2*pause, most) {
		if !trying {
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
			h.try(d, nil)
		}
		trying = false
		var o opened
		select {
		case <-ctx.Done():
			go func() { h.close(d.key, (<-d.opening).device) }()
			return
		case o = <-d.opening:
		}
		if o.err != nil {
			if o.err.Error() == last {
				continue
			}
			last = o.err.Error()
			h.opts.Log.Warn("a device is still not there", "device", d.name, "error", last)
		}
		select {
		case h.arrivals <- arrival{d, o.device, ctx, o.err}:
		case <-ctx.Done():
			h.close(d.key, o.device)
			return
		}
		if o.err == nil {
			return
		}
	}
}

// arrive makes a device that is there now one of the live load; loader only.
func (h *Host) arrive(ctx context.Context, a arrival) {
	d := a.of
	if a.err != nil {
		d.missing = a.err
		h.tellMissing()
		return
	}
	ok := h.devices[d.key] == d && h.onScriptLoop(ctx, func() {
		if m, ok := a.device.(device.Machinery); ok {
			h.reach(append(slices.Clone(*h.machines.Load()), m))
		}
		h.show.Arrive(d.key, a.device)
	})
	if !ok {
		h.close(d.key, a.device)
		return
	}
	d.device, d.missing = a.device, nil
	h.runLoops(a.ctx, d)
	h.connect()
	h.tellMissing()
	h.opts.Log.Info("a device that was not there is", "device", d.name)
}

// tellMissing has the status name the devices that are not there; loader only.
func (h *Host) tellMissing() {
	var names []string
	for _, d := range h.devices {
		if d.device == nil {
			names = append(names, fmt.Sprintf("%s (%v)", d.name, d.missing))
		}
	}
	slices.Sort(names)
	h.missing.Store(&names)
}

// supervise runs a loop of a device and, should it fail, runs it again after a pause that
// grows, but never so far that a network is back for long before the device is. The same
// failure in a row is told once.
func (h *Host) supervise(ctx context.Context, device string, loop func(context.Context) error) {
	const least, most, well = 250 * time.Millisecond, time.Second, 10 * time.Second
	last := ""
	for pause := least; ; pause = min(2*pause, most) {
		began := h.clock.Now()
		err := survive(func() error { return loop(ctx) })
		if h.clock.Now()-began > well {
			pause, last = least, ""
		}
		if ctx.Err() != nil {
			return
		}
		if text := fmt.Sprint(err); text != last {
			last = text
			h.opts.Log.Error("device failed", "device", device, "error", err, "again in", pause)
		}
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
		h.makeSafeNow(m)
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
