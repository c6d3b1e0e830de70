package script

import (
	"slices"
	"sync"
	"time"
)

// Event is something that happened outside the script and that it may have a
// handler for.
type Event struct {
	Topic string        // what handlers subscribe to, such as "clock/lost"
	Key   string        // in a full or busy inbox only the newest event of a key is kept; "" keeps all
	Brief bool          // the key counts only while the loop is behind
	From  string        // whoever reports it; no one of these fills more than half of an inbox
	At    time.Duration // when it happened, in show time
	Value any           // plain Go value; the subscriber knows its type
}

// Inbox hands events to the script loop. Put may be called from any goroutine and
// never blocks; Take is for the loop.
type Inbox struct {
	mu      sync.Mutex
	events  []Event
	taken   int            // how many there were before those
	byKey   map[string]int // index into events, and taken
	byFrom  map[string]int // how many wait
	limit   int
	dropped uint64
	merged  uint64
	ready   chan struct{}
}

// behind is how many events may wait before the loop that takes them counts as behind.
const behind = 64

// NewInbox returns an inbox that holds up to limit events.
func NewInbox(limit int) *Inbox {
	return &Inbox{limit: limit, byKey: map[string]int{}, byFrom: map[string]int{}, ready: make(chan struct{}, 1)}
}

// Put adds an event and reports whether there was room. One with a key replaces an
// older one with that key that has not been taken yet, a brief one only while so many
// wait that the loop is behind, which is counted; otherwise, when the inbox, or the
// half of it that one source may fill, is full, the event is dropped and counted.
func (b *Inbox) Put(ev Event) (ok bool) {
	b.mu.Lock()
	if i, known := b.byKey[ev.Key]; known && ev.Key != "" && (!ev.Brief || len(b.events) >= behind) {
		b.events[i-b.taken], ok = ev, true
		if ev.Brief {
			b.merged++
		}
	} else if len(b.events) >= b.limit || ev.From != "" && b.byFrom[ev.From] >= b.limit/2 {
		b.dropped++
	} else {
		if ev.Key != "" {
			b.byKey[ev.Key] = b.taken + len(b.events)
		}
		b.byFrom[ev.From]++
		b.events, ok = append(b.events, ev), true
	}
	b.mu.Unlock()
	b.Wake()
	return ok
}

// Wake signals Ready. It never waits, not even for who has the inbox.
func (b *Inbox) Wake() {
	select {
	case b.ready <- struct{}{}:
	default:
	}
}

// Ready is signalled when there may be something to take.
func (b *Inbox) Ready() <-chan struct{} { return b.ready }

// Take moves events to buf, oldest first, until that has n or none are left.
func (b *Inbox) Take(buf []Event, n int) []Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	n = max(0, min(n-len(buf), len(b.events)))
	for i, ev := range b.events[:n] {
		if ev.Key != "" && b.byKey[ev.Key] == b.taken+i {
			delete(b.byKey, ev.Key)
		}
		if b.byFrom[ev.From]--; b.byFrom[ev.From] == 0 {
			delete(b.byFrom, ev.From)
		}
	}
	buf = append(buf, b.events[:n]...)
	b.events, b.taken = slices.Delete(b.events, 0, n), b.taken+n
	return buf
}

// Len is how many events wait.
func (b *Inbox) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.events)
}

// Dropped counts events that found the inbox full.
func (b *Inbox) Dropped() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.dropped
}

// Merged counts brief events that were replaced by newer ones.
func (b *Inbox) Merged() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.merged
}
