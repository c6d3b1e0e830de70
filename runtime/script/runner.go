package script

import (
	"context"
	"fmt"
	"runtime"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// worker is a goroutine with a Lua thread that runs tasks, one after the other.
type worker struct {
	thread *lua.LState
	baton  chan *Task // hands it a task to begin or to go on with; closed to end it
}

// watchEvery is how often the loop looks at a task that does not give the baton
// back.
const watchEvery = 5 * time.Millisecond

// hand gives the baton to t and waits until t returns or waits. It reports
// ErrStuck when t does neither.
func (g *Generation) hand(t *Task) error {
	sealed, revoked := g.cfg.Oracle.begin()
	if revoked {
		g.revoke()
		return ErrStuck
	}
	if t.worker == nil {
		t.worker = g.idleWorker()
	}
	before := g.current
	g.current = t
	t.waiting = false
	g.hook.begin(g.cfg.Budget, sealed)
	g.told.known = false
	if t.killed {
		g.hook.stop(errCancelled)
	}
	weighed := g.weigh(t)
	t.worker.baton <- t
	if err := g.await(t); err != nil {
		return err // the task still has the state; nothing here may touch it
	}
	weighed()
	v := g.hook.end()
	g.cfg.Oracle.end(v)
	g.spent += g.hook.count
	if t.stopped = v != nil && v.err != errCancelled; t.stopped {
		g.spent += TurnInstructions
	}
	g.current = before
	g.L.G.CurrentThread = g.L.G.MainThread
	if t.dead {
		g.idle = append(g.idle, t.worker)
		t.worker = nil
	}
	return nil
}

// idleWorker takes a worker from the pool or starts one.
func (g *Generation) idleWorker() *worker {
	var w *worker
	if n := len(g.idle); n > 0 {
		w = g.idle[n-1]
		g.idle = g.idle[:n-1]
	} else {
		w = &worker{baton: make(chan *Task)}
		g.workers.Go(func() { g.work(w) })
	}
	if w.thread == nil {
		w.thread = g.newThread()
	}
	return w
}

// work is the body of a worker's goroutine. Everything it does, it does while it
// holds the baton.
func (g *Generation) work(w *worker) {
	for t := range w.baton {
		w.thread.G.CurrentThread = w.thread
		t.err = w.thread.CallByParam(lua.P{Fn: g.bottom, Protect: true}, append([]lua.LValue{t.fn}, t.args...)...)
		t.dead = true
		if t.err != nil {
			w.thread = nil // an error leaves closed upvalues behind; never reuse it
		}
		if !g.giveBack() {
			return
		}
	}
}

// yield gives the baton back and waits to get it again. It is called on the
// goroutine of task t.
func (g *Generation) yield(L *lua.LState, t *Task) {
	thread := L.G.CurrentThread // may be a coroutine of the task
	t.waiting = true
	if !g.giveBack() {
		runtime.Goexit()
	}
	select {
	case <-t.worker.baton:
	case <-g.revoked:
		runtime.Goexit()
	}
	L.G.CurrentThread = thread
	if t.killed {
		L.RaiseError("%s", errCancelled)
	}
}

// giveBack returns the baton to the loop; false when the generation has been
// revoked meanwhile and nobody waits any more.
func (g *Generation) giveBack() bool {
	select {
	case g.back <- struct{}{}:
		return true
	case <-g.revoked:
		return false
	}
}

// replayPatience is how much longer than a live task one of a replay may take. It
// gets its verdicts from the record, and only ends this way when it has come apart
// from it.
const replayPatience = 10

// await waits for the baton and guards the task that has it: past the time the
// guard gives it is made to raise, past the grace period after it the generation
// is revoked.
func (g *Generation) await(t *Task) error {
	start := g.cfg.Stopwatch()
	g.watch.Reset(watchEvery)
	defer g.watch.Stop()
	var used uint64
	var cancelled <-chan struct{}
	if g.until != nil && !g.cfg.Oracle.replay {
		cancelled = g.until.Done()
	}
	for {
		select {
		case <-g.back:
			took := g.cfg.Stopwatch() - start
			if t.times != nil {
				t.times.add(took)
			}
			if took > g.cfg.Warn {
				g.slow(t, took)
			}
			return nil
		case <-cancelled:
			g.hook.post(context.Cause(g.until))
			cancelled = nil
		case <-g.watch.C:
		}
		took := g.cfg.Stopwatch() - start
		switch {
		case g.cfg.Oracle.replay && took < replayPatience*(g.cfg.Guard+g.cfg.Grace):
		case took > g.cfg.Guard+g.cfg.Grace:
			g.hook.post(errCancelled)
			g.revoke()
			return ErrStuck
		case took > g.cfg.Guard:
			g.hook.post(fmt.Errorf("ran for more than %v without waiting", g.cfg.Guard))
		case used == 0:
			used = bytesOf(usedHeap)
		case bytesOf(usedHeap) > used+g.cfg.Memory/2:
			runtime.GC() // it may be garbage
			if bytesOf(liveHeap) > used+g.cfg.Memory/2 {
				g.hook.post(fmt.Errorf("%w: more than %d MiB at one go", errMemory, g.cfg.Memory>>21))
			}
		}
		g.watch.Reset(watchEvery)
	}
}

// revoke gives up the generation: the baton will not come back.
func (g *Generation) revoke() {
	g.cfg.Oracle.revoke()
	g.ended = true
	close(g.revoked)
}

// unwind ends a cancelled task that is waiting or has not begun. It is called by
// the loop while no task runs.
func (g *Generation) unwind(t *Task) {
	g.sched.remove(&t.entry)
	switch {
	case t.worker == nil: // never began
		t.dead = true
		g.forget(t)
	case t.waiting:
		if g.hand(t) != nil {
			return
		}
		g.forget(t)
	}
}
