package source

import (
	"time"

	"showrun/drivers/stagelinq/wire"
)

// maxPending bounds what waits for one client. A client that does not take so
// much is disconnected.
const maxPending = 4096

// subscriber is what one StateMap connection wants to know and has not been
// sent. It has no sockets; its owner guards it with a lock.
type subscriber struct {
	spacing map[string]time.Duration // of each subscribed path, 0 for none
	pending []Change                 // in order, ready to send
	held    map[string]held          // paths with a spacing
	flooded bool
}

// held is a path with a minimum spacing between its emits.
type held struct {
	due   time.Time // of the next emit
	json  string    // newest value, not sent
	fresh bool      // json waits
}

func newSubscriber() *subscriber {
	return &subscriber{spacing: map[string]time.Duration{}, held: map[string]held{}}
}

// subscribe adds a path of the unit and queues its present value. interval is
// the protocol's: milliseconds, or 0xffffffff for none (3.3).
func (s *subscriber) subscribe(path, json string, interval uint32, now time.Time) {
	spacing := time.Duration(interval) * time.Millisecond
	if interval == 0xffffffff {
		spacing = 0
	}
	s.spacing[path] = spacing
	s.push(Change{path, json})
	if spacing > 0 {
		s.held[path] = held{due: now.Add(spacing)}
	} else {
		delete(s.held, path)
	}
}

// changed takes a new value of any path.
func (s *subscriber) changed(c Change, now time.Time) {
	spacing, subscribed := s.spacing[c.Path]
	if !subscribed {
		return
	}
	h, isHeld := s.held[c.Path]
	if isHeld && now.Before(h.due) {
		h.json, h.fresh = c.JSON, true
		s.held[c.Path] = h
		return
	}
	if isHeld {
		s.held[c.Path] = held{due: now.Add(spacing)}
	}
	s.push(c)
}

func (s *subscriber) push(c Change) {
	if len(s.pending) >= maxPending {
		s.flooded = true
		return
	}
	s.pending = append(s.pending, c)
}

// release queues held values that are due.
func (s *subscriber) release(now time.Time) {
	for path, h := range s.held {
		if h.fresh && !now.Before(h.due) {
			s.push(Change{path, h.json})
			s.held[path] = held{due: now.Add(s.spacing[path])}
		}
	}
}

// deadline returns the instant at which release has something to do, the zero
// time if there is none.
func (s *subscriber) deadline() time.Time {
	var next time.Time
	for _, h := range s.held {
		if h.fresh && (next.IsZero() || h.due.Before(next)) {
			next = h.due
		}
	}
	return next
}

// appendPending appends the waiting emits to b and forgets them.
func (s *subscriber) appendPending(b []byte) []byte {
	for _, c := range s.pending {
		b = wire.AppendState(b, wire.StateMessage{Type: wire.StateEmit, Path: c.Path, JSON: c.JSON})
	}
	s.pending = s.pending[:0]
	return b
}
