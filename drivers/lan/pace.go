package lan

import "time"

// Backoff spaces repeated attempts: each wait is twice the one before, from First up to
// Max, with a quarter of jitter to either side.
type Backoff struct {
	First, Max time.Duration
	failures   int
}

// Next returns the wait before the next attempt, Max at most. random is in [0, 1).
func (b *Backoff) Next(random float64) time.Duration {
	wait := b.First
	for n := 0; n < b.failures && wait < b.Max; n++ {
		wait *= 2
	}
	b.failures++
	return min(time.Duration(float64(min(wait, b.Max))*(0.75+random/2)), b.Max)
}

// Reset starts over after a success.
func (b *Backoff) Reset() { b.failures = 0 }

// Failures returns the number of attempts since the last success.
func (b *Backoff) Failures() int { return b.failures }

// Seldom lets something happen once in a while and counts what it held back, for log
// lines that bad input causes.
type Seldom struct {
	last time.Time
	held int
}

// Allow reports whether it may happen now, which is when it did not for an interval, and
// how often it was held back since it last did.
func (s *Seldom) Allow(now time.Time, interval time.Duration) (held int, ok bool) {
	if !s.last.IsZero() && now.Sub(s.last) < interval {
		s.held++
		return 0, false
	}
	held, s.held, s.last = s.held, 0, now
	return held, true
}
