package host

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"time"

	"showrun/runtime/clock"
	"showrun/runtime/script"
)

// engineLoop runs the engine half of the show on a thread of its own until ctx ends.
func (h *Host) engineLoop(ctx context.Context) {
	runtime.LockOSThread()
	s := clock.NewSleeper(h.clock)
	defer s.Close()
	h.opts.Log.Debug("engine thread", "precision", s.Precision())
	h.drive(ctx, s)
}

// sleeper is a clock.Sleeper, or what takes its place in a test.
type sleeper interface {
	SleepUntil(at time.Duration)
	Wake()
}

// drive drives the engine half of the show until ctx ends.
func (h *Host) drive(ctx context.Context, s sleeper) {
	h.sleeper.Store(&s)
	defer h.sleeper.Store(nil)
	for ctx.Err() == nil {
		planned := h.show.FrameNext()
		s.SleepUntil(h.show.EngineNext())
		now := h.clock.Now()
		if f := h.show.Engine(now); f != nil {
			h.frames.add(f.Woken, planned, now)
		}
	}
}

// longestNap bounds how long the script loop sleeps.
const longestNap = time.Second

// scriptLoop drives the script half of the show until ctx ends.
func (h *Host) scriptLoop(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		select {
		case f := <-h.calls: // before a script that is always due
			f()
		default:
		}
		h.wakes.Add(1)
		now := h.clock.Now()
		boundary := h.swapOnTime(now)
		more, err := h.show.Script(now)
		if errors.Is(err, script.ErrStuck) {
			h.abandon(ctx)
			continue
		}
		if more {
			continue
		}
		timer.Reset(min(min(h.show.ScriptNext(), boundary)-h.clock.Now(), longestNap))
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-h.show.Ready():
		case f := <-h.calls:
			f()
		}
	}
}

// abandon deals with a script that does not come back from a call: levels stay,
// the show is loaded into a fresh state.
func (h *Host) abandon(ctx context.Context) {
	h.show.Bar() // what it has told machines already may not move them afterwards
	h.makeAllSafe()
	h.opts.Log.Error("the script is stuck in a call and has been abandoned; levels stay, the show is loaded afresh")
	h.noScript.Store(true)
	h.askReload("stuck")
	stuck := h.live
	if h.swapWaiting(0); h.live != stuck {
		return
	}
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case f := <-h.calls:
			f()
			if h.live != stuck {
				return
			}
		}
	}
}

// onBoundary has swap called on the script loop with the beat or bar that the options ask
// for, or with 0, and waits for it; false as with onScriptLoop.
func (h *Host) onBoundary(ctx context.Context, swap func(on time.Duration)) (ok bool) {
	if h.opts.ReloadAt == AtOnce || h.noScript.Load() {
		return h.onScriptLoop(ctx, func() { swap(0) })
	}
	done := make(chan bool, 1)
	var taken atomic.Bool // by who swaps, or by who gives it up
	ok = h.onScriptLoop(ctx, func() {
		h.waits = func(on time.Duration) {
			if !taken.CompareAndSwap(false, true) {
				return
			}
			went := false
			defer func() { done <- went }()
			swap(on)
			went = true
		}
	})
	if !ok {
		return false
	}
	select {
	case went := <-done:
		return went
	case <-ctx.Done():
	}
	if taken.CompareAndSwap(false, true) {
		return false
	}
	return <-done
}

// onScriptLoop runs f on the script loop and waits for it; false when ctx ended
// first, or when f panicked, which ends the show.
func (h *Host) onScriptLoop(ctx context.Context, f func()) (ok bool) {
	done := make(chan struct{})
	for busy := time.After(time.Second); ; {
		select {
		case h.calls <- func() { defer close(done); f(); ok = true }:
			<-done
			return ok
		case <-busy:
			h.opts.Log.Info("the script is busy: what is to go live waits for it")
		case <-ctx.Done():
			return false
		}
	}
}

// swapOnTime has the load that waits for a beat go live if the loop has come to that, or if
// none comes. It returns when to look again. No turn is taken beyond the beat before.
func (h *Host) swapOnTime(now time.Duration) (again time.Duration) {
	if h.waits == nil {
		return now + longestNap
	}
	on, at, comes := h.show.Boundary(h.opts.ReloadAt == AtBar, now)
	if comes && now < at {
		return at
	}
	h.swapWaiting(on)
	return now + longestNap
}

// swapWaiting has the load that waits for a beat go live.
func (h *Host) swapWaiting(on time.Duration) {
	if swap := h.waits; swap != nil {
		h.waits = nil
		swap(on)
	}
}
