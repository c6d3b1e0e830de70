package engine

import (
	"container/heap"
	"slices"
	"time"

	"showrun/runtime/beat"
)

// The queue refuses batches beyond these bounds: a script that runs wild must
// neither eat the memory nor hold up frames for long. All slots of a thousand
// universes can be set at once.
const (
	maxQueuedBatches  = 1 << 16
	maxQueuedCommands = 1 << 20
)

// queued is a batch that waits for its instant.
type queued struct {
	Batch
	seq     uint64 // order of submission
	planned bool   // which of the two heaps it is in
	late    bool   // a frame at or after its instant was out before it came
}

// before reports whether a is executed before b: at an earlier instant, or at
// the same one and submitted earlier.
func (a *queued) before(b *queued) bool {
	return a.At < b.At || a.At == b.At && a.seq < b.seq
}

// batches is a heap of queued batches, the next one on top.
type batches []*queued

func (b batches) Len() int           { return len(b) }
func (b batches) Less(i, j int) bool { return b[i].before(b[j]) }
func (b batches) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }
func (b *batches) Push(x any)        { *b = append(*b, x.(*queued)) }

func (b *batches) Pop() any {
	last := len(*b) - 1
	x := (*b)[last]
	(*b)[last] = nil
	*b = (*b)[:last]
	return x
}

// A queue holds the batches that wait. Those a frame was or is planned for
// are apart from those that came too late for that and appear in the next
// frame, wherever it falls: a fader moved by hand must not push the frames
// away from a beat that was known in time.
type queue struct {
	planned  batches
	prompt   batches
	moving   batches // for retime; empty between calls
	seq      uint64
	commands int // in all batches together
	onBeat   int // number of batches stamped on a beat
}

func (q *queue) len() int {
	return len(q.planned) + len(q.prompt)
}

// add queues a batch. It reports false if the queue is full.
func (q *queue) add(b *queued) bool {
	if q.len() >= maxQueuedBatches || len(b.Commands) > maxQueuedCommands-q.commands {
		return false
	}
	q.seq++
	b.seq = q.seq
	q.commands += len(b.Commands)
	if b.OnBeat {
		q.onBeat++
	}
	if b.planned {
		heap.Push(&q.planned, b)
	} else {
		heap.Push(&q.prompt, b)
	}
	return true
}

// take removes and returns the next batch stamped up to at, or nil if there
// is none.
func (q *queue) take(at time.Duration) *queued {
	from := &q.planned
	if len(*from) == 0 || len(q.prompt) > 0 && q.prompt[0].before((*from)[0]) {
		from = &q.prompt
	}
	if len(*from) == 0 || (*from)[0].At > at {
		return nil
	}
	b := heap.Pop(from).(*queued)
	q.commands -= len(b.Commands)
	if b.OnBeat {
		q.onBeat--
	}
	return b
}

// retime gives every batch that is stamped on a beat its new instant. It is
// planned for if that can still be met, and no longer if it has passed.
func (q *queue) retime(line beat.Timeline, s *schedule) {
	if q.onBeat == 0 {
		return
	}
	q.moving = append(append(q.moving, q.planned...), q.prompt...)
	q.planned, q.prompt = q.planned[:0], q.prompt[:0]
	for _, b := range q.moving {
		if b.OnBeat {
			b.Stamp = resolve(b.Stamp, line, s)
			b.planned = s.meets(b.At) || b.planned && b.At > s.last
		}
		if b.planned {
			q.planned = append(q.planned, b)
		} else {
			q.prompt = append(q.prompt, b)
		}
	}
	clear(q.moving)
	q.moving = q.moving[:0]
	heap.Init(&q.planned)
	heap.Init(&q.prompt)
}

// withdraw removes the commands that match, and batches that have no other.
func (q *queue) withdraw(match func(Command) bool) {
	for _, list := range []*batches{&q.planned, &q.prompt} {
		*list = slices.DeleteFunc(*list, func(b *queued) bool {
			before := len(b.Commands)
			b.Commands = slices.DeleteFunc(b.Commands, match)
			q.commands -= before - len(b.Commands)
			if len(b.Commands) == 0 && b.OnBeat {
				q.onBeat--
			}
			return len(b.Commands) == 0
		})
		heap.Init(list)
	}
}

// next returns the earliest instant that a frame is planned for, or
// beat.Never.
func (q *queue) next() time.Duration {
	if len(q.planned) == 0 {
		return beat.Never
	}
	return q.planned[0].At
}

// resolve returns the stamp with the instant it has on the timeline. A stamp
// of an epoch that is over keeps the instant it had; if that was Never, since
// the timeline stood still before the beat, it is now. Nothing is stamped
// before show time 0.
func resolve(stamp Stamp, line beat.Timeline, s *schedule) Stamp {
	if stamp.OnBeat {
		switch {
		case stamp.Epoch == line.Epoch:
			stamp.At = line.Time(stamp.Beat)
		case stamp.At == beat.Never:
			stamp.At = s.last
		}
	}
	stamp.At = max(stamp.At, 0)
	return stamp
}
