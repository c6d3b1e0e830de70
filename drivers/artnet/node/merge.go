package node

import (
	"net/netip"
	"slices"
	"time"

	"showrun/drivers/artnet/wire"
)

// maxSources is how many sources a port merges; others are ignored (section 9).
const maxSources = 2

// sourceLoss is how long a source that has stopped stays in the merge (section 9).
const sourceLoss = 10 * time.Second

// Source tells who sends levels: of one address there may be several inputs.
type Source struct {
	From     netip.Addr
	Physical byte
}

// A merger is one output: the sources of a universe and what becomes of them.
type merger struct {
	ltp     bool
	sources []*source
	levels  [wire.Slots]byte
	slots   int // up to the last slot any source has sent
	latest  [wire.Slots]*source
	ending  bool       // the next packet ends the merge
	sole    netip.Addr // whose packets alone count since then, until it stops
	held    *source    // whose levels wait for a sync; nil if none do
}

// A source is one stream of levels.
type source struct {
	Source
	last     time.Time
	sequence byte
	levels   [wire.Slots]byte
	n        int
}

// What becomes of a packet.
type verdict int

const (
	taken verdict = iota
	stale         // overtaken by a later one
	crowd         // of a third source, or of one that was switched off
)

// take takes a packet. hold keeps its levels back for a sync, if it is the only source.
func (m *merger) take(from Source, d wire.Dmx, now time.Time, hold bool) (v verdict, changed bool) {
	s := m.find(from)
	if s != nil && !wire.Later(d.Sequence, s.sequence) {
		return stale, false
	}
	if m.sole.IsValid() && from.From != m.sole {
		return crowd, false
	}
	if m.ending {
		m.ending, m.sole = false, from.From
		m.sources = slices.DeleteFunc(m.sources, func(o *source) bool { return o != s })
	}
	if s == nil {
		if len(m.sources) >= maxSources {
			return crowd, false
		}
		s = &source{Source: from}
		m.sources = append(m.sources, s)
	}
	s.last, s.sequence = now, d.Sequence
	before := s.levels
	first := s.n == 0
	s.n = len(d.Levels)
	clear(s.levels[copy(s.levels[:], d.Levels):])
	for i := range s.n {
		if first || s.levels[i] != before[i] {
			m.latest[i] = s
		}
	}
	if hold && len(m.sources) == 1 {
		m.held = s
		return taken, false
	}
	return taken, m.merge()
}

func (m *merger) find(from Source) *source {
	for _, s := range m.sources {
		if s.Source == from {
			return s
		}
	}
	return nil
}

// merge computes the output anew, and lets go of what was held.
func (m *merger) merge() (changed bool) {
	before, slots := m.levels, m.slots
	m.held = nil
	m.levels, m.slots = [wire.Slots]byte{}, 0
	for _, s := range m.sources {
		m.slots = max(m.slots, s.n)
	}
	for i := range m.slots {
		m.levels[i] = m.slot(i)
	}
	return m.levels != before || m.slots != slots
}

// slot is the level of a slot of all sources: of the one that changed it last, or the
// highest.
func (m *merger) slot(i int) (level byte) {
	for _, s := range m.sources {
		if m.ltp && m.latest[i] == s {
			return s.levels[i]
		}
		level = max(level, s.levels[i])
	}
	return level
}

// merging tells whether there is more than one source.
func (m *merger) merging() bool { return len(m.sources) > 1 }

// age drops sources that have stopped. If all have, the output stays.
func (m *merger) age(now time.Time) (changed bool) {
	before := len(m.sources)
	m.sources = slices.DeleteFunc(m.sources, func(s *source) bool { return now.Sub(s.last) >= sourceLoss })
	if len(m.sources) == before {
		return false
	}
	if m.sole.IsValid() && !slices.ContainsFunc(m.sources, func(s *source) bool { return s.From == m.sole }) {
		m.sole = netip.Addr{}
	}
	if len(m.sources) == 0 {
		m.held = nil
		return false
	}
	return m.merge()
}

// clear sets all levels to 0 until the next packet.
func (m *merger) clear() (changed bool) {
	changed = m.levels != [wire.Slots]byte{}
	m.levels = [wire.Slots]byte{}
	return changed
}

// deadline is when a source counts as stopped, the zero Time for never.
func (m *merger) deadline() (next time.Time) {
	for _, s := range m.sources {
		if lost := s.last.Add(sourceLoss); next.IsZero() || lost.Before(next) {
			next = lost
		}
	}
	return next
}
