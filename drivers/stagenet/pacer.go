package stagenet

import "time"

// pacer lets something happen at most once a period. A wish is an instant: a
// frame that left late because the machine was busy does not hold back the next.
type pacer struct {
	period time.Duration
	last   time.Time // instant of the last one
	wanted time.Time // instant of the newest wish; zero for none
}

// want wishes for one at an instant.
func (p *pacer) want(at time.Time) { p.wanted = at }

// due reports whether it is to happen now. Otherwise next is when it will be,
// zero without a wish.
func (p *pacer) due(now time.Time) (due bool, next time.Time) {
	if p.wanted.IsZero() {
		return false, time.Time{}
	}
	earliest := p.last.Add(p.period)
	switch {
	case !p.wanted.Before(earliest.Add(-p.period / 50)): // instants are rounded
		p.last = p.wanted
	case !now.Before(earliest):
		p.last = now
	default:
		return false, earliest
	}
	p.wanted = time.Time{}
	return true, time.Time{}
}

// sooner returns the earlier of two instants; zero ones do not count.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
