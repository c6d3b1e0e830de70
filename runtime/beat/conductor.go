package beat

import (
	"math"
	"slices"
	"time"
)

// Internal is the source name of the conductor's own tempo.
const Internal = "internal"

// maxSources bounds how many sources are followed at once.
const maxSources = 64

// maxPlanned bounds how many commands wait for their instants.
const maxPlanned = 1024

// Conductor decides what drives the beat of the show: the internal tempo or a
// followed source. It is the one owner of musical time: it follows every source it
// hears of in the background, so that a switch is instant, keeps what names stand for,
// and takes commands ahead of their instants. What it knows it publishes as a [Plan],
// whose course keeps the promises of [Timeline] across all of it; an epoch is never
// used twice.
//
// What changed through a call that returns no changes is returned by the next
// Step, which Next then says is due at once. A call whose instant lies before
// one it was already told about takes effect at the later one, so that nobody
// who read the course meanwhile sees it step. A Conductor belongs to one
// goroutine. Create it with [NewConductor].
type Conductor struct {
	drive     drive
	epochs    epochs               // of the published course
	lanes     epochs               // of all followers together, so that a name may change its source
	followers map[string]*Follower // by source key
	aliases   map[string]string    // source to the key it means at present
	planned   []planned            // in the order of their instants
	given     uint64               // commands, so far
	refused   uint64
	said      standing
	plan      *Plan // as published last
	stale     bool  // something may differ from the plan
	renamed   []Change
}

// NewConductor returns a conductor driven by the internal tempo, running from
// beat 0 at now. A tempo outside 20-999 BPM means 120.
func NewConductor(now time.Duration, bpm float64) *Conductor {
	if checkTempo(bpm) != nil {
		bpm = 120
	}
	c := &Conductor{followers: make(map[string]*Follower), aliases: make(map[string]string), plan: &Plan{}, stale: true}
	internal := Timeline{Epoch: c.epochs.next(), Origin: now, BPM: bpm}
	c.drive = drive{
		Source: Internal, Internal: internal, Tempo: bpm,
		Path: path{Line: internal, Since: now, Target: internal, Until: Never, Latest: now},
	}
	c.said = c.standing()
	return c
}

// resolve returns the source key that a source, or an alias, stands for at present.
func (c *Conductor) resolve(source string) string {
	if target := c.aliases[source]; target != "" {
		return target
	}
	return source
}

// Do carries out a command at its instant: now, or later if the stamp lies ahead. One
// that cannot be carried out at its instant after all is counted. The error is that of
// a command for now, or that too many wait.
func (c *Conductor) Do(cmd Command, s Stamp, now time.Duration) error {
	c.given++
	c.stale = true
	c.advance(now)
	s = s.ofShow().On(c.course(), now)
	if s.At <= now {
		c.prepare(cmd, s.At)
		return c.drive.apply(cmd, s.At, c.target, c.epochs.next)
	}
	if len(c.planned) >= maxPlanned {
		c.refused++
		return errPlanned
	}
	c.planned = append(c.planned, planned{Command: cmd, Stamp: s})
	c.course()
	return nil
}

// Withdraw drops the commands that wait and for which match holds.
func (c *Conductor) Withdraw(match func(Command, Stamp) bool) {
	c.stale = true
	c.planned = slices.DeleteFunc(c.planned, func(p planned) bool { return match(p.Command, p.Stamp) })
}

// prepare makes the follower of a source that is about to drive.
func (c *Conductor) prepare(cmd Command, now time.Duration) {
	if source := cmd.source(); cmd.Kind == Follow && source != Internal && source != c.drive.Source {
		c.expect(c.resolve(source), now)
	}
}

// expect makes silence count of the source that drives.
func (c *Conductor) expect(key string, now time.Duration) {
	f := c.follower(key, now)
	if !f.Synced {
		f.expect(now, c.said.Lost)
	}
	f.Step(now)
}

// Alias makes a source name such as "sink:master" stand for the source key
// target; "" takes that back. When it drives the beat, the switch keeps epoch
// and position if both sources agree, the phase if their beats match, and jumps
// otherwise. Aliases do not chain. The next Step reports that it follows another source.
func (c *Conductor) Alias(source, target string, now time.Duration) {
	if c.aliases[source] == target || source == Internal {
		return
	}
	c.stale = true
	c.aliases[source] = target
	c.renamed = append(c.renamed, Change{Kind: Followed, At: now, Of: source})
	if target == "" {
		delete(c.aliases, source)
	}
	if source != c.drive.Source {
		return
	}
	c.advance(now)
	c.expect(c.key(), now)
	c.drive.lead(now, c.target, c.epochs.next)
}

// key returns the source key that drives the beat.
func (c *Conductor) key() string { return c.resolve(c.drive.Source) }

// driver returns the follower that drives the beat, nil on the internal tempo.
func (c *Conductor) driver() *Follower {
	if c.drive.Source == Internal {
		return nil
	}
	return c.followers[c.key()]
}

// target tells where a source, or an alias, wants the beat to be.
func (c *Conductor) target(source string) (aim, bool) {
	f := c.followers[c.resolve(source)]
	if f == nil || !f.Located || f.Lost {
		return aim{}, false
	}
	return aim{f.Target, f.BPM, f.Window, f.leapt}, true
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
			if k != c.key() && (oldest == "" || g.Heard < c.followers[oldest].Heard || g.Heard == c.followers[oldest].Heard && k < oldest) {
				oldest = k
			}
		}
		delete(c.followers, oldest)
	}
	f = NewFollower(Config{})
	f.fresh = c.lanes.next
	f.Heard = now
	c.followers[key] = f
	return f
}

// Observe takes an observation of a source and returns what it changed about
// the show's beat, and where the source itself jumped. Observations of one source come
// in the order of arrival.
func (c *Conductor) Observe(source string, o Observation) []Change {
	c.stale = true
	f := c.follower(source, o.Arrival)
	epoch := f.Path.Line.Epoch
	f.Observe(o)
	var list []Change
	if f == c.driver() {
		c.advance(o.Arrival)
		c.drive.lead(o.Arrival, c.target, c.epochs.next)
		if f.BPM > 0 { // otherwise the beat goes on at the tempo it had
			c.drive.Path.meet(&f.Path, o.Arrival)
		}
		list = c.report(o.Arrival)
	}
	if epoch != 0 && epoch != f.Path.Line.Epoch {
		for _, name := range c.names(source) {
			list = append(list, Change{Kind: Jump, At: o.Arrival, BPM: f.BPM, Of: name})
		}
	}
	f.leapt = 0
	return list
}

// names lists what a source is called: its key and what stands for it.
func (c *Conductor) names(key string) []string {
	names := []string{key}
	for alias, target := range c.aliases {
		if target == key {
			names = append(names, alias)
		}
	}
	slices.Sort(names)
	return names
}

// Step does what is due at now and returns all that changed since the last
// Step or Observe of the driving source.
func (c *Conductor) Step(now time.Duration) []Change {
	c.stale = c.stale || now >= c.due()
	c.advance(now)
	for _, f := range c.followers {
		f.Step(now) // their beats may be waited for as well
	}
	list := append(c.renamed, c.report(now)...)
	c.renamed = nil
	return list
}

// advance carries out what was planned up to now, each at its instant.
func (c *Conductor) advance(now time.Duration) {
	for len(c.planned) > 0 {
		c.course()
		p := c.planned[0]
		if p.At > now {
			break
		}
		c.planned = slices.Delete(c.planned, 0, 1)
		c.given++
		fresh := c.epochs.next
		if p.Begins != 0 {
			fresh = func() uint32 { return p.Begins }
		}
		c.drive.Path.settle(p.At, c.epochs.next)
		if c.prepare(p.Command, p.At); c.drive.apply(p.Command, p.At, c.target, fresh) != nil {
			c.refused++
		}
	}
	c.drive.Path.settle(now, c.epochs.next)
}

// Next returns the instant of the next Step that has something to do.
func (c *Conductor) Next() time.Duration {
	if changes(c.said, c.standing(), 0) != nil {
		return c.drive.Path.Latest
	}
	next := c.turns()
	if f := c.driver(); f != nil {
		next = min(next, f.lostAt())
	}
	return next
}

// turns is when the beat, or that of a source, next goes on in another way by itself.
func (c *Conductor) turns() time.Duration {
	next := c.drive.Path.Until
	if len(c.planned) > 0 {
		next = min(next, c.planned[0].At)
	}
	for _, f := range c.followers {
		next = min(next, f.Path.Until)
	}
	return next
}

// due is when the plan next changes by itself.
func (c *Conductor) due() time.Duration {
	next := c.turns()
	for _, f := range c.followers {
		next = min(next, f.lostAt())
	}
	return next
}

// standing returns what changes are made of.
func (c *Conductor) standing() standing {
	f := c.driver()
	is := standing{
		Source:  c.drive.Source,
		Epoch:   c.drive.Path.Line.Epoch,
		Tempo:   c.said.Tempo,
		Stopped: c.drive.Path.Line.Stopped,
		Lost:    f != nil && f.Lost,
	}
	if math.Abs(c.drive.Tempo-is.Tempo) >= tempoStep {
		is.Tempo = c.drive.Tempo
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
