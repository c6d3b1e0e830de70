package beat

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
)

// planned is a command that waits for its instant.
type planned struct {
	Command
	Stamp
	Begins uint32 // that it begins if it jumps, once that was foreseen; 0 before
}

// A Plan is all that is known of the beat: where it is, where it goes, what drives it,
// and where every source stands. It is a value that is published and never changed, so
// it may be read from any goroutine.
type Plan struct {
	// Version counts plans, from 1.
	Version uint64
	// Heard is what [Conductor.Plan] was told: how many commands are in it.
	Heard uint64
	// Course is where the beat of the show goes.
	Course Course

	now     time.Duration // up to which it is not a forecast
	ahead   Course        // Course without where the beat went
	drive   drive
	planned []planned
	given   uint64 // of the conductor
	epochs  epochs
	lanes   []lane // by name
	trust   trust
}

// lane is where a source stands.
type lane struct {
	name   string // its key, or an alias
	key    string
	course Course
	ahead  Course // without where it went
	aim    aim
	there  bool // the aim counts
	spot   spot
}

// equal reports whether two lanes say the same.
func (l lane) equal(m lane) bool {
	return l.name == m.name && l.key == m.key && l.aim == m.aim && l.there == m.there && l.spot == m.spot && l.ahead.equal(m.ahead)
}

// Plan returns the present plan, a new one if anything differs from the one before.
// heard is passed on.
func (c *Conductor) Plan(heard uint64, now time.Duration) *Plan {
	if !c.stale && heard == c.plan.Heard {
		return c.plan
	}
	c.stale = false
	lanes := make([]lane, 0, len(c.followers)+len(c.aliases))
	add := func(name string) {
		key := c.resolve(name)
		if f := c.followers[key]; f != nil {
			a, there := c.target(name)
			lanes = append(lanes, lane{name: name, key: key, ahead: f.Course(), aim: a, there: there, spot: f.spot()})
		}
	}
	for key := range c.followers {
		add(key)
	}
	for alias := range c.aliases {
		if c.followers[alias] == nil {
			add(alias)
		}
	}
	slices.SortFunc(lanes, func(a, b lane) int { return strings.Compare(a.name, b.name) })
	ahead, trust, p := c.course(), c.trust(), c.plan
	if p.Heard == heard && p.given == c.given && p.trust == trust && p.ahead.equal(ahead) && slices.EqualFunc(p.lanes, lanes, lane.equal) {
		return p
	}
	for i := range lanes {
		l := &lanes[i]
		since := c.followers[l.key].Path.Since
		before := lane{key: l.key, course: unheard()}
		if i, ok := p.find(l.name); ok {
			before = p.lanes[i]
		}
		if before.key != l.key {
			since = now // it stands for another source from here on
		}
		l.course = before.course.grow(since, l.ahead, now)
		if before.key != l.key {
			l.course.arrive(since)
		}
	}
	c.plan = &Plan{
		Version: p.Version + 1, Heard: heard, Course: p.Course.grow(c.drive.Path.Since, ahead, now), ahead: ahead,
		now: now, drive: c.drive, planned: slices.Clone(c.planned), given: c.given,
		epochs: c.epochs, lanes: lanes, trust: trust,
	}
	return c.plan
}

// memory is how far back a course tells where the beat went. What is later than a second
// goes on at the next point of its grid.
const memory = 2 * time.Second

// maxMemory bounds how many turns that may be.
const maxMemory = 128

// grow returns the course that is ahead from an instant on, with what is kept of c before
// it. Estimates of a steady tempo are not kept one by one.
func (c Course) grow(since time.Duration, ahead Course, now time.Duration) Course {
	if len(c) == 0 {
		return ahead
	}
	c = c.Since(now - memory)
	c = c[max(0, len(c)-maxMemory):].Then(since, ahead)
	for i := 1; i < len(c); i++ {
		if c[i].From == since && steady(c[i-1], c[i]) {
			c[i].From = c[i-1].From
			return append(c[:i-1], c[i:]...)
		}
	}
	return c
}

// arrive notes that the source is another one from an instant on, and has landed nowhere.
func (c Course) arrive(at time.Duration) {
	for i := range c {
		if c[i].From == at {
			c[i].Back = 0
		}
	}
}

// steady reports whether two turns are of one motion, but for an error that nobody sees.
func steady(a, b Turn) bool {
	return a.Line.Epoch == b.Line.Epoch && a.Tempo == b.Tempo && a.Source == b.Source && a.Line.moving() && b.Line.moving() &&
		math.Abs(a.Line.BPM-b.Line.BPM) < tempoShift*b.Line.BPM
}

// trust is how far what drives the beat can be trusted.
func (c *Conductor) trust() trust {
	if c.drive.Source == Internal {
		return trust{always: true}
	}
	if f := c.driver(); f != nil {
		return f.trust()
	}
	return trust{}
}

// course is where the beat goes. It brings what is planned into the order in which it
// will happen.
func (c *Conductor) course() Course {
	course := foresee(c.drive, c.planned, c.target, c.epochs.next)
	slices.SortStableFunc(c.planned, func(a, b planned) int { return cmp.Compare(a.At, b.At) })
	return course
}

// foresee tells where what drives the beat, and the commands that wait, will lead it.
// These get the instants they have in that course, and the epochs they begin.
func foresee(d drive, waiting []planned, target func(string) (aim, bool), fresh func() uint32) Course {
	course := Course{d.turn(Always)}
	last := d.Path.Latest
	for i := range waiting {
		p := &waiting[i]
		p.Stamp = p.On(d.ahead(course, Never, fresh), last)
		if p.At == Never {
			continue // on a beat before which everything stands still
		}
		last = max(last, p.At)
		course = d.ahead(course, last, fresh)
		d.Path.settle(last, fresh)
		own := func() uint32 {
			if p.Begins == 0 {
				p.Begins = fresh()
			}
			return p.Begins
		}
		if d.apply(p.Command, p.At, target, own) == nil {
			course = course.add(d.turn(last))
		}
	}
	return d.ahead(course, Never, fresh)
}

// turn is what holds from an instant on.
func (d drive) turn(from time.Duration) Turn {
	return Turn{From: from, Line: d.Path.Line, Tempo: d.Tempo, Source: d.Source, Back: d.Path.Back}
}

// ahead adds to a course the ends of corrections up to an instant.
func (d drive) ahead(course Course, until time.Duration, fresh func() uint32) Course {
	course = slices.Clone(course)
	for n := 0; d.Path.Until <= until && d.Path.Until != Never && n < maxSlews; n++ {
		from := d.Path.Until
		d.Path.settle(from, fresh)
		course = course.add(d.turn(from))
	}
	return course
}

// With returns the plan as it will be with one more command, at its stamp. The
// commands a script has given that are not in the plan yet are told to it by that. The
// error is that of the command if the plan comes true.
func (p *Plan) With(c Command, s Stamp) (*Plan, error) {
	s = s.ofShow().On(p.Course, p.now)
	source := p.drive.Source
	for _, w := range p.planned {
		if w.Kind == Follow && w.At <= s.At {
			source = w.source()
		}
	}
	if err := c.check(source); err != nil {
		return p, err
	}
	next := *p
	next.planned = append(slices.Clone(p.planned), planned{Command: c, Stamp: s})
	slices.SortStableFunc(next.planned, func(a, b planned) int { return cmp.Compare(a.At, b.At) })
	next.ahead = foresee(next.drive, next.planned, p.target, next.epochs.next)
	next.Course = p.Course.Then(next.drive.Path.Latest, next.ahead)
	return &next, nil
}

// target tells where a source wants the beat to be, as far as the plan knows.
func (p *Plan) target(source string) (aim, bool) {
	i, ok := p.find(source)
	if !ok {
		return aim{}, false
	}
	return p.lanes[i].aim, p.lanes[i].there
}

func (p *Plan) find(source string) (int, bool) {
	return slices.BinarySearchFunc(p.lanes, source, func(l lane, name string) int { return strings.Compare(l.name, name) })
}

// Source returns where a source, or a name that stands for one, goes by itself. One
// that was not heard stands still at beat 0, in epoch 0.
func (p *Plan) Source(name string) Course {
	if i, ok := p.find(name); ok {
		return p.lanes[i].course
	}
	return unheard()
}

// Position returns where a source, or a name that stands for one, is at an instant:
// where its course is, but for one that stands, is played with or loops, which is where
// it was seen. It is false for one that was not heard, or holds nothing.
func (p *Plan) Position(name string, at time.Duration) (Micro, bool) {
	i, ok := p.find(name)
	if !ok {
		return 0, false
	}
	l := p.lanes[i]
	return l.spot.at(l.course.At(at)), l.spot.There
}

// Loops returns where a source is when its course is at a beat: in the loop it plays, at the
// end of which it is at the beginning. How a source tells of a loop is not exact.
func (p *Plan) Loops(name string, b Micro) Micro {
	i, ok := p.find(name)
	if !ok {
		return b
	}
	s := p.lanes[i].spot
	if s.Seen || s.In >= s.Out || b < s.Out-loopRound {
		return b
	}
	in := s.at(b+2*loopRound) - 2*loopRound
	return FromFloat(math.Round(in.Float()*1000) / 1000)
}

// loopRound is how far off its ends may be.
const loopRound = Beat / 500

// unheard is the course of a source that was not heard.
func unheard() Course { return Course{{From: Always, Line: Timeline{Stopped: true}}} }

// Confidence returns how far the course can be trusted at an instant, 0 to 1; the
// internal tempo is always right.
func (p *Plan) Confidence(now time.Duration) float64 { return p.trust.at(now) }

// Same reports whether two plans say the same of the show's beat and of some sources.
func (p *Plan) Same(q *Plan, sources []string) bool {
	if p.Heard != q.Heard || !p.ahead.equal(q.ahead) {
		return false
	}
	for _, name := range sources {
		i, there := p.find(name)
		j, too := q.find(name)
		if there != too || there && !p.lanes[i].ahead.equal(q.lanes[j].ahead) {
			return false
		}
	}
	return true
}

// NewPlan returns a plan without a conductor: the show's beat and those of some sources
// go as they are told to.
func NewPlan(show Course, sources map[string]Course) *Plan {
	p := &Plan{Version: 1, Course: show, ahead: show, trust: trust{always: true}}
	line := show[len(show)-1].Line
	p.epochs.Last = line.Epoch
	p.drive = drive{Source: Internal, Internal: line, Tempo: line.BPM, Path: path{Line: line, Target: line, Until: Never}}
	for name, c := range sources {
		p.lanes = append(p.lanes, lane{name: name, key: name, course: c, ahead: c, spot: spot{There: true}})
	}
	slices.SortFunc(p.lanes, func(a, b lane) int { return strings.Compare(a.name, b.name) })
	return p
}
