package script

import (
	"maps"
	"slices"
)

// Detach makes the generation one that has ended, at once: nothing of it runs or
// hands anything over any more. What is left to do is End, and nothing else may be
// called after it.
func (g *Generation) Detach() { g.ended = true }

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
