package online

import (
	"sync"

	"showrun/runtime/device"
)

// A Tally adds up what the machines of a device count, one after the other: what was dropped
// before a network failed stays counted. The zero Tally is ready; any goroutine may use it.
type Tally struct {
	mu    sync.Mutex
	begun bool           // there is a machine
	past  []device.Count // of machines that were replaced
}

// Replace has next put the first machine in its place, or another for one. now gives the
// counters of the one that is there, always the same ones in the same order.
func (t *Tally) Replace(now func() []device.Count, next func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.begun {
		t.past = t.add(now())
	}
	t.begun = true
	next()
}

// Sum gives the counters of all machines.
func (t *Tally) Sum(now func() []device.Count) []device.Count {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.add(now())
}

// add adds the past to counters, which it changes.
func (t *Tally) add(counts []device.Count) []device.Count {
	for i := range t.past {
		counts[i].N += t.past[i].N
	}
	return counts
}
