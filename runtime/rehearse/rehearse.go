// Package rehearse is the virtual shell of a show: it drives the machine of package
// show on a clock that jumps from one deadline to the next, with the drivers' machines
// and no network. Everything happens on the calling goroutine, in the order of its
// instants, so two runs with the same seed are the same.
package rehearse

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"time"

	"showrun/runtime/clock"
	"showrun/runtime/device"
	"showrun/runtime/script"
	"showrun/runtime/show"
)

// Options say what is rehearsed.
type Options struct {
	Name, File, Dir string // of the show, its file, and its folder, for people

	Bind      show.Bind
	Shipped   fs.FS  // Lua that comes with the runtime; may be nil
	Tests     string // a file with tests of the show, in its folder; "" for none
	Protocols []device.Protocol

	Rate      int           // frames a second; 0 = 44
	Lookahead time.Duration // how far before its instant scheduled code runs
	Seed      uint64        // of math.random; 0 = 1
	Log       *slog.Logger

	Getenv func(string) (string, bool) // what the script has for os.getenv; nil = nothing

	Frames show.FrameSink
	Record func(input any)
	Failed func(*script.Failure) // is told of every error of the script; may be nil

	// Open makes what stands for a device; nil = what its declaration has for that.
	Open func(device.Declaration) device.Device
	// Answer answers in place of devices what it knows, see show.Config; nil = nothing.
	Answer func(show.AskDevice) (answer any, known bool)
	Zero   time.Time // the date at show time 0; zero = that of clock.NewVirtual
}

// Run is a show in virtual time. It belongs to one goroutine.
type Run struct {
	opts    Options
	clock   *clock.Virtual
	show    *show.Machine
	live    *show.Load
	devices map[string]device.Device // of the live load, by key
	opened  []device.Opened          // likewise, in order
	rigs    []device.VirtualRig

	steppers []device.Stepper // what has deadlines besides the show: rigs, then devices
	called   bool             // for a turn of the script
	shown    time.Duration    // the instant of the last frame
}

// guard is the time a handler may take before it is stopped, where its budget has not:
// there is nobody whose light waits for it.
const guard = time.Minute

// memory is how many bytes the process may hold before a script is stopped for it: it may
// run many shows.
const memory = 4 << 30

// New makes a run at show time 0. Nothing happens before Load.
func New(opts Options) (*Run, error) {
	if opts.Seed == 0 {
		opts.Seed = 1
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	opts.Log = slog.New(timeless{opts.Log.Handler()})
	r := &Run{opts: opts, clock: clock.NewVirtualAt(opts.Zero), devices: map[string]device.Device{}}
	real := clock.NewReal()
	r.show = show.New(show.Config{
		Name: opts.Name, File: opts.File, Dir: opts.Dir, Rate: opts.Rate, Lookahead: opts.Lookahead, Seed: opts.Seed,
		Guard: guard, Memory: memory, Bind: opts.Bind, Shipped: opts.Shipped, Tests: opts.Tests,
		Now: r.clock.Now, Stopwatch: real.Now,
		World: script.World{Wall: func() time.Time { return r.clock.Time(r.clock.Now()) }, Date: r.clock.Time, Clock: r.clock.Now, Getenv: opts.Getenv},
		Log:   opts.Log, Frames: opts.Frames, Record: opts.Record, Failed: opts.Failed, Answer: opts.Answer,
	})
	for _, p := range opts.Protocols {
		if p.NewVirtualRig == nil {
			continue
		}
		part, err := p.NewVirtualRig(r.RigEnv())
		if err != nil {
			return nil, fmt.Errorf("rig: %s: %w", p.Name, err)
		}
		r.Bring(part)
	}
	return r, nil
}

// RigEnv is what parts of the rig reach of the run.
func (r *Run) RigEnv() device.RigEnv {
	return device.RigEnv{Time: r.clock.Time, Since: r.clock.Since, Log: r.opts.Log}
}

// Bring adds a part to the rig: the devices of the show hear it from now on.
func (r *Run) Bring(part device.VirtualRig) {
	r.rigs = append(r.rigs, part)
	r.line()
	part.Patch(r.opened)
}

// Dismiss takes a part away without a word.
func (r *Run) Dismiss(part device.VirtualRig) {
	r.rigs = slices.DeleteFunc(r.rigs, func(x device.VirtualRig) bool { return x == part })
	r.line()
}

// Show is the machine.
func (r *Run) Show() *show.Machine { return r.show }

// Now is the show time.
func (r *Run) Now() time.Duration { return r.clock.Now() }

// Time returns the date at a show time; show time 0 is the same in every run.
func (r *Run) Time(at time.Duration) time.Time { return r.clock.Time(at) }

// Device returns a live device by the key of its declaration, nil if there is none.
func (r *Run) Device(key string) device.Device { return r.devices[key] }

// Opened lists the live devices, in the order of their declaration.
func (r *Run) Opened() []device.Opened { return r.opened }

// Load makes the show in a folder live, in place of the load before. On an error
// everything stays as it is.
func (r *Run) Load(ctx context.Context, folder fs.FS) error {
	state := show.First()
	if r.live != nil {
		var err error
		if state, err = r.show.CopyState(); err != nil {
			r.opts.Log.Error(err.Error() + "; the rest is kept")
		}
	}
	return r.load(ctx, folder, state)
}

// Begin is Load for the first load of a run that begins at a show time, and takes over what
// the first load of another run did.
func (r *Run) Begin(ctx context.Context, folder fs.FS, at time.Duration, as show.Loaded) error {
	r.clock.Set(at)
	if as.Resumed != nil {
		if err := r.show.Resume(as.Resumed.Engine, as.Resumed.Now); err != nil {
			return err
		}
	}
	return r.load(ctx, folder, show.FirstAfter(as.State, as.Carried))
}

func (r *Run) load(ctx context.Context, folder fs.FS, state show.Copy) error {
	next, err := r.show.Prepare(ctx, folder, state)
	if err != nil {
		return err
	}
	devices, err := r.open(next)
	if err != nil {
		next.End()
		return err
	}
	before := r.show.Swap(next, r.clock.Now())
	r.live, r.devices, r.opened = next, devices, next.Opened()
	r.line()
	for _, rig := range r.rigs {
		rig.Patch(r.opened)
	}
	if before != nil {
		before.End()
	}
	return nil
}

// open opens the devices of a load that are not live yet.
func (r *Run) open(l *show.Load) (map[string]device.Device, error) {
	env := r.show.Env()
	env.Since, env.Time = r.clock.Since, r.clock.Time
	devices := map[string]device.Device{}
	for _, decl := range l.Declarations() {
		d := r.devices[decl.Key()]
		if d == nil && r.opts.Open != nil {
			d = r.opts.Open(decl)
		}
		if d == nil {
			var err error
			if d, err = decl.OpenVirtual(env); err != nil {
				return nil, fmt.Errorf("%s: %w", decl, err)
			}
			if a, ok := d.(device.Adopter); ok {
				a.Adopt(decl)
			}
		}
		devices[decl.Key()] = d
	}
	l.Provide(devices)
	return devices, nil
}

// line puts what has deadlines in a line.
func (r *Run) line() {
	r.steppers = nil
	for _, rig := range r.rigs {
		r.steppers = append(r.steppers, rig)
	}
	r.steppers = append(r.steppers, Devices[device.Stepper](r)...)
}

// next is when something has to be done.
func (r *Run) next() time.Duration {
	next := min(r.show.ScriptNext(), r.show.EngineNext())
	for _, s := range r.steppers {
		next = min(next, s.Next())
	}
	if r.woken() {
		return r.clock.Now()
	}
	return next
}

// woken reports whether something has come up for the script since its last turn.
func (r *Run) woken() bool {
	select {
	case <-r.show.Ready():
		r.called = true
	default:
	}
	return r.called
}

// Until goes from deadline to deadline, up to and with an instant. The error is that of
// a script that does not come back, or of ctx.
func (r *Run) Until(ctx context.Context, until time.Duration) error {
	for ctx.Err() == nil {
		next := r.next()
		if next > until {
			r.clock.Set(until)
			return nil
		}
		r.clock.Set(next)
		if err := r.step(r.clock.Now()); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

func (r *Run) step(now time.Duration) error {
	for _, s := range r.steppers {
		if s.Next() <= now {
			s.Step(now)
		}
	}
	for more := r.woken() || r.show.ScriptNext() <= now; more; {
		var err error
		r.called = false
		if more, err = r.show.Script(now); err != nil {
			return err
		}
	}
	if r.show.EngineNext() <= now {
		if f := r.show.Engine(now); f != nil {
			r.shown = f.At
		}
	}
	return nil
}

// End lets the show say goodbye and what it says be seen. Nothing can be done with the
// run after it.
func (r *Run) End() {
	_, err := r.show.Script(r.clock.Now()) // it is up to date when it hears of its end
	r.show.End(r.clock.Now())
	for limit := r.clock.Now() + show.ExitTime; err == nil; { // a script that is stuck says nothing more
		last, more := r.show.Saying()
		if r.clock.Now() >= limit || !more && r.shown >= last {
			break
		}
		r.clock.Set(r.next())
		err = r.step(r.clock.Now())
	}
	_, load := r.show.Leave(r.clock.Now(), false)
	load.End()
	r.live = nil
}

// Close ends the run at once.
func (r *Run) Close() {
	if r.live != nil {
		r.live.Detach()
		r.live.End()
	}
	r.live = nil
}

// Devices lists the live devices that are of a type, in the order of their declaration.
func Devices[D any](r *Run) []D {
	var list []D
	for _, o := range r.opened {
		if d, ok := o.Device.(D); ok {
			list = append(list, d)
		}
	}
	return list
}

// Play rehearses the show in a folder from its start for so long, goodbye included.
func Play(ctx context.Context, opts Options, folder fs.FS, length time.Duration) error {
	r, err := New(opts)
	if err != nil {
		return err
	}
	defer r.Close()
	if err := r.Load(ctx, folder); err != nil {
		return err
	}
	if err := r.Until(ctx, length); err != nil {
		return err
	}
	r.End()
	return nil
}
