package level

import (
	"slices"
	"sync"
)

// A Mailbox hands frames from the engine loop to one output goroutine. It has
// one slot, and the newest frame wins: an output that is slow or blocked
// misses frames, delays nobody and finds the present look when it comes back.
type Mailbox struct {
	ready chan struct{}

	mu      sync.Mutex
	outputs []Output // sorted; empty for all
	held    Frame
	full    bool
	dropped uint64
}

// NewMailbox returns a mailbox that carries the given outputs, or all of them
// if none is given.
func NewMailbox(outputs ...Output) *Mailbox {
	m := &Mailbox{ready: make(chan struct{}, 1)}
	m.Select(outputs...)
	return m
}

// Select changes which outputs the mailbox carries from the next frame on:
// those given, or all of them if none is given. It is safe from any goroutine.
func (m *Mailbox) Select(outputs ...Output) {
	sorted := slices.Compact(slices.Sorted(slices.Values(outputs)))
	m.mu.Lock()
	defer m.mu.Unlock()
	m.outputs = sorted
	m.dropped += m.discard()
}

// discard empties the mailbox and returns the number of frames lost.
func (m *Mailbox) discard() uint64 {
	if !m.full {
		return 0
	}
	m.full = false
	return 1
}

// Put copies the frame into the mailbox and replaces one that was not taken,
// which counts as dropped. What takes part in either takes part in the one to
// take, and it is woken only if both were. A woken frame without a part of the
// outputs the mailbox carries is none of its business. Put never waits longer
// than for such a copy. In steady state it allocates nothing. It is for the
// engine loop.
func (m *Mailbox) Put(f *Frame) {
	m.mu.Lock()
	concerned := m.put(f)
	m.mu.Unlock()
	if !concerned {
		return
	}
	select {
	case m.ready <- struct{}{}:
	default:
	}
}

// put is Put with the lock held. It reports whether there is a frame to take for
// the first time.
func (m *Mailbox) put(f *Frame) bool {
	part := m.held.Part
	if !m.full {
		part = part[:0]
	}
	had := len(part)
	for _, o := range f.Part {
		if _, ok := slices.BinarySearch(m.outputs, o); ok || len(m.outputs) == 0 {
			part = append(part, o)
		}
	}
	if f.Woken && len(part) == had {
		return false
	}
	slices.Sort(part)
	m.held.Part = slices.Compact(part)
	m.held.Seq, m.held.At, m.held.Woken = f.Seq, f.At, f.Woken && (!m.full || m.held.Woken)
	m.dropped += m.discard()
	if len(m.outputs) == 0 {
		m.held.copyLevels(f)
	} else {
		m.copySelected(f)
	}
	m.full = true
	return true
}

// copySelected copies the selected outputs and drops what memory that came
// back from the reader holds of others.
func (m *Mailbox) copySelected(f *Frame) {
	selected := m.outputs
	for o := range m.held.Levels {
		if len(selected) > 0 && selected[0] == Output(o) {
			m.held.copyOutput(f, Output(o))
			selected = selected[1:]
		} else {
			m.held.Levels[o] = nil
		}
	}
	for _, o := range selected {
		m.held.copyOutput(f, o)
	}
}

// Ready returns the channel that says that there may be a frame to take. It
// may say so once too often.
func (m *Mailbox) Ready() <-chan struct{} {
	return m.ready
}

// Take moves the frame into dst and reports whether there was one. The memory
// of dst goes to the mailbox in exchange, so dst starts as a zero Frame, is
// used for nothing else, and what it held is gone after a Take that reports
// true. Take is for the goroutine of the output.
func (m *Mailbox) Take(dst *Frame) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.full {
		return false
	}
	m.full = false
	*dst, m.held = m.held, *dst
	return true
}

// Dropped returns how many frames were replaced before they were taken. It is
// safe from any goroutine.
func (m *Mailbox) Dropped() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dropped
}
