package beat

import (
	"cmp"
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
	course Course
	aim    aim
	there  bool // the aim counts
	spot   spot
}

// equal reports whether two lanes say the same.
func (l lane) equal(m lane) bool {
	return l.name == m.name && l.aim == m.aim && l.there == m.there && l.spot == m.spot && l.course.equal(m.course)
}

// Plan returns the present plan, a new one if anything differs from the one before.
// heard is passed on.
func (c *Conductor) Plan(heard uint64, now time.Duration) *Plan {
	lanes := make([]lane, 0, len(c.followers)+len(c.aliases))
	add := func(name string) {
		if f := c.followers[c.resolve(name)]; f != nil {
			a, there := c.target(name)
			lanes = append(lanes, lane{name, f.Course(), a, there, f.spot()})
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
	course, trust, p := c.course(), c.trust(), c.plan
	if p != nil && p.Heard == heard && p.given == c.given && p.trust == trust && p.Course.equal(course) && slices.EqualFunc(p.lanes, lanes, lane.equal) {
		return p
	}
	next := &Plan{
		Version: 1, Heard: heard, Course: course, now: now, drive: c.drive, planned: slices.Clone(c.planned), given: c.given,
		epochs: c.epochs, lanes: lanes, trust: trust,
	}
	if p != nil {
		next.Version = p.Version + 1
	}
	c.plan = next
	return next
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
	course := Course{{From: always, Line: d.Path.Line, Tempo: d.Tempo, Source: d.Source}}
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
		if d.apply(p.Command, last, target, own) == nil {
			course = course.add(Turn{last, d.Path.Line, d.Tempo, d.Source})
		}
	}
	return d.ahead(course, Never, fresh)
}

// ahead adds to a course the ends of corrections up to an instant.
func (d drive) ahead(course Course, until time.Duration, fresh func() uint32) Course {
	course = slices.Clone(course)
	for n := 0; d.Path.Until <= until && d.Path.Until != Never && n < maxSlews; n++ {
		from := d.Path.Until
		d.Path.settle(from, fresh)
		course = course.add(Turn{from, d.Path.Line, d.Tempo, d.Source})
	}
	return course
}

// With returns the plan as it will be with one more command, at its stamp. The
// commands a script has given that are not in the plan yet are told to it by that. The
// error is that of the command if the plan comes true.
func (p *Plan) With(c Command, s Stamp) (*Plan, error) {
	s = s.On(p.Course, p.now)
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
	next.Course = foresee(next.drive, next.planned, p.target, next.epochs.next)
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
	return Course{{From: always, Line: Timeline{Stopped: true}}}
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

// Confidence returns how far the course can be trusted at an instant, 0 to 1; the
// internal tempo is always right.
func (p *Plan) Confidence(now time.Duration) float64 { return p.trust.at(now) }

// Same reports whether two plans say the same of the show's beat and of some sources.
func (p *Plan) Same(q *Plan, sources []string) bool {
	if p.Heard != q.Heard || !p.Course.equal(q.Course) {
		return false
	}
	for _, name := range sources {
		if !p.Source(name).equal(q.Source(name)) {
			return false
		}
	}
	return true
}

// NewPlan returns a plan without a conductor: the show's beat and those of some sources
// go as they are told to.
func NewPlan(show Course, sources map[string]Course) *Plan {
	p := &Plan{Version: 1, Course: show, trust: trust{always: true}}
	line := show[len(show)-1].Line
	p.epochs.Last = line.Epoch
	p.drive = drive{Source: Internal, Internal: line, Tempo: line.BPM, Path: path{Line: line, Target: line, Until: Never}}
	for name, c := range sources {
		p.lanes = append(p.lanes, lane{name: name, course: c, spot: spot{There: true}})
	}
	slices.SortFunc(p.lanes, func(a, b lane) int { return strings.Compare(a.name, b.name) })
	return p
}
