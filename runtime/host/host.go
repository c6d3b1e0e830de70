package host

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"showrun/drivers/osc"
	"showrun/runtime/clock"
	"showrun/runtime/console"
	"showrun/runtime/device"
	"showrun/runtime/host/folder"
	"showrun/runtime/host/logbook"
	"showrun/runtime/host/record"
	"showrun/runtime/host/stage"
	"showrun/runtime/level"
	"showrun/runtime/rig"
	"showrun/runtime/script"
	"showrun/runtime/show"
	"showrun/runtime/store"
)

// Host runs one show on the real clock.
type Host struct {
	opts   Options
	folder folder.Folder
	clock  *clock.Real
	show   *show.Machine
	dir    string // of what is kept
	store  *store.Store
	rig    *rig.Rig // nil without --rig
	shared device.Shared

	calls    chan func()         // work for the script loop
	reload   chan string         // asks the loader to load again, giving why
	arrivals chan arrival        // for the loader
	crashed  chan *InternalError // ends the show
	end      chan string         // ends it as well; who asked for it
	wg       sync.WaitGroup

	over <-chan struct{} // closed when devices are to end; before it begins, nil

	waits   func(on time.Duration)       // has a load go live that waits for a beat; script loop only
	newer   atomic.Bool                  // a new version waits until somebody asks for it
	live    *show.Load                   // script loop only, or when it has ended
	devices liveDevices                  // loader only
	ending  liveDevices                  // that were live once; loader only
	files   *folder.Files                // of the live load; loader only
	tried   atomic.Pointer[folder.Files] // of the load that was tried last
	sleeper atomic.Pointer[sleeper]
	strange time.Duration // before it no unknown OSC command is told; the socket's

	ear   atomic.Pointer[osc.Conn] // that takes OSC commands; nil without one
	crowd crowd                    // of operating messages by OSC
	panel panel                    // of those who operate by OSC

	carry chan struct{} // what is carried over to the next run may have changed

	keeping sync.Mutex // held to write what lasts
	kept    kept       // with keeping
	resumed time.Time  // when this run went on from another one's; zero if it did not

	// holding is held while machinery is held or released, so that all of it ends up as
	// held says. Whoever has it waits for nobody else.
	holding  sync.Mutex
	machines atomic.Pointer[[]device.Machinery] // of the live load; changed with holding
	held     atomic.Bool                        // by an emergency stop; changed with holding
	stopped  time.Duration                      // when it was; with holding
	repeated atomic.Uint64                      // emergency stops right after another one

	// unsafe are the machines that the last run left unsafe and that are not known to be
	// safe yet, and how that is done.
	unsafeMu sync.Mutex
	unsafe   map[string][]byte

	book      *logbook.Book
	recording recording
	alarm     alarm

	stages   atomic.Pointer[[]*staged] // the present scene first
	shown    atomic.Pointer[shown]
	named    atomic.Pointer[[]named] // devices of the live load, in order
	glanced  atomic.Pointer[glance]
	glancing atomic.Bool // somebody asks devices

	frames       frameStats
	publishers   atomic.Pointer[[]device.Publisher]
	others       atomic.Pointer[others]
	counted      atomic.Pointer[map[string]device.Counted] // by name, of the live load
	metered      atomic.Pointer[level.Output]              // whose levels are in the status; nil = none's
	loaded       atomic.Pointer[[]string]                  // keys of the devices of the live load
	missing      atomic.Pointer[[]string]                  // devices of it that are not there, and why
	generation   atomic.Int64                              // number of the live load
	noScript     atomic.Bool                               // it was stuck and none has taken its place
	deaf         atomic.Bool                               // OSC commands are not heard
	stuck        atomic.Pointer[string]                    // device that does not come back from a call; "" = none
	stuckTimes   atomic.Uint64                             // that one did not
	wakes        atomic.Uint64                             // of the script loop
	reloadErrors atomic.Uint64                             // since the last good load
}

// New prepares a run; nothing is opened before Run. The error tells of a bad
// option.
func New(opts Options) (*Host, error) {
	if err := opts.complete(); err != nil {
		return nil, err
	}
	found, err := folder.Find(opts.Show)
	if err != nil {
		return nil, err
	}
	h := &Host{
		opts: opts, folder: found, clock: clock.NewReal(), devices: liveDevices{}, ending: liveDevices{},
		panel: newPanel(), book: logbook.New(), carry: make(chan struct{}, 1),
		calls: make(chan func()), reload: make(chan string, 1), arrivals: make(chan arrival), crashed: make(chan *InternalError, 1), end: make(chan string, 1),
	}
	record.Register(opts.Protocols)
	h.machines.Store(&[]device.Machinery{})
	h.publishers.Store(&[]device.Publisher{})
	h.others.Store(&others{})
	h.counted.Store(&map[string]device.Counted{})
	h.loaded.Store(&[]string{})
	h.missing.Store(&[]string{})
	h.named.Store(&[]named{})
	h.glanced.Store(&glance{at: -glanceEvery})
	h.stuck.Store(new(string))
	opts.Log = slog.New(h.book.Handler(opts.Log.Handler()))
	h.opts.Log = opts.Log
	h.recording.thread(h)
	h.show = show.New(h.config())
	h.recording.names(h.show.Registry())
	empty := &staged{Stage: &stage.Stage{}, scene: &console.Scene{
		Show: found.Name, File: found.File, Fixtures: []console.Fixture{}, Groups: []console.Group{}, Outputs: []console.Output{}, Movers: []console.Machine{},
	}}
	h.stages.Store(&[]*staged{empty.with(h.show.Board())})
	if opts.Rig {
		if h.opts.Ports == nil {
			if h.opts.Ports, err = ownPorts(opts.Protocols); err != nil {
				return nil, err
			}
			opts.Log.Debug("the rig has UDP ports of its own", portArgs(h.opts.Ports)...)
		}
		if h.rig, err = rig.New(opts.Protocols, h.rigEnv()); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// config is what the machine of the show is made of.
func (h *Host) config() show.Config {
	c := show.Config{
		Name: h.folder.Name, File: h.folder.File, Dir: filepath.Base(h.folder.Dir),
		Rate: h.opts.Rate, Lookahead: h.opts.Lookahead, Seed: h.opts.Seed,
		Budget: h.opts.Budget, Guard: h.opts.Guard, Grace: h.opts.Grace, Memory: h.opts.Memory,
		Bind: h.opts.Bind, Shipped: h.opts.Shipped,
		Now: h.clock.Now, Stopwatch: h.clock.Now, Collect: func() { go runtime.GC() },
		World: script.World{
			Wall: func() time.Time { return h.clock.Time(h.clock.Now()) }, Date: h.clock.Time, Clock: h.clock.Now, Getenv: h.opts.Getenv,
		},
		Log: h.opts.Log, Frames: h.opts.Frames, Wake: h.wake, Changed: h.changed,
		Failed: func(f *script.Failure) { h.raise(f, false) },
	}
	h.recording.look(&c)
	return c
}

// changed tells who looks at the board that it has changed.
func (h *Host) changed() {
	for _, told := range []chan struct{}{h.carry, h.panel.changed} {
		select {
		case told <- struct{}{}:
		default: // it looks soon
		}
	}
}

// wake wakes the engine's thread.
func (h *Host) wake() {
	if s := h.sleeper.Load(); s != nil {
		(*s).Wake()
	}
}

// Run loads the show and runs it until ctx ends, the time given by the options is
// over or the show cannot go on. It closes everything before it returns. The
// error is nil for an orderly end, a *LoadError, a *DeviceError or something
// else.
func (h *Host) Run(ctx context.Context) error {
	remove, err := h.stateDir()
	if err != nil {
		return err
	}
	defer remove()
	if h.store, err = store.OpenNew(h.dir, h.opts.Log); err != nil {
		return err
	}
	defer h.store.Close()
	h.recoverMachinery() // nothing comes before it that may take time
	left := h.resume()
	ended := h.recording.begin(ctx, h)
	var crash *InternalError
	defer func() { ended(crash == nil) }()
	if h.rig != nil { // it stands before the devices and hears the last that they say
		defer h.loop(ctx, "rig", h.rig.Run)()
	}
	defer h.waitForAll() // after everything that ends its goroutines
	devices, stopDevices := context.WithCancel(context.WithoutCancel(ctx))
	defer stopDevices()
	h.over = devices.Done()
	h.wg.Go(func() { h.store.Run(devices) })
	h.wg.Go(func() { h.keep(devices) })
	h.listen(devices)
	h.wg.Go(func() { h.recoverRest(devices) })
	h.wg.Go(func() { h.tellWaiting(devices) })
	h.wg.Go(func() { h.tellDrops(devices) })
	h.wg.Go(func() { h.tellStuck(devices) })
	loading, stopLoader := context.WithCancel(ctx)
	defer stopLoader()
	if err := h.loadFirst(ctx, devices, left); err != nil {
		left.undo()
		return err
	}
	var changed <-chan change
	if h.opts.Reload == ReloadAuto || h.opts.Reload == ReloadAsk {
		changed = h.watch(loading)
	}
	engine := h.loop(ctx, "engine", h.engineLoop)
	scripts := h.loop(ctx, "script", h.scriptLoop)
	loader := h.loop(loading, "loader", func(ctx context.Context) { h.loader(ctx, devices, changed) })
	points := h.loop(loading, "restore points", h.points)

	crash = h.wait(ctx)
	forgotten := make(chan struct{})
	go func() { // a disk keeps nobody from the end
		defer close(forgotten)
		points()
		if crash == nil {
			h.forgetPoint()
		}
	}()

	// The order of the end: no new loads, the script says goodbye, its output is
	// sent, then outputs and inputs close.
	stopLoader()
	late := time.AfterFunc(goodbyeTime, func() {
		h.Halt()
		if len(*h.machines.Load()) > 0 {
			h.opts.Log.Warn("the script takes long to say goodbye: machinery is made safe and told nothing more")
		}
	})
	scripts()
	h.guard("goodbye", h.sayGoodbye)
	h.guard("memory", func() { left.take(h) })
	late.Stop()
	h.Halt()
	h.guard("exit look", h.leave)
	stands := !within(endTime, engine)
	loader() // it may wait for a device that opens
	h.files.Close()
	stopDevices()
	h.waitForAll()
	<-forgotten
	if crash == nil && left.taken {
		h.keepLasting(left.state, left.carried)
	}
	for _, d := range h.devices {
		h.disengage(d.key, d.device)
	}
	if stands {
		h.opts.Log.Error("the show ends without a device that does not come back from a call", "device", *h.stuck.Load())
	} else {
		h.report()
	}
	select {
	case late := <-h.crashed: // on the way out
		crash = cmp.Or(crash, late)
	default:
	}
	if crash != nil {
		return crash
	}
	return nil
}

// endTime is how long what ends may take.
const endTime = 5 * time.Second

// waitForAll waits for the goroutines of the show, but not for ever: a device that does
// not end does not keep the show from its end.
func (h *Host) waitForAll() {
	if !within(endTime, h.wg.Wait) {
		h.opts.Log.Error("a device does not end; the show ends without waiting for it")
	}
}

// within runs what may not end, and tells whether it has in time.
func within(patience time.Duration, run func()) bool {
	done := make(chan struct{})
	go func() { defer close(done); run() }()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-done:
		return true
	case <-late.C:
		return false
	}
}

// goodbyeTime is how long a script may take to say goodbye before machinery is made safe
// and told nothing more. What has no machinery may take longer.
const goodbyeTime = 500 * time.Millisecond

// loop runs a loop on a goroutine of its own. What it returns ends the loop and waits
// for that.
func (h *Host) loop(ctx context.Context, name string, run func(context.Context)) (end func()) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() { defer close(done); h.guard(name, func() { run(ctx) }) }()
	return func() {
		stop()
		h.wake()
		<-done
	}
}

// report tells how it went, once the loops have ended.
func (h *Host) report() {
	e := h.show.Stats()
	args := []any{"frames", e.Frames}
	if e.Skipped > 0 {
		args = append(args, "frames left out", e.Skipped)
	}
	if e.Late.Count > 0 {
		args = append(args, "batches late", e.Late.Count, "worst", e.Late.Worst.Round(time.Millisecond))
		lines := slices.SortedFunc(maps.Keys(e.Origins), func(a, b string) int {
			return cmp.Or(cmp.Compare(e.Origins[b].Count, e.Origins[a].Count), cmp.Compare(a, b))
		})
		args = append(args, "most from", fmt.Sprintf("%s (%d)", lines[0], e.Origins[lines[0]].Count))
	}
	if e.Lost > 0 {
		args = append(args, "orders lost", e.Lost)
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
	case by := <-h.end:
		h.opts.Log.Info("ending the show", "by", by)
	case crash := <-h.crashed:
		return crash
	}
	return nil
}

// End ends the show in an orderly way; by says who asked. It returns at once.
func (h *Host) End(by string) {
	select {
	case h.end <- by:
	default: // it ends already
	}
}

// sayGoodbye lets the script say goodbye, once its loop has ended, and waits until that is
// over and seen, fades included, or the time for it is.
func (h *Host) sayGoodbye() {
	limit := h.clock.Now() + h.opts.ExitTime
	h.show.End(h.clock.Now())
	last, more := h.show.Saying()
	for now := h.clock.Now(); now < limit && (more || now < last); now = h.clock.Now() {
		next := min(limit, last)
		if more {
			next = min(limit, h.show.ScriptNext())
		}
		h.rest(next)
		if _, err := h.show.Script(h.clock.Now()); err != nil {
			break // it is stuck, which it has said
		}
		last, more = h.show.Saying()
	}
	h.rest(min(limit, last) + 2*time.Second/time.Duration(h.opts.Rate))
}

// leave shows the look the show ends with, once nothing moves any more.
func (h *Host) leave() {
	last, load := h.show.Leave(h.clock.Now(), h.opts.Exit == ExitBlackout)
	h.wg.Go(load.End)
	h.rest(last + 2*time.Second/time.Duration(h.opts.Rate))
}

// rest waits until a show time, if that is to come.
func (h *Host) rest(until time.Duration) {
	if d := until - h.clock.Now(); d > 0 {
		<-time.After(d)
	}
}

// stateDir finds the folder for what is kept, and returns what to do with it in the
// end: a rig without a folder of its own leaves no trace.
func (h *Host) stateDir() (remove func(), err error) {
	remove = func() {}
	switch {
	case h.opts.StateDir != "":
		h.dir = h.opts.StateDir
	case h.rig != nil:
		h.dir, err = os.MkdirTemp("", "showrun-rig-")
		remove = func() { os.RemoveAll(h.dir) }
	default:
		h.dir, err = DefaultStateDir()
	}
	return remove, err
}

// KeyFolders are the folders in which a key may be kept, for who keeps the rest in dir: a
// second show, which needs a folder of its own, finds the key of the first.
func KeyFolders(dir string) []string {
	folders := []string{dir}
	if usual, err := DefaultStateDir(); err == nil && usual != dir {
		folders = append(folders, usual)
	}
	return folders
}

// DefaultStateDir is the folder of what is kept between runs if no other is named.
func DefaultStateDir() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("no place to keep state (%w); name a folder with --state", err)
	}
	return filepath.Join(dir, "showrun"), nil
}
