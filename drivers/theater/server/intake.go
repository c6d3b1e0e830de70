package server

import (
	"errors"
	"slices"
	"time"

	"showrun/drivers/osc"
)

// Limits of bundles that are to be executed later (PROTOCOL.md ruling 7).
const (
	MaxAhead   = 10 * time.Second // of a time tag
	maxWaiting = 256              // messages
)

// intake executes checked commands now or keeps them until their instant, and
// counts what becomes of them.
type intake[C any] struct {
	execute  func(C, time.Time) error
	waiting  []appointment[C] // by instant, then by arrival
	counters Counters
}

// appointment is a command and when it is to be executed.
type appointment[C any] struct {
	at      time.Time
	command C
}

// take executes a command at the instant it is for: now, when that has passed or
// is the zero Time. err is why the message is no command.
func (q *intake[C]) take(c C, err error, at, now time.Time) error {
	if err != nil {
		return q.count(err)
	}
	ahead := at.Sub(now)
	switch {
	case at.IsZero() || ahead <= 0:
		return q.count(q.execute(c, now))
	case ahead > MaxAhead:
		return q.count(refuse(TooEarly, "the time tag is %v ahead, expected at most %v", ahead.Round(time.Millisecond), MaxAhead))
	case len(q.waiting) == maxWaiting:
		return q.count(refuse(TooMany, "%d messages wait for their time tags already", maxWaiting))
	}
	// The instant is kept on the clock of now, so that a clock that is set
	// meanwhile does not move it.
	at = now.Add(ahead)
	i := len(q.waiting)
	for i > 0 && q.waiting[i-1].at.After(at) {
		i--
	}
	q.waiting = slices.Insert(q.waiting, i, appointment[C]{at, c})
	return nil
}

// each gives take a message for every address of a server that it is for: that it names,
// or those that its pattern matches (PROTOCOL.md ruling 11).
func each(m osc.Message, addresses []string, take func(osc.Message) error) error {
	if !osc.IsPattern(m.Address) {
		return take(m)
	}
	var errs []error
	pattern, matched := m.Address, false
	for _, a := range addresses {
		if osc.Match(pattern, a) {
			m.Address, matched = a, true
			errs = append(errs, take(m))
		}
	}
	if !matched {
		return take(m) // which refuses it by its address
	}
	return errors.Join(errs...)
}

// step executes what is due at now, each command at its own instant. The error is
// the first refusal.
func (q *intake[C]) step(now time.Time) (first error) {
	due := 0
	for due < len(q.waiting) && !q.waiting[due].at.After(now) {
		if err := q.count(q.execute(q.waiting[due].command, q.waiting[due].at)); first == nil {
			first = err
		}
		due++
	}
	q.waiting = slices.Delete(q.waiting, 0, due)
	return first
}

// next is when step has something to do, the zero Time for never.
func (q *intake[C]) next() time.Time {
	if len(q.waiting) == 0 {
		return time.Time{}
	}
	return q.waiting[0].at
}

// count notes what became of a message. err is a *Refusal or nil.
func (q *intake[C]) count(err error) error {
	if r, ok := err.(*Refusal); ok {
		q.counters.Refused[r.Reason]++
	} else {
		q.counters.Executed++
	}
	return err
}

// stats are the counters now.
func (q *intake[C]) stats() Counters {
	c := q.counters
	c.Waiting = len(q.waiting)
	return c
}

// sooner is the earlier of two deadlines, where the zero Time is never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
