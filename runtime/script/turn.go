package script

import (
	"time"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/engine"
)

func (g *Generation) newTask(name string, fn *lua.LFunction, args []lua.LValue) *Task {
	g.nextID++
	t := &Task{g: g, id: g.nextID, name: name, origin: g.origin(fn), fn: fn, args: args, cause: g.cause()}
	t.entry.index = -1
	t.scope = g.Scope()
	g.tasks[t.id] = t
	return t
}

// cause is the topic of the event that what is made now goes back to.
func (g *Generation) cause() string {
	if t := g.current; t != nil {
		return t.cause
	}
	return ""
}

// Run starts fn as a task of its own at the present instant. It raises when there
// are MaxTasks of them already.
func (g *Generation) Run(name string, fn *lua.LFunction, args []lua.LValue) *Task {
	if name == "" {
		name = "clock.run " + g.origin(fn)
	}
	if len(g.tasks) >= MaxTasks {
		g.raise("clock.run: %d tasks are unfinished, and more than that is not possible; let some of them end", len(g.tasks))
	}
	if s := g.shadow(); s != nil {
		return s.later(name, fn, args, s.task.instant)
	}
	g.pressOn("clock.run")
	t := g.newTask(name, fn, args)
	t.times = g.times.find(name, t.origin)
	g.WhenLive(func() {
		if t.killed {
			return
		}
		t.instant = g.Instant()
		t.entry = entry{kind: waitTime, at: t.instant, task: t}
		if g.current != nil {
			t.entry = g.current.here(t)
		}
		g.sched.add(&t.entry)
	})
	return t
}

// Do runs f in a task of its own at an instant, as an event does its handlers.
func (g *Generation) Do(name string, at time.Duration, f func()) error {
	if g.isRevoked() {
		return ErrStuck
	}
	if g.ended {
		return nil
	}
	t := g.newTask(name, g.Function(f), nil)
	t.times = g.times.find(name, t.origin)
	t.instant = max(at, g.base)
	return g.run(t)
}

// Function is f as a function of Lua, for what calls one.
func (g *Generation) Function(f func()) *lua.LFunction {
	return g.L.NewFunction(func(*lua.LState) int { f(); return 0 })
}

// Tell has the handlers of an event called at the present instant, each in a task of its
// own, after what runs now. In a shadow nobody is told. It raises when handlers tell one
// another without end.
func (g *Generation) Tell(ev Event) {
	if g.Shadowing() {
		return
	}
	ev.At = g.Instant()
	for _, h := range g.topics[ev.Topic] {
		g.pressOn(h.name())
		t, _ := g.handlerTask(h, ev)
		if t == nil {
			continue
		}
		if h.args != nil {
			t.args = h.args(g.L, t, ev)
		}
		t.entry = entry{kind: waitTime, at: ev.At, task: t}
		if g.current != nil {
			t.entry = g.current.here(t)
		}
		g.sched.add(&t.entry)
	}
}

// run gives t the baton and deals with what it leaves: output, an error, its end.
func (g *Generation) run(t *Task) error {
	g.stats.Wakes++
	if err := g.hand(t); err != nil {
		g.fail(&Failure{Task: t.name, Message: t.origin + ": " + err.Error()}, nil)
		return err
	}
	if t.killed {
		g.takeBack(t)
	} else {
		g.flush(t)
	}
	if t.dead {
		g.finish(t)
	}
	for len(g.condemned) > 0 {
		c := g.condemned[0]
		g.condemned = g.condemned[1:]
		if !c.dead {
			g.unwind(c)
		}
	}
	return nil
}

// flush hands over what the task has put out since it last did.
func (g *Generation) flush(t *Task) {
	if len(t.out) == 0 {
		return
	}
	stamp := t.stamp()
	if late := g.cfg.Now() - stamp.At; late > 0 && t.scheduled {
		g.stats.Late++
		if late > g.stats.MaxLate {
			g.stats.MaxLate, g.stats.LateAt = late, t.origin
		}
	}
	g.submit(t, engine.Batch{Stamp: stamp, Reaction: !t.scheduled, Origin: t.origin, Commands: t.out})
	t.out = nil
}

// Give hands over commands of nobody's, with a stamp.
func (g *Generation) Give(at engine.Stamp, commands ...engine.Command) {
	g.submit(nil, engine.Batch{Stamp: at, Reaction: true, Commands: commands})
}

// submit hands over what a task has put out, nil for the top level.
func (g *Generation) submit(t *Task, b engine.Batch) {
	b.Generation = g.cfg.Number
	conducted := g.cfg.Submit(b)
	for i := range g.ahead {
		if a := &g.ahead[i]; a.task == t && a.number == 0 {
			a.number = conducted
		}
	}
}

// finish forgets a task that has ended and reports how.
func (g *Generation) finish(t *Task) {
	g.forget(t)
	h := t.handle
	failed := t.err != nil && !t.killed
	if h != nil {
		h.failures, h.stops = inARow(h.failures, failed), inARow(h.stops, failed && t.stopped)
	}
	if failed {
		f := failure(t.name, t.err)
		f.Cause = t.cause
		g.fail(f, h)
	}
	if t.over != nil && !t.killed {
		g.Do(t.name, t.instant, t.over)
	}
}

// inARow counts one more, or begins again.
func inARow(n int, again bool) int {
	if !again {
		return 0
	}
	return n + 1
}

func (g *Generation) forget(t *Task) {
	if _, ok := g.tasks[t.id]; !ok {
		return
	}
	delete(g.tasks, t.id)
	if t.handle != nil {
		t.handle.runs--
	}
}

// fail reports an error. The handler that raised its tenth in a row is disabled,
// and so is one that had to be stopped twice in a row: each time it keeps the whole
// show waiting.
func (g *Generation) fail(f *Failure, h *Handle) {
	g.stats.Failures++
	switch {
	case h == nil:
	case h.stops >= maxStops:
		f.Disabled = h.name() + " had to be stopped twice in a row and is not called again until the next reload; let it do less, or wait in its loops with clock.sleep"
	case h.failures >= maxFailures:
		f.Disabled = h.name() + " failed ten times in a row and is not called again until the next reload"
	}
	if f.Disabled != "" {
		h.Cancel()
	}
	if g.cfg.Failed != nil {
		g.cfg.Failed(f)
	}
}

// slow reports a run that took longer than Warn.
func (g *Generation) slow(t *Task, took time.Duration) {
	g.stats.Slow++
	if g.collecting || !g.allow(slowScript+t.name, slowPerSecond) {
		return
	}
	g.cfg.Log.Warn(slowScript, "task", t.name, "at", t.origin, "took", took.Round(time.Millisecond))
}
