package beat

import (
	"math"
	"time"
)

const (
	// slewWindow is how far the published position may be off and still be
	// led back without a jump.
	slewWindow = Beat / 4
	// haltWindow is how far it may be off when the source has told that it stands: what
	// the word and the position of it are apart in time.
	haltWindow = Beat / 16
	// phaseWindow is how far two positions may be out of phase for a jump
	// between them to keep the phase, as beat-matched decks and beat jumps do.
	phaseWindow = Beat / 16
	// slewHorizon is how far ahead a small error is to be gone.
	slewHorizon = 100 * time.Millisecond
	// maxSlew is the largest part of the tempo spent on leading back.
	maxSlew = 0.5
	// settled is an error not worth a correction, about 5 us.
	settled Micro = 10
)

// path is a published timeline on its way to a target. The target may move as
// estimates do; the published line never steps and never runs backwards within
// an epoch: small errors change its slope until it meets the target, large ones
// start a new epoch.
type path struct {
	Line   Timeline
	Since  time.Duration // from when on it holds
	Target Timeline
	Until  time.Duration // when line is to meet target; Never once it has
	Latest time.Duration // the last instant this path was told about
	Back   Micro         // how far before the beat at which it was noticed the epoch began
}

// epochs numbers the epochs of one or more published timelines, so that none is used
// twice.
type epochs struct{ Last uint32 }

func (e *epochs) next() uint32 {
	e.Last++
	return e.Last
}

// aim makes target the line to follow from now on. Errors of at most window
// are slewed within horizon, or longer where that would take more than maxSlew. A jump
// begins the epoch that fresh gives, back before where the target is.
func (p *path) aim(now time.Duration, target Timeline, window Micro, horizon time.Duration, back Micro, fresh func() uint32) {
	now = max(now, p.Latest)
	p.Latest = now
	p.Target = target
	at, goal := p.Line.At(now), target.At(now)
	if off := goal - at; off > window || off < -window {
		p.Line.Epoch = fresh()
		at = landing(at, goal, target)
		switch {
		case back > 0:
			back = max(back+at-goal, 0)
		case back < 0:
			back = min(back+goal-at, -1)
		}
		p.Back = back
	}
	if target.Stopped && p.Line.Stopped && at == p.Line.Beat && target.BPM == p.Line.BPM {
		return
	}
	p.Line = Timeline{Epoch: p.Line.Epoch, Origin: now, Beat: at, BPM: target.BPM, Stopped: target.Stopped}
	p.Since = now
	p.Until = Never
	if off := goal - at; target.moving() && (off > settled || off < -settled) {
		rate := target.BPM / nanosPerMinuteByMicro // micro-beats per ns
		pull := float64(off) / float64(horizon) / rate
		pull = math.Copysign(math.Min(math.Abs(pull), maxSlew), pull)
		p.Line.BPM *= 1 + pull
		p.Until = now + saturate(math.Ceil(float64(off)/(pull*rate)))
	}
}

// meet makes p one with q, which has just been aimed at the same target, as soon as both are
// at the same place, so that what goes by either has the same instants. A little that is
// between them is gone by the end of the correction that q is on, though it alone would not
// be worth one.
func (p *path) meet(q *path, now time.Duration) {
	off := q.Line.At(now) - p.Line.At(now)
	if !p.Line.moving() || !q.Line.moving() || off > 2*settled || off < -2*settled {
		return
	}
	epoch, at := p.Line.Epoch, p.Line.At(now)
	p.Line, p.Until, p.Target = q.Line, q.Until, q.Target
	p.Line.Epoch = epoch
	if off == 0 {
		return
	}
	switch {
	case p.Until == Never:
		p.Until, p.Target = now+slewHorizon/10, q.Line
	case off <= 2 && off >= -2:
		off *= 2 // or else it would be rounded to what it is, again and again
	}
	p.Line.Origin, p.Line.Beat = now, at
	p.Line.BPM += float64(off) / float64(p.Until-now) * nanosPerMinuteByMicro
}

// landing returns the beat at which a jump from at to goal begins: goal, or the
// position beside it that is in phase with at when both are nearly in phase, so
// that the grid goes on and no beat is lost or doubled. The rest is slewed.
func landing(at, goal Micro, target Timeline) Micro {
	rest := Phase(goal-at+Beat/2, Beat) - Beat/2
	if target.Stopped || rest > phaseWindow || rest < -phaseWindow {
		return goal
	}
	return goal - rest
}

// settle ends a slew that is due, at the very instant at which it met its target, as
// the course has told before.
func (p *path) settle(now time.Duration, fresh func() uint32) {
	for range maxSlews {
		if now < p.Until {
			break
		}
		p.aim(p.Until, p.Target, slewWindow, slewHorizon, 0, fresh)
	}
	p.Latest = max(p.Latest, now)
}

// course is what the path tells: the line, and the end of the correction it is on.
func (p path) course(tempo float64) Course {
	c := Course{{From: Always, Line: p.Line, Tempo: tempo, Back: p.Back}}
	for range maxSlews {
		if p.Until == Never {
			break
		}
		from := p.Until
		p.settle(from, func() uint32 { return p.Line.Epoch })
		c = c.add(Turn{From: from, Line: p.Line, Tempo: tempo, Back: p.Back})
	}
	return c
}

// maxSlews bounds how many corrections follow one another. One meets its target but
// for rounding.
const maxSlews = 8
