package receiver

import (
	"errors"
	"maps"
	"net/netip"
	"slices"
	"time"

	"showrun/drivers/sacn/wire"
)

// A machine is a Receiver without sockets: packets and instants in, events out.
type machine struct {
	limit     int // of sources of a universe
	universes map[uint16]*universe
	previews  map[uint16]*universe // sources only
	syncs     map[syncKey]*releaser
	found     *directory // nil for a Receiver that does not look for sources
	stats     Stats
	regroup   bool      // groups may have to be joined or left
	changed   []uint16  // of release
	due       time.Time // earliest deadline of universes, zero for none
}

// An event is a call of one of the functions of Config. Its levels stay as they are until
// the machine is called again.
type event struct {
	number  int
	preview bool
	levels  []byte
	packet  Packet
}

func newMachine(cfg Config) *machine {
	m := &machine{
		limit: cfg.Sources, universes: map[uint16]*universe{}, previews: map[uint16]*universe{}, syncs: map[syncKey]*releaser{},
	}
	if cfg.Discover {
		m.found = newDirectory()
	}
	return m
}

// A releaser is what releases frames.
type releaser struct {
	sources  map[*source]bool // that it releases
	sequence byte             // of its last packet
	last     time.Time        // when that came; zero as long as there was none
}

// maxSyncs bounds the universes that are joined since packets say that releases come there.
const maxSyncs = 256

// groups are the multicast groups to hear.
func (m *machine) groups() []netip.Addr {
	wanted := map[netip.Addr]bool{}
	if m.found != nil {
		wanted[wire.Group(wire.DiscoveryUniverse)] = true
	}
	for _, list := range []map[uint16]*universe{m.universes, m.previews} {
		for u := range list {
			wanted[wire.Group(u)] = true
		}
	}
	for key := range m.syncs {
		wanted[wire.Group(key.universe)] = true
	}
	return slices.Collect(maps.Keys(wanted))
}

// receive takes one packet and appends what there is to tell.
func (m *machine) receive(events []event, b []byte, from netip.AddrPort, at time.Time) []event {
	var p wire.Packet
	if err := wire.Parse(b, &p); err != nil {
		switch {
		case errors.Is(err, wire.ErrForeign):
			m.stats.Foreign++
		default:
			m.stats.Malformed++
		}
		return events
	}
	switch {
	case p.Kind == wire.KindSync:
		return m.release(events, syncKey{p.CID, p.Sync}, p.Sequence, at)
	case p.Kind == wire.KindDiscovery && m.found != nil:
		if !m.found.take(&p, from, at) {
			m.stats.Refused++
		}
		m.soon(at.Add(foundLoss))
	case p.Kind == wire.KindData && p.Options&wire.Preview != 0:
		if u := m.previews[p.Universe]; u != nil {
			return m.preview(events, u, &p, from, at)
		}
	case p.Kind == wire.KindData:
		if u := m.universes[p.Universe]; u != nil {
			return m.data(events, u, &p, from, at)
		}
	}
	return events
}

// source finds the source of a packet, or makes it if there is room. It is nil for a
// packet that does not count: one out of its order, or the end of what is not there.
func (m *machine) source(u *universe, p *wire.Packet, from netip.AddrPort, at time.Time) *source {
	s := u.find(p.CID)
	switch {
	case s != nil && wire.Old(s.sequence, p.Sequence):
		m.stats.Disordered++
		return nil
	case s != nil:
	case p.Options&wire.Terminated != 0 || p.StartCode != wire.StartLevels && p.StartCode != wire.StartPriority:
		return nil
	case len(u.sources) >= m.limit:
		m.stats.Refused++
		return nil
	default:
		s = &source{universe: p.Universe, cid: p.CID, name: string(p.Name), last: at, priority: min(p.Priority, wire.MaxPriority)}
		s.unprioritise()
		if u.sampling.IsZero() {
			s.ready = at.Add(wire.SamplingPeriod)
		}
		u.sources = append(u.sources, s)
		m.soon(at.Add(wire.SamplingPeriod))
	}
	s.sequence, s.from = p.Sequence, from
	if string(p.Name) != s.name {
		s.name = string(p.Name)
	}
	return s
}

func (m *machine) data(events []event, u *universe, p *wire.Packet, from netip.AddrPort, at time.Time) []event {
	s := m.source(u, p, from, at)
	if s == nil {
		return events
	}
	switch {
	case p.Options&wire.Terminated != 0:
		m.forget(s)
		u.sources = slices.DeleteFunc(u.sources, func(o *source) bool { return o == s })
		if !u.merge() || !u.sampling.IsZero() {
			return events
		}
		return append(events, event{number: int(p.Universe), levels: u.Levels(), packet: Packet{At: at}})
	case p.StartCode == wire.StartPriority:
		m.stats.Clamped += s.prioritise(p.Slots, at)
		s.show()
	case p.StartCode == wire.StartLevels:
		m.setPriority(s, p.Priority)
		m.follow(s, p)
		s.take(p.Slots, at)
		s.show()
	default:
		return events
	}
	m.soon(s.last.Add(wire.DataLoss))
	if u.losing(at) {
		m.soon(at)
	}
	changed := u.merge()
	if !u.sampling.IsZero() || !s.ready.IsZero() || !s.levels || p.StartCode != wire.StartLevels && !changed {
		return events
	}
	return append(events, event{number: int(p.Universe), levels: u.Levels(), packet: s.packet(at)})
}

// setPriority takes the priority of a packet.
func (m *machine) setPriority(s *source, p byte) {
	if p > wire.MaxPriority {
		m.stats.Clamped++
		p = wire.MaxPriority
	}
	if p != s.priority {
		s.priority = p
		if s.address.IsZero() {
			s.unprioritise()
		}
	}
}

// follow notes what releases a source.
func (m *machine) follow(s *source, p *wire.Packet) {
	s.force = p.Options&wire.ForceSync != 0
	key := syncKey{s.cid, p.Sync}
	if p.Sync == 0 {
		key = syncKey{}
	}
	if key == s.sync {
		return
	}
	m.forget(s)
	switch {
	case key == (syncKey{}):
		return
	case m.syncs[key] == nil && len(m.syncs) >= maxSyncs:
		m.stats.Refused++ // its levels show as they come
		return
	case m.syncs[key] == nil:
		m.syncs[key] = &releaser{sources: map[*source]bool{}}
		m.regroup = true
	}
	m.syncs[key].sources[s] = true
	s.sync = key
}

// forget ends that a source is released by anything.
func (m *machine) forget(s *source) {
	if r := m.syncs[s.sync]; r != nil {
		delete(r.sources, s)
		if len(r.sources) == 0 {
			delete(m.syncs, s.sync)
			m.regroup = true
		}
	}
	s.sync, s.synced = syncKey{}, time.Time{}
}

// release shows what waits for a synchronisation packet. From the first on sources wait
// for the next (11.1). One out of its order releases nothing: what it was for has been shown,
// and of what came since not all may be there (6.7.2).
func (m *machine) release(events []event, key syncKey, sequence byte, at time.Time) []event {
	r := m.syncs[key]
	if r == nil {
		return events
	}
	if !r.last.IsZero() && at.Sub(r.last) < wire.DataLoss && wire.Old(r.sequence, sequence) {
		m.stats.Disordered++
		return events
	}
	r.sequence, r.last = sequence, at
	changed := m.changed[:0]
	for s := range r.sources {
		s.synced = at
		if s.dirty {
			s.now, s.dirty = s.next, false
			changed = append(changed, s.universe)
		}
	}
	slices.Sort(changed)
	m.changed = changed
	for _, n := range slices.Compact(changed) {
		if u := m.universes[n]; u != nil && u.merge() && u.sampling.IsZero() {
			events = append(events, event{number: int(n), levels: u.Levels(), packet: Packet{At: at, Source: key.cid}})
		}
	}
	return events
}

// preview takes levels for visualisers, which are neither merged nor held.
func (m *machine) preview(events []event, u *universe, p *wire.Packet, from netip.AddrPort, at time.Time) []event {
	s := m.source(u, p, from, at)
	switch {
	case s == nil:
		return events
	case p.Options&wire.Terminated != 0:
		u.sources = slices.DeleteFunc(u.sources, func(o *source) bool { return o == s })
		if len(u.sources) > 0 {
			return events
		}
		return append(events, event{number: int(p.Universe), preview: true, packet: Packet{At: at}})
	case p.StartCode != wire.StartLevels:
		return events
	}
	s.last = at
	m.soon(at.Add(wire.DataLoss))
	if u.losing(at) {
		m.soon(at)
	}
	return append(events, event{number: int(p.Universe), preview: true, levels: p.Slots, packet: s.packet(at)})
}

func (s *source) packet(at time.Time) Packet { return Packet{s.from, s.cid, s.name, at} }

// step does what is due at now.
func (m *machine) step(events []event, now time.Time) []event {
	m.due = time.Time{}
	for number, u := range m.universes {
		changed, gone := u.step(now)
		for _, s := range gone {
			m.forget(s)
		}
		if changed {
			events = append(events, event{number: int(number), levels: u.Levels(), packet: Packet{At: now}})
		}
		m.soon(u.deadline(now))
	}
	for number, u := range m.previews {
		if _, gone := u.step(now); len(gone) > 0 && len(u.sources) == 0 {
			events = append(events, event{number: int(number), preview: true, packet: Packet{At: now}})
		}
		m.soon(u.deadline(now))
	}
	if m.found != nil {
		m.found.step(now)
		m.soon(m.found.deadline())
	}
	return events
}

// soon keeps the earliest deadline. One that moved on meanwhile makes step come too early,
// which does no harm.
func (m *machine) soon(t time.Time) {
	if !t.IsZero() && (m.due.IsZero() || t.Before(m.due)) {
		m.due = t
	}
}
