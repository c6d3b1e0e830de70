package script

import (
	"container/heap"
	"time"

	"showrun/runtime/beat"
)

// waitKind says what an entry waits for, and so what a jump of the beat timeline
// does to it.
type waitKind uint8

const (
	waitTime  waitKind = iota // a show time; jumps do not matter
	waitBeats                 // so many beats from where it began; a jump keeps the remainder
	waitGrid                  // the next point of a beat grid; a jump finds the next one there
	waitBeat                  // an absolute beat; a jump past it leaves it pending
)

// entry is one thing that happens at an instant: a sleeping task to wake or a
// handle to fire. It lives in at most one of the schedule's queues.
type entry struct {
	kind waitKind
	at   time.Duration // waitTime
	lane *lane         // the other kinds: whose beats
	beat beat.Micro
	grid beat.Grid // waitGrid

	task     *Task   // to wake, or
	handle   *Handle // to fire
	reaction bool    // the task reacts to an event; it cannot be late

	fired time.Duration // waitGrid: the instant of the point before

	seq   uint64
	index int // in its queue; -1 when in none
	queue *queue
}

// schedule orders what is to happen: by show time, and on the beats of the show
// and of any other source that scripts listen to.
type schedule struct {
	show   *lane   // the show's own beat clock
	lanes  []*lane // all, the show's first
	byTime queue
	seq    uint64
}

// lane is what waits for the beats of one source. Its entries are kept in the
// order of their beats, which within one epoch of the timeline is also the order
// of their instants, however the tempo moves.
type lane struct {
	source   string // "" for the show's beat clock
	timeline beat.Timeline
	queue    queue
	parked   []*entry // waitBeat entries the timeline has jumped past
}

func newSchedule(tl beat.Timeline) *schedule {
	s := &schedule{byTime: queue{less: func(a, b *entry) bool { return a.at < b.at }}}
	s.show = s.lane("")
	s.show.timeline = tl
	return s
}

// lane returns the lane of a source, a stopped one if it is new.
func (s *schedule) lane(source string) *lane {
	for _, l := range s.lanes {
		if l.source == source {
			return l
		}
	}
	l := &lane{
		source:   source,
		timeline: beat.Timeline{Stopped: true},
		queue:    queue{less: func(a, b *entry) bool { return a.beat < b.beat }},
	}
	s.lanes = append(s.lanes, l)
	return l
}

// add puts an entry in. Entries of the same instant happen in the order in which
// they were added.
func (s *schedule) add(e *entry) {
	s.seq++
	e.seq = s.seq
	if e.kind == waitTime {
		s.byTime.push(e)
	} else {
		e.lane.queue.push(e)
	}
}

// remove takes an entry out; one that is not in is ignored.
func (s *schedule) remove(e *entry) {
	if e.queue != nil {
		e.queue.remove(e)
		return
	}
	if e.lane == nil {
		return
	}
	for i, p := range e.lane.parked {
		if p == e {
			e.lane.parked = append(e.lane.parked[:i], e.lane.parked[i+1:]...)
			return
		}
	}
}

// peek returns the entry that is due first and its instant, or nil. An entry whose
// source stands still is due at beat.Never.
func (s *schedule) peek() (*entry, time.Duration) {
	first, at := s.byTime.top(), beat.Never
	if first != nil {
		at = first.at
	}
	for _, l := range s.lanes {
		e := l.queue.top()
		if e == nil {
			continue
		}
		t := l.timeline.Time(e.beat)
		if first == nil || t < at || t == at && e.seq < first.seq {
			first, at = e, t
		}
	}
	return first, at
}

// retime moves the lane to another timeline. When its epoch differs, beats do not
// continue: what waits for so many beats keeps its remainder, what waits for a
// grid finds the next point after now, absolute beats already passed are parked
// until a later jump.
func (l *lane) retime(tl beat.Timeline, now time.Duration) {
	old := l.timeline
	l.timeline = tl
	if tl.Epoch == old.Epoch {
		return
	}
	was, is := old.At(now), tl.At(now)
	waiting := append(l.queue.entries, l.parked...)
	for _, e := range waiting {
		e.index, e.queue = -1, nil
	}
	l.queue.entries, l.parked = nil, nil
	for _, e := range waiting {
		switch e.kind {
		case waitBeats:
			e.beat = is + max(e.beat-was, 0)
		case waitGrid:
			// A jump in phase must not bring a point for the second time that has
			// been run ahead of its instant already.
			e.beat = e.grid.Next(is)
			for e.fired > 0 && tl.Time(e.beat) < e.fired+time.Millisecond {
				e.beat = e.grid.Next(e.beat)
			}
		case waitBeat:
			if e.beat < is {
				l.parked = append(l.parked, e)
				continue
			}
		}
		l.queue.push(e) // keeps seq, so the order of registration survives
	}
}

// queue is a heap of entries that know their place in it.
type queue struct {
	entries []*entry
	less    func(a, b *entry) bool
}

func (q *queue) push(e *entry) { heap.Push(q, e) }

func (q *queue) top() *entry {
	if len(q.entries) == 0 {
		return nil
	}
	return q.entries[0]
}

func (q *queue) remove(e *entry) { heap.Remove(q, e.index) }

// Len, Less, Swap, Push and Pop implement heap.Interface.

func (q *queue) Len() int { return len(q.entries) }

func (q *queue) Less(i, j int) bool {
	a, b := q.entries[i], q.entries[j]
	if q.less(a, b) {
		return true
	}
	return !q.less(b, a) && a.seq < b.seq
}

func (q *queue) Swap(i, j int) {
	q.entries[i], q.entries[j] = q.entries[j], q.entries[i]
	q.entries[i].index, q.entries[j].index = i, j
}

func (q *queue) Push(x any) {
	e := x.(*entry)
	e.index, e.queue = len(q.entries), q
	q.entries = append(q.entries, e)
}

func (q *queue) Pop() any {
	n := len(q.entries) - 1
	e := q.entries[n]
	q.entries[n] = nil
	q.entries = q.entries[:n]
	e.index, e.queue = -1, nil
	return e
}
