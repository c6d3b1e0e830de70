package host

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"showrun/bindings"
	"showrun/bindings/module"
	"showrun/runtime/device"
	"showrun/runtime/engine"
	"showrun/runtime/host/folder"
	"showrun/runtime/script"
	"showrun/runtime/script/plain"
)

// load is one load of the show: its generation, what it declared and the live
// devices it uses.
type load struct {
	gen      *script.Generation
	show     *bindings.Show
	files    *folder.Files
	snapshot plain.Table // show.state as it was given to this load
	devices  map[string]*liveDevice
}

// liveDevice is a device that has been opened. Those of the live load run.
type liveDevice struct {
	name    string // for people
	key     string
	device  device.Device
	cancel  context.CancelFunc // set when it was started
	running sync.WaitGroup     // its loops
}

// opener opens devices; a live run and a virtual one differ in it.
type opener interface {
	open(device.Declaration) (device.Device, error)
}

// loadTimeout is how long the top level of a show may take.
const loadTimeout = 5 * time.Second

func drawSeed() uint64 { return rand.Uint64()>>1 | 1 }

// prepare compiles the show, runs its top level in collect mode and opens the
// devices that are new. Nothing that is live is touched. It runs on the loader's
// goroutine; have are the devices of the live load.
func (c *core) prepare(ctx context.Context, number int, state plain.Table, have map[string]*liveDevice, o opener) (*load, error) {
	files, err := c.show.Open()
	if err != nil {
		return nil, &LoadError{err}
	}
	l := &load{files: files, snapshot: state, devices: map[string]*liveDevice{}}
	l.show = bindings.New(bindings.Env{
		Env:  module.Env{Registry: &c.registry, Levels: c.engine.Reader(), Tempo: c.tempo, Device: c.devices.get},
		Name: c.show.Name, File: c.show.File, Dir: filepath.Base(c.show.Dir), State: state,
	})
	ctx, cancel := context.WithTimeoutCause(ctx, loadTimeout, fmt.Errorf("the top level of the show ran for more than %v", loadTimeout))
	defer cancel()
	l.gen, err = script.Load(ctx, script.Config{
		Show: files, Main: c.show.File, Modules: l.show.Modules(),
		Guard: c.opts.Budget, Grace: c.opts.Grace, At: c.clock.Now(),
		Number: number, Seed: c.opts.Seed, Lookahead: c.opts.Lookahead, Timeline: c.tempo.Timeline(),
		Now: c.clock.Now, Stopwatch: stopwatch(), Submit: c.batches.put, Failed: c.failed, Log: c.opts.Log,
		Oracle: script.Live(script.World{
			Wall: func() time.Time { return c.clock.Time(c.clock.Now()) }, Clock: stopwatch(), Getenv: c.opts.Getenv,
		}, nil),
	})
	if err != nil {
		files.Close()
		return nil, &LoadError{err}
	}
	for _, d := range l.show.Devices {
		key := d.Key()
		if live, ok := have[key]; ok {
			l.devices[key] = live
			continue
		}
		dev, err := o.open(d)
		if err != nil {
			c.discard(l, have)
			return nil, &DeviceError{d.String(), err}
		}
		l.devices[key] = &liveDevice{name: d.String(), key: key, device: dev}
	}
	return l, nil
}

// discard closes a load that will not go live, leaving what the live one has.
func (c *core) discard(l *load, have map[string]*liveDevice) {
	for key, d := range l.devices {
		if _, live := have[key]; !live {
			if closer, ok := d.device.(interface{ Close() error }); ok {
				closer.Close()
			}
			c.forget(key, d.device)
		}
	}
	l.gen.End()
	l.files.Close()
}

// failed reports an error of the script. It is called on the script loop, or by
// the loader for its own generation.
// A storm of them is not passed on in full: an error handler may cause errors.
func (c *core) failed(f *script.Failure) {
	ok, stopped := c.errors.allow(c.clock.Now())
	if !ok && f.Disabled == "" {
		return
	}
	args := []any{"task", f.Task}
	if stopped > 0 {
		args = append(args, "not shown", stopped)
	}
	if f.Trace != "" {
		args = append(args, "traceback", f.Trace)
	}
	if f.Disabled != "" {
		args = append(args, "disabled", f.Disabled)
	}
	c.opts.Log.Error(f.Message, args...)
	c.inbox.Put(script.Event{Topic: bindings.TopicError, At: c.clock.Now(), Value: f.Message})
}

// swap makes next the live load, on the script loop between two steps. What is
// scheduled before the horizon has been run by the load before, everything from
// the horizon on is the next one's: nothing happens twice and nothing is left
// out. It returns the devices no longer wanted.
func (c *core) swap(next *load, now time.Duration) (removed []*liveDevice, err error) {
	old := c.live
	c.horizon = max(c.horizon, now)
	if old != nil {
		made, err := next.show.State()
		if err != nil {
			return nil, &LoadError{err}
		}
		if err := c.scriptStep(now); err == nil {
			old.gen.Deliver(script.Event{Topic: bindings.TopicUnload, At: c.horizon})
		}
		newest, err := old.show.State()
		if err != nil {
			c.opts.Log.Error("show.state: " + err.Error() + "; the rest is kept")
		}
		next.show.SetState(next.gen.L, plain.Merge(next.snapshot, made, newest))
	}
	tl := c.tempo.Timeline()
	c.live = next
	c.files.Store(next.files)
	c.generation.Store(int64(next.gen.Number()))
	c.batches.put(engine.Batch{
		Stamp: engine.Stamp{At: c.horizon}, Generation: next.gen.Number(), Origin: c.show.File,
		Commands: []engine.Command{engine.Intensity{Channels: next.show.Patch.Build().Intensity()}},
	})
	c.wire(next)
	next.gen.SetTimeline(tl, now)
	next.gen.Start(c.horizon)
	topic := bindings.TopicStart
	if old != nil {
		topic = bindings.TopicReload
	}
	next.gen.Deliver(script.Event{Topic: topic, At: c.horizon})
	if old != nil {
		old.gen.End()
		old.files.Close()
		for key, d := range old.devices {
			if _, kept := next.devices[key]; !kept {
				removed = append(removed, d)
			}
		}
	}
	return removed, nil
}

// wire points the engine's frames and orders and the scripts' questions at the
// devices of a load, and tells these what the load wants of them.
func (c *core) wire(l *load) {
	var outputs []device.Output
	var lead time.Duration
	byKey, inOrder := map[string]device.Device{}, []device.Device{}
	for _, decl := range l.show.Devices { // in order, so that runs repeat exactly
		live := l.devices[decl.Key()].device
		byKey[decl.Key()], inOrder = live, append(inOrder, live)
		if d, ok := decl.(device.Outputs); ok {
			for _, o := range d.Outputs() {
				c.batches.use(o)
			}
		}
		if d, ok := live.(device.Adopter); ok {
			d.Adopt(decl)
		}
		if d, ok := live.(device.Output); ok {
			outputs = append(outputs, d)
		}
		if d, ok := live.(device.Early); ok {
			lead = max(lead, d.Lead())
		}
	}
	// Frames are made as early as any output wants them; what is scheduled has to be
	// known by then.
	c.lead = lead
	l.gen.SetLookahead(lead + c.opts.Lookahead)
	c.outputs.Store(&outputs)
	c.hand(byKey, inOrder)
	// After it is live, so that recoverRest does not forget it, and before any command.
	for _, decl := range l.show.Devices {
		if err := c.keep(decl); err != nil {
			c.opts.Log.Error("state not kept", "error", err)
		}
	}
}

// hand makes devices the live ones; machinery is held as it has to be.
func (c *core) hand(byKey map[string]device.Device, inOrder []device.Device) {
	c.holding.Lock()
	defer c.holding.Unlock()
	before := c.devices.set(byKey, inOrder)
	c.rewired.Store(true)
	for key, d := range byKey { // those that were there are held already
		if m, ok := d.(device.Machinery); ok && before[key] == nil && c.held.Load() {
			m.Hold(true)
		}
	}
	// What the load does not name is out of reach of an emergency stop from now on, and
	// the loader may take a while to close it.
	for key, d := range before {
		if m, ok := d.(device.Machinery); ok && byKey[key] == nil {
			m.Hold(true)
		}
	}
}

// describe says what a reload did to the devices.
func describe(old, next *load) string {
	var parts []string
	list := func(verb string, in, not map[string]*liveDevice) {
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
	list("added", next.devices, old.devices)
	list("removed", old.devices, next.devices)
	if parts == nil {
		return "kept"
	}
	return strings.Join(parts, "; ")
}

// isStuck tells whether the generation has been revoked.
func isStuck(err error) bool { return errors.Is(err, script.ErrStuck) }
