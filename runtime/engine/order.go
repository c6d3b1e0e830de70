package engine

import (
	"time"

	"showrun/runtime/beat"
)

// An Order is for a device: what is neither a level nor waits for a frame, such as
// a message or the start of a timecode. It is executed at its very instant,
// whether or not a frame falls on it, and before a frame that does.
type Order struct {
	// Device is the key of the device's declaration.
	Device string
	// Message is what the device is told: a plain value that only it understands.
	Message any
}

func (Order) command() {}

// A DueOrder is an order whose instant, At, has come.
type DueOrder struct {
	Order
	At time.Duration
}

// split takes the orders out of a batch; what is left is the other commands.
func split(b Batch) (rest, orders Batch) {
	n := 0
	for _, c := range b.Commands {
		if _, ok := c.(Order); ok {
			n++
		}
	}
	if n == 0 {
		return b, Batch{}
	}
	rest, orders = b, b
	rest.Commands = make([]Command, 0, len(b.Commands)-n)
	orders.Commands = make([]Command, 0, n)
	for _, c := range b.Commands {
		if _, ok := c.(Order); ok {
			orders.Commands = append(orders.Commands, c)
		} else {
			rest.Commands = append(rest.Commands, c)
		}
	}
	return rest, orders
}

// Orders removes and returns the orders due at the moment now, in the order of
// their instants and, within one, of submission. The slice is good until the
// next call.
func (e *Engine) Orders(now time.Duration) []DueOrder {
	e.due = e.due[:0]
	for b := e.orders.take(now); b != nil; b = e.orders.take(now) {
		for _, c := range b.Commands {
			e.due = append(e.due, DueOrder{c.(Order), b.At})
		}
		e.stats.Orders += uint64(len(b.Commands))
		if b.late {
			e.stats.late(b.Origin, now-b.At)
		}
	}
	return e.due
}

// Withdraw removes the orders that wait and for which match holds.
func (e *Engine) Withdraw(match func(Order) bool) {
	e.orders.withdraw(func(c Command) bool { return match(c.(Order)) })
}

// first returns the earliest instant of a batch that waits, or beat.Never.
func (q *queue) first() time.Duration {
	first := q.next()
	if len(q.prompt) > 0 {
		first = min(first, q.prompt[0].At)
	}
	return min(first, beat.Never)
}
