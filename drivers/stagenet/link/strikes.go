package link

import "time"

// Limits of patience with one peer (PROTOCOL.md ruling 8).
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
