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
	kind            waitKind
	at              time.Duration // waitTime
	beat            beat.Micro    // the other kinds
	quantum, offset beat.Micro    // waitGrid

	task   *Task   // to wake, or
	handle *Handle // to fire

	seq   uint64
	index int // in its queue; -1 when in none
	queue *queue
}

// schedule orders what is to happen. Entries that wait for beats are kept in the
// order of their beats, which within one epoch of the timeline is also the order
// of their instants, however the tempo moves.
type schedule struct {
	timeline beat.Timeline
	byTime   queue
	byBeat   queue
	parked   []*entry // waitBeat entries the timeline has jumped past
	seq      uint64
}

func newSchedule(tl beat.Timeline) *schedule {
	return &schedule{
		timeline: tl,
		byTime:   queue{less: func(a, b *entry) bool { return a.at < b.at }},
		byBeat:   queue{less: func(a, b *entry) bool { return a.beat < b.beat }},
	}
}

// add puts an entry in. Entries of the same instant happen in the order in which
// they were added.
func (s *schedule) add(e *entry) {
	s.seq++
	e.seq = s.seq
	if e.kind == waitTime {
		s.byTime.push(e)
	} else {
		s.byBeat.push(e)
	}
}

// remove takes an entry out; one that is not in is ignored.
func (s *schedule) remove(e *entry) {
	if e.queue != nil {
		e.queue.remove(e)
		return
	}
	for i, p := range s.parked {
		if p == e {
			s.parked = append(s.parked[:i], s.parked[i+1:]...)
			return
		}
	}
}

// instant is the show time at which e is due on the present timeline;
// beat.Never while the source stands still.
func (s *schedule) instant(e *entry) time.Duration {
	if e.kind == waitTime {
		return e.at
	}
	return s.timeline.Time(e.beat)
}

// peek returns the entry that is due first and its instant, or nil.
func (s *schedule) peek() (*entry, time.Duration) {
	t, b := s.byTime.top(), s.byBeat.top()
	switch {
	case t == nil && b == nil:
		return nil, beat.Never
	case b == nil:
		return t, t.at
	case t == nil:
		return b, s.instant(b)
	}
	at := s.instant(b)
	if t.at < at || t.at == at && t.seq < b.seq {
		return t, t.at
	}
	return b, at
}

// retime moves the schedule to another timeline. When its epoch differs, beats do
// not continue: what waits for so many beats keeps its remainder, what waits for
// a grid finds the next point after now, absolute beats already passed are
// parked until a later jump.
func (s *schedule) retime(tl beat.Timeline, now time.Duration) {
	old := s.timeline
	s.timeline = tl
	if tl.Epoch == old.Epoch {
		return
	}
	was, is := old.At(now), tl.At(now)
	waiting := append(s.byBeat.entries, s.parked...)
	for _, e := range waiting {
		e.index, e.queue = -1, nil
	}
	s.byBeat.entries, s.parked = nil, nil
	for _, e := range waiting {
		switch e.kind {
		case waitBeats:
			e.beat = is + max(e.beat-was, 0)
		case waitGrid:
			e.beat = beat.NextGrid(is, e.quantum, e.offset)
		case waitBeat:
			if e.beat < is {
				s.parked = append(s.parked, e)
				continue
			}
		}
		s.byBeat.push(e) // keeps seq, so the order of registration survives
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
