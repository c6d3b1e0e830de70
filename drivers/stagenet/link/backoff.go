package link

import "time"

// The waits between attempts to connect (ruling 7), and how long a connection
// must last for the next wait to be the first again.
const (
	FirstWait = 250 * time.Millisecond
	MaxWait   = 10 * time.Second
	Steady    = 5 * time.Second
)

// Backoff spaces repeated attempts: each wait is twice the one before, from
// FirstWait up to MaxWait, with a quarter of jitter to either side.
type Backoff struct{ wait time.Duration }

// Next returns the wait before the next attempt. random is in [0, 1).
func (b *Backoff) Next(random float64) time.Duration {
	b.wait = min(max(2*b.wait, FirstWait), MaxWait)
	return min(time.Duration(float64(b.wait)*(0.75+random/2)), MaxWait)
}

// Reset starts over after a success.
func (b *Backoff) Reset() { b.wait = 0 }
