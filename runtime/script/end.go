package script

import (
	"maps"
	"math"
	"slices"
)

// Goodbye delivers the event that ends the show, on the loop, and lets nothing go on or
// begin but what its handlers do, wait for and begin. Step has to follow for as long as
// Unfinished.
func (g *Generation) Goodbye(ev Event) error {
	if g.isRevoked() {
		return ErrStuck
	}
	g.sched.clear()
	g.topics = map[string][]*Handle{ev.Topic: g.topics[ev.Topic]}
	g.farewell = g.nextID
	return g.Deliver(ev)
}

// Unfinished reports whether the handlers of Goodbye have not come to their end: one
// still waits, or is to be called once.
func (g *Generation) Unfinished() bool {
	if g.isRevoked() {
		return false
	}
	for id := range g.tasks {
		if id > g.farewell {
			return true
		}
	}
	return g.sched.holdsOnce()
}

// Detach makes the generation one that has ended, at once: nothing of it runs or
// hands anything over any more. What is left to do is End, and nothing else may be
// called after it.
func (g *Generation) Detach() {
	g.ended = true
	if !g.isRevoked() {
		g.confess(math.MaxInt64)
	}
}

// End cancels every task, in the order in which they were started, and closes the
// Lua state. After Detach it may run on any goroutine, beside the generation that
// took over. A revoked generation is left as it is but for the goroutines that
// wait: one may still be somewhere inside the state.
func (g *Generation) End() {
	if g.closed {
		return
	}
	g.ended, g.closed = true, true
	if !g.isRevoked() {
		g.unwindAll()
	}
	for _, w := range g.idle {
		close(w.baton)
	}
	g.idle = nil
	if g.isRevoked() {
		return
	}
	g.workers.Wait()
	g.L.Close()
}

// unwindAll cancels every task.
func (g *Generation) unwindAll() {
	for _, id := range slices.Sorted(maps.Keys(g.tasks)) {
		if t := g.tasks[id]; t != nil {
			t.Cancel()
		}
	}
}
