package receiver

import (
	"maps"
	"net/netip"
	"slices"
	"time"

	"showrun/drivers/signet/device"
	"showrun/drivers/signet/merge"
	"showrun/drivers/signet/wire"
)

// A machine is a Receiver without sockets: packets and instants in, events
// out.
type machine struct {
	gate      *device.Gate
	strict    bool
	universes map[uint16]*merge.Merger
	previews  map[uint16]bool
	timecodes map[uint8]*timecodeStream
	directory *directory
	voice     *device.Voice    // nil for a Receiver that only listens
	presence  *device.Presence // nil as well
	groupNode bool             // announcements of V1.07 can be verified
	regroup   bool             // groups may have to be joined or left
	due       time.Time        // earliest deadline of mergers and timecode, zero for none
}

// An event is a call of one of the functions of Config. Its levels stay as
// they are until the machine is called again.
type event struct {
	kind     wire.Kind
	number   int // universe or stream
	levels   []byte
	packet   Packet
	change   TimecodeChange
	timecode Timecode
	jump     bool
}

func newMachine(cfg Config, now time.Time) (*machine, error) {
	m := &machine{
		strict:    cfg.Strict,
		universes: make(map[uint16]*merge.Merger),
		previews:  make(map[uint16]bool),
		timecodes: make(map[uint8]*timecodeStream),
		directory: newDirectory(),
	}
	m.gate = device.NewGate(device.GateConfig{
		TUID: cfg.TUID, Scope: cfg.Scope, Open: cfg.Open, Keys: cfg.Keys, Interests: m,
	})
	m.groupNode = !cfg.Keys.Citizen.IsZero()
	if !cfg.speaks() {
		return m, nil
	}
	voice, err := device.NewVoice(device.VoiceConfig{
		TUID: cfg.TUID, Scope: cfg.Scope, Open: cfg.Open, Keys: cfg.Keys,
		Session: cfg.Session, Next: device.Numbers(cfg.Sessions, cfg.TUID, cfg.Session),
	})
	if err != nil {
		return nil, err
	}
	m.voice = voice
	m.presence = device.NewPresence(device.PresenceConfig{
		TUID: cfg.TUID, SoemCode: cfg.SoemCode, Device: newVisualiser(cfg), Rand: cfg.Rand,
		Polled: cfg.Open || !cfg.Keys.Manager.IsZero(),
	}, now)
	return m, nil
}

func (m *machine) universe(n int) *merge.Merger {
	if wire.CheckUniverse(n) != nil {
		return nil
	}
	return m.universes[uint16(n)]
}

// warning gives what is to be logged.
func (m *machine) warning() device.Warning {
	if m.presence == nil {
		return device.Warning{}
	}
	return m.presence.TakeWarning()
}

// maxOtherGroups bounds the groups joined because an announcement names them.
const maxOtherGroups = 256

// groups are the multicast groups to hear: besides the fixed ones those of subscribed
// universes, folded and as Senders announce them.
func (m *machine) groups() []netip.Addr {
	wanted := map[netip.Addr]bool{wire.GroupTime: true}
	if m.groupNode {
		wanted[wire.GroupNode] = true
	}
	if m.presence != nil {
		wanted[wire.GroupPoll] = true
	}
	if len(m.previews) > 0 {
		wanted[wire.GroupPreview] = true
	}
	for u := range m.universes {
		wanted[wire.Fold(u)] = true
	}
	limit := len(wanted) + maxOtherGroups
	m.directory.groups(func(universe uint16, group netip.Addr) {
		if m.universes[universe] != nil && group.IsMulticast() && len(wanted) < limit {
			wanted[group] = true
		}
	})
	return slices.Collect(maps.Keys(wanted))
}

// Wants implements device.Interests.
func (m *machine) Wants(r wire.Resource) bool {
	switch r.Kind {
	case wire.KindLevel:
		return m.universes[r.Number] != nil
	case wire.KindPreview:
		return m.previews[r.Number]
	case wire.KindSync:
		return true
	case wire.KindTimecode:
		return m.timecodes[uint8(r.Number)] != nil
	case wire.KindPoll:
		return m.presence != nil && m.presence.Polls()
	case wire.KindNode: // TID_UNIVERSE of V1.07
		return r.Number == wire.RootEndpoint
	}
	return false
}

// receive takes one packet and appends what there is to tell.
func (m *machine) receive(events []event, b []byte, from netip.AddrPort, at time.Time) []event {
	var p wire.Packet
	r, v := m.gate.Check(b, at, &p)
	if m.presence != nil {
		m.presence.Verdict(v, from.Addr(), at)
	}
	if v != wire.Accept {
		return events
	}
	packet := Packet{from, p.Sender, p.Session, p.Sequence, at}
	switch r.Kind {
	case wire.KindLevel:
		u := m.universes[r.Number]
		levels, _ := wire.FindTLV(p.Payload, wire.TIDLevel)
		priority, _ := wire.FindTLV(p.Payload, wire.TIDPriority)
		u.Take(p.Sender, p.Session, levels, priority, at)
		m.soon(u.Deadline())
		return append(events, event{kind: r.Kind, number: int(r.Number), levels: u.Levels(), packet: packet})
	case wire.KindPreview:
		if levels, ok := wire.FindTLV(p.Payload, wire.TIDPreview); ok {
			return append(events, event{kind: r.Kind, number: int(r.Number), levels: levels, packet: packet})
		}
	case wire.KindTimecode:
		if value, ok := wire.FindTLV(p.Payload, wire.TIDTimecode); ok {
			return m.timecode(events, uint8(r.Number), value, p.Sender, at)
		}
	case wire.KindSync:
		if _, ok := wire.FindTLV(p.Payload, wire.TIDSync); ok {
			events = m.sync(events, p.Sender, at)
		}
		m.announced(&p, at)
	case wire.KindNode:
		m.announced(&p, at)
	case wire.KindPoll:
		if value, ok := wire.FindTLV(p.Payload, wire.TIDPoll); ok {
			if poll, err := wire.ParsePoll(value); err == nil {
				m.presence.Polled(poll, at)
			}
		}
	}
	return events
}

func (m *machine) timecode(events []event, stream uint8, value []byte, id wire.SenderID, at time.Time) []event {
	label, err := wire.ParseTimecode(value)
	if err != nil {
		return events
	}
	t := m.timecodes[stream]
	change, jump, ok := t.take(id, label, at)
	m.soon(t.deadline(m.strict))
	if !ok {
		return events
	}
	return append(events, event{kind: wire.KindTimecode, number: int(stream), change: change, timecode: t.Timecode, jump: jump})
}

// sync offers a TID_SYNC to every universe; each knows its sources.
func (m *machine) sync(events []event, id wire.SenderID, at time.Time) []event {
	for number, u := range m.universes {
		if u.Sync(id, at) {
			events = append(events, event{kind: wire.KindLevel, number: int(number), levels: u.Levels(), packet: Packet{At: at}})
		}
		m.soon(u.Deadline())
	}
	return events
}

// announced notes every TID_UNIVERSE of a packet.
func (m *machine) announced(p *wire.Packet, at time.Time) {
	for rest := p.Payload; ; {
		t, more, ok := wire.NextTLV(rest)
		if !ok {
			return
		}
		rest = more
		if t.TID != wire.TIDUniverse {
			continue
		}
		if a, err := wire.ParseAnnouncement(t.Value); err == nil {
			id := p.Sender
			if a.Extended {
				id.Endpoint = a.Endpoint
			}
			if m.directory.take(id, a, at) {
				m.regroup = true
				m.soon(at)
			}
		}
	}
}

// step does what is due at now.
func (m *machine) step(events []event, now time.Time, say device.Say) []event {
	if m.presence != nil {
		m.presence.Step(now, say)
	}
	if m.directory.step(now) {
		m.regroup = true
	}
	m.due = time.Time{}
	for number, u := range m.universes {
		if u.Step(now) {
			events = append(events, event{kind: wire.KindLevel, number: int(number), levels: u.Levels(), packet: Packet{At: now}})
		}
		m.soon(u.Deadline())
	}
	for stream, t := range m.timecodes {
		if change, ok := t.step(now, m.strict); ok {
			events = append(events, event{kind: wire.KindTimecode, number: int(stream), change: change, timecode: t.Timecode})
		}
		m.soon(t.deadline(m.strict))
	}
	return events
}

// soon keeps the earliest deadline. One that moved on meanwhile makes step
// come too early, which does no harm.
func (m *machine) soon(t time.Time) {
	if !t.IsZero() && (m.due.IsZero() || t.Before(m.due)) {
		m.due = t
	}
}

// deadline is when step has something to do.
func (m *machine) deadline() time.Time {
	next := m.due
	if len(m.directory.entries) > 0 && (next.IsZero() || m.directory.next.Before(next)) {
		next = m.directory.next
	}
	if m.presence != nil {
		if d := m.presence.Deadline(); !d.IsZero() && (next.IsZero() || d.Before(next)) {
			next = d
		}
	}
	return next
}
