package host

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"showrun/bindings"
	"showrun/runtime/clock"
	"showrun/runtime/device"
	"showrun/runtime/host/folder"
	"showrun/runtime/rig"
	"showrun/runtime/script"
	"showrun/runtime/store"
)

// Host runs one show on the real clock.
type Host struct {
	*core
	store   *store.Store
	keyFile string   // the key store
	rig     *rig.Rig // nil without --rig

	calls   chan func()         // work for the script loop
	reload  chan string         // asks the loader to load again, giving why
	crashed chan *InternalError // ends the show
	wg      sync.WaitGroup

	precision atomic.Pointer[string] // of the engine's thread
	strange   time.Duration          // before it no unknown OSC command is told; the socket's

	// unsafe are the machines that the last run left unsafe and that are not known to be
	// safe yet, and how that is done.
	unsafeMu sync.Mutex
	unsafe   map[string][]byte
}

// New prepares a run; nothing is opened before Run. The error tells of a bad
// option.
func New(opts Options) (*Host, error) {
	if err := opts.complete(); err != nil {
		return nil, err
	}
	show, err := folder.Find(opts.Show)
	if err != nil {
		return nil, err
	}
	h := &Host{
		core:   newCore(opts, show, clock.NewReal()),
		calls:  make(chan func()),
		reload: make(chan string, 1),

		crashed: make(chan *InternalError, 1),
	}
	h.forget, h.keep = h.unused, h.engage
	if opts.Rig != nil {
		cfg := *opts.Rig
		cfg.StageLinQPort, cfg.SigNetPort, cfg.Log = opts.Ports.StageLinQ, opts.Ports.SigNet, opts.Log
		if h.rig, err = rig.New(cfg); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// Rig is the virtual rig, nil without one.
func (h *Host) Rig() *rig.Rig { return h.rig }

// Run loads the show and runs it until ctx ends, the time given by the options is
// over or the show cannot go on. It closes everything before it returns. The
// error is nil for an orderly end, a *LoadError, a *DeviceError or something
// else.
func (h *Host) Run(ctx context.Context) error {
	dir, remove, err := h.stateDir()
	if err != nil {
		return err
	}
	defer remove()
	h.keyFile = KeyFile(dir)
	if h.store, err = store.Open(dir); err != nil {
		return err
	}
	defer h.store.Close()
	defer h.wg.Wait() // after everything that ends its goroutines
	if err := h.recoverMachinery(); err != nil {
		return err
	}
	devices, stopDevices := context.WithCancel(context.WithoutCancel(ctx))
	defer stopDevices()
	h.listen(devices)
	h.wg.Go(func() { h.recoverRest(devices) })
	hup := make(chan os.Signal, 1)
	if len(reloadSignals) > 0 {
		signal.Notify(hup, reloadSignals...)
		defer signal.Stop(hup)
	}
	// Files are watched before they are read, so that no save goes unseen.
	loaderCtx, stopLoader := context.WithCancel(ctx)
	defer stopLoader()
	var changed <-chan string
	if h.opts.Reload == ReloadAuto {
		changed = h.watch(loaderCtx)
	}
	first, err := h.prepare(ctx, 1, nil, nil, h)
	if err != nil {
		return err
	}
	h.opts.Log.Info("show loaded", "show", h.show.Name, "file", h.show.File, "seed", h.opts.Seed)
	if _, err := h.swap(first, h.clock.Now()); err != nil {
		return err
	}
	if h.rig != nil {
		h.patchRig(first)
		h.wg.Go(func() { h.rig.Run(devices) })
	}
	h.start(devices, first)

	engineCtx, stopEngine := context.WithCancel(context.WithoutCancel(ctx))
	defer stopEngine()
	engineDone := make(chan struct{})
	go func() { defer close(engineDone); h.guard("engine", func() { h.engineLoop(engineCtx) }) }()
	scriptCtx, stopScript := context.WithCancel(context.WithoutCancel(ctx))
	defer stopScript()
	scriptDone := make(chan struct{})
	go func() { defer close(scriptDone); h.guard("script", func() { h.scriptLoop(scriptCtx) }) }()
	loaderDone := make(chan struct{})
	go func() {
		defer close(loaderDone)
		h.guard("loader", func() { h.loader(loaderCtx, devices, changed, hup) })
	}()

	crash := h.wait(ctx)

	// The order of the end: no new loads, the script says goodbye, its output is
	// sent, then outputs and inputs close.
	stopLoader()
	<-loaderDone
	stopScript()
	<-scriptDone
	h.drain()
	stopEngine()
	<-engineDone
	h.MakeSafe()
	stopDevices()
	h.wg.Wait()
	for key, d := range h.live.devices {
		h.disengage(key, d.device)
	}
	h.report()
	if crash != nil {
		return crash
	}
	return nil
}

// report tells how it went, once the loops have ended.
func (h *Host) report() {
	e := h.engine.Stats()
	args := []any{"frames", e.Frames, "left out", e.Skipped, "batches late", e.Late.Count}
	if e.Late.Count > 0 {
		args = append(args, "worst", e.Late.Worst.Round(time.Millisecond))
		lines := slices.SortedFunc(maps.Keys(e.Origins), func(a, b string) int {
			return cmp.Or(cmp.Compare(e.Origins[b].Count, e.Origins[a].Count), cmp.Compare(a, b))
		})
		args = append(args, "most of "+lines[0], e.Origins[lines[0]].Count)
	}
	h.opts.Log.Info("show ended", args...)
}

// wait returns when the show is to end, and the error that ends it, if any.
func (h *Host) wait(ctx context.Context) *InternalError {
	var over <-chan time.Time
	if h.opts.For > 0 {
		t := time.NewTimer(h.opts.For)
		defer t.Stop()
		over = t.C
	}
	select {
	case <-ctx.Done():
	case <-over:
	case crash := <-h.crashed:
		return crash
	}
	return nil
}

// drain waits until the engine has sent what the script left for the instants
// before its end.
func (h *Host) drain() {
	rest := h.horizon - h.clock.Now() + 2*time.Second/time.Duration(h.opts.Rate)
	if rest > 0 {
		<-time.After(rest)
	}
}

// stateDir returns the folder for what is kept, and what to do with it in the
// end: a rig without a folder of its own leaves no trace.
func (h *Host) stateDir() (string, func(), error) {
	if h.opts.StateDir != "" {
		return h.opts.StateDir, func() {}, nil
	}
	if h.rig != nil {
		dir, err := os.MkdirTemp("", "showrun-rig-")
		return dir, func() { os.RemoveAll(dir) }, err
	}
	dir, err := DefaultStateDir()
	return dir, func() {}, err
}

// DefaultStateDir is the folder of what is kept between runs if no other is named.
func DefaultStateDir() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("no place to keep state (%w); name a folder with --state", err)
	}
	return filepath.Join(dir, "showrun"), nil
}

// KeyFile is the key store in a state folder: a file with one key.
func KeyFile(stateDir string) string { return filepath.Join(stateDir, "signet.key") }

// engineLoop runs the engine on a thread of its own until ctx ends.
func (h *Host) engineLoop(ctx context.Context) {
	runtime.LockOSThread()
	sleeper := clock.NewSleeper(h.clock.(*clock.Real))
	defer sleeper.Close()
	p := sleeper.Precision()
	h.precision.Store(&p)
	h.opts.Log.Debug("engine thread", "precision", p)
	for ctx.Err() == nil {
		wanted := h.engineNext()
		sleeper.SleepUntil(wanted)
		h.engineStep(wanted, h.clock.Now())
	}
}

// scriptLoop drives the live generation until ctx ends, then lets it say goodbye.
func (h *Host) scriptLoop(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		select {
		case f := <-h.calls: // before a script that is always due
			f()
		default:
		}
		now := h.clock.Now()
		if err := h.scriptStep(now); isStuck(err) {
			h.abandon(ctx)
			continue
		}
		timer.Reset(min(h.scriptNext()-h.clock.Now(), time.Second))
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-h.inbox.Ready():
		case f := <-h.calls:
			f()
		}
	}
	h.horizon = max(h.horizon, h.clock.Now()+h.lead) // frames up to there have been made
	h.live.gen.Deliver(script.Event{Topic: bindings.TopicStop, At: h.horizon})
	h.live.gen.End()
	h.live.files.Close()
}

// abandon deals with a script that does not come back from a call: levels stay,
// the show is loaded into a fresh state.
func (h *Host) abandon(ctx context.Context) {
	h.opts.Log.Error("the script is stuck in a call and has been abandoned; levels stay, the show is loaded afresh")
	h.batches.bar() // nor may what it has told machines already move them afterwards
	h.MakeSafe()
	h.askReload("stuck")
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case f := <-h.calls:
			stuck := h.live.gen
			f()
			if h.live.gen != stuck {
				return
			}
		}
	}
}

// onScriptLoop runs f on the script loop and waits for it; false when ctx ended
// first, or when f panicked, which ends the show.
func (h *Host) onScriptLoop(ctx context.Context, f func()) (ok bool) {
	done := make(chan struct{})
	for busy := time.After(time.Second); ; {
		select {
		case h.calls <- func() { defer close(done); f(); ok = true }:
			<-done
			return ok
		case <-busy:
			h.opts.Log.Info("the script is busy: what was saved waits for it")
		case <-ctx.Done():
			return false
		}
	}
}

// askReload asks the loader to load again, giving why. It returns at once.
func (h *Host) askReload(why string) {
	select {
	case h.reload <- why:
	default: // one is waiting already
	}
}

// start runs the devices of a load that do not run yet.
func (h *Host) start(ctx context.Context, l *load) {
	for _, d := range l.devices {
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
	if m, ok := d.device.(device.Machinery); ok {
		m.Safe()
	}
	if d.cancel != nil {
		d.cancel()
		d.running.Wait()
	}
	h.disengage(d.key, d.device)
}

// open implements opener with the real drivers.
func (h *Host) open(decl device.Declaration) (device.Device, error) {
	env := h.env()
	env.Interface, env.Store, env.Keys = h.networkInterface(), h.store, h.keys
	d, err := decl.Open(env)
	if err != nil {
		return nil, err
	}
	if err := h.engage(decl); err != nil {
		if closer, ok := d.(interface{ Close() error }); ok {
			closer.Close()
		}
		return nil, err
	}
	if m, ok := d.(device.Machinery); ok && h.leftUnsafe(decl.Key()) != nil {
		m.Safe() // before its first command; once it runs, it tries on by itself
	}
	return d, nil
}

// networkInterface is that of devices that name none.
func (h *Host) networkInterface() string {
	if h.opts.Interface == "" && h.rig != nil {
		return rig.Loopback()
	}
	return h.opts.Interface
}
