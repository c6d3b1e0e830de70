package receiver

import (
	"net/netip"
	"slices"
	"time"

	"showrun/drivers/merge"
	"showrun/drivers/sacn/wire"
)

// A universe is one universe as it is heard: its sources and what they make together.
type universe struct {
	merge.Output
	sources  []*source
	frames   []*merge.Frame
	sampling time.Time // until when nothing is told; zero afterwards
}

// A source is one CID on one universe, live or preview.
type source struct {
	universe uint16
	cid      wire.CID
	name     string
	from     netip.AddrPort
	sequence byte
	last     time.Time // of levels, or of the first packet
	levels   bool      // there were any
	ready    time.Time // from which on its levels count; zero once they do

	priority byte      // of its packets
	address  time.Time // of the last per-address priorities; zero if there are none

	now   merge.Frame // in the merge
	next  merge.Frame // held back while synced
	dirty bool        // next is another than now

	sync   syncKey   // what releases it; zero for nothing
	synced time.Time // last release; zero as long as there was none
	force  bool      // it goes on without releases
}

// syncKey names what releases frames: a source, and the universe on which it does.
type syncKey struct {
	cid      wire.CID
	universe uint16
}

// packetPriority is the priority of a source that has none per address. The lowest takes
// part in the merge, while a slot with the priority 0 does not.
func (s *source) packetPriority() byte { return max(s.priority, 1) }

// unprioritise goes back to the priority of the packets.
func (s *source) unprioritise() {
	s.address = time.Time{}
	s.next.SetPriority(s.packetPriority())
}

// prioritise takes per-address priorities; slots beyond them are not driven.
func (s *source) prioritise(values []byte, at time.Time) (clamped uint64) {
	s.address, s.ready = at, time.Time{}
	if len(values) == 1 { // or it would count for all
		values = []byte{values[0], 0}
	}
	return s.next.SetPriority(values...)
}

// take takes levels.
func (s *source) take(values []byte, at time.Time) {
	s.last, s.levels = at, true
	s.next.N = copy(s.next.Levels[:], values)
}

// show brings what came last into the merge, unless it waits for its release.
func (s *source) show() {
	if s.dirty = !s.synced.IsZero(); !s.dirty {
		s.now = s.next
	}
}

func (u *universe) find(cid wire.CID) *source {
	for _, s := range u.sources {
		if s.cid == cid {
			return s
		}
	}
	return nil
}

// merge computes the output anew.
func (u *universe) merge() (changed bool) {
	u.frames = u.frames[:0]
	for _, s := range u.sources {
		if s.levels && s.ready.IsZero() {
			u.frames = append(u.frames, &s.now)
		}
	}
	return u.Merge(u.frames)
}

// step drops lost sources and ends what has run out. It tells whether the output changed
// or is told for the first time, and which sources have gone.
func (u *universe) step(now time.Time) (changed bool, gone []*source) {
	stale := !u.sampling.IsZero() && !now.Before(u.sampling)
	if stale {
		u.sampling = time.Time{}
		changed = len(u.sources) > 0
	}
	for _, s := range u.sources {
		if !s.ready.IsZero() && !now.Before(s.ready) {
			s.ready, stale = time.Time{}, true
		}
		if !s.address.IsZero() && now.Sub(s.address) >= wire.DataLoss {
			s.unprioritise()
			s.now.Priority = s.next.Priority // levels may wait for their release
			stale = true
		}
		if s.force && !s.synced.IsZero() && now.Sub(s.synced) >= wire.DataLoss {
			s.synced = time.Time{}
		}
	}
	var lost []*source
	for _, s := range u.sources {
		if u.lost(s, now) {
			lost = append(lost, s)
		}
	}
	u.sources = slices.DeleteFunc(u.sources, func(s *source) bool {
		if !slices.Contains(lost, s) {
			return false
		}
		gone, stale = append(gone, s), true
		return true
	})
	return (stale && u.merge() || changed) && u.sampling.IsZero(), gone
}

// lossSettle is how long the loss of a source waits at most for news of the others. It is the
// longest time between two packets of a source that is there.
const lossSettle = time.Second

// lost tells whether a source is lost, and what that leaves is known: of each other it was
// heard since that it is there, or it is lost too. When a network fails with all sources, the
// last levels would otherwise give way to those of whoever spoke last, for a part of a second.
func (u *universe) lost(s *source, now time.Time) bool {
	late := s.last.Add(wire.DataLoss)
	if now.Before(late) {
		return false
	}
	return !now.Before(late.Add(lossSettle)) || !slices.ContainsFunc(u.sources, func(o *source) bool {
		return o.last.Before(late) && now.Before(o.last.Add(wire.DataLoss))
	})
}

// losing tells whether the loss of a source waits for news.
func (u *universe) losing(now time.Time) bool {
	return slices.ContainsFunc(u.sources, func(s *source) bool { return !now.Before(s.last.Add(wire.DataLoss)) })
}

// deadline is when step has something to do after now, the zero Time for never.
func (u *universe) deadline(now time.Time) time.Time {
	next := u.sampling
	sooner := func(t time.Time) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	for _, s := range u.sources {
		if late := s.last.Add(wire.DataLoss); now.Before(late) {
			sooner(late)
		} else {
			sooner(late.Add(lossSettle))
		}
		if !s.ready.IsZero() {
			sooner(s.ready)
		}
		if !s.address.IsZero() {
			sooner(s.address.Add(wire.DataLoss))
		}
		if s.force && !s.synced.IsZero() {
			sooner(s.synced.Add(wire.DataLoss))
		}
	}
	return next
}
