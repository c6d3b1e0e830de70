package script

import (
	"errors"
	"slices"

	"showrun/runtime/engine"
)

// Scope is what a function has begun: the task it runs in, the tasks and handlers that
// this starts, and so on.
type Scope struct {
	// Keep is asked of every command that comes of it, and tells whether it is carried out;
	// nil keeps all.
	Keep func(engine.Command) bool
	// Value is for whoever made the scope.
	Value any
	// Cue is the one whose function it is, as people call it; "" for none.
	Cue string

	handles []*Handle
}

// Scope is the one of the running task, nil if it has none.
func (g *Generation) Scope() *Scope {
	if t := g.current; t != nil {
		return t.scope
	}
	return nil
}

// Within runs f as if the running task had a scope, or none if that is nil.
func (g *Generation) Within(s *Scope, f func()) {
	t := g.current
	if t == nil {
		f()
		return
	}
	before := t.scope
	t.scope = s
	defer func() { t.scope = before }()
	f()
}

// EndScope cancels what came of a scope. The running task goes on, without it.
func (g *Generation) EndScope(s *Scope) {
	var tasks []*Task
	for _, t := range g.tasks {
		if t.scope == s {
			tasks = append(tasks, t)
		}
	}
	slices.SortFunc(tasks, func(a, b *Task) int { return int(a.id) - int(b.id) })
	for _, t := range tasks {
		if t.scope = nil; t != g.current {
			t.Cancel()
		}
	}
	for _, h := range s.handles {
		h.Cancel()
	}
	s.handles = nil
}

// maxHandles is from how many on those of a scope that are over are forgotten.
const maxHandles = 64

// hold notes that a handle belongs to a scope.
func (s *Scope) hold(h *Handle) {
	if s == nil {
		return
	}
	if len(s.handles) >= maxHandles {
		s.handles = slices.DeleteFunc(s.handles, func(h *Handle) bool { return h.cancelled })
	}
	s.handles = append(s.handles, h)
	h.scope = s
}

// Collected are the commands of the top level, until they are handed over at Start. They
// are not for writing.
func (g *Generation) Collected() []engine.Command { return g.collected }

// Emit adds a command to what the running task will hand over, all together, when
// it returns or waits.
func (g *Generation) Emit(c engine.Command) {
	t := g.current
	switch {
	case t == nil:
		g.collected = append(g.collected, c) // at Start
	case t.shadow != nil:
		t.shadow.emit(c)
	case t.scope == nil || t.scope.Keep == nil || t.scope.Keep(c):
		if t.out = g.put(t.out, c); len(t.out) > maxCommands {
			g.hook.stop(errCommands)
		}
	}
}

// maxCommands is how many commands a task may give without waiting: each costs as much as a
// hundred instructions, which its budget does not know.
const maxCommands = 1 << 20

var errCommands = errors.New("gave more than a million commands without waiting")
