package engine

import "time"

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

// split takes the orders out of a batch. Sources alone are nothing.
func split(b Batch) (rest Batch, orders []Order) {
	sources := 0
	for _, c := range b.Commands {
		switch c := c.(type) {
		case Order:
			orders = append(orders, c)
		case Source:
			sources++
		}
	}
	switch {
	case len(orders)+sources == len(b.Commands):
		b.Commands = nil
		return b, orders
	case len(orders) == 0:
		return b, nil
	}
	rest = b
	rest.Commands = make([]Command, 0, len(b.Commands)-len(orders))
	for _, c := range b.Commands {
		if _, ok := c.(Order); !ok {
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
	if now < e.queue.firstOrder() {
		return e.due
	}
	batches := e.queue.due(now)
	for _, b := range batches {
		if len(b.Orders) == 0 {
			continue
		}
		for _, o := range b.Orders {
			e.due = append(e.due, DueOrder{o, b.At})
		}
		e.queue.commands -= len(b.Orders)
		b.Orders = nil
		if b.LateOrders {
			e.stats.late(b.Origin, now-b.At)
		}
	}
	e.stats.Orders += uint64(len(e.due))
	e.queue.sweep(len(batches))
	return e.due
}

// Withdraw removes the orders that wait and for which match holds.
func (e *Engine) Withdraw(match func(Order) bool) {
	e.stats.Withdrawn += uint64(e.queue.withdraw(match))
}

// EndGeneration removes what the load of the show with that number has in the
// queue for the instant at and later ones, and what stands on a beat that does
// not come as the timeline is. What is stamped before at stays and keeps the
// instant it has now, wherever the timeline goes.
func (e *Engine) EndGeneration(generation int, at time.Duration) {
	e.queue.endGeneration(generation, at, e.withdrawn)
}
