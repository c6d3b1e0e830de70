package host

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"showrun/runtime/device"
	"showrun/runtime/host/folder"
	"showrun/runtime/script"
	"showrun/runtime/show"
)

// lookEvery is how often is looked whether files of the show have changed. They are loaded
// when they looked the same twice.
const lookEvery = 100 * time.Millisecond

// loader loads the show again when a file was saved or somebody asked, until ctx
// ends. devices is the context of the devices it starts.
func (h *Host) loader(ctx, devices context.Context, changed <-chan change) {
	for {
		select {
		case <-ctx.Done():
			return
		case c := <-changed:
			if c.files != h.tried.Load() {
				continue // it has been loaded meanwhile
			}
			h.opts.Log.Debug("file changed", "file", c.name)
			if h.opts.Reload == ReloadAsk {
				h.tryOut(ctx)
				continue
			}
			h.loadAgain(ctx, devices, "saved")
		case why := <-h.reload:
			h.loadAgain(ctx, devices, why)
		case a := <-h.arrivals:
			h.arrive(ctx, a)
		}
	}
}

// A change is a file that is not as a load has found it.
type change struct {
	name  string
	files *folder.Files
}

// watch reports changed files of the load that was tried last, until ctx ends. Nobody waits
// for it, as it waits for a disk.
func (h *Host) watch(ctx context.Context) <-chan change {
	changed := make(chan change)
	go func() {
		var w folder.Watcher
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			files := h.tried.Load()
			name := w.Changed(files)
			if name == "" {
				continue
			}
			select {
			case changed <- change{name, files}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return changed
}

// Reload has the show loaded again; by says who asked. It returns at once, with an error if
// the show is not to be loaded again.
func (h *Host) Reload(by string) error {
	if h.opts.Reload == ReloadOff {
		return errors.New("started with --reload off")
	}
	h.askReload(by)
	return nil
}

// askReload asks the loader to load again, giving why. It returns at once.
func (h *Host) askReload(why string) {
	select {
	case h.reload <- why:
	default: // one is waiting already
	}
}

// loadFirst loads the show before any loop runs.
func (h *Host) loadFirst(ctx, devices context.Context, l left) error {
	next, err := h.prepare(ctx, show.FirstAfter(l.state, l.carried))
	if err != nil {
		return err
	}
	h.swap(next, 0)
	h.settle(devices, next)
	h.opts.Log.Info("show loaded", "show", h.folder.Name, "file", h.folder.File, "seed", h.opts.Seed)
	return nil
}

// loadAgain is one reload: prepare beside the live load, swap, close what is no
// longer used. Whatever goes wrong before the swap leaves the show as it is.
func (h *Host) loadAgain(ctx, devices context.Context, why string) {
	started := h.clock.Now()
	var state show.Copy
	ok := h.onScriptLoop(ctx, func() {
		var err error
		if state, err = h.show.CopyState(); err != nil {
			h.opts.Log.Error(err.Error() + "; the rest is kept")
		}
	})
	if !ok {
		return
	}
	next, err := h.prepare(ctx, state)
	if err != nil {
		h.reloadFailed(err)
		return
	}
	began := false
	ok = h.onBoundary(ctx, func(on time.Duration) {
		began = true
		h.swap(next, on)
	})
	switch {
	case began && !ok:
		return // it panicked half-way: the show ends with what is live now
	case !ok:
		next.discard(h)
		return
	}
	before := h.devices
	h.settle(devices, next)
	h.reloadErrors.Store(0)
	h.newer.Store(false)
	h.opts.Log.Info("show reloaded", "why", why, "generation", next.Number(),
		"took", (h.clock.Now() - started).Round(time.Millisecond), "devices", describe(before, next.devices))
}

// tryOut loads a version that waits until somebody asks for it, only to tell at once what is
// wrong with it.
func (h *Host) tryOut(ctx context.Context) {
	var state show.Copy
	if !h.onScriptLoop(ctx, func() { state, _ = h.show.CopyState() }) {
		return
	}
	err := survive(func() error {
		files := h.folder.Open()
		defer files.Close()
		h.tried.Store(files)
		l, err := h.show.Prepare(ctx, files, state)
		if err == nil {
			l.End()
		}
		return err
	})
	if err != nil {
		h.reloadFailed(&LoadError{err})
		return
	}
	h.reloadErrors.Store(0)
	h.goodLoad()
	h.newer.Store(true)
	h.opts.Log.Info("a new version is waiting: showrun ctl reload, and it goes live")
}

// prepared is a load that is ready to go live.
type prepared struct {
	*show.Load
	devices liveDevices
	files   *folder.Files
	before  *show.Load // that it took the place of
}

// discard gives up a load.
func (p *prepared) discard(h *Host) {
	h.discard(p.devices)
	p.End()
	p.files.Close()
}

// prepare compiles and collects a load and opens the devices that are new. After the end of
// ctx it gives up soon, though a file may hang.
func (h *Host) prepare(ctx context.Context, state show.Copy) (*prepared, error) {
	type outcome struct {
		load *prepared
		err  error
	}
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		o.err = survive(func() (err error) { o.load, err = h.read(ctx, state); return err })
		done <- o
	}()
	select {
	case o := <-done:
		return o.load, o.err
	case <-ctx.Done():
	}
	select {
	case o := <-done:
		return o.load, o.err
	case <-time.After(giveUpTime):
		return nil, ctx.Err()
	}
}

// giveUpTime is how long a load may take to give up.
const giveUpTime = 250 * time.Millisecond

func (h *Host) read(ctx context.Context, state show.Copy) (*prepared, error) {
	files := h.folder.Open()
	h.tried.Store(files)
	l, err := h.show.Prepare(ctx, files, state)
	if err != nil {
		files.Close()
		return nil, &LoadError{err}
	}
	devices, err := h.open(ctx, l)
	if err != nil {
		l.End()
		files.Close()
		return nil, err
	}
	return &prepared{Load: l, devices: devices, files: files}, nil
}

// swap makes a load the live one, on the script loop. New machinery is held as it has to
// be before the script can tell it anything; an emergency stop waits for no script and
// reaches the machinery of both loads meanwhile. On is the beat it is on, or 0.
func (h *Host) swap(next *prepared, on time.Duration) {
	before, machines := *h.machines.Load(), machinery(next)
	both := slices.Clone(before)
	for _, m := range machines {
		if !slices.Contains(before, m) {
			both = append(both, m)
		}
	}
	h.reach(both)
	h.alarm.now.Store(nil) // before anything of the new load fails
	if on != 0 {
		next.before = h.show.SwapOn(next.Load, on)
	} else {
		next.before = h.show.Swap(next.Load, h.clock.Now())
	}
	h.live = next.Load
	h.noScript.Store(false)
	h.generation.Store(int64(next.Number()))
	keys := slices.Sorted(maps.Keys(next.devices))
	h.loaded.Store(&keys)
	h.reach(machines)
}

// machinery is that of a load, in the order of its declarations.
func machinery(l *prepared) []device.Machinery {
	var all []device.Machinery
	for _, decl := range l.Declarations() {
		if m, ok := l.devices[decl.Key()].device.(device.Machinery); ok {
			all = append(all, m)
		}
	}
	return all
}

// reach makes machines those that an emergency stop reaches. What comes within reach is
// held if the others are. What goes out of reach takes a while to close, and is held.
func (h *Host) reach(machines []device.Machinery) {
	h.holding.Lock()
	defer h.holding.Unlock()
	before := *h.machines.Load()
	for _, m := range machines {
		if h.held.Load() && !slices.Contains(before, m) {
			h.hold(m, true)
		}
	}
	for _, m := range before {
		if !slices.Contains(machines, m) {
			h.hold(m, true)
		}
	}
	h.machines.Store(&machines)
}

// settle does for a load that has gone live what takes its time: new devices are
// started, and what is no longer used is closed.
func (h *Host) settle(ctx context.Context, next *prepared) {
	before, files := h.devices, h.files
	h.devices, h.files = next.devices, next.files
	for _, o := range next.Opened() {
		if o.Device == nil {
			continue
		}
		// Now that it is live recoverRest does not forget it, and it is told nothing yet.
		if err := h.engage(o.Declaration); err != nil {
			h.opts.Log.Error("state not kept", "error", err)
		}
	}
	h.connect()
	h.start(ctx)
	for key, d := range before {
		if next.devices[key] == nil {
			h.ending[key] = d
			h.wg.Go(func() {
				select {
				case <-next.before.Left():
				case <-ctx.Done():
				}
				h.stop(d)
			})
		}
	}
	if next.before != nil {
		h.wg.Go(next.before.End)
		files.Close()
	}
}

// connect makes the devices of the live load known to who counts them and to the rig; loader
// only.
func (h *Host) connect() {
	var publishers []device.Publisher
	var rest others
	counted := map[string]device.Counted{}
	opened := h.live.Opened()
	for _, o := range opened {
		if c, ok := o.Device.(device.Counted); ok {
			counted[o.Declaration.String()] = c
		}
		if p, ok := o.Device.(device.Publisher); ok {
			publishers = append(publishers, p)
		}
		if w, ok := o.Device.(device.Waiter); ok {
			rest.waiters = append(rest.waiters, w)
		}
		if s, ok := o.Device.(device.Source); ok {
			rest.sources = append(rest.sources, s)
		}
	}
	h.publishers.Store(&publishers)
	h.others.Store(&rest)
	h.counted.Store(&counted)
	h.metered.Store(firstOutput(h.live))
	h.stageLive()
	if h.rig != nil {
		h.rig.Patch(opened)
	}
}

// reloadFailed says why a changed show does not go live.
func (h *Host) reloadFailed(err error) {
	args := []any{}
	var f *script.Failure
	if errors.As(err, &f) && f.Trace != "" {
		args = append(args, "traceback", f.Trace)
	}
	what := "not reloaded, the running show goes on: "
	if h.noScript.Load() {
		what = "not loaded, levels stay and NO SCRIPT RUNS until a file is saved that loads: "
	}
	h.raise(err, true)
	h.reloadErrors.Add(1)
	h.opts.Log.Error(what+err.Error(), args...)
}
