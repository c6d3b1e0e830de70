package show

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/device"
	"showrun/runtime/patch"
	"showrun/runtime/script"
	"showrun/runtime/script/state"
)

// Load is one load of a show: its generation and what it declared.
type Load struct {
	loaded   Loaded
	gen      *script.Generation
	bindings Bindings
	devices  map[string]device.Device // by key
	files    *files
	left     chan struct{}
	opening  *opening
	before   map[uint64]uint64 // the prints of the load before, or of the run before
	copied   Copy              // what it has taken over, apart from the load it is from

	heard []script.Heard // since it was taken last
}

// Number counts loads, from 1.
func (l *Load) Number() int { return l.loaded.Number }

// Patch returns the fixtures and groups of the load. It is safe from any goroutine once the
// load is prepared.
func (l *Load) Patch() *patch.Patch { return l.bindings.Patch() }

// Layout returns where fixtures lie in a picture of the stage, as far as the script says; as
// safe as Patch.
func (l *Load) Layout() []patch.Place { return l.bindings.Layout() }

// Declarations lists what the load declares, in order.
func (l *Load) Declarations() []device.Declaration { return l.bindings.Devices() }

// machinery lists what moves.
func (l *Load) machinery() (names []string) {
	for _, d := range l.Declarations() {
		if _, moves := d.(device.Guarded); moves {
			names = append(names, d.String())
		}
	}
	return names
}

// Device returns a device of the load by the key of its declaration, nil if there is
// none.
func (l *Load) device(key string) device.Device { return l.devices[key] }

// Provide gives the load its devices, before it goes live; those that are not there may
// arrive later.
func (l *Load) Provide(devices map[string]device.Device) { l.devices = devices }

// Opened lists the declarations with their devices, in order; nil for those that are not
// there.
func (l *Load) Opened() (list []device.Opened) {
	for _, d := range l.bindings.Devices() {
		list = append(list, device.Opened{Declaration: d, Device: l.devices[d.Key()]})
	}
	return list
}

// Left is closed when another load has taken the place of this one and the devices have
// been told all that this one had for them. Those that only this one has are kept running
// until then.
func (l *Load) Left() <-chan struct{} { return l.left }

// Detach makes a load that was live, or was never to be, one of which nothing runs any
// more, at once. End has to follow, on any goroutine.
func (l *Load) Detach() { l.gen.Detach() }

// End ends what is left of the load.
func (l *Load) End() { l.gen.End() }

func (l *Load) takeHeard() []script.Heard {
	heard := l.heard
	l.heard = nil
	return heard
}

// loadTimeout is how long the top level of a show may take.
const loadTimeout = 5 * time.Second

// Copy is show.state, and what else there is to take over, for a load to come.
type Copy struct {
	number  int
	state   any
	carried Carried
}

// First is the copy for the first load.
func First() Copy { return FirstAfter(nil, Carried{}) }

// FirstAfter is First for a show that takes over what an earlier run has left: show.state,
// nil if there is none, and the rest.
func FirstAfter(state any, left Carried) Copy { return Copy{number: 1, state: state, carried: left} }

// CopyState copies show.state for the next load, on the script loop. The error names
// what cannot be kept.
func (m *Machine) CopyState() (Copy, error) {
	m.record(Copied{m.next(), m.live.Number() + 1})
	return m.copyState()
}

func (m *Machine) copyState() (Copy, error) {
	state, err := m.live.bindings.CopyState()
	return Copy{m.live.Number() + 1, state, m.carry()}, err
}

// carry is what the next load, or the next run, takes over.
func (m *Machine) carry() Carried {
	c := m.live.bindings.Carry()
	c.Top = m.live.opening.prints
	return c
}

// Prepare compiles the show in a folder and runs its top level in collect mode. Nothing
// that is live is touched. It runs on the loader's goroutine. The caller opens the
// devices it declares, and gives them to it, before it goes live.
func (m *Machine) Prepare(ctx context.Context, folder fs.FS, state Copy) (*Load, error) {
	plan := m.plan.Load()
	l := Loaded{Number: state.number, Seed: m.cfg.Seed, At: m.cfg.Now(), Plan: plan.Version, Main: m.cfg.File}
	if l.Number == 1 {
		l.State, l.Carried, l.Resumed = state.state, state.carried, m.resumed
	}
	next, err := m.prepare(ctx, folder, state, l, plan, nil)
	if err == nil && m.cfg.Record != nil {
		next.copied = state.apart()
	}
	return next, err
}

// apart is a copy that shares nothing with the load it is from, and so does not keep it.
func (c Copy) apart() Copy {
	p, ok := c.state.(*state.Passage)
	if !ok {
		return c
	}
	own := &state.Passage{}
	b, err := p.GobEncode()
	if err == nil {
		err = own.GobDecode(b)
	}
	if err != nil {
		panic(err) // it was just written
	}
	c.state = own
	return c
}

// prepare is Prepare for what was loaded once before, if oracle is a replay.
func (m *Machine) prepare(ctx context.Context, folder fs.FS, state Copy, loaded Loaded, plan *beat.Plan, oracle *script.Oracle) (*Load, error) {
	l := &Load{loaded: loaded, files: &files{from: folder, told: map[string]bool{}}, left: make(chan struct{}), before: state.carried.Top}
	l.bindings = m.cfg.Bind(Scene{
		Name: m.cfg.Name, File: m.cfg.File, Dir: m.cfg.Dir, Registry: &m.registry, Files: l.files, State: state.state, Carried: state.carried,
	})
	if oracle == nil {
		world := m.cfg.World
		world.Other = func(question any) any { return m.ask(l, question) }
		oracle = script.Live(world, func(h script.Heard) { l.heard = append(l.heard, h) })
	}
	ctx, cancel := context.WithTimeoutCause(ctx, loadTimeout, fmt.Errorf("the top level of the show ran for more than %v", loadTimeout))
	defer cancel()
	var err error
	l.gen, err = script.Load(ctx, script.Config{
		Show: l.files, Main: m.cfg.File, Tests: m.cfg.Tests, Shipped: m.cfg.Shipped, Modules: l.bindings.Modules(),
		Budget: m.cfg.Budget, Guard: m.cfg.Guard, Grace: m.cfg.Grace, Memory: m.cfg.Memory,
		Number: loaded.Number, At: loaded.At, Seed: loaded.Seed, Lookahead: m.cfg.Lookahead, Plan: plan,
		Oracle: oracle, Now: m.cfg.Now, Stopwatch: m.cfg.Stopwatch, Collect: m.cfg.Collect, Submit: m.submit, Failed: m.failed, Log: m.cfg.Log,
	})
	if err != nil {
		return nil, err
	}
	if err := l.bindings.Ready(); err != nil {
		l.gen.End()
		return nil, err
	}
	l.opening = openingOf(l.gen.Opening(), l.bindings.Mixes(), &m.registry)
	l.loaded.Files, l.loaded.Heard = l.files.take(), l.takeHeard()
	return l, nil
}

// files are those of a show folder. They remember what was read, and what was found to be
// there: errors tell scripts of it.
type files struct {
	from fs.FS

	mu   sync.Mutex
	read []File
	told map[string]bool // by name, what read has or had
}

// Open implements fs.FS.
func (f *files) Open(name string) (fs.File, error) { return f.from.Open(name) }

// ReadFile implements fs.ReadFileFS.
func (f *files) ReadFile(name string) ([]byte, error) {
	b, err := fs.ReadFile(f.from, name)
	if err == nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.tell(File{name, slices.Clone(b)})
	}
	return b, err
}

// Stat implements fs.StatFS.
func (f *files) Stat(name string) (fs.FileInfo, error) {
	info, err := fs.Stat(f.from, name)
	if err == nil && info.Mode().IsRegular() {
		f.found(name)
	}
	return info, err
}

// Glob implements fs.GlobFS.
func (f *files) Glob(pattern string) ([]string, error) {
	names, err := fs.Glob(f.from, pattern)
	f.found(names...)
	return names, err
}

// found notes files without what is in them.
func (f *files) found(names ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, name := range names {
		if !f.told[name] {
			f.tell(File{Name: name})
		}
	}
}

// tell has take return a file, in place of what it would have said of it.
func (f *files) tell(file File) {
	f.read = slices.DeleteFunc(f.read, func(g File) bool { return g.Name == file.Name })
	f.read = append(f.read, file)
	f.told[file.Name] = true
}

// take returns what was read and found since the last time.
func (f *files) take() []File {
	f.mu.Lock()
	defer f.mu.Unlock()
	read := f.read
	f.read = nil
	return read
}
