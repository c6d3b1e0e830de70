package script

import (
	"errors"
	"sync/atomic"
	"time"
)

// hook is the context of every Lua thread of a generation. The interpreter asks
// Done before each instruction, which makes it the place to stop a script: while
// a reason is set, every instruction raises it, so no pcall can swallow it for
// long. The reason is set by the script loop, which watches the goroutine that
// holds the baton.
type hook struct {
	reason atomic.Pointer[stopReason]
}

// stopReason is why running Lua code has to end now.
type stopReason struct{ err error }

var (
	errCancelled = errors.New("task cancelled")
	errMemory    = errors.New("took too much memory")
)

// closed is the channel a stopping hook returns.
var closed = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

func (h *hook) stop(err error) { h.reason.Store(&stopReason{err}) }
func (h *hook) clear()         { h.reason.Store(nil) }
func (h *hook) stopped() bool  { return h.reason.Load() != nil }

// Done implements context.Context; the interpreter calls it before each
// instruction.
func (h *hook) Done() <-chan struct{} {
	if h.reason.Load() == nil {
		return nil
	}
	return closed
}

// Err implements context.Context.
func (h *hook) Err() error {
	if r := h.reason.Load(); r != nil {
		return r.err
	}
	return nil
}

// Deadline implements context.Context.
func (h *hook) Deadline() (time.Time, bool) { return time.Time{}, false }

// Value implements context.Context.
func (h *hook) Value(any) any { return nil }
