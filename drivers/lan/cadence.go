package lan

import "time"

// Timing of a stream of levels: that of DMX512 over networks, which Sig-Net (13.3) and
// streaming ACN (6.6.2) share.
const (
	Repeats       = 3 // identical packets after the last change
	KeepAlive     = 900 * time.Millisecond
	PaceTolerance = 3 * time.Millisecond // of a caller that paces its frames
)

// A Cadence says when a stream of levels is due: news as the rate allows, three times more
// after the last, and then now and again. It belongs to one goroutine.
type Cadence struct {
	interval time.Duration // time between two packets at the rate
	early    time.Duration // how much of it a caller that paces its frames may be early
	started  bool          // levels were given
	changed  bool          // since the last packet
	owed     int           // repeats still to send
	last     time.Time
	next     time.Time // from which on news may leave
	again    time.Time // the last packet that was none
	asked    time.Time // the last frame, and the one before it
	before   time.Time
}

// NewCadence makes one of so many packets a second at most, which is silent until Start.
func NewCadence(rate int) Cadence {
	interval := time.Second / time.Duration(rate)
	return Cadence{interval: interval, early: min(PaceTolerance, interval/2)}
}

// Started tells whether there was something to send.
func (c *Cadence) Started() bool { return c.started }

// Start tells that there is something new to send.
func (c *Cadence) Start() { c.started, c.changed = true, true }

// Change is Start for what is of no use before there is something to send.
func (c *Cadence) Change() { c.changed = c.started }

// Follow goes on where another stopped, at its own rate; what there is is news.
func (c *Cadence) Follow(old Cadence) {
	old.interval, old.early, old.changed, old.owed = c.interval, c.early, old.started, 0
	*c = old
}

// Due tells whether a packet is to be sent at now. News waits for news only, so that a
// level that changes once is not held up by repeats of the one before; these keep twice
// the distance, so that there are never more packets than the rate allows.
func (c *Cadence) Due(now time.Time) bool {
	if !now.Equal(c.asked) { // and not for a second time, since a batch was full
		c.before, c.asked = c.asked, now
	}
	switch since := now.Sub(c.last); {
	case !c.started:
		return false
	case c.changed:
		return c.free(now)
	case c.owed > 0:
		return since >= 2*c.interval-c.early
	default:
		return since >= KeepAlive
	}
}

// free tells whether the rate leaves room for news at now.
func (c *Cadence) free(now time.Time) bool { return !now.Before(c.next.Add(-c.early)) }

// spend takes the room for news at now. Frames seldom fall on the instants of a rate that
// is not theirs: the first that has room is as good as the instant before it, so that as
// many packets leave as the rate allows, and in no second more.
func (c *Cadence) spend(now time.Time) {
	if c.free(c.before) || now.Sub(c.next) >= c.interval {
		c.next = now
	}
	if again := c.again.Add(c.interval); again.After(c.next) {
		c.next = again // a repeat holds up the news after the next
	}
	c.next = c.next.Add(c.interval)
}

// Sent moves on after a packet; it tells whether that packet was more than a keep-alive.
func (c *Cadence) Sent(now time.Time) (moving bool) {
	moving = c.changed || c.owed > 0
	switch {
	case c.changed:
		c.changed, c.owed = false, Repeats
		c.spend(now)
	case c.owed > 0:
		c.owed--
		c.again = now
	default:
		c.again = now
	}
	c.last = now
	return moving
}

// Failed makes up for a packet that could not be sent.
func (c *Cadence) Failed() { c.changed = true }
