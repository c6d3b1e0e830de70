package engine

import (
	"cmp"
	"slices"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/level"
)

// The queue refuses batches beyond these bounds: a script that runs wild must
// neither eat the memory nor hold up frames for long. All slots of a thousand
// universes can be set at once.
const (
	maxQueuedBatches  = 1 << 16
	maxQueuedCommands = 1 << 20
)

// queued is a batch that waits for its instant, its orders apart: they wait for
// no frame. One of the two may be done before the other. The fields are
// exported for the snapshot.
type queued struct {
	Batch  // without its orders
	Orders []Order
	// Seq is the order of submission.
	Seq uint64
	// Planned says that a frame is or was planned for it. Without it, the batch
	// is prompt: it came too late for that, and is shown as soon as that leaves
	// the frames where they are. A fader moved by hand must not push them away
	// from a beat that was known in time.
	Planned bool
	// Late says that a frame at or after its instant was out before it came,
	// LateOrders that the instant itself had passed.
	Late, LateOrders bool
	// Outputs are those it changes, and besides them, if Scaled is set, all that
	// the master scales something on.
	Outputs []level.Output
	Scaled  bool
}

// before reports, as a comparison, whether a is executed before b: at an
// earlier instant, or at the same one and submitted earlier.
func before(a, b *queued) int {
	return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Seq, b.Seq))
}

// size is the number of commands that wait.
func (b *queued) size() int { return len(b.Commands) + len(b.Orders) }

// A queue holds the batches that wait, in the order in which they are executed.
type queue struct {
	list     []*queued
	seq      uint64
	commands int // in all batches together
	onBeat   int // number of batches stamped on a beat
	// known says that plan and order are up to date: the earliest instant that
	// a frame is planned for and that of an order, or beat.Never.
	known       bool
	plan, order time.Duration
}

// add queues a batch. It reports false if the queue is full.
func (q *queue) add(b *queued) bool {
	if len(q.list) >= maxQueuedBatches || b.size() > maxQueuedCommands-q.commands {
		return false
	}
	q.seq++
	b.Seq = q.seq
	q.put(b)
	return true
}

// put puts a batch in its place.
func (q *queue) put(b *queued) {
	i, _ := slices.BinarySearchFunc(q.list, b, before)
	q.list = slices.Insert(q.list, i, b)
	q.commands += b.size()
	if b.OnBeat {
		q.onBeat++
	}
	q.known = false
}

// look brings plan and order up to date.
func (q *queue) look() {
	if q.known {
		return
	}
	q.known, q.plan, q.order = true, beat.Never, beat.Never
	for _, b := range q.list {
		if q.plan == beat.Never && b.Planned && len(b.Commands) > 0 {
			q.plan = b.At
		}
		if q.order == beat.Never && len(b.Orders) > 0 {
			q.order = b.At
		}
		if q.plan < beat.Never && q.order < beat.Never {
			return
		}
	}
}

// planned returns the earliest instant that a frame is planned for, or
// beat.Never.
func (q *queue) planned() time.Duration {
	q.look()
	return q.plan
}

// firstOrder returns the instant of the first order, or beat.Never.
func (q *queue) firstOrder() time.Duration {
	q.look()
	return q.order
}

// due returns the batches stamped up to at, lent until the queue changes.
func (q *queue) due(at time.Duration) []*queued {
	for i, b := range q.list {
		if b.At > at {
			return q.list[:i]
		}
	}
	return q.list
}

// sweep removes those of the first n batches that have nothing left to do.
func (q *queue) sweep(n int) {
	if n == 0 {
		return
	}
	kept := q.list[:0]
	for _, b := range q.list[:n] {
		if b.size() > 0 {
			kept = append(kept, b)
		} else if b.OnBeat {
			q.onBeat--
		}
	}
	q.list = slices.Delete(q.list, len(kept), n)
	q.known = false
}

// retime gives every batch that is stamped on a beat its new instant. It is
// planned for if that can still be met, and no longer if it has passed. Those that do
// not come are removed.
func (q *queue) retime(e *Engine) {
	if q.onBeat == 0 {
		return
	}
	q.list = slices.DeleteFunc(q.list, func(b *queued) bool {
		if !e.void(b.Stamp) {
			return false
		}
		e.withdrawn(b)
		q.commands -= b.size()
		q.onBeat--
		return true
	})
	for _, b := range q.list {
		if b.OnBeat {
			b.Stamp = e.resolve(b.Stamp)
			b.Planned = e.schedule.meets(b.At) || b.Planned && b.At > e.schedule.Last
		}
	}
	slices.SortFunc(q.list, before)
	q.known = false
}

// withdraw removes the orders for which match holds, and returns how many.
func (q *queue) withdraw(match func(Order) bool) (n int) {
	for _, b := range q.list {
		had := len(b.Orders)
		b.Orders = slices.DeleteFunc(slices.Clone(b.Orders), match) // a snapshot may have them
		n += had - len(b.Orders)
	}
	q.commands -= n
	q.sweep(len(q.list))
	return n
}

// endGeneration removes the batches of a generation whose instant is at or after at.
// The others keep the instant they have now.
func (q *queue) endGeneration(generation int, at time.Duration, removed func(*queued)) {
	for _, b := range q.list {
		switch {
		case b.Generation != generation:
		case b.At >= at:
			removed(b)
			q.commands -= b.size()
			b.Commands, b.Orders = nil, nil
		case b.OnBeat:
			b.OnBeat = false
			q.onBeat--
		}
	}
	q.sweep(len(q.list))
}
