package lan

import (
	"sync"
	"time"
)

// A Turn lets one at a time write to a wire. Who has frames to keep on time does not wait
// for it: a burst that finds the wire taken leaves right after, on the goroutine of who has
// it. Make one with NewTurn.
type Turn struct {
	mu    *sync.Mutex
	burst func(now, frame time.Time) (packets int, err error)

	taken bool
	free  *sync.Cond // told when nobody has the wire
	left  handed     // for who has it
	late  error      // of a burst whose caller is gone
}

// handed is a burst left to whoever has the wire.
type handed struct {
	now, frame time.Time
	waits      bool
}

// NewTurn makes a Turn that mu guards. burst sends what is due at now and, unless frame is
// zero, the levels of that frame; it is called by who has the wire, without mu.
func NewTurn(mu *sync.Mutex, burst func(now, frame time.Time) (packets int, err error)) *Turn {
	return &Turn{mu: mu, burst: burst, free: sync.NewCond(mu)}
}

// Flush sends a burst, or leaves it to whoever has the wire and returns 0 packets; an error
// is then that of the next call. Of several frames left so the newest counts. It is called
// with mu held and lets go of it.
func (t *Turn) Flush(now, frame time.Time) (packets int, err error) {
	late := t.late
	t.late = nil
	if t.taken {
		t.left.now, t.left.waits = now, true
		if !frame.IsZero() {
			t.left.frame = frame
		}
		t.mu.Unlock()
		return 0, late
	}
	t.taken = true
	t.mu.Unlock()
	packets, err = t.burst(now, frame)
	t.Yield()
	if err == nil {
		err = late
	}
	return packets, err
}

// Seize waits for the wire; not for those who have frames to keep on time.
func (t *Turn) Seize() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.taken {
		t.free.Wait()
	}
	t.taken = true
}

// Yield sends what others have left meanwhile, and gives the wire away.
func (t *Turn) Yield() {
	for {
		t.mu.Lock()
		next := t.left
		t.left = handed{}
		if !next.waits {
			t.taken = false
			t.free.Signal()
			t.mu.Unlock()
			return
		}
		t.mu.Unlock()
		if _, err := t.burst(next.now, next.frame); err != nil {
			t.mu.Lock()
			t.late = err
			t.mu.Unlock()
		}
	}
}
