package clock

import (
	"fmt"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// realTimePriority is the SCHED_FIFO priority of output threads, in 1-99. It
// is low, below the kernel's own threads (50): any real-time priority comes
// before everything that has none, and that is all a frame needs.
const realTimePriority = 10

// thread is what a Sleeper knows of its thread on Linux.
type thread struct {
	// offset is CLOCK_MONOTONIC minus show time.
	offset time.Duration
	// before is the scheduling class to go back to; nil if it was not changed.
	before *unix.SchedAttr
	// state is one of idle, woken and asleep, and the futex slept on.
	state atomic.Uint32
}

// farAhead is where a sleep ends that has no end: in 36 years, an instant that also
// systems of 32 bits can name.
const farAhead time.Duration = 1 << 60

// The states of a thread.
const (
	idle   = iota // awake, and nobody has called Wake since it last slept
	woken         // somebody has
	asleep        // asleep or about to be
)

// Operations of futex(2), on a word that no other process sees.
const (
	futexWaitBitset = 9 | futexPrivate // its timeout is an instant of CLOCK_MONOTONIC
	futexWake       = 1 | futexPrivate
	futexPrivate    = 128
	futexAnyBit     = 1<<32 - 1
)

// NewSleeper prepares the calling thread: a timer slack of 1 ns instead of
// 50 µs, and SCHED_FIFO if the system permits it. The caller must have locked
// its goroutine to the thread.
func NewSleeper(clock *Real) *Sleeper {
	s := &Sleeper{clock: clock}
	s.thread.offset = monotonicOffset(clock)
	slack := ""
	if err := setTimerSlack(1); err != nil {
		slack = fmt.Sprintf(", timer slack not set: %v", err)
	}
	before, err := unix.SchedGetAttr(0, 0)
	if err == nil {
		err = setRealTime(realTimePriority)
	}
	if err != nil {
		s.precision = fmt.Sprintf("absolute sleep at normal priority (SCHED_FIFO: %v; grant CAP_SYS_NICE or an rtprio limit)%s", err, slack)
		return s
	}
	s.thread.before = before
	s.precision = fmt.Sprintf("absolute sleep, SCHED_FIFO priority %d%s", realTimePriority, slack)
	return s
}

// Urgent has the calling thread come before all that has no real-time priority, if the
// system permits it, but after output threads. For threads that wait for an emergency
// stop. The caller must have locked its goroutine to the thread, and ends while it is.
func Urgent() error { return setRealTime(realTimePriority - 1) }

// setRealTime gives the calling thread a real-time priority. A process started from it
// must not inherit that.
func setRealTime(priority uint32) error {
	return unix.SchedSetAttr(0, &unix.SchedAttr{
		Size:     unix.SizeofSchedAttr,
		Policy:   unix.SCHED_FIFO,
		Flags:    unix.SCHED_FLAG_RESET_ON_FORK,
		Priority: priority,
	}, 0)
}

// Close gives the thread back its scheduling class and timer slack.
func (s *Sleeper) Close() error {
	// Slack 0 stands for the default of the thread.
	err := setTimerSlack(0)
	if before := s.thread.before; before != nil {
		s.thread.before = nil
		// Clearing the fork flag would need a privilege; it does no harm.
		before.Flags |= unix.SCHED_FLAG_RESET_ON_FORK
		if e := unix.SchedSetAttr(0, before, 0); e != nil {
			err = fmt.Errorf("give back the scheduling class of an output thread: %w", e)
		}
	}
	return err
}

func (s *Sleeper) sleep(at time.Duration) {
	state := &s.thread.state
	if state.CompareAndSwap(idle, asleep) {
		at = min(at, farAhead)
		until := unix.NsecToTimespec(max(0, int64(at+s.thread.offset)))
		// The deadline is absolute: whatever else ends the system call, such as a
		// signal, only means to go on sleeping.
		for state.Load() == asleep && wait(state, &until) != unix.ETIMEDOUT {
		}
	}
	state.Store(idle)
}

func (s *Sleeper) wake() {
	if s.thread.state.Swap(woken) == asleep {
		unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&s.thread.state)), futexWake, 1, 0, 0, 0)
	}
}

// wait blocks until an instant, or until state is woken, if it is asleep at all.
func wait(state *atomic.Uint32, until *unix.Timespec) unix.Errno {
	_, _, err := unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(state)), futexWaitBitset,
		asleep, uintptr(unsafe.Pointer(until)), 0, futexAnyBit)
	return err
}

func setTimerSlack(ns uintptr) error {
	return unix.Prctl(unix.PR_SET_TIMERSLACK, ns, 0, 0, 0)
}

// monotonicOffset measures CLOCK_MONOTONIC minus show time. Both run on the
// same clock, so the tightest of a few bracketed readings is right to well
// below a microsecond.
func monotonicOffset(clock *Real) time.Duration {
	var offset time.Duration
	best := time.Duration(1<<63 - 1)
	for range 16 {
		before := clock.Now()
		var ts unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
			panic(fmt.Sprintf("clock: CLOCK_MONOTONIC: %v", err))
		}
		after := clock.Now()
		if width := after - before; width < best {
			best = width
			offset = time.Duration(ts.Nano()) - (before + width/2)
		}
	}
	return offset
}
