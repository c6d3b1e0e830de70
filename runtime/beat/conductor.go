package beat

import (
	"math"
	"time"
)

// Internal is the source name of the conductor's own tempo.
const Internal = "internal"

// maxSources bounds how many sources are followed at once.
const maxSources = 64

// Conductor decides what drives the beat of the show: the internal tempo or a
// followed source. It follows every source it hears of in the background, so
// that a switch is instant, and publishes one timeline that keeps the promises
// of [Timeline] across all of it; an epoch is never used twice.
//
// What changed through a call that returns no changes is returned by the next
// Step, which Next then says is due at once. A call whose instant lies before
// one it was already told about takes effect at the later one, so that nobody
// who read the timeline meanwhile sees it step. A Conductor belongs to one
// goroutine or lock. Create it with [NewConductor].
type Conductor struct {
	source    string               // what Follow was told, Internal by default
	internal  Timeline             // the internal tempo while it drives
	followers map[string]*Follower // by source key
	aliases   map[string]string    // source to the key it means at present
	tempo     float64              // nominal BPM of what drives
	taps      []time.Duration      // recent taps, oldest first
	path      path
	said      standing
}

// NewConductor returns a conductor driven by the internal tempo, running from
// beat 0 at now. A tempo outside 20-999 BPM means 120.
func NewConductor(now time.Duration, bpm float64) *Conductor {
	if checkTempo(bpm) != nil {
		bpm = 120
	}
	c := &Conductor{
		source:    Internal,
		internal:  Timeline{Epoch: 1, Origin: now, BPM: bpm},
		followers: make(map[string]*Follower),
		aliases:   make(map[string]string),
		tempo:     bpm,
	}
	c.path = path{line: c.internal, target: c.internal, until: Never, latest: now}
	c.said = c.standing()
	return c
}

// Timeline returns the published timeline. It stays the same value until
// something moves it.
func (c *Conductor) Timeline() Timeline { return c.path.line }

// Tempo returns the tempo in BPM as the source names it. Unlike the slope of
// the timeline it holds still while an error is corrected.
func (c *Conductor) Tempo() float64 { return c.tempo }

// Source returns what drives the beat, as Follow was told, and the key it
// stands for at present.
func (c *Conductor) Source() (name, key string) { return c.source, c.key() }

// Follower returns the follower of a source key for its diagnostics and its own
// beats, nil if that source was not heard of. It stays the conductor's.
func (c *Conductor) Follower(key string) *Follower { return c.followers[key] }

// Resolve returns the source key that a source, or an alias, stands for at
// present.
func (c *Conductor) Resolve(source string) string {
	if target := c.aliases[source]; target != "" {
		return target
	}
	return source
}

// Follow makes a source drive the beat from now on: "" or "internal", a source
// key or an alias. The timeline runs on as it is until the source is located.
// Back on the internal tempo it continues from where it is.
func (c *Conductor) Follow(source string, now time.Duration) {
	if source == "" {
		source = Internal
	}
	if source == c.source {
		return
	}
	c.source = source
	if source == Internal {
		c.take(c.path.line.At(now), now)
	}
	c.switched(now)
}

// take lets the internal tempo continue from a beat.
func (c *Conductor) take(at Micro, now time.Duration) {
	c.tempo = math.Min(math.Max(c.tempo, slowest), fastest)
	c.internal = Timeline{Origin: now, Beat: at, BPM: c.tempo}
	c.taps = c.taps[:0]
}

// Alias makes a source name such as "sink:master" stand for the source key
// target; "" takes that back. When it drives the beat, the switch keeps epoch
// and position if both sources agree, the phase if their beats match, and jumps
// otherwise. Aliases do not chain.
func (c *Conductor) Alias(source, target string, now time.Duration) {
	if c.aliases[source] == target || source == Internal {
		return
	}
	c.aliases[source] = target
	if target == "" {
		delete(c.aliases, source)
	}
	if source == c.source {
		c.switched(now)
	}
}

// key returns the source key that drives the beat.
func (c *Conductor) key() string { return c.Resolve(c.source) }

// switched aims at a source that began to drive.
func (c *Conductor) switched(now time.Duration) {
	if c.source != Internal {
		f := c.follower(c.key(), now)
		if !f.synced {
			f.expect(now, c.said.lost)
		}
		f.Step(now)
	}
	c.lead(now)
}

// driver returns the follower that drives the beat, nil on the internal tempo.
func (c *Conductor) driver() *Follower {
	if c.source == Internal {
		return nil
	}
	return c.followers[c.key()]
}

// follower returns the follower of a key, a new one for a new key. Beyond
// maxSources the one that was heard least recently is dropped.
func (c *Conductor) follower(key string, now time.Duration) *Follower {
	f := c.followers[key]
	if f != nil {
		return f
	}
	if len(c.followers) >= maxSources {
		oldest := ""
		for k, g := range c.followers {
			if k != c.key() && (oldest == "" || g.heard < c.followers[oldest].heard) {
				oldest = k
			}
		}
		delete(c.followers, oldest)
	}
	f = NewFollower(Config{})
	f.heard = now
	c.followers[key] = f
	return f
}

// lead aims the published timeline at what drives it.
func (c *Conductor) lead(now time.Duration) {
	target := c.path.target
	if f := c.driver(); f == nil {
		target = c.internal
	} else if f.located && !f.lost {
		target = f.target
		if f.tempo > 0 {
			c.tempo = f.tempo
		} else {
			target.BPM = c.tempo
		}
	}
	c.path.aim(now, target, slewWindow, slewHorizon)
}

// Observe takes an observation of a source and returns what it changed about
// the show's beat. Observations of one source come in the order of arrival.
func (c *Conductor) Observe(source string, o Observation) []Change {
	f := c.follower(source, o.Arrival)
	f.Observe(o)
	if f != c.driver() {
		return nil
	}
	c.lead(o.Arrival)
	return c.report(o.Arrival)
}

// Step does what is due at now and returns all that changed since the last
// Step or Observe of the driving source.
func (c *Conductor) Step(now time.Duration) []Change {
	if f := c.driver(); f != nil {
		f.Step(now)
	}
	c.path.step(now)
	return c.report(now)
}

// Next returns the instant of the next Step that has something to do.
func (c *Conductor) Next() time.Duration {
	if changes(c.said, c.standing(), 0) != nil {
		return c.path.latest
	}
	if f := c.driver(); f != nil {
		return min(c.path.until, f.lostAt())
	}
	return c.path.until
}

// Confidence returns how far the timeline can be trusted, 0 to 1; the internal
// tempo is always right.
func (c *Conductor) Confidence(now time.Duration) float64 {
	if f := c.driver(); f != nil {
		return f.Confidence(now)
	}
	return 1
}

// standing returns what changes are made of.
func (c *Conductor) standing() standing {
	f := c.driver()
	is := standing{
		source:  c.source,
		epoch:   c.path.line.Epoch,
		tempo:   c.said.tempo,
		stopped: c.path.line.Stopped,
		lost:    f != nil && f.lost,
	}
	if math.Abs(c.tempo-is.tempo) >= tempoStep {
		is.tempo = c.tempo
	}
	return is
}

// report returns what changed since the last report.
func (c *Conductor) report(now time.Duration) []Change {
	is := c.standing()
	list := changes(c.said, is, now)
	c.said = is
	return list
}
