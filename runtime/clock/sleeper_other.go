//go:build !linux

package clock

import (
	"runtime"
	"time"
)

// spin is how long before its instant a thread stops trusting the system's
// timers, which wake up to about a millisecond late here.
const spin = time.Millisecond

// thread is what a Sleeper knows of its thread where there is no absolute
// sleep.
type thread struct {
	timer *time.Timer
	woken chan struct{} // holds what Wake left for the sleep that runs or comes
}

// NewSleeper prepares the calling thread. The caller must have locked its
// goroutine to it.
func NewSleeper(clock *Real) *Sleeper {
	timer := time.NewTimer(0)
	<-timer.C
	return &Sleeper{
		clock:     clock,
		precision: "timer and a spin of " + spin.String() + " at normal priority",
		thread:    thread{timer: timer, woken: make(chan struct{}, 1)},
	}
}

// Close has nothing to give back here.
func (s *Sleeper) Close() error {
	return nil
}

func (s *Sleeper) sleep(at time.Duration) {
	if d := at - spin - s.clock.Now(); d > 0 {
		s.thread.timer.Reset(d)
		select {
		case <-s.thread.timer.C:
		case <-s.thread.woken:
			s.thread.timer.Stop()
			return
		}
	}
	for {
		select {
		case <-s.thread.woken:
			return
		default:
		}
		if s.clock.Now() >= at {
			return
		}
		runtime.Gosched()
	}
}

func (s *Sleeper) wake() {
	select {
	case s.thread.woken <- struct{}{}:
	default:
	}
}

// Urgent has the calling thread come before others. Here it does nothing.
func Urgent() error { return nil }
