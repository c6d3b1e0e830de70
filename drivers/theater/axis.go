package theater

import (
	"slices"
	"time"
)

const (
	// bufferSegments is what a device keeps of an axis, the running segment included;
	// maxSent is how much of that is used. The rest is for a slow clock of the device.
	bufferSegments = 20
	maxSent        = bufferSegments - 4

	// slowClock is how long after the end of all it was sent a device may still be
	// at it.
	slowClock = time.Second

	tempoRepeat = time.Second // how old the last /tempo may be when a segment is sent

	retry  = 20 * time.Millisecond // until a message that was refused is sent again
	giveUp = time.Second           // of refusals, until a path is
)

// axis is the model of a motor and what is held back for it (PROTOCOL.md ruling 4). It has no
// lock, socket or clock.
type axis struct {
	name   Axis
	ahead  time.Duration
	follow follower

	rate   float64 // for paths given from now on, 0 for the default
	told   float64 // what the device was told last, 0 for nothing
	toldAt time.Time

	queue   []path    // held back, in order; the first may be partly sent
	sent    []leg     // segments that the device has, in order
	tail    time.Time // when the last one ends, or did
	stand   float64   // where it ends, in degrees
	running []ending  // of paths that were sent whole, in order
	ended   []ending  // not reported yet

	retry   time.Time // not before
	refusal time.Time // the first in a row, zero for none
}

// path is what is left of one.
type path struct {
	knots  []float64 // in degrees from where the path started
	from   float64   // where the axis is then, in the same degrees: the sum of what was sent
	rate   float64
	begun  bool // a part of it was sent
	joined bool // follows without a pause on what was sent last
	led    bool // its tempo was sent ahead of it
	done   DoneFunc
}

// leg is a segment that was sent.
type leg struct {
	start, end time.Time
	curve      bezier // in degrees of the axis
}

// ending is the end of a path.
type ending struct {
	End
	done DoneFunc
}

type endings []ending

func (list endings) report() {
	for _, e := range list {
		if e.done != nil {
			e.done(e.End)
		}
	}
}

// newAxis makes the model of an axis that stands somewhere, in degrees.
func newAxis(name Axis, ahead time.Duration, stand float64) *axis {
	return &axis{name: name, ahead: ahead, stand: stand}
}

// tempo is that of a path that is added now.
func (a *axis) tempo() float64 {
	if a.rate == 0 {
		return DefaultTempo
	}
	return a.rate
}

// target is where the axis will stand when everything it was given is over.
func (a *axis) target() float64 {
	at := a.stand
	for _, p := range a.queue {
		at += p.knots[len(p.knots)-1] - p.from
	}
	return at
}

// position is where the axis is.
func (a *axis) position(now time.Time) float64 {
	for _, l := range a.sent {
		if now.Before(l.end) {
			return l.curve.at(max(0, now.Sub(l.start).Seconds()/l.end.Sub(l.start).Seconds()))
		}
	}
	return a.stand
}

// add holds back a path at a tempo; the knots are its own from now on.
func (a *axis) add(now time.Time, rate float64, knots []float64, done DoneFunc) {
	p := path{knots: knots, rate: rate, done: done}
	p.joined = len(a.queue) > 0 || a.tail.After(now)
	a.queue = append(a.queue, p)
}

// setTempo sets the tempo of paths added from now on. It is sent now if nothing is
// held back, even if it is the one the device should have.
func (a *axis) setTempo(rate float64) {
	if a.rate = onWire(rate); len(a.queue) == 0 {
		a.told = 0
	}
}

// beat takes over a tempo that follows.
func (a *axis) beat(now time.Time) {
	if rate := a.follow.take(now); rate > 0 {
		a.rate = onWire(rate)
	}
}

// drain forgets the segments that have ended.
func (a *axis) drain(now time.Time) {
	n := 0
	for n < len(a.sent) && !a.sent[n].end.After(now) {
		n++
	}
	a.sent = a.sent[:copy(a.sent, a.sent[n:])]
}

// due is how many segments of the first path are to be sent now: those that are to begin
// within the way ahead, and with the first of them the whole path if the device has room
// for it.
func (a *axis) due(now time.Time) int {
	a.drain(now)
	p, n := a.queue[0], 0
	start := later(a.tail, now)
	if room := a.room(now) - len(a.sent); !p.begun && !start.After(now.Add(a.ahead)) && 3*room >= len(p.knots) {
		return len(p.knots) / 3
	}
	for ; 3*n < len(p.knots) && len(a.sent)+n < maxSent && !start.After(now.Add(a.ahead)); n++ {
		start = start.Add(segment(p.rate))
	}
	return n
}

// room is how many segments the device may have. One that has stood still for a while
// has certainly none left, and room for all that it can keep.
func (a *axis) room(now time.Time) int {
	if now.Before(a.tail.Add(slowClock)) {
		return maxSent
	}
	return bufferSegments
}

// dueAt is when the next segments are to be sent.
func (a *axis) dueAt() time.Time {
	at := a.tail.Add(-a.ahead)
	if len(a.sent) >= maxSent {
		at = later(at, a.sent[0].end)
	}
	return at
}

// untold tells whether the device is to be told a tempo with no path to follow yet.
func (a *axis) untold() bool { return len(a.queue) == 0 && a.rate != 0 && a.rate != a.told }

// next is what is to be sent now: a tempo, or the knots of some segments, or
// nothing.
func (a *axis) next(now time.Time) (tempo float64, chunk []float64) {
	switch {
	case a.untold():
		return a.rate, nil
	case len(a.queue) == 0:
		return 0, nil
	}
	n := a.due(now)
	if n == 0 {
		return 0, nil
	}
	p := a.queue[0]
	if !p.led || a.told != p.rate || now.Sub(a.toldAt) >= tempoRepeat {
		return p.rate, nil
	}
	for _, k := range p.knots[:3*n] {
		chunk = append(chunk, k-p.from)
	}
	return 0, chunk
}

// tempoSent notes that the device was told a tempo.
func (a *axis) tempoSent(now time.Time, rate float64) {
	a.told, a.toldAt, a.retry, a.refusal = rate, now, time.Time{}, time.Time{}
	if len(a.queue) > 0 {
		a.queue[0].led = true
	}
}

// chunkSent notes that what next gave was sent. The gap is how long the axis stood
// still where it should not have.
func (a *axis) chunkSent(now time.Time, chunk []float64) (gap time.Duration) {
	p := &a.queue[0]
	if p.joined && a.tail.Before(now) {
		gap = now.Sub(a.tail)
	}
	a.tail = later(a.tail, now)
	for i := 0; i < len(chunk); i += 3 {
		l := leg{start: a.tail, end: a.tail.Add(segment(p.rate)), curve: bezier{0, onWire(chunk[i]), onWire(chunk[i+1]), onWire(chunk[i+2])}}
		if i > 0 {
			l.curve[0] = onWire(chunk[i-1])
		}
		for k := range l.curve {
			l.curve[k] += a.stand
		}
		a.sent, a.tail = append(a.sent, l), l.end
	}
	moved := onWire(chunk[len(chunk)-1])
	p.from += moved
	a.stand += moved
	p.knots = p.knots[len(chunk):]
	p.joined, p.begun = true, true
	if len(p.knots) == 0 {
		a.running = append(a.running, ending{End{Axis: a.name, At: a.tail}, p.done})
		a.queue = slices.Delete(a.queue, 0, 1)
	}
	a.retry, a.refusal = time.Time{}, time.Time{}
	return gap
}

// onWire is what the other side reads of a number.
func onWire(n float64) float64 {
	if f, ok := number(n).(float32); ok {
		return float64(f)
	}
	return n
}

// refused notes that what next gave was refused by the system, and tells whether
// it has been for too long.
func (a *axis) refused(now time.Time) (hopeless bool) {
	if a.refusal.IsZero() {
		a.refusal = now
	}
	a.retry = now.Add(retry)
	if now.Sub(a.refusal) < giveUp {
		return false
	}
	a.refusal = time.Time{}
	if len(a.queue) == 0 {
		a.told = a.rate // it is sent again before the next path
	}
	return true
}

// drop forgets what is held back.
func (a *axis) drop(now time.Time, why error) {
	for _, p := range a.queue {
		a.ended = append(a.ended, ending{End{Axis: a.name, At: later(a.tail, now), Err: why}, p.done})
	}
	a.queue = nil
}

// finish gives the ends of paths that are to be reported.
func (a *axis) finish(now time.Time) endings {
	n := 0
	for n < len(a.running) && !a.running[n].At.After(now) {
		n++
	}
	ended := append(a.ended, a.running[:n]...)
	a.running, a.ended = slices.Delete(a.running, 0, n), nil
	return ended
}

// pending tells what is before the axis.
func (a *axis) pending(now time.Time) Pending {
	a.drain(now)
	p := Pending{Sent: len(a.sent)}
	end := later(a.tail, now)
	for _, q := range a.queue {
		n := len(q.knots) / 3
		p.Held += n
		end = end.Add(time.Duration(n) * segment(q.rate))
	}
	if p.Held+p.Sent > 0 {
		p.End = end
	}
	return p
}

// deadline is when the axis has something to do, zero for not before the next
// command. Nothing is sent while it is held.
func (a *axis) deadline(held bool) (next time.Time) {
	if len(a.running) > 0 {
		next = a.running[0].At
	}
	switch {
	case held:
		return next
	case len(a.queue) > 0:
		next = sooner(next, later(a.dueAt(), a.retry))
	case a.untold():
		next = sooner(next, a.retry)
	}
	return sooner(next, a.follow.deadline())
}
