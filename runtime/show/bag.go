package show

import (
	"sync/atomic"
)

// bag carries values from any goroutine to the engine loop, or from there. Neither side
// ever waits:
// the engine's thread comes before all others, and would otherwise wait for one that
// it keeps from running.
type bag struct {
	newest  atomic.Pointer[node]
	waiting atomic.Int64 // with those that are just being put in
	dropped atomic.Uint64
}

type node struct {
	value any
	older *node
}

// bagLimit is how many observations or events may wait. All are taken at every turn.
const bagLimit = 1 << 14

// put adds a value whatever waits.
func (b *bag) put(v any) {
	n := &node{value: v}
	b.waiting.Add(1)
	for {
		n.older = b.newest.Load()
		if b.newest.CompareAndSwap(n.older, n) {
			return
		}
	}
}

// offer adds a value unless too many wait; then it is dropped and counted.
func (b *bag) offer(v any) {
	if b.waiting.Load() >= bagLimit {
		b.dropped.Add(1)
		return
	}
	b.put(v)
}

// holds reports whether there is something to take. What is just being put in does not
// count: whoever puts it may be kept from running by the engine's thread.
func (b *bag) holds() bool { return b.newest.Load() != nil }

// take appends what is in the bag to buf, oldest first, and empties it.
func (b *bag) take(buf []any) []any {
	first := len(buf)
	for n := b.newest.Swap(nil); n != nil; n = n.older {
		buf = append(buf, n.value)
	}
	b.waiting.Add(int64(first - len(buf)))
	for i, j := first, len(buf)-1; i < j; i, j = i+1, j-1 {
		buf[i], buf[j] = buf[j], buf[i]
	}
	return buf
}
