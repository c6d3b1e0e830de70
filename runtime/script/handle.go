package script

import (
	"cmp"
	"math"
	"time"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/beat"
)

// MaxTasks is how many tasks may be unfinished at a time.
const MaxTasks = 10_000

// maxRuns is how many runs of one handler may be unfinished at a time.
const maxRuns = 256

// After how many failures in a row, and how many runs in a row that had to be
// stopped, a handler is disabled.
const (
	maxFailures = 10
	maxStops    = 2
)

// Handle is something a script registered: a timer, a beat handler, an event
// handler. It belongs to the script loop.
type Handle struct {
	g      *Generation
	kind   string // the function that made it, such as "clock.on_beat"
	origin string // file:line where the callback begins
	fn     *lua.LFunction
	entry  entry

	every time.Duration // > 0: a timer that repeats
	once  bool          // fires once

	topics []string
	cause  string // topic of the event whose handler made it; "" for none
	args   func(L *lua.LState, t *Task, ev Event) []lua.LValue
	scope  *Scope

	times     *timed
	runs      int  // unfinished runs
	failures  int  // in a row
	stops     int  // of these, by the budget or a guard
	cancelled bool // it does not fire, or has fired once
	given     bool // back by who had it
}

// Cancel takes the registration back; runs that have begun go on. Cancelling
// twice is harmless.
func (h *Handle) Cancel() {
	if h.g.isRevoked() {
		return // nothing of it may be touched
	}
	h.given = true
	if h.cancelled {
		return
	}
	h.cancelled = true
	h.g.sched.remove(&h.entry)
	for _, topic := range h.topics {
		h.g.unsubscribe(h, topic)
	}
}

// name is what a run of the handle is called in logs.
func (h *Handle) name() string { return h.kind + " " + h.origin }

// Args turns the instant or the event that fires a handle into what the callback
// is called with.
type Args func(L *lua.LState, t *Task, ev Event) []lua.LValue

func (g *Generation) newHandle(kind string, fn *lua.LFunction, args Args) *Handle {
	h := &Handle{g: g, kind: kind, origin: g.origin(fn), fn: fn, args: args, cause: g.cause()}
	h.cancelled = g.shadow() != nil // it is none of those that come
	g.Scope().hold(h)
	return h
}

// After calls fn once, after d of logical time.
func (g *Generation) After(kind string, d Span, fn *lua.LFunction) *Handle {
	g.pressOn(kind)
	h := g.newHandle(kind, fn, nil)
	h.once = true
	if s := g.shadow(); s != nil {
		s.afterwards(h, d)
	}
	g.WhenLive(func() { g.scheduleIn(h, d) })
	return h
}

// Every calls fn each d, first after d.
func (g *Generation) Every(kind string, d time.Duration, fn *lua.LFunction) *Handle {
	h := g.newHandle(kind, fn, nil)
	h.every = d
	g.WhenLive(func() { g.scheduleIn(h, Span{Time: d}) })
	return h
}

// EveryBeats calls fn each so many beats, first after so many.
func (g *Generation) EveryBeats(kind string, beats float64, fn *lua.LFunction) *Handle {
	h := g.newHandle(kind, fn, nil)
	g.WhenLive(func() {
		from, epoch := g.position()
		grid := beat.Grid{Quantum: beats, Offset: from}
		h.entry = entry{kind: waitGrid, lane: g.sched.show, beat: grid.Next(from), epoch: epoch, grid: grid, handle: h}
		g.schedule(h)
	})
	return h
}

// OnBeat calls fn on every point of a grid of beats.
func (g *Generation) OnBeat(kind string, grid beat.Grid, fn *lua.LFunction, args Args) *Handle {
	return g.OnBeatOf("", kind, grid, fn, args)
}

// OnBeatOf is OnBeat with the beats of another tempo source; "" is the show's beat
// clock.
func (g *Generation) OnBeatOf(source, kind string, grid beat.Grid, fn *lua.LFunction, args Args) *Handle {
	h := g.newHandle(kind, fn, args)
	g.WhenLive(func() {
		l := g.sched.lane(source)
		from, epoch := l.position(g.Instant())
		if l == g.sched.show {
			from, epoch = g.position()
		}
		h.entry = entry{kind: waitGrid, lane: l, beat: grid.Next(from), epoch: epoch, grid: grid, handle: h}
		g.schedule(h)
	})
	return h
}

// Sources lists the tempo sources, besides the show's beat clock, that something
// waits for: their moving makes the generation due.
func (g *Generation) Sources() (list []string) {
	for _, l := range g.sched.lanes[1:] {
		if !l.empty() {
			list = append(list, l.source)
		}
	}
	return list
}

// AtBeat calls fn once, at an absolute beat. A beat already passed is waited for:
// it comes when the source jumps back.
func (g *Generation) AtBeat(kind string, at beat.Micro, fn *lua.LFunction, args Args) *Handle {
	g.pressOn(kind)
	h := g.newHandle(kind, fn, args)
	h.once = true
	g.WhenLive(func() {
		from, epoch := g.position()
		h.entry = entry{kind: waitBeat, lane: g.sched.show, beat: at, epoch: epoch, grid: beat.Grid{Quantum: beat.Once}, handle: h}
		if at >= from {
			g.schedule(h)
		} else if !h.cancelled {
			g.sched.show.parked = append(g.sched.show.parked, &h.entry)
		}
	})
	return h
}

// On calls fn for each event of one or more topics.
func (g *Generation) On(kind string, fn *lua.LFunction, args Args, topics ...string) *Handle {
	h := g.newHandle(kind, fn, args)
	if h.cancelled {
		return h
	}
	h.topics = topics
	for _, topic := range topics {
		g.topics[topic] = append(g.topics[topic], h)
	}
	return h
}

// Heard tells whether anything is called for events of a topic.
func (g *Generation) Heard(topic string) bool { return len(g.topics[topic]) > 0 }

func (g *Generation) scheduleIn(h *Handle, d Span) {
	h.entry = entry{kind: waitTime, at: g.Instant() + d.Time, handle: h}
	if d.Beats != 0 {
		from, epoch := g.position()
		h.entry = entry{kind: waitBeats, lane: g.sched.show, beat: from + d.Beats, epoch: epoch, handle: h}
	}
	g.schedule(h)
}

func (g *Generation) schedule(h *Handle) {
	if !h.cancelled {
		g.sched.add(&h.entry)
	}
}

func (g *Generation) unsubscribe(h *Handle, topic string) {
	hs := g.topics[topic]
	for i, x := range hs {
		if x == h {
			// A new slice: the old one may be in the middle of a delivery.
			g.topics[topic] = append(append([]*Handle(nil), hs[:i]...), hs[i+1:]...)
			return
		}
	}
}

// startTime is how long after its start a load may take to work off what it starts with.
const startTime = 10 * time.Second

// passedOver reports whether what was due at an instant comes so late that the next point
// takes its place: by more than a second, once the load has worked off what it started
// with. Until then all of it is run: a reload leaves nothing out.
func (g *Generation) passedOver(at, now time.Duration) bool {
	return now-at > time.Second && (g.caughtUp || now-g.base > startTime)
}

// fire runs a handle that is due and puts its next occurrence in. A repeating
// handle that is more than a second behind goes on at its next point instead of
// running for every point missed.
func (g *Generation) fire(h *Handle, at, now time.Duration) error {
	e := h.entry
	g.sched.remove(&h.entry)
	behind := g.passedOver(at, now)
	switch {
	case h.once:
		h.cancelled = true
		if e.kind == waitBeat {
			e.lane.happened(e, at, now)
		}
	case e.kind == waitTime:
		h.entry.at += h.every
		if behind && h.entry.at < now {
			missed := (now - h.entry.at + h.every - 1) / h.every
			h.entry.at += missed * h.every
			g.stats.Skipped += uint64(missed)
		}
		g.sched.add(&h.entry)
	default:
		h.entry.beat, h.entry.epoch, h.entry.fired, h.entry.landed = e.grid.Next(e.beat), e.epoch, at, false
		if is, epoch := e.lane.position(now); behind && epoch == e.epoch && h.entry.beat < is {
			next := e.grid.Next(is)
			g.stats.Skipped += uint64(math.Round((next - h.entry.beat).Float() / e.grid.Quantum))
			h.entry.beat = next
		}
		g.sched.add(&h.entry)
	}
	t, err := g.handlerTask(h, Event{At: at})
	if t == nil {
		return err
	}
	t.moveTo(&e, at)
	return g.begin(t, Event{At: at})
}

// handlerTask makes the task for one run of a handle; nil when too many are
// unfinished.
func (g *Generation) handlerTask(h *Handle, ev Event) (*Task, error) {
	if h.runs >= maxRuns || len(g.tasks) >= MaxTasks {
		g.stats.Refused++
		g.fail(&Failure{Task: h.name(), Message: h.origin + ": not called: too many tasks are unfinished (" + itoa(h.runs) + " of this handler, " + itoa(len(g.tasks)) + " in all)"}, nil)
		return nil, nil
	}
	h.runs++
	t := g.newTask(h.name(), h.fn, nil)
	t.handle, t.scope = h, h.scope
	t.cause = cmp.Or(ev.Topic, h.cause)
	t.origin = h.origin
	t.instant = ev.At
	if h.times == nil {
		h.times = g.times.find(t.name, t.origin)
	}
	t.times = h.times
	return t, nil
}

// begin computes the arguments of a handler's run and runs it to its first wait.
func (g *Generation) begin(t *Task, ev Event) error {
	if t.handle.args != nil {
		before := g.current
		g.current = t // what they tell is of its instant
		t.args = t.handle.args(g.L, t, ev)
		g.current = before
	}
	return g.run(t)
}
