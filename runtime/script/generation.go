package script

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/beat"
	"showrun/runtime/engine"
	"showrun/runtime/script/lualib"
)

// Module is a Go module that scripts get by require. Open is called once per
// generation, at the first require.
type Module struct {
	Name string
	Open func(g *Generation, L *lua.LState) *lua.LTable
}

// Config says what a generation is made of. Zero durations and sizes mean the
// defaults given.
type Config struct {
	Show    fs.FS  // the show folder; nothing outside it is readable
	Main    string // the show file in it, such as "show.lua"
	Tests   string // a file with tests of the show, in the folder; it runs behind Main, or in its place if it is the same; "" for none
	Shipped fs.FS  // Lua that comes with the runtime; may be nil
	Modules []Module

	Number    int           // generation number, from 1
	At        time.Duration // when it is loaded, in show time
	Seed      uint64        // of math.random
	Lookahead time.Duration // how far before its instant scheduled code runs
	Plan      *beat.Plan    // of the beat, at the time of loading; nil = 120 BPM from 0 on

	Budget uint64        // a task may run so many instructions without waiting; 40 million
	Guard  time.Duration // and so long; 4 s
	Grace  time.Duration // a stopped task may take so long to give up; 2 s
	Memory uint64        // bytes the process may hold before what makes it more is stopped; a task may take half of it at one go; 512 MiB
	Warn   time.Duration // longer runs are reported; 20 ms

	Oracle    *Oracle              // what is outside; without it nothing is
	Now       func() time.Duration // show time, for statistics
	Stopwatch func() time.Duration // real time, for the guards and what is reported
	Collect   func()               // begins to collect garbage beside the loop; may be nil

	// Submit takes a finished batch and returns how many commands for the conductor it
	// has taken by then, of all generations. It is called by the loop, or at Start.
	Submit func(engine.Batch) (conducted uint64)
	// Failed is told of every error in a task or a handler.
	Failed func(f *Failure)
	Log    *slog.Logger
}

// Stats counts what happened in a generation.
type Stats struct {
	Wakes    uint64        // tasks begun or gone on
	Late     uint64        // batches handed over after their instant
	MaxLate  time.Duration // the worst of them
	LateAt   string        // file:line of the worst
	Slow     uint64        // runs longer than Warn
	Failures uint64
	Skipped  uint64 // grid points passed over because the loop was more than a second behind
	Refused  uint64 // handler runs refused because too many were unfinished
	Tasks    int    // unfinished tasks
}

// Generation is one load of a show; the package documentation tells who may call what.
type Generation struct {
	cfg   Config
	L     *lua.LState
	hook  hook
	sched *schedule

	modules map[string]lua.LValue
	loading map[string]*load // modules whose files are running
	shipped map[string]bool  // files that come with the runtime, as chunks are called
	accuse  *lua.LFunction   // with which they raise errors, see openAccuse
	bottom  *lua.LFunction   // that protected calls call first, see explained

	topics   map[string][]*Handle
	tasks    map[uint64]*Task
	nextID   uint64
	current  *Task
	farewell uint64                // the id of the last task before the goodbye
	entered  map[*lua.LState]*Task // coroutines in the middle of something, and who is in them

	credited credit
	told     told
	spots    map[string]map[int]string // by file and line, see spot

	condemned []*Task // cancelled by a running task, to be ended after it

	now       time.Duration // of the turn, as SetPlan was told
	published *beat.Plan    // the plan without what is ahead of it
	ahead     []ahead

	collecting bool
	collected  []engine.Command
	intended   []engine.Command // for the conductor, by the top level
	beatStays  bool             // they are left out
	pending    []func()
	base       time.Duration   // the instant of Start; before it, of Load
	caughtUp   bool            // there was a turn with nothing due
	until      context.Context // while the top level runs: when that has to end
	ended      bool            // nothing of it runs any more
	closed     bool

	spent     uint64 // instructions of the turn so far
	still     int    // entries run since stillFrom, within a millisecond of logical time
	stillFrom time.Duration
	rush      int // entries run since rushFrom, within a second
	rushFrom  time.Duration

	back    chan struct{}
	revoked chan struct{}
	watch   *time.Timer
	workers sync.WaitGroup
	idle    []*worker
	spare   []*lua.LState

	memory    memory
	says      says
	confessed time.Duration // when it was told last what was left out
	stats     Stats
	times     Times
}

// Load compiles the show and runs its top level in collect mode. Nothing leaves
// the generation before Start. The error is a *Failure for anything the script is
// to blame for, or ErrStuck. Load may run on any goroutine, beside a live
// generation; the result is then handed to the script loop.
func Load(ctx context.Context, cfg Config) (*Generation, error) {
	setDefault(&cfg.Budget, 40e6)
	setDefault(&cfg.Guard, 4*time.Second)
	setDefault(&cfg.Warn, 20*time.Millisecond)
	setDefault(&cfg.Grace, 2*time.Second)
	setDefault(&cfg.Memory, DefaultMemory)
	if cfg.Oracle == nil {
		cfg.Oracle = Live(World{}, nil)
	}
	if cfg.Plan == nil {
		cfg.Plan = beat.NewPlan(beat.Course{{Line: beat.Timeline{Epoch: 1, BPM: 120}, Tempo: 120}}, nil)
	}
	if cfg.Now == nil {
		cfg.Now = func() time.Duration { return cfg.At }
	}
	limitArrays()
	g := &Generation{
		cfg: cfg,
		L: lua.NewState(lua.Options{
			SkipOpenLibs: true, CallStackSize: 2000, MinimizeStackMemory: true, IncludeGoStackTrace: true,
			RegistrySize: 256, RegistryMaxSize: 1 << 18, RegistryGrowStep: 8192,
		}),
		sched:      newSchedule(cfg.Plan),
		modules:    map[string]lua.LValue{},
		loading:    map[string]*load{},
		shipped:    map[string]bool{},
		topics:     map[string][]*Handle{},
		tasks:      map[uint64]*Task{},
		says:       says{},
		spots:      map[string]map[int]string{},
		entered:    map[*lua.LState]*Task{},
		collecting: true,
		base:       cfg.At,
		published:  cfg.Plan,
		back:       make(chan struct{}),
		revoked:    make(chan struct{}),
		watch:      time.NewTimer(time.Hour),
	}
	if !cfg.Oracle.replay { // where nothing depends on the stopwatch, and nobody looks
		g.times.of = map[string]*timed{}
	}
	g.watch.Stop()
	g.hook.alarm = make(chan struct{}, 1)
	g.hook.end()
	lualib.Open(g.L, g.library())
	g.openProtected()
	g.openRequire()
	g.openAccuse()
	g.keepSortFromWaiting()
	g.L.SetContext(&g.hook)

	err := g.runFiles(ctx)
	if err != nil {
		g.End()
		return nil, err
	}
	return g, nil
}

func setDefault[T ~int64 | ~uint64](v *T, d T) {
	if *v == 0 {
		*v = d
	}
}

// limitArrays bounds the array part of Lua tables, once for the process: with the
// library's own limit, t[67108863] = 1 takes gigabytes.
var limitArrays = sync.OnceFunc(func() { lua.MaxArrayIndex = 1 << 20 })

// Start makes the generation live: the commands its top level gave go out as one
// batch stamped at, and everything it registered begins there. at is the instant
// up to which the generation before has run.
func (g *Generation) Start(at time.Duration) error { return g.StartAfter(at, at) }

// StartAfter is Start with what is registered beginning a little earlier than the batch, so
// that it has what falls on the very instant of that.
func (g *Generation) StartAfter(from, at time.Duration) error {
	g.collecting = false
	g.base = from
	pending := g.pending
	g.pending = nil
	for _, f := range pending {
		f()
	}
	g.cfg.Oracle.settle()
	commands := g.collected
	g.collected = nil
	if len(commands) > 0 {
		g.submit(nil, engine.Batch{Stamp: engine.Stamp{At: at}, Origin: g.cfg.Main, Commands: commands})
	}
	return nil
}

// Opening is what the top level asked for, in order: its commands, and behind them those
// that it intends for the conductor.
func (g *Generation) Opening() []engine.Command { return slices.Concat(g.collected, g.intended) }

// Open makes some of it what goes out at Start.
func (g *Generation) Open(commands []engine.Command) {
	conducts := func(c engine.Command) bool { _, ok := c.(engine.Conduct); return ok }
	g.beatStays = !slices.ContainsFunc(commands, conducts)
	g.collected = slices.DeleteFunc(slices.Clone(commands), conducts)
}

// Intend notes a command for the conductor that the top level gives. It is to be given with
// Conduct when the generation is live, unless BeatStays.
func (g *Generation) Intend(c beat.Command) {
	g.intended = append(g.intended, engine.Conduct{Command: c})
}

// BeatStays reports that what the top level intends for the conductor is left out.
func (g *Generation) BeatStays() bool { return g.beatStays }

// WhenLive runs f now, or at Start while the top level is being collected.
func (g *Generation) WhenLive(f func()) {
	if g.collecting {
		g.pending = append(g.pending, f)
		return
	}
	f()
}

// Collecting reports whether the top level of the show is still running.
func (g *Generation) Collecting() bool { return g.collecting }

// Number counts loads, from 1.
func (g *Generation) Number() int { return g.cfg.Number }

// Log is where output of the script goes.
func (g *Generation) Log() *slog.Logger { return g.cfg.Log }

// Instant is the logical instant of the running task; outside any, the instant
// the generation went live.
func (g *Generation) Instant() time.Duration {
	if t := g.current; t != nil && !g.collecting {
		return t.instant
	}
	return g.base
}

// Position is the beat at the logical instant.
func (g *Generation) Position() beat.Micro {
	b, _ := g.position()
	return b
}

// position is the beat at the logical instant, and its epoch.
func (g *Generation) position() (beat.Micro, uint32) {
	if t := g.current; t != nil && !g.collecting {
		return t.position()
	}
	return g.sched.show.position(g.base)
}

// SetLookahead changes how far before its instant scheduled code runs.
func (g *Generation) SetLookahead(d time.Duration) { g.cfg.Lookahead = d }

// Next is the show time at which Step has something to do; beat.Never when
// nothing is scheduled.
func (g *Generation) Next() time.Duration {
	d := g.sched.next()
	if d.at == beat.Never {
		return beat.Never
	}
	return d.at - g.cfg.Lookahead
}

// How many due entries a Step runs at most, and after how many instructions it runs
// no further one, so that a show that schedules or computes without end keeps nobody
// from the rest of the turn: events, and what the loop has to look at besides.
const (
	TurnEntries      = 256
	TurnInstructions = 1_000_000 // some 20 ms
)

// Step runs what is due within the look-ahead of now, as much of it as goes into one
// turn: up to TurnEntries entries, and none after TurnInstructions or one that had to
// be stopped. It reports whether there is more; that waits for the next turn.
func (g *Generation) Step(now time.Duration) (more bool, err error) {
	if g.isRevoked() {
		return false, ErrStuck
	}
	g.confessNow(now)
	horizon := now + g.cfg.Lookahead
	g.spent = 0
	for n := 0; ; n++ {
		d := g.sched.next()
		if d.at > horizon || d.at == beat.Never || g.ended {
			g.caughtUp = g.caughtUp || n == 0
			return false, nil
		}
		if n == TurnEntries || g.spent >= TurnInstructions {
			return true, nil
		}
		g.sched.passed = max(g.sched.passed, d.at)
		if d.jump != nil {
			d.jump.jump()
			continue
		}
		e, at := d.entry, d.at
		if g.still++; at-g.stillFrom >= time.Millisecond {
			g.still, g.stillFrom = 0, at
		}
		if g.rush++; at-g.rushFrom >= time.Second {
			g.rush, g.rushFrom = 0, at
		}
		if e.handle != nil {
			err = g.fire(e.handle, at, now)
		} else {
			err = g.resume(e, at, now)
		}
		if err != nil {
			return false, err
		}
	}
}

// maxStill is how many entries may have run within a millisecond of logical time
// for a script to add one that is due at once. All of MaxTasks may meet on a beat.
const maxStill = 2 * MaxTasks

// maxRush is how many may have run within a second of logical time for that: no machine
// does more than that in a second, and the rest of the show would fall behind for ever.
const maxRush = 60_000

// pressOn raises when the script schedules things for now without end; no later
// instant would ever come.
func (g *Generation) pressOn(what string) {
	switch {
	case g.current == nil:
	case g.still > maxStill:
		g.raise("%s: %d things ran without time passing; let some pass in between", what, g.still)
	case g.rush > maxRush:
		g.raise("%s: %d things ran within a second; let more time pass in between", what, g.rush)
	}
}

// raise raises an error in the running task. It does not return.
func (g *Generation) raise(format string, args ...any) {
	g.L.G.CurrentThread.RaiseError(format, args...)
}

// Spent is how many instructions the last Step ran.
func (g *Generation) Spent() uint64 { return g.spent }

// resume wakes a task whose wait is over. One that comes more than a second late
// goes on from now, so that it does not rush through what it missed.
func (g *Generation) resume(e *entry, at, now time.Duration) error {
	t := e.task
	g.sched.remove(e)
	if t.handle != nil && t.handle.given && t.worker == nil {
		g.forget(t) // it was told, and is not to be called any more
		return nil
	}
	if g.passedOver(at, now) {
		switch e.kind {
		case waitGrid:
			g.stats.Skipped++
			e.beat, e.landed = e.grid.Next(max(e.beat, e.lane.course.At(now))), false
			g.sched.add(e)
			return nil
		default:
			e.kind, at = waitTime, now
		}
	}
	t.moveTo(e, at)
	return g.run(t)
}

// Deliver runs the handlers of an event, each in a task of its own.
func (g *Generation) Deliver(ev Event) error {
	if g.isRevoked() {
		return ErrStuck
	}
	ev.At = max(ev.At, g.base) // what was before belongs to the generation before
	for _, h := range g.topics[ev.Topic] {
		if h.cancelled || g.ended {
			continue
		}
		t, err := g.handlerTask(h, ev)
		if t == nil {
			continue
		}
		if err == nil {
			err = g.begin(t, ev)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// isRevoked tells whether a call of the script never came back.
func (g *Generation) isRevoked() bool {
	select {
	case <-g.revoked:
		return true
	default:
		return false
	}
}

// Stats returns the counters so far.
func (g *Generation) Stats() Stats {
	s := g.stats
	s.Tasks = len(g.tasks)
	return s
}

func (g *Generation) print(L *lua.LState, text string) {
	g.Say(slog.LevelInfo, text, Where(L))
}

// Where is the file:line of the Lua code that called the Go function running on L.
func Where(L *lua.LState) string {
	where := strings.TrimSuffix(strings.TrimSpace(L.Where(1)), ":")
	if where == "[G]" { // called by pcall itself
		return ""
	}
	return where
}

// definedAt is the file:line where a function begins.
func definedAt(fn *lua.LFunction) string {
	if fn == nil || fn.IsG || fn.Proto == nil {
		return builtIn
	}
	return fmt.Sprintf("%s:%d", fn.Proto.SourceName, fn.Proto.LineDefined)
}

const builtIn = "built-in"

func itoa(n int) string { return strconv.Itoa(n) }
