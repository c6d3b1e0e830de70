package record

import (
	"sync/atomic"

	"showrun/runtime/journal"
	"showrun/runtime/show"
)

// turn is a turn of the engine loop, and the frame that it made.
type turn struct {
	show.EngineTurn
	frame journal.Frame
	made  bool
}

// ringLen is how many turns may wait: those of many seconds, or of one in which OSC comes as
// fast as it can.
const ringLen = 1 << 12

// ring carries turns from the engine loop to one goroutine. Neither waits, and the loop
// allocates nothing.
type ring struct {
	slots      [ringLen]turn
	put, taken atomic.Uint64
}

// offer adds a turn, if there is room; engine loop.
func (r *ring) offer(t turn) bool {
	n := r.put.Load()
	if n-r.taken.Load() == ringLen {
		return false
	}
	r.slots[n%ringLen] = t
	r.put.Store(n + 1)
	return true
}

// take removes the oldest turn, if there is one; the other goroutine.
func (r *ring) take() (t turn, ok bool) {
	n := r.taken.Load()
	if n == r.put.Load() {
		return turn{}, false
	}
	slot := &r.slots[n%ringLen]
	t, *slot = *slot, turn{}
	r.taken.Store(n + 1)
	return t, true
}
