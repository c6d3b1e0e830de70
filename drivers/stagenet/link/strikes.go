package link

import "time"

// Limits of patience with one peer (ruling 8).
const (
	MaxStrikes   = 100
	StrikeWindow = 10 * time.Second
)

// Strikes counts the invalid messages of one peer.
type Strikes struct {
	times [MaxStrikes]time.Time // a ring of the last ones
	next  int
}

// Add notes one at now and reports whether the peer is to be closed.
func (s *Strikes) Add(now time.Time) bool {
	s.times[s.next] = now
	s.next = (s.next + 1) % MaxStrikes
	oldest := s.times[s.next]
	return !oldest.IsZero() && now.Sub(oldest) < StrikeWindow
}

// Seldom lets something happen once a second and counts what it held back.
type Seldom struct {
	last time.Time
	held int
}

// Now reports whether it may happen now, and how often it was held back since
// it last did.
func (s *Seldom) Now(now time.Time) (held int, ok bool) {
	if !s.last.IsZero() && now.Sub(s.last) < time.Second {
		s.held++
		return 0, false
	}
	held, s.held, s.last = s.held, 0, now
	return held, true
}
