package manager

import (
	"net/netip"
	"time"

	"showrun/drivers/signet/device"
	"showrun/drivers/signet/key"
	"showrun/drivers/signet/wire"
)

// fetchSpacing is the shortest time between two polls for the configuration
// of single devices.
const fetchSpacing = 20 * time.Millisecond

// everyone is the last TUID of a global poll.
var everyone = wire.TUID{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}

// A machine is a Manager without sockets: packets and instants in, polls and
// events out.
type machine struct {
	cfg      Config
	gate     *device.Gate
	voice    *device.Voice
	presence *device.Presence
	table    *table
	beacons  *beacons

	nextPoll  time.Time
	nextFetch time.Time
	active    bool      // the last poll was ours
	since     time.Time // when we became active
	refresh   bool      // the next global poll asks for everything
	urgent    bool      // and goes out now
	polls     uint64
	snooped   uint64
	duplicate time.Time // when a duplicate TUID was told last
}

// duplicateInterval is how often a duplicate TUID is told.
const duplicateInterval = time.Minute

func newMachine(cfg Config, now time.Time) (*machine, error) {
	voice, err := device.NewVoice(device.VoiceConfig{
		TUID: cfg.TUID, Scope: cfg.Scope, Keys: cfg.Keys,
		Session: cfg.Session, Next: device.Numbers(cfg.Sessions, cfg.TUID, cfg.Session),
	})
	if err != nil {
		return nil, err
	}
	m := &machine{cfg: cfg, voice: voice, table: newTable(), beacons: newBeacons(), refresh: true}
	m.cfg.Keys = key.Keys{} // the gate and the voice hold what they need
	// The gate knows no TUID of ours: what speaks with it must be verified
	// before it is told as a duplicate. Echoes do not come here.
	m.gate = device.NewGate(device.GateConfig{Scope: cfg.Scope, Keys: cfg.Keys, Interests: interests{}})
	m.presence = device.NewPresence(device.PresenceConfig{
		TUID: cfg.TUID, SoemCode: cfg.SoemCode, Device: m, Rand: cfg.Rand,
	}, now)
	m.nextPoll = now.Add(cfg.Listen)
	return m, nil
}

// interests are what a Manager listens to.
type interests struct{}

// Wants implements device.Interests.
func (interests) Wants(r wire.Resource) bool {
	switch r.Kind {
	case wire.KindNode, wire.KindNodeLost, wire.KindNodeBeacon, wire.KindPoll:
		return true
	}
	return false
}

// receive takes one packet, no echo of ours, and appends what there is to tell.
func (m *machine) receive(events []Event, b []byte, from netip.AddrPort, at time.Time) []Event {
	var p wire.Packet
	r, v := m.gate.Check(b, at, &p)
	m.presence.Verdict(v, from.Addr(), at)
	switch {
	case v == wire.Beacon:
		if m.table.records[r.TUID] == nil { // hidden once known as authentic
			beacon, kind, news, evicted := m.beacons.take(r, &p, from, at)
			if evicted != nil {
				events = append(events, Event{Kind: BeaconLost, Beacon: *evicted})
			}
			if news {
				events = append(events, Event{Kind: kind, Beacon: beacon})
			}
		}
	case v != wire.Accept:
	case p.Sender.TUID == m.cfg.TUID:
		return m.impostor(events, &p, from, at)
	case r.Kind == wire.KindPoll:
		return m.poll(events, &p, at)
	case r.TUID != p.Sender.TUID: // a device speaks for itself only
	default:
		return m.device(events, r, &p, from, at)
	}
	return events
}

// device takes what a device says about itself.
func (m *machine) device(events []Event, r wire.Resource, p *wire.Packet, from netip.AddrPort, at time.Time) []Event {
	n, found, news := m.table.take(r, p, from, at)
	if n == nil {
		return events
	}
	delete(m.beacons.heard, r.TUID)
	// One that our polls reached would have stopped by the second.
	unreachable := r.Kind == wire.KindNodeLost && !found && m.active && at.Sub(m.since) >= 2*wire.PollInterval
	switch {
	case found:
		events = append(events, Event{Kind: Found, Node: n.copy()})
	case news:
		events = append(events, Event{Kind: Changed, Node: n.copy()})
	}
	if unreachable && !n.Unreachable {
		events = append(events, Event{Kind: Unreachable, Node: n.copy()})
	}
	n.Unreachable = unreachable
	return events
}

// impostor tells of a device that carries our TUID, now and then.
func (m *machine) impostor(events []Event, p *wire.Packet, from netip.AddrPort, at time.Time) []Event {
	if at.Sub(m.duplicate) < duplicateInterval {
		return events
	}
	m.duplicate = at
	return append(events, Event{Kind: Duplicate, Node: Node{TUID: m.cfg.TUID, Address: from, Session: p.Session, Heard: at}})
}

// poll takes any Manager's poll. While others poll we do not: ours waits for
// three missed intervals of theirs.
func (m *machine) poll(events []Event, p *wire.Packet, at time.Time) []Event {
	value, ok := wire.FindTLV(p.Payload, wire.TIDPoll)
	if !ok {
		return events
	}
	poll, err := wire.ParsePoll(value)
	if err != nil || poll.Manager == m.cfg.TUID {
		return events
	}
	m.snooped++
	m.active = false
	m.nextPoll = at.Add(m.cfg.Listen + m.jitter())
	m.presence.Polled(poll, at)
	return m.count(events, poll)
}

func (m *machine) jitter() time.Duration {
	return time.Duration(m.cfg.Rand.Int64N(int64(wire.PollJitter) + 1))
}

// count counts a poll that many devices have to answer.
func (m *machine) count(events []Event, poll wire.Poll) []Event {
	if poll.Low == poll.High {
		return events
	}
	m.table.polled(poll, func(n *record) { events = append(events, Event{Kind: Lost, Node: n.copy()}) })
	return events
}

// step does what is due at now: say sends about ourselves, ask sends a poll.
func (m *machine) step(events []Event, now time.Time, say device.Say, ask func(wire.Poll)) []Event {
	m.presence.Step(now, say)
	m.beacons.step(now, func(b Beacon) { events = append(events, Event{Kind: BeaconLost, Beacon: b}) })
	poll := wire.Poll{Manager: m.cfg.TUID, SoemCode: m.cfg.SoemCode, Endpoint: wire.AllEndpoints}
	if !now.Before(m.nextPoll) || m.urgent {
		poll.High = everyone
		if m.refresh {
			poll.Level = wire.QueryFull
			m.refresh, m.urgent = false, false
		}
		m.polls++
		if !m.active {
			m.active, m.since = true, now
		}
		m.nextPoll = now.Add(wire.PollInterval + m.jitter())
		events = m.count(events, poll)
		ask(poll)
		// What everyone is asked for anyway is not fetched one by one.
		m.nextFetch = now.Add(wire.PollBackoff)
		return events
	}
	if now.Before(m.nextFetch) {
		return events
	}
	if n := m.stalest(now); n != nil {
		n.fetches++
		n.nextFetch = now.Add(wire.PollInterval)
		clear(n.answered)
		poll.Low, poll.High, poll.Level = n.TUID, n.TUID, wire.QueryFull
		m.polls++
		m.nextFetch = now.Add(fetchSpacing)
		ask(poll)
	}
	return events
}

// stalest is the device whose configuration is to be fetched next, or nil.
func (m *machine) stalest(now time.Time) *record {
	var next *record
	for _, n := range m.table.records {
		if n.stale() && !now.Before(n.nextFetch) && (next == nil || n.nextFetch.Before(next.nextFetch)) {
			next = n
		}
	}
	return next
}

// deadline is when step has something to do.
func (m *machine) deadline() time.Time {
	if m.urgent {
		return longAgo
	}
	next := m.nextPoll
	for _, t := range [...]time.Time{m.presence.Deadline(), m.beacons.deadline()} {
		if !t.IsZero() && t.Before(next) {
			next = t
		}
	}
	for _, n := range m.table.records {
		if !n.stale() {
			continue
		}
		t := n.nextFetch
		if t.Before(m.nextFetch) {
			t = m.nextFetch
		}
		if t.IsZero() {
			return longAgo
		}
		if t.Before(next) {
			next = t
		}
	}
	return next
}

var longAgo = time.Unix(1, 0)

// managerTIDs is what a Manager sends or acts on.
var managerTIDs = []wire.TID{
	wire.TIDPoll, wire.TIDPollReply, wire.TIDSupportedTIDs, wire.TIDEndpointCount, wire.TIDProtocolVersion,
	wire.TIDFirmwareVersion, wire.TIDDeviceLabel, wire.TIDMultOverride, wire.TIDIdentify, wire.TIDStatus,
	wire.TIDRoleCapability, wire.TIDModelName, wire.TIDScope, wire.TIDSecurityEvent,
}

// DataEndpoints implements device.Device.
func (m *machine) DataEndpoints() int { return 0 }

// ChangeCount implements device.Device: nothing of ours can be set by others.
func (m *machine) ChangeCount() uint16 { return 0 }

// AppendTLV implements device.Device.
func (m *machine) AppendTLV(b []byte, endpoint uint16, t wire.TID) []byte {
	switch t {
	case wire.TIDDeviceLabel:
		return wire.AppendLabel(b, t, m.cfg.Label)
	case wire.TIDMultOverride, wire.TIDIdentify:
		return wire.AppendTLV(b, t, []byte{0})
	case wire.TIDStatus:
		return wire.AppendTLV(b, t, make([]byte, 4))
	}
	return device.AppendCommonTLV(b, t, device.Description{
		Supported: managerTIDs, FirmwareText: m.cfg.Version, Model: m.cfg.Model, Scope: m.cfg.Scope,
		Roles: device.RoleManager,
	}, 0)
}
