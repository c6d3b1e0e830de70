package host

import (
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

// Lists are the cue lists, the main one first; not to be changed.
func (h *Host) Lists() []show.List { return h.show.Board().Lists }

// operate answers a request to operate the show, or to tell of its params.
func (h *Host) operate(r control.Request) control.Reply {
	b := h.show.Board()
	switch r.Command {
	case control.Copy:
		return h.copied(r.Words)
	case control.Keep:
		return h.keepRecording(r.Words)
	case control.Why:
		return h.reasons(r.Words)
	}
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
