package host

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"showrun/runtime/control"
	"showrun/runtime/show"
)

// Operate has the show do something, if it has it, and says what, for people.
func (h *Host) Operate(op show.Operation) (done string, err error) {
	b := h.show.Board()
	op, err = b.Check(op)
	if err == nil {
		err = h.show.Operate(op)
	}
	return b.Describe(op), err
}

// Board is what people can operate.
func (h *Host) Board() *show.Board { return h.show.Board() }

// operate answers a request to operate the show, or to tell of its params.
func (h *Host) operate(r control.Request) control.Reply {
	b := h.show.Board()
	if r.Command == "param" && len(r.Words) < 2 {
		name := ""
		if len(r.Words) == 1 {
			name = r.Words[0]
		}
		return replied(b.Tell(name))
	}
	op, err := b.Read(r.Command, r.Words)
	if err != nil {
		return control.Reply{Text: err.Error()}
	}
	return replied(h.Operate(op))
}

func replied(text string, err error) control.Reply {
	if err != nil {
		return control.Reply{Text: err.Error()}
	}
	return control.Reply{OK: true, Text: text}
}

// A crowd is operating messages by OSC, which must not keep stops waiting: so many a time
// are taken, and the rest is as good as unwanted. It belongs to the thread of the socket.
type crowd struct {
	since time.Duration
	n     int
	left  atomic.Uint64 // out
}

// How many operating messages are taken within which time: a desk of faders sends less.
const (
	crowdCount = 300
	crowdTime  = 100 * time.Millisecond
)

// allow reports whether one more is taken at now.
func (c *crowd) allow(now time.Duration) bool {
	if now-c.since >= crowdTime {
		c.since, c.n = now, 0
	}
	c.n++
	if c.n > crowdCount {
		c.left.Add(1)
		return false
	}
	return true
}

// keepEvery is how often at most what outlives the process is written.
const keepEvery = 250 * time.Millisecond

// carriedBucket keeps what a show carries over to its next run, by its name.
const carriedBucket = "shows"

// keep writes what the show carries over to its next run, whenever it has changed, until
// ctx ends.
func (h *Host) keep(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			h.keepNow()
			return
		case <-h.carry:
		}
		h.keepNow()
		select {
		case <-ctx.Done():
		case <-time.After(keepEvery):
		}
	}
}

func (h *Host) keepNow() {
	carried := h.show.Carried()
	if carried == nil || h.kept == "" && len(carried.Params) == 0 && carried.Fired.IsZero() {
		return // there is nothing yet
	}
	b, err := encodeCarried(*carried)
	if err == nil && string(b) != h.kept {
		err = h.store.Put(carriedBucket, h.folder.Name, b)
		h.kept = string(b)
	}
	if err != nil {
		h.opts.Log.Error(fmt.Sprintf("what the show is to remember is not kept: %v", err))
	}
}

// recall is what the run before has left for this one.
func (h *Host) recall() show.Carried {
	b, known, err := h.store.Get(carriedBucket, h.folder.Name)
	if err != nil || !known {
		return show.Carried{}
	}
	c, err := decodeCarried(b)
	if err != nil {
		h.opts.Log.Warn("what the last run has left cannot be read, and is forgotten", "error", err)
		return show.Carried{}
	}
	h.kept = string(b)
	return c
}
