package script

import (
	"container/heap"
	"slices"
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
	kind  waitKind
	at    time.Duration // waitTime
	lane  *lane         // the other kinds: whose beats
	beat  beat.Micro
	epoch uint32    // of the beat
	grid  beat.Grid // waitGrid

	task     *Task   // to wake, or
	handle   *Handle // to fire
	reaction bool    // the task reacts to an event; it cannot be late

	fired  time.Duration // waitGrid: the instant of the point before
	landed bool          // the epoch has begun at the beat, or behind it: it comes when that moves

	home     uint32 // the epoch it was made in, if that had not been entered yet
	homeBeat beat.Micro

	seq   uint64
	index int // in its queue; -1 when in none
	queue *queue
}

// schedule orders what is to happen: by show time, and on the beats of the show
// and of any other source that scripts listen to.
type schedule struct {
	plan   *beat.Plan
	show   *lane   // the show's own beat clock
	lanes  []*lane // all, the show's first
	byTime queue
	passed time.Duration // all that was due before has happened
	seq    uint64
}

// lane is what waits for the beats of one source. Its entries are kept in the
// order of their beats, which within one epoch of the course is also the order
// of their instants, however the tempo moves.
type lane struct {
	source string      // "" for the show's beat clock
	course beat.Course // from the last thing that happened on
	epoch  uint32      // of the beats that are waited for
	queue  queue
	parked []*entry // waitBeat entries the course has jumped past
	came   []came   // waitBeat entries that have happened, perhaps ahead of their instant
}

// came is an entry of a handle that fires once, and when that was to be.
type came struct {
	entry entry
	at    time.Duration
}

func newSchedule(plan *beat.Plan) *schedule {
	s := &schedule{plan: plan, byTime: queue{less: func(a, b *entry) bool { return a.at < b.at }}}
	s.show = s.lane("")
	return s
}

// lane returns the lane of a source.
func (s *schedule) lane(source string) *lane {
	for _, l := range s.lanes {
		if l.source == source {
			return l
		}
	}
	l := &lane{source: source, queue: queue{less: func(a, b *entry) bool { return a.beat < b.beat }}}
	l.course = s.course(l)
	s.lanes = append(s.lanes, l)
	return l
}

// course is where the beats of a lane go by the present plan.
func (s *schedule) course(l *lane) beat.Course {
	if l.source == "" {
		return s.plan.Course
	}
	return s.plan.Source(l.source)
}

// follow makes a plan the present one, as it is known at the moment now.
func (s *schedule) follow(plan *beat.Plan, now time.Duration) {
	s.plan = plan
	for _, l := range s.lanes {
		l.follow(s.course(l), now, s.passed)
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
		e.lane.add(e)
	}
}

// clear takes all entries out, those that may come once more among them.
func (s *schedule) clear() {
	for _, q := range s.queues() {
		for q.Len() > 0 {
			q.remove(q.top())
		}
	}
	for _, l := range s.lanes {
		l.parked, l.came = nil, nil
	}
}

// holdsOnce reports whether a handle is to be fired that fires once.
func (s *schedule) holdsOnce() bool {
	for _, q := range s.queues() {
		for _, e := range q.entries {
			if e.handle != nil && e.handle.once {
				return true
			}
		}
	}
	return false
}

func (s *schedule) queues() []*queue {
	list := []*queue{&s.byTime}
	for _, l := range s.lanes {
		list = append(list, &l.queue)
	}
	return list
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
			e.lane.parked = slices.Delete(e.lane.parked, i, i+1)
			return
		}
	}
}

// due is what happens next: an entry, or the jump of a lane.
type due struct {
	at    time.Duration
	entry *entry
	jump  *lane
}

// next returns what is due first; at beat.Never what waits for a source that stands
// still. What is due on a beat comes before the jump that ends its epoch there.
func (s *schedule) next() due {
	first := due{at: beat.Never, entry: s.byTime.top()}
	if first.entry != nil {
		first.at = first.entry.at
	}
	for _, l := range s.lanes {
		e := l.queue.top()
		if e == nil && len(l.parked) == 0 {
			continue
		}
		if e != nil {
			if at, ok := l.time(e); ok {
				if at < first.at || at == first.at && (first.entry == nil || e.seq < first.entry.seq) {
					first = due{at: at, entry: e}
				}
				continue
			}
		}
		if turn, ok := l.course.Jump(l.epoch); ok && turn.From < first.at {
			first = due{at: turn.From, jump: l}
		}
	}
	return first
}

// time is when an entry is due; false if its epoch ends before.
func (l *lane) time(e *entry) (time.Duration, bool) {
	if e.landed {
		return l.course.Moves(l.epoch, e.beat)
	}
	return l.course.Time(l.epoch, e.beat)
}

// empty reports whether nothing waits.
func (l *lane) empty() bool { return len(l.queue.entries)+len(l.parked) == 0 }

// position is where the beat is at an instant, and in which epoch.
func (l *lane) position(at time.Duration) (beat.Micro, uint32) {
	line := l.course.Line(at)
	return line.At(at), line.Epoch
}

// follow takes over what is known of the course at the moment now. Of before that is
// known what the course tells, and else what was known: some of it may still have to
// happen then, though all before passed has.
func (l *lane) follow(course beat.Course, now, passed time.Duration) {
	if l.empty() {
		l.course = course
		return
	}
	old, from := l.course, course[0].From
	if from == beat.Always {
		from = now
	}
	l.course = old.Since(min(passed, now)).Then(from, course)
	if l.course.Has(l.epoch) {
		return
	}
	// It had been foreseen, and what was to happen before it has, but it has not come.
	was := old[0]
	for _, t := range old {
		if t.Line.Epoch == l.epoch {
			was = t
			break
		}
	}
	at := max(was.From, l.course[0].From)
	turn := l.course.Turn(at)
	turn.From = at
	l.enter(turn, was.Line.At(at))
}

// jump lets the lane go over to the next epoch.
func (l *lane) jump() {
	turn, _ := l.course.Jump(l.epoch)
	l.enter(turn, l.course.Line(turn.From-1).At(turn.From))
}

// enter makes the epoch that begins with a turn the one of the beats that are waited for.
// What has happened for later ones than where the beat was has not come to pass, and is
// waited for again.
func (l *lane) enter(turn beat.Turn, was beat.Micro) {
	l.epoch = turn.Line.Epoch
	for _, c := range l.came {
		if h := c.entry.handle; c.at > turn.From && !h.given {
			h.entry, h.cancelled = c.entry, false
			h.entry.epoch, h.entry.index, h.entry.queue = l.epoch, -1, nil
			l.wait(&h.entry, turn)
		}
	}
	l.came = nil
	waiting := append(l.queue.entries, l.parked...)
	for _, e := range waiting {
		e.index, e.queue = -1, nil
	}
	l.queue.entries, l.parked = nil, nil
	for _, e := range waiting {
		e.move(turn, was)
		l.wait(e, turn) // keeps seq, so the order of registration survives
	}
}

// wait puts an entry in. Absolute beats passed before the epoch are parked until the source
// jumps back.
func (l *lane) wait(e *entry, turn beat.Turn) {
	if e.kind == waitBeat {
		if !turn.Landed(e.beat) {
			l.parked = append(l.parked, e)
			return
		}
		e.landed = e.beat <= turn.Line.At(turn.From)
	}
	l.queue.push(e)
}

// move takes an entry along in a jump, before which the beat was at was. What waits for so
// many beats keeps its remainder, what waits for a grid finds the first point there.
func (e *entry) move(turn beat.Turn, was beat.Micro) {
	e.epoch, e.landed = turn.Line.Epoch, false
	if e.home == e.epoch && e.home != 0 {
		e.beat, e.home = e.homeBeat, 0
		return
	}
	switch e.kind {
	case waitBeats:
		e.beat = turn.Line.At(turn.From) + max(e.beat-was, 0)
	case waitGrid:
		// A jump in phase must not bring a point for the second time that has
		// been run ahead of its instant already.
		e.beat, e.landed = e.grid.Lands(turn, e.fired)
	}
}

// add puts an entry in that may have been made in another epoch than the one that is
// waited for: what reacts to an event is not as far ahead as what is scheduled.
func (l *lane) add(e *entry) {
	if l.empty() {
		l.epoch = e.epoch
	}
	if e.epoch != l.epoch {
		here, there := l.begins(l.epoch), l.begins(e.epoch)
		switch {
		case there > here: // that is entered yet
			t := l.course[there]
			e.home, e.homeBeat = e.epoch, e.beat
			e.beat = l.course[there-1].Line.At(t.From) + max(e.beat-t.Line.At(t.From), 0)
		case here > 0:
			t := l.course[here]
			e.move(t, l.course[here-1].Line.At(t.From))
		}
		e.epoch = l.epoch
	}
	l.queue.push(e)
}

// begins is the turn of the course that begins an epoch, -1 if none does.
func (l *lane) begins(epoch uint32) int {
	return slices.IndexFunc(l.course, func(t beat.Turn) bool { return t.Line.Epoch == epoch })
}

// maxCame bounds how many entries are waited for again.
const maxCame = 1024

// happened notes that a handle that fires once has, at an instant.
func (l *lane) happened(e entry, at, now time.Duration) {
	for len(l.came) == maxCame || len(l.came) > 0 && l.came[0].at < now-time.Second {
		l.came = l.came[1:]
	}
	l.came = append(l.came, came{e, at})
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
