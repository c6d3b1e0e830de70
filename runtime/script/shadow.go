package script

import (
	"errors"
	"slices"
	"time"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/beat"
	"showrun/runtime/engine"
)

// Cast is a command in a shadow, and how long after its beginning it would have come.
type Cast struct {
	After   time.Duration
	Command engine.Command
}

// maxWaits is how often a function in a shadow may wait before it is left: one that never
// ends has no end to find.
const maxWaits = 1000

var errLeft = errors.New("left after a thousand waits")

// shadow is a function that is run to see what it would do. Its waits pass at once, and so
// do those of what it starts; nothing it does comes to pass.
type shadow struct {
	g     *Generation
	task  *Task // stands where it is
	began time.Duration
	waits int
	todo  []begun
	casts []Cast
}

// begun is what a shadow has still to run.
type begun struct {
	name string
	fn   *lua.LFunction
	args []lua.LValue
	at   time.Duration
	off  func() bool // whether it was cancelled
}

// shadow is the one that runs, nil if none does.
func (g *Generation) shadow() *shadow {
	if t := g.current; t != nil {
		return t.shadow
	}
	return nil
}

// Shadowing tells whether the code that runs is in a shadow: what it does besides giving
// commands must not come to pass.
func (g *Generation) Shadowing() bool { return g.shadow() != nil }

// Shadow runs a function, called name in logs, in a shadow, and returns the commands it
// would give from the present instant on, in their order, but for orders to devices and
// for the beat. Whatever waits goes on at once, for an event without values; what repeats is
// not called, and after a thousand waits it is left. Variables that it changes stay changed.
// It runs in a task; the error is the first one raised.
func (g *Generation) Shadow(name string, scope *Scope, fn *lua.LFunction, args []lua.LValue) (casts []Cast, err error) {
	parent := g.current
	at := parent.instant
	if g.collecting {
		at = g.base
	}
	s := &shadow{g: g, began: at, todo: []begun{{name, fn, args, at, func() bool { return false }}}}
	s.task = &Task{g: g, name: name, scope: scope, shadow: s, scheduled: true, nesting: parent.nesting + 1}
	g.current = s.task
	defer func() { g.current = parent }()
	for len(s.todo) > 0 {
		next := s.todo[0]
		s.todo = s.todo[1:]
		if next.off() {
			continue
		}
		s.task.instant = next.at
		if raised := s.run(next); raised != nil && err == nil {
			err = raised
		}
	}
	slices.SortStableFunc(s.casts, func(a, b Cast) int { return int(a.After - b.After) })
	return s.casts, err
}

// run calls a function on a thread of its own.
func (s *shadow) run(b begun) error {
	g, L := s.g, s.g.L.G.CurrentThread
	if s.task.nesting >= maxNesting {
		return errors.New("stack overflow: shadows, coroutines and protected calls nested too deep")
	}
	th := g.spareThread()
	th.Push(g.bottom)
	th.Push(b.fn)
	for _, a := range b.args {
		th.Push(a)
	}
	L.G.CurrentThread = th
	err := th.PCall(1+len(b.args), 0, nil)
	L.G.CurrentThread = L
	if stopped := g.hook.stopped; stopped != nil {
		if stopped.err != errLeft {
			L.RaiseError("%s", stopped.err) // it is for the whole task
		}
		g.hook.goOn()
		s.todo = nil
		return nil
	}
	if err != nil {
		return failure(b.name, err)
	}
	g.recycle(th)
	return nil
}

// emit takes a command.
func (s *shadow) emit(c engine.Command) {
	switch c.(type) {
	case engine.Order, engine.Conduct:
		return
	}
	s.casts = append(s.casts, Cast{s.task.instant - s.began, c})
}

// afterwards is later for a handle.
func (s *shadow) afterwards(h *Handle, d Span) {
	s.later(h.name(), h.fn, nil, s.after(d))
	s.todo[len(s.todo)-1].off = func() bool { return h.given }
}

// later has a function run after the present one.
func (s *shadow) later(name string, fn *lua.LFunction, args []lua.LValue, at time.Duration) *Task {
	t := &Task{g: s.g, name: name}
	s.todo = append(s.todo, begun{name, fn, args, at, func() bool { return t.killed }})
	s.count(s.g.L.G.CurrentThread)
	return t
}

// after is the instant so long after the present one.
func (s *shadow) after(d Span) time.Duration {
	if d.Beats == 0 {
		return s.task.instant + d.Time
	}
	course := s.g.sched.show.course
	line := course.Line(s.task.instant)
	if at, ok := course.Time(line.Epoch, line.At(s.task.instant)+d.Beats); ok && at != beat.Never {
		return at
	}
	return s.task.instant + time.Duration(d.Beats.Float()*60/max(line.BPM, 1)*1e9)
}

// sleep lets a span pass at once.
func (s *shadow) sleep(L *lua.LState, d Span) {
	s.count(L)
	s.task.instant = s.after(d)
}

// count counts waits, and leaves the function after too many.
func (s *shadow) count(L *lua.LState) {
	if s.waits++; s.waits > maxWaits {
		s.g.hook.stop(errLeft)
		L.RaiseError("%s", errLeft)
	}
}
