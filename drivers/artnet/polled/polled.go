// Package polled keeps who has asked an Art-Net device what it is, for both roles: who
// waits for an answer, and who wants to hear of changes.
package polled

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"showrun/drivers/artnet/wire"
)

// most is how many are remembered; more are answered once others have gone (ruling R7).
const most = 32

// forget is how long somebody who polls no more is told of changes: four polls.
const forget = 10 * time.Second

// Askers are those who polled. The zero Askers is empty and answers at once.
type Askers struct {
	Delay   time.Duration // at most, before an answer: it is drawn anew for each
	Rand    *rand.Rand    // needed with Delay
	Refused uint64        // polls there was no room for

	list []asker
}

type asker struct {
	from   netip.Addr
	poll   wire.Poll
	last   time.Time // its last poll
	told   time.Time // it was answered last
	due    time.Time // of the answer, zero if it has it
	change bool      // due tells of a change too, so all pages are
}

// Polled notes a poll. Several before the answer get one.
func (a *Askers) Polled(p wire.Poll, from netip.Addr, now time.Time) {
	a.drop(now)
	for i := range a.list {
		if x := &a.list[i]; x.from == from {
			if x.due.IsZero() || x.poll == p {
				x.poll = p
			} else {
				x.poll = wire.Poll{OnChange: p.OnChange} // two ask for different ports: it gets all
			}
			x.last = now
			if x.due.IsZero() {
				x.due = a.when(now)
			}
			return
		}
	}
	if len(a.list) >= most {
		a.Refused++
		return
	}
	a.list = append(a.list, asker{from: from, poll: p, last: now, due: a.when(now)})
}

// rest is how soon after an answer somebody is told of a change: what changes all the time
// is no flood.
const rest = 100 * time.Millisecond

// Changed tells those who want to know that something has changed.
func (a *Askers) Changed(now time.Time) {
	for i := range a.list {
		if x := &a.list[i]; x.poll.OnChange {
			x.due, x.change = now, true
			if free := x.told.Add(rest); free.After(now) {
				x.due = free
			}
		}
	}
}

func (a *Askers) when(now time.Time) time.Time {
	if a.Delay <= 0 {
		return now
	}
	return now.Add(time.Duration(a.Rand.Int64N(int64(a.Delay))))
}

// Due calls answer for everybody whose answer is due, with what was asked.
func (a *Askers) Due(now time.Time, answer func(to netip.Addr, p wire.Poll)) {
	for i := range a.list {
		x := &a.list[i]
		if x.due.IsZero() || now.Before(x.due) {
			continue
		}
		p := x.poll
		p.Targeted = p.Targeted && !x.change
		x.told, x.due, x.change = now, time.Time{}, false
		answer(x.from, p)
	}
}

// Deadline is when an answer is due, the zero Time for never.
func (a *Askers) Deadline() (next time.Time) {
	for _, x := range a.list {
		if !x.due.IsZero() && (next.IsZero() || x.due.Before(next)) {
			next = x.due
		}
	}
	return next
}

// drop forgets those who poll no more.
func (a *Askers) drop(now time.Time) {
	kept := a.list[:0]
	for _, x := range a.list {
		if now.Sub(x.last) < forget || !x.due.IsZero() {
			kept = append(kept, x)
		}
	}
	a.list = kept
}
