// Package merge combines the level streams of one Sig-Net universe. It
// holds streams back for sync and drops streams that fall silent. It is a
// state machine without clock or sockets, owned by one goroutine.
package merge

import (
	"slices"
	"time"

	"showrun/drivers/merge"
	"showrun/drivers/signet/wire"
)

// DefaultLimit is how many sources a universe takes.
const DefaultLimit = 64

// DefaultPriority is that of a source which sent none in its session.
const DefaultPriority = 100

// A Merger combines the sources of one universe.
type Merger struct {
	Clamped uint64 // priorities above 200 received so far
	Refused uint64 // packets of sources beyond the limit so far

	merge.Output

	limit   int
	sources []*source
	frames  []*merge.Frame // of the sources
}

// A source is one Sender-ID.
type source struct {
	id          wire.SenderID
	session     uint32
	prioritised bool        // priority was received in this session
	last        time.Time   // last levels
	now         merge.Frame // in the merge
	next        merge.Frame // held back while synced
	synced      time.Time   // end of sync mode, zero if off
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
		s.next.SetPriority(DefaultPriority)
		m.sources = append(m.sources, s)
	}
	if session != s.session {
		s.session = session
		s.prioritised = false
		s.next.SetPriority(DefaultPriority)
	}
	if priority != nil {
		s.prioritised = true
		if len(priority) == 0 {
			priority = []byte{DefaultPriority}
		}
		m.Clamped += s.next.SetPriority(priority...)
	}
	if levels != nil {
		s.last = now
		s.next.N = copy(s.next.Levels[:], levels)
	}
	if !s.synced.IsZero() {
		return false
	}
	s.now = s.next
	return m.merge()
}

// Sync takes a TID_SYNC: it releases what its source holds back, and begins or
// extends sync mode if that source wins a slot. Others are not concerned.
func (m *Merger) Sync(id wire.SenderID, now time.Time) (changed bool) {
	s := m.find(id)
	if s == nil || s.synced.IsZero() && s.now.Wins == 0 {
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
	m.frames = m.frames[:0]
	for _, s := range m.sources {
		m.frames = append(m.frames, &s.now)
	}
	return m.Merge(m.frames)
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
		list = append(list, Source{s.id, s.session, s.last, s.prioritised, s.now.Wins, !s.synced.IsZero()})
	}
	return list
}

// SourceCount is the number of streams.
func (m *Merger) SourceCount() int { return len(m.sources) }
