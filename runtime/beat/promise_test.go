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
	Timeline() Timeline
}

// promised wraps one of them and checks what a published timeline promises
// after every call: within an epoch it neither steps nor runs backwards, epochs
// only rise, the slope is a number and no deadline repeats for ever.
type promised struct {
	published
	t    testing.TB
	now  time.Duration
	was  Timeline
	late int // steps in a row that left something due
}

func promise(t testing.TB, p published) *promised {
	return &promised{published: p, t: t, was: p.Timeline()}
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
	is := p.Timeline()
	switch {
	case is.Epoch < p.was.Epoch || is.Epoch > p.was.Epoch+1:
		p.t.Fatalf("epoch %d after %d", is.Epoch, p.was.Epoch)
	case is.Epoch == p.was.Epoch && is.At(p.now) != p.was.At(p.now):
		p.t.Fatalf("at %v the beat steps from %d to %d within epoch %d", p.now, p.was.At(p.now), is.At(p.now), is.Epoch)
	case math.IsNaN(is.BPM) || is.BPM < 0 || is.BPM > 10*maxBPM || (is.BPM == 0 && !is.Stopped):
		p.t.Fatalf("the slope is %v BPM: %+v", is.BPM, is)
	}
	p.was = is
}
