package script

import (
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/beat"
	"showrun/runtime/engine"
)

// Task is one thread of a show: the body of clock.run, or one run of a handler.
// It belongs to the script loop.
type Task struct {
	g      *Generation
	id     uint64
	name   string
	origin string // file:line where its function begins
	fn     *lua.LFunction
	args   []lua.LValue
	handle *Handle // what fired it; nil for clock.run
	cause  string  // topic of the event that it goes back to; "" for none
	scope  *Scope
	shadow *shadow // nil unless it is one
	times  *timed  // what it took counts there; nil if it is not counted
	over   func()  // what is to be done when it has ended; may be nil

	// The logical instant. While onBeat, the task stands exactly on beat pos of
	// epoch, and its output follows that beat should the tempo move.
	instant   time.Duration
	pos       beat.Micro
	onBeat    bool
	epoch     uint32
	grid      float64    // of the stamp
	of        *lane      // whose beat fired it, or nil
	own       beat.Micro // that beat
	ownEpoch  uint32     // and its epoch
	landed    bool       // the beat had been landed on when that was known
	scheduled bool       // false while it reacts to an event, whose instant is always past

	// lastGrid is the grid point a sync last returned at, in gridEpoch, at syncedAt.
	lastGrid  beat.Micro
	gridEpoch uint32
	syncedAt  time.Duration
	synced    bool

	out        []engine.Command
	entry      entry        // what it waits for
	wake       []lua.LValue // what its wait returns
	worker     *worker      // the goroutine it runs on; nil before it began
	idle       uint32       // wake-ups within a millisecond of logical time, from idleFrom on
	idleFrom   time.Duration
	nesting    int           // protected calls and coroutines it stands in
	coroutines []*lua.LState // those, innermost last
	loading    []string      // modules it is in the middle of requiring
	awaits     string        // the module of another task it waits for; "" for none
	cannotWait string        // why waiting raises; "" when it may
	err        error
	stopped    bool // by its budget or a guard, the last time it ran
	waiting    bool
	killed     bool
	dead       bool
}

// Name is the name given to clock.run, or what fired the handler.
func (t *Task) Name() string { return t.name }

// At is the logical instant of the task and the beat at it: of the source whose
// beat fired it, else of the show.
func (t *Task) At() (time.Duration, beat.Micro) {
	if t.of != nil {
		return t.instant, t.own
	}
	b, _ := t.position()
	return t.instant, b
}

// Where is the file:line at which the task waits; "" if it does not.
func (t *Task) Where() string {
	if !t.waiting || t.dead || t.worker == nil || t.worker.thread == nil {
		return ""
	}
	return strings.TrimSuffix(t.g.outside(t.worker.thread), ":")
}

// Epoch is that of the beat that At returns, for the beat of a source that fired it.
func (t *Task) Epoch() uint32 { return t.ownEpoch }

// WhenOver has f run, in a task of its own, when the task has ended of its own accord, at
// the instant it has got to.
func (t *Task) WhenOver(f func()) { t.over = f }

// Running reports whether the task has still to end.
func (t *Task) Running() bool { return !t.dead && !t.killed }

// Cancel ends the task: one that waits does not go on, one that runs ends at its
// next wait. Commands it has not yet let go of are dropped. Cancelling twice is
// harmless.
func (t *Task) Cancel() {
	if t.dead || t.killed {
		return
	}
	t.killed = true
	t.g.sched.remove(&t.entry)
	if t.g.current != nil {
		// A task may not hand the baton on itself; the loop will.
		t.g.condemned = append(t.g.condemned, t)
		return
	}
	t.g.unwind(t)
}

// Failed reports whether the task has ended with an error.
func (t *Task) Failed() bool { return t.dead && !t.killed && t.err != nil }

// position is the beat of the task's logical instant, and its epoch.
func (t *Task) position() (beat.Micro, uint32) {
	show := t.g.sched.show
	if t.onBeat && show.course.Has(t.epoch) {
		return t.pos, t.epoch
	}
	return show.position(t.instant)
}

// here is an entry that another task starts by at the instant of this one, and on the
// same beat if this one stands on one.
func (t *Task) here(other *Task) entry {
	switch {
	case t.landed:
	case t.onBeat:
		b, epoch := t.position()
		return entry{kind: waitBeats, lane: t.g.sched.show, beat: b, epoch: epoch, grid: beat.Grid{Quantum: t.grid}, task: other}
	case t.of != nil && t.of != t.g.sched.show:
		return entry{kind: waitBeats, lane: t.of, beat: t.own, epoch: t.ownEpoch, grid: beat.Grid{Quantum: t.grid}, task: other}
	}
	return entry{kind: waitTime, at: t.instant, task: other, reaction: !t.scheduled}
}

// stamp is what output of the task carries.
func (t *Task) stamp() engine.Stamp {
	switch {
	case t.landed:
		return engine.Stamp{At: t.instant}
	case t.of != nil && !t.onBeat:
		return engine.Stamp{At: t.instant, Beat: t.own, Epoch: t.ownEpoch, OnBeat: true, Grid: t.grid, Source: t.of.source}
	}
	return engine.Stamp{At: t.instant, Beat: t.pos, Epoch: t.epoch, OnBeat: t.onBeat, Grid: t.grid}
}

// moveTo sets the logical instant to that of an entry that became due.
func (t *Task) moveTo(e *entry, at time.Duration) {
	if at-t.idleFrom >= time.Millisecond {
		t.idle, t.idleFrom = 0, at
	}
	t.instant, t.scheduled, t.landed = at, !e.reaction && !e.landed, e.landed
	t.onBeat, t.of = false, nil
	if e.kind == waitTime {
		return
	}
	t.of, t.own, t.ownEpoch, t.grid = e.lane, e.beat, e.epoch, e.grid.Quantum
	if e.lane != t.g.sched.show {
		return
	}
	t.onBeat, t.pos, t.epoch = true, e.beat, e.epoch
	if e.kind == waitGrid {
		t.lastGrid, t.gridEpoch, t.syncedAt, t.synced = e.beat, t.epoch, at, true
	}
}

// Span is a duration as scripts give it: seconds, or beats when Beats is not 0.
type Span = engine.Length

// maxIdle is how often a task may wake within a millisecond of logical time.
const maxIdle = 10_000

// Sleep waits for d of logical time.
func (g *Generation) Sleep(L *lua.LState, d Span) {
	t := g.waiter(L)
	if t.shadow != nil {
		t.shadow.sleep(L, d)
		return
	}
	e := entry{kind: waitTime, at: t.instant + d.Time}
	if d.Beats != 0 {
		from, epoch := t.position()
		e = entry{kind: waitBeats, lane: g.sched.show, beat: from + d.Beats, epoch: epoch}
	}
	g.waitFor(L, t, e)
}

// Sync waits for the next point of a grid of beats.
func (g *Generation) Sync(L *lua.LState, grid beat.Grid) {
	t := g.waiter(L)
	after, epoch := t.position()
	if t.synced && t.gridEpoch == epoch {
		after = max(after, t.lastGrid)
	}
	if t.shadow != nil {
		t.shadow.sleep(L, Span{Beats: grid.Next(after) - after})
		return
	}
	g.waitFor(L, t, entry{kind: waitGrid, lane: g.sched.show, beat: grid.Next(after), epoch: epoch, grid: grid})
}

// Suspend waits until Wake is called for the task and returns what was given to
// it.
func (g *Generation) Suspend(L *lua.LState) []lua.LValue {
	t := g.waiter(L)
	if t.shadow != nil {
		t.shadow.sleep(L, Span{})
		return nil
	}
	g.yield(L, t)
	wake := t.wake
	t.wake = nil
	return wake
}

// Wake lets a suspended task go on at the logical instant of the task that calls
// it, with values as the result of its wait.
func (g *Generation) Wake(t *Task, values []lua.LValue) {
	if !t.waiting || t.dead || t.killed || t.entry.queue != nil {
		return
	}
	t.wake = values
	t.entry = entry{kind: waitTime, at: max(g.Instant(), t.instant), task: t, reaction: true}
	g.sched.add(&t.entry)
}

// Current is the task that holds the baton.
func (g *Generation) Current() *Task { return g.current }

// waiter returns the running task, or raises where waiting is not possible.
func (g *Generation) waiter(L *lua.LState) *Task {
	t := g.current
	if t.killed {
		g.hook.stop(errCancelled) // no pcall shall keep it alive
		L.RaiseError("%s", errCancelled)
	}
	if t.cannotWait != "" {
		L.RaiseError("cannot wait here: %s", t.cannotWait)
	}
	return t
}

func (g *Generation) waitFor(L *lua.LState, t *Task, e entry) {
	if t.idle++; t.idle > maxIdle {
		L.RaiseError("waited %d times without time passing; give clock.sleep or clock.sync something to wait for", maxIdle)
	}
	if e.kind == waitTime && e.at-t.instant < time.Millisecond {
		g.pressOn("clock.sleep")
	}
	t.entry = e
	t.entry.task = t
	if t.synced {
		t.entry.fired = t.syncedAt
	}
	g.sched.add(&t.entry)
	g.yield(L, t)
}

// NoWait runs f as a place where waiting raises, giving why.
func (g *Generation) NoWait(why string, f func()) {
	t := g.current
	before := t.cannotWait
	t.cannotWait = why
	defer func() { t.cannotWait = before }()
	f()
}
