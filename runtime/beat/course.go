package beat

import (
	"math"
	"time"
)

// A Turn is a timeline that holds from an instant on, until the next turn of its
// course.
type Turn struct {
	From   time.Duration
	Line   Timeline
	Tempo  float64 // nominal BPM, as the source names it
	Source string  // what drives the beat, as Follow was told; "" for the course of a source itself

	// Back is how far before the beat at which it was noticed the epoch of the line has
	// begun, at most: so much of it was played unseen. It is negative at the end of a loop:
	// a point that has come there is the one that is landed on.
	Back Micro
}

// A Course says where a beat goes: one timeline after another, with where it went in the
// last seconds, for who is late, and with what is known to come, such as the end of a
// correction or a change of tempo that was ordered ahead. The turns ascend; what holds
// before the first is not known any more, and that is taken for it. Between turns of one epoch the beat
// goes on without a step. A Course is not changed once it is published.
type Course []Turn

// Always is where the first turn of a course begins.
const Always = time.Duration(math.MinInt64)

// Turn returns what holds at an instant.
func (c Course) Turn(at time.Duration) Turn {
	for i := len(c) - 1; i > 0; i-- {
		if c[i].From <= at {
			return c[i]
		}
	}
	if len(c) == 0 {
		return Turn{From: Always, Line: Timeline{Stopped: true}}
	}
	return c[0]
}

// Line returns the timeline that holds at an instant.
func (c Course) Line(at time.Duration) Timeline { return c.Turn(at).Line }

// At returns the beat at an instant, in the epoch of Line.
func (c Course) At(at time.Duration) Micro { return c.Line(at).At(at) }

// Time returns the first instant at which the beat b of an epoch is reached: Never if
// the beat stands still before it. It is false if the epoch is over, or ends before it.
func (c Course) Time(epoch uint32, b Micro) (at time.Duration, ok bool) {
	for i, t := range c {
		if t.Line.Epoch != epoch {
			continue
		}
		at := max(t.Line.Time(b), t.From)
		if i == len(c)-1 || at <= c[i+1].From {
			return at, true
		}
	}
	return 0, false
}

// Moves returns the first instant at which the beat moves on from b, at which or before
// which an epoch begins: Never if it stands there. It is false if the epoch is over without
// that.
func (c Course) Moves(epoch uint32, b Micro) (at time.Duration, ok bool) {
	for i, t := range c {
		if t.Line.Epoch != epoch || !t.Line.moving() {
			continue
		}
		at := max(t.Line.Time(b), t.From)
		if i == len(c)-1 || at <= c[i+1].From {
			return at, true
		}
	}
	return Never, c[len(c)-1].Line.Epoch == epoch
}

// Has reports whether an epoch is in the course.
func (c Course) Has(epoch uint32) bool {
	for _, t := range c {
		if t.Line.Epoch == epoch {
			return true
		}
	}
	return false
}

// Jump returns the turn that ends an epoch by beginning the one after it.
func (c Course) Jump(epoch uint32) (next Turn, ok bool) {
	for i := 1; i < len(c); i++ {
		if c[i-1].Line.Epoch == epoch && c[i].Line.Epoch != epoch {
			return c[i], true
		}
	}
	return Turn{}, false
}

// Since returns the course without what ended before an instant.
func (c Course) Since(at time.Duration) Course {
	for len(c) > 1 && c[1].From <= at {
		c = c[1:]
	}
	return c
}

// Then returns the course that was c until an instant, or until its first turn if that
// is later, and is next from it on.
func (c Course) Then(at time.Duration, next Course) Course {
	if len(c) == 0 {
		return next
	}
	at = max(at, c[0].From)
	now := next.Turn(at)
	now.From = at
	joined := make(Course, 0, len(c)+len(next)+1)
	for _, t := range c {
		if t.From < at {
			joined = append(joined, t)
		}
	}
	if len(joined) == 0 {
		joined = append(joined, now)
	} else {
		joined = joined.add(now)
	}
	for _, t := range next {
		if t.From > at {
			joined = append(joined, t)
		}
	}
	return joined
}

// equal reports whether two courses say the same.
func (c Course) equal(d Course) bool {
	if len(c) != len(d) {
		return false
	}
	for i := range c {
		if c[i] != d[i] {
			return false
		}
	}
	return true
}

// add appends what holds from an instant on, if it differs from what held before.
func (c Course) add(t Turn) Course {
	last := &c[len(c)-1]
	switch {
	case last.Line == t.Line && last.Tempo == t.Tempo && last.Source == t.Source:
		return c
	case last.From == t.From:
		*last = t
		return c
	}
	return append(c, t)
}

// A Stamp says at which instant something takes effect.
type Stamp struct {
	// At is the show time.
	At time.Duration
	// Beat and Epoch are the position on the course that At was resolved from, if
	// OnBeat is set. As long as the course has that epoch, At follows it whenever it
	// moves, until what is stamped has happened.
	Beat   Micro
	Epoch  uint32
	OnBeat bool
	// Grid is of how many beats the grid is on whose point it stands: Once if it is for
	// that beat alone, 0 if it is for when the beats before it are over.
	Grid float64
	// Source is whose beat it is, "" for that of the show.
	Source string
}

// ofShow returns the stamp without the beat of another source.
func (s Stamp) ofShow() Stamp {
	if s.Source != "" {
		return Stamp{At: s.At}
	}
	return s
}

// Once is the Grid of what is for one beat only.
const Once = 1e12

// samePoint is how far apart the points of two grids are, when one goes over into the
// other, that are one and the same.
const samePoint = time.Millisecond

// Void reports whether what is stamped does not come: it was stamped ahead on a beat that
// has not been reached and, as the course is known at the moment now, never will be, since
// the epoch of that is over. It still comes if the grid it stands on has a point at the
// same instant, as after a jump in phase.
func (s Stamp) Void(c Course, now time.Duration) bool {
	if !s.OnBeat || s.At <= now {
		return false
	}
	if _, ok := c.Time(s.Epoch, s.Beat); ok {
		return false
	}
	if s.At == Never || !c.Line(s.At).moving() {
		return true
	}
	return s.Grid > 0 && !Grid{Quantum: s.Grid, Offset: s.Beat}.on(c.Line(s.At), s.At)
}

// on reports whether a point of the grid is at an instant.
func (g Grid) on(line Timeline, at time.Duration) bool {
	return line.Time(g.Next(line.At(at-samePoint))) < at+samePoint
}

// Lands returns the first point of an epoch that begins with a turn: one that the beat has
// landed on, or has passed unseen since, or else the next one. One that has already come, at
// the instant came as another beat, comes no second time; 0 = none did.
func (g Grid) Lands(t Turn, came time.Duration) (b Micro, landed bool) {
	is := t.Line.At(t.From)
	b = g.Next(is - t.back() - 1)
	again := t.Back == 0 && coincide(t.Line.Time(b), came, samePoint) || t.Back < 0 && coincide(t.Line.Time(b), came, loopPoint)
	if b > is || again {
		return g.Goes(t.Line, is, came), false
	}
	return b, true
}

// back is how far before the beat at which it was noticed the epoch has begun.
func (t Turn) back() Micro { return max(t.Back, -t.Back) }

// Landed reports whether the epoch that begins with the turn has landed on a beat, or has
// begun behind it, if it is not past it.
func (t Turn) Landed(b Micro) bool { return b >= t.Line.At(t.From)-t.back() }

// loopPoint is how far apart the end of a loop and its beginning may seem to be.
const loopPoint = 40 * time.Millisecond

// coincide reports whether a point is at the instant at which one came; 0 = none did.
func coincide(at, came, within time.Duration) bool {
	return came > 0 && at > came-within && at < came+within
}

// Goes returns the first point after a beat of a line that is not the same one as that
// which came at an instant; 0 = none did.
func (g Grid) Goes(line Timeline, after Micro, came time.Duration) Micro {
	b := g.Next(after)
	if coincide(line.Time(b), came, samePoint) {
		return g.Next(b)
	}
	return b
}

// On returns the stamp with the instant it has on a course. One on a beat of an epoch
// that is over keeps the instant it had; if that was Never, since the beat stood still
// before it, it is now.
func (s Stamp) On(c Course, now time.Duration) Stamp {
	if s.OnBeat {
		if at, ok := c.Time(s.Epoch, s.Beat); ok {
			s.At = at
		} else if s.At == Never {
			s.At = now
		}
	}
	return s
}
