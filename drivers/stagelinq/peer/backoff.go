package peer

import "time"

// Backoff spaces repeated attempts: each wait is twice the one before, from
// First up to Max, with a quarter of jitter to either side.
type Backoff struct {
	First, Max time.Duration
	failures   int
}

// Next returns the wait before the next attempt. random is in [0, 1).
func (b *Backoff) Next(random float64) time.Duration {
	wait := b.First
	for range b.failures {
		if wait *= 2; wait >= b.Max {
			wait = b.Max
			break
		}
	}
	b.failures++
	return time.Duration(float64(wait) * (0.75 + random/2))
}

// Reset starts over after a success.
func (b *Backoff) Reset() { b.failures = 0 }

// Failures returns the number of attempts since the last success.
func (b *Backoff) Failures() int { return b.failures }
