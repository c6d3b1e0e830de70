package peer

import (
	"time"

	"showrun/drivers/stagelinq/wire"
)

// maxMissedEchoes is the number of unanswered requests in a row after which a
// peer that used to answer counts as dead (2.3).
const maxMissedEchoes = 3

// Echo is our side of the echo exchange of one main connection (2.3): it says
// when to send a request, measures round trips and notices a dead peer. It has
// one owner; see NewEcho.
type Echo struct {
	start    time.Time
	period   time.Duration
	due      time.Time
	sent     time.Time
	pending  bool
	answered bool // the peer has ever answered
	missed   int
	trip     time.Duration
}

// NewEcho starts an exchange whose first request is due after first and whose
// further ones follow every period.
func NewEcho(now time.Time, first, period time.Duration) *Echo {
	return &Echo{start: now, period: period, due: now.Add(first)}
}

// Deadline returns the instant of the next request.
func (e *Echo) Deadline() time.Time { return e.due }

// Request returns the stamp to send, nanoseconds since the exchange began, if
// a request is due.
func (e *Echo) Request(now time.Time) (stamp uint64, ok bool) {
	if now.Before(e.due) {
		return 0, false
	}
	if e.pending {
		e.missed++
	}
	e.due, e.sent, e.pending = now.Add(e.period), now, true
	return uint64(now.Sub(e.start)), true
}

// Answer takes the answer to a request. It reports whether it was the answer
// to the last one.
func (e *Echo) Answer(stamp uint64, now time.Time) bool {
	if !e.pending || stamp != uint64(e.sent.Sub(e.start)) {
		return false
	}
	e.pending, e.answered, e.missed, e.trip = false, true, 0, now.Sub(e.sent)
	return true
}

// Heard says that anything else arrived, which proves the peer alive.
func (e *Echo) Heard() { e.missed = 0 }

// Dead reports a peer that has answered before and left the last three
// requests unanswered. A peer that never answers is not dead: some never do.
func (e *Echo) Dead() bool { return e.answered && e.missed >= maxMissedEchoes }

// RoundTrip returns the last measured round trip, 0 before the first.
func (e *Echo) RoundTrip() time.Duration { return e.trip }

// Reply returns the answer to a received reference message, and whether it is
// to be answered at all. Only the request form is: anything else would make
// two peers answer each other for ever (2.3).
func Reply(m wire.Message, own wire.Token) (wire.Message, bool) {
	if m.ID != wire.IDReference || !m.Token2.IsZero() || m.Token == own {
		return wire.Message{}, false
	}
	m.Token2 = own
	return m, true
}
