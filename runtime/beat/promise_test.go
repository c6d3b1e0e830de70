package beat

import (
	"math"
	"testing"
	"time"
)

// published is what followers and conductors have in common.
type published interface {
	Step(time.Duration) []Change
	Next() time.Duration
	Course() Course
}

// promised wraps one of them and checks what a published timeline promises
// after every call: within an epoch it neither steps nor runs backwards, epochs
// only rise, the slope is a number and no deadline repeats for ever.
type promised struct {
	published
	t    testing.TB
	now  time.Duration
	was  Course
	late int // steps in a row that left something due
}

func promise(t testing.TB, p published) *promised {
	return &promised{published: p, t: t, was: p.Course()}
}

func (p *promised) Observe(o Observation) []Change {
	p.now = max(p.now, o.Arrival)
	list := p.published.(predictor).Observe(o)
	p.check()
	return list
}

func (p *promised) Step(now time.Duration) []Change {
	p.now = max(p.now, now)
	list := p.published.Step(now)
	p.check()
	if next := p.Next(); next > p.now {
		p.late = 0
	} else if p.late++; p.late > 3 {
		p.t.Fatalf("the deadline %v does not pass at %v", next, p.now)
	}
	return list
}

func (p *promised) check() {
	p.t.Helper()
	course := p.Course()
	is, was := course.Line(p.now), p.was.Line(p.now)
	switch {
	case is.Epoch < was.Epoch || is.Epoch > was.Epoch+1:
		p.t.Fatalf("epoch %d after %d", is.Epoch, was.Epoch)
	case is.Epoch == was.Epoch && is.At(p.now) != was.At(p.now):
		p.t.Fatalf("at %v the beat steps from %d to %d within epoch %d", p.now, was.At(p.now), is.At(p.now), is.Epoch)
	case math.IsNaN(is.BPM) || is.BPM < 0 || is.BPM > 10*maxBPM || (is.BPM == 0 && !is.Stopped):
		p.t.Fatalf("the slope is %v BPM: %+v", is.BPM, is)
	}
	for i := 1; i < len(course); i++ {
		before, after, at := course[i-1].Line, course[i].Line, course[i].From
		if at <= course[i-1].From || before.Epoch == after.Epoch && before.At(at) != after.At(at) {
			p.t.Fatalf("turn %d of %+v", i, course)
		}
	}
	p.was = course
}

// The line that holds at present, for tests of it.

func (c *Conductor) Timeline() Timeline { return c.drive.Path.Line }
func (f *Follower) Timeline() Timeline  { return f.Path.Line }

// Next is the instant of the next Step of a Follower alone that has something to do.
func (f *Follower) Next() time.Duration { return min(f.Path.Until, f.lostAt()) }

// Commands for now.

func (c *Conductor) SetTempo(bpm float64, now time.Duration) error {
	return c.Do(Command{Kind: SetTempo, BPM: bpm}, Stamp{At: now}, now)
}

func (c *Conductor) Nudge(b Micro, now time.Duration) error {
	return c.Do(Command{Kind: Nudge, Beats: b}, Stamp{At: now}, now)
}

func (c *Conductor) Tap(now time.Duration) error {
	return c.Do(Command{Kind: Tap}, Stamp{At: now}, now)
}

func (c *Conductor) Follow(source string, now time.Duration) {
	c.Do(Command{Kind: Follow, Source: source}, Stamp{At: now}, now)
}

// Course is where the beat goes.
func (c *Conductor) Course() Course { return c.course() }

// Confidence is that of the plan.
func (c *Conductor) Confidence(now time.Duration) float64 { return c.Plan(0, now).Confidence(now) }
