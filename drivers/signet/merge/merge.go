// Package merge combines the level streams of one Sig-Net universe: highest
// priority wins a slot, equal priorities give the highest level (HTP). It
// holds streams back for sync and drops streams that fall silent. It is a
// state machine without clock or sockets, owned by one goroutine.
package merge

import (
	"slices"
	"time"

	"showrun/drivers/signet/wire"
)

// DefaultLimit is how many sources a universe takes.
const DefaultLimit = 64

// DefaultPriority is that of a source which sent none in its session.
const DefaultPriority = 100

// maxPriority is the highest legal priority; values above are clamped.
const maxPriority = 200

// A Merger combines the sources of one universe.
type Merger struct {
	Clamped uint64 // priorities above 200 received so far
	Refused uint64 // packets of sources beyond the limit so far

	limit   int
	sources []*source
	levels  [wire.Slots]byte
	driven  [wire.Slots]bool
	slots   int // slots up to the last one any source sends
}

// A frame is what a source says: levels of the first n slots, and priorities.
type frame struct {
	n        int
	levels   [wire.Slots]byte
	priority [wire.Slots]byte
}

// A source is one Sender-ID.
type source struct {
	id          wire.SenderID
	session     uint32
	prioritised bool      // priority was received in this session
	last        time.Time // last levels
	now         frame     // in the merge
	next        frame     // held back while synced
	synced      time.Time // end of sync mode, zero if off
	wins        int       // slots in the output that are this source's
}

// New makes a merger without sources; limit below 1 means DefaultLimit.
func New(limit int) *Merger {
	if limit < 1 {
		limit = DefaultLimit
	}
	return &Merger{limit: limit}
}

// Take merges one packet of a source: levels and priority are nil if the
// packet did not hold them. It tells whether the output changed.
func (m *Merger) Take(id wire.SenderID, session uint32, levels, priority []byte, now time.Time) (changed bool) {
	if levels == nil && priority == nil {
		return false
	}
	s := m.find(id)
	if s == nil {
		if len(m.sources) >= m.limit {
			m.Refused++
			return false
		}
		s = &source{id: id, session: session, last: now}
		s.next.setPriority(nil)
		m.sources = append(m.sources, s)
	}
	if session != s.session {
		s.session = session
		s.prioritised = false
		s.next.setPriority(nil)
	}
	if priority != nil {
		s.prioritised = true
		m.Clamped += s.next.setPriority(priority)
	}
	if levels != nil {
		s.last = now
		s.next.n = copy(s.next.levels[:], levels)
	}
	if !s.synced.IsZero() {
		return false
	}
	s.now = s.next
	return m.merge()
}

// setPriority lays priorities out over all slots: nil is the default, one
// value counts for all, and after a short list the rest is 0. It returns how
// many values were too high.
func (f *frame) setPriority(p []byte) (clamped uint64) {
	value := byte(DefaultPriority)
	switch len(p) {
	case 0:
	case 1:
		value = p[0]
	default:
		value = 0
	}
	for i := range f.priority {
		v := value
		if len(p) > 1 && i < len(p) {
			v = p[i]
		}
		f.priority[i] = min(v, maxPriority)
	}
	for _, v := range p {
		if v > maxPriority {
			clamped++
		}
	}
	return clamped
}

// Sync takes a TID_SYNC: it releases what its source holds back, and begins or
// extends sync mode if that source wins a slot. Others are not concerned.
func (m *Merger) Sync(id wire.SenderID, now time.Time) (changed bool) {
	s := m.find(id)
	if s == nil || s.synced.IsZero() && s.wins == 0 {
		return false
	}
	held := !s.synced.IsZero()
	s.synced = now.Add(wire.SyncLoss)
	if !held {
		return false
	}
	s.now = s.next
	return m.merge()
}

// Step drops lost sources and ends sync mode where TID_SYNC stayed away. It
// tells whether the output changed.
func (m *Merger) Step(now time.Time) (changed bool) {
	stale := false
	m.sources = slices.DeleteFunc(m.sources, func(s *source) bool {
		lost := now.Sub(s.last) >= wire.StreamLoss
		if !lost && !s.synced.IsZero() && !now.Before(s.synced) {
			s.synced = time.Time{}
			s.now = s.next
			stale = true
		}
		stale = stale || lost
		return lost
	})
	return stale && m.merge()
}

// Deadline is when Step has something to do, the zero Time for never.
func (m *Merger) Deadline() time.Time {
	var next time.Time
	for _, s := range m.sources {
		lost := s.last.Add(wire.StreamLoss)
		if next.IsZero() || lost.Before(next) {
			next = lost
		}
		if !s.synced.IsZero() && s.synced.Before(next) {
			next = s.synced
		}
	}
	return next
}

func (m *Merger) find(id wire.SenderID) *source {
	for _, s := range m.sources {
		if s.id == id {
			return s
		}
	}
	return nil
}

// merge computes the output anew.
func (m *Merger) merge() (changed bool) {
	before, driven, slots := m.levels, m.driven, m.slots
	m.levels, m.driven, m.slots = [wire.Slots]byte{}, [wire.Slots]bool{}, 0
	var top [wire.Slots]byte
	for _, s := range m.sources {
		m.slots = max(m.slots, s.now.n)
		for i := range s.now.n {
			p, v := s.now.priority[i], s.now.levels[i]
			if p == 0 || p < top[i] {
				continue
			}
			m.driven[i] = true
			if p > top[i] || v > m.levels[i] {
				top[i], m.levels[i] = p, v
			}
		}
	}
	for _, s := range m.sources {
		s.wins = 0
		for i := range s.now.n {
			if m.driven[i] && s.now.priority[i] == top[i] && s.now.levels[i] == m.levels[i] {
				s.wins++
			}
		}
	}
	return m.levels != before || m.driven != driven || m.slots != slots
}

// Levels is the output up to the last slot that any source sends, valid until
// the next call of another method. Slots nobody drives are 0: see Lookup.
func (m *Merger) Levels() []byte { return m.levels[:m.slots] }

// Driven tells for each of the Levels whether any source drives it; valid as long.
func (m *Merger) Driven() []bool { return m.driven[:m.slots] }

// Lookup gives the level of a slot counted from 0, and whether any source
// drives it; others fall to the data-loss behaviour of the endpoint.
func (m *Merger) Lookup(slot int) (level byte, driven bool) {
	if slot < 0 || slot >= wire.Slots {
		return 0, false
	}
	return m.levels[slot], m.driven[slot]
}

// A Source describes one stream in the merge.
type Source struct {
	ID       wire.SenderID
	Session  uint32
	Last     time.Time // of the last levels
	Priority bool      // sends priorities
	Wins     int       // slots of the output that are this source's
	Synced   bool      // held back until TID_SYNC
}

// Sources lists the streams in order of appearance.
func (m *Merger) Sources() []Source {
	list := make([]Source, 0, len(m.sources))
	for _, s := range m.sources {
		list = append(list, Source{s.id, s.session, s.last, s.prioritised, s.wins, !s.synced.IsZero()})
	}
	return list
}

// SourceCount is the number of streams.
func (m *Merger) SourceCount() int { return len(m.sources) }
