package script

import (
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"
)

// hook is the context of every Lua thread of a generation. The interpreter asks
// Done before each instruction, which makes it the place to count what a task
// spends and to stop it: once stopped, every instruction raises the reason, so
// no pcall can swallow it for long.
//
// Its fields belong to whoever holds the baton, but for limit and posted, by
// which the guards of the script loop reach a task that runs.
type hook struct {
	count  uint64                  // checks since the baton was handed over
	limit  atomic.Uint64           // the count at which to look closer
	posted atomic.Pointer[verdict] // what a guard decided; it holds from the next check on
	alarm  chan struct{}           // signalled when something was posted

	budget  uint64   // how many checks a hand-over may make
	sealed  verdict  // what a replayed hand-over is known to end with
	stopped *verdict // why running Lua code has to end now; nil while it may go on
}

// verdict is why a task had to end, and at which check of its hand-over.
type verdict struct {
	err   error
	at    uint64
	guard bool // a guard decided it, by a clock; the rest follows from the script
}

var (
	errCancelled = errors.New("task cancelled")
	errMemory    = errors.New("took too much memory")
)

// closed is the channel a stopping hook returns.
var closed = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// begin is called before the baton is handed over. A sealed verdict without an
// error is none.
func (h *hook) begin(budget uint64, sealed verdict) {
	h.count, h.budget, h.sealed = 0, budget, sealed
	h.stopped = nil
	h.posted.Store(nil)
	select {
	case <-h.alarm:
	default:
	}
	if sealed.err == nil {
		h.sealed.at = math.MaxUint64
	}
	h.limit.Store(min(budget, h.sealed.at-1) + 1)
}

// end is called when the baton is back. It returns what stopped the task, nil if
// nothing did.
func (h *hook) end() *verdict {
	v := h.stopped
	h.stopped = nil
	h.sealed.at = math.MaxUint64
	h.limit.Store(math.MaxUint64)
	return v
}

// stop makes the one who holds the baton end.
func (h *hook) stop(err error) { h.decide(err, false) }

// goOn takes a stop back that was for a part of what runs.
func (h *hook) goOn() {
	h.stopped = nil
	h.limit.Store(min(h.budget, h.sealed.at-1) + 1)
	if h.posted.Load() != nil {
		h.limit.Store(0)
	}
}

func (h *hook) decide(err error, guard bool) {
	if h.stopped == nil {
		h.stopped = &verdict{err, h.count, guard}
		h.limit.Store(0)
	}
}

// due reports whether the next check is the one a replayed verdict holds from.
func (h *hook) due() bool { return h.count+1 >= h.sealed.at }

// post makes the task that runs end at its next check. It is for the goroutine
// that waits for the baton. The first reason counts.
func (h *hook) post(err error) {
	if h.posted.CompareAndSwap(nil, &verdict{err: err}) {
		h.limit.Store(0)
		h.alarm <- struct{}{} // has room: begin emptied it
	}
}

// spend counts n checks at one go, as library calls that take long do. It returns
// why the task has to end; nil while it may go on.
func (h *hook) spend(n int) error {
	h.count += uint64(n)
	if h.count >= h.limit.Load() {
		h.look()
	}
	return h.Err()
}

// Done implements context.Context; the interpreter calls it before each
// instruction.
func (h *hook) Done() <-chan struct{} {
	h.count++
	if h.count < h.limit.Load() {
		return nil
	}
	if h.look() {
		return closed
	}
	return nil
}

// look decides what reaching the limit means.
func (h *hook) look() bool {
	posted := h.posted.Load()
	switch {
	case h.stopped != nil:
	case posted != nil:
		h.decide(posted.err, true)
	case h.count >= h.sealed.at:
		h.decide(h.sealed.err, true)
	case h.count > h.budget:
		h.stop(fmt.Errorf("ran for more than %s without waiting", instructions(h.budget)))
	}
	return h.stopped != nil
}

// instructions is a number of them for people.
func instructions(n uint64) string {
	if n >= 1e6 && n%1e6 == 0 {
		return fmt.Sprintf("%d million instructions", n/1e6)
	}
	return fmt.Sprintf("%d instructions", n)
}

// Err implements context.Context.
func (h *hook) Err() error {
	if h.stopped != nil {
		return h.stopped.err
	}
	return nil
}

// Deadline implements context.Context.
func (h *hook) Deadline() (time.Time, bool) { return time.Time{}, false }

// Value implements context.Context.
func (h *hook) Value(any) any { return nil }
