package clock

import "time"

// A Sleeper wakes one output thread at exact show times. Go's own timers wake
// on whole milliseconds and are no use for frames.
//
// It belongs to the goroutine that made it, which has to be locked to its
// thread by runtime.LockOSThread before: scheduling class and timer slack are
// properties of the thread. A goroutine that ends while locked takes the
// thread with it, and then nothing has to be undone; one that goes on calls
// Close before it unlocks the thread.
type Sleeper struct {
	clock     *Real
	precision string
	thread    thread
}

// SleepUntil blocks the thread until show time at or the next Wake, and returns
// at once if that instant has passed or Wake was called since it returned last.
// Whoever is woken looks for what there is to do: one return may stand for any
// number of calls of Wake.
func (s *Sleeper) SleepUntil(at time.Duration) {
	s.sleep(at)
}

// Wake ends the sleep the thread is in, or else the next one before it begins.
// It is safe from any goroutine, never waits and costs a system call only if
// the thread sleeps and nobody has woken it yet.
func (s *Sleeper) Wake() {
	s.wake()
}

// Precision says in a few words how exactly this thread wakes, for the log:
// whether the system granted it a real-time priority, and if not, why.
func (s *Sleeper) Precision() string {
	return s.precision
}
