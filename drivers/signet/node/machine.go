package node

import (
	"net/netip"
	"slices"
	"time"

	"showrun/drivers/signet/device"
	"showrun/drivers/signet/key"
	"showrun/drivers/signet/merge"
	"showrun/drivers/signet/wire"
)

// commandDelay is how long after a start commands are refused: the first
// packets a fresh receiver hears may be replays (ruling 61).
const commandDelay = 2 * time.Second

// A machine is a Node without sockets: packets and instants in, talk and
// levels out.
type machine struct {
	cfg       Config
	gate      *device.Gate
	voice     *device.Voice
	presence  *device.Presence
	endpoints []*endpoint
	patch     map[uint16][]int // endpoint numbers by universe
	stale     []int            // endpoints whose output is to be computed anew by step
	due       time.Time        // earliest deadline of mergers, zero for none

	label    string
	changes  uint16 // CHANGE_COUNT
	identify byte
	refused  uint64
	lost     bool

	powered    time.Time // when power came on: offboarding works for 300 s
	started    time.Time // last restart
	offboarded bool
	commanded  bool // we can verify commands
	nextBeacon time.Time

	regroup bool  // the groups to hear have changed
	stored  bool  // the stored configuration has changed
	failure error // a session number could not be stored
	next    func() (uint32, error)
}

func newMachine(cfg Config, now time.Time) (*machine, error) {
	m := &machine{cfg: cfg, powered: now, started: now}
	state := initialState(cfg)
	m.label, m.changes = state.Label, state.ChangeCount
	for _, s := range state.Endpoints {
		e := &endpoint{EndpointState: s, merger: merge.New(0)}
		e.status = e.flags()
		m.endpoints = append(m.endpoints, e)
	}
	m.next = device.Numbers(cfg.Sessions, cfg.TUID, cfg.Session)
	if err := m.rekey(cfg.Keys, cfg.Session, now); err != nil {
		return nil, err
	}
	m.cfg.Keys = key.Keys{} // the gate and the voice hold what they need
	m.indexPatch()
	return m, nil
}

// rekey makes what speaks and listens with a set of keys. Without keys the
// device is offboarded, unless it is in Open Mode.
func (m *machine) rekey(keys key.Keys, session uint32, now time.Time) error {
	m.offboarded = !m.cfg.Open && !m.cfg.speaksWith(keys)
	m.commanded = m.cfg.Open || !keys.Local.IsZero()
	voice, err := device.NewVoice(device.VoiceConfig{
		TUID: m.cfg.TUID, Scope: m.cfg.Scope, Open: m.cfg.Open || m.offboarded, Keys: keys,
		Session: session, Next: m.next,
	})
	if err != nil {
		return err
	}
	m.voice = voice
	m.gate = device.NewGate(device.GateConfig{
		TUID: m.cfg.TUID, Scope: m.cfg.Scope, Open: m.cfg.Open, Keys: keys, Interests: m,
	})
	m.presence = m.newPresence(now, m.cfg.Open || !keys.Manager.IsZero())
	m.regroup = true
	return nil
}

func (m *machine) newPresence(now time.Time, polled bool) *device.Presence {
	return device.NewPresence(device.PresenceConfig{
		TUID: m.cfg.TUID, SoemCode: m.cfg.SoemCode, Device: m, Rand: m.cfg.Rand, Polled: polled,
	}, now)
}

// restart is what a reboot does; hardware says that power was cycled as well.
func (m *machine) restart(now time.Time, hardware bool) error {
	m.gate.Reset()
	m.started, m.identify = now, 0
	if hardware {
		m.powered = now
	}
	for _, e := range m.endpoints {
		e.repatch()
	}
	m.presence = m.newPresence(now, m.presence.Polls())
	return m.voice.Renew()
}

// onboard gives the device its keys.
func (m *machine) onboard(keys key.Keys, now time.Time) error {
	var session uint32
	if m.cfg.speaksWith(keys) {
		var err error
		if session, err = m.next(); err != nil {
			return err
		}
	}
	return m.rekey(keys, session, now)
}

// wipe forgets all keys: the device is offboarded. Its session number stays
// stored, as peers remember it.
func (m *machine) wipe() error {
	m.cfg.Open = false
	m.nextBeacon = time.Time{}
	return m.rekey(key.Keys{}, 0, m.started)
}

// endpoint gives a data endpoint counted from 1, or nil.
func (m *machine) endpoint(number int) *endpoint {
	if number < 1 || number > len(m.endpoints) {
		return nil
	}
	return m.endpoints[number-1]
}

// indexPatch notes which endpoints listen to a universe.
func (m *machine) indexPatch() {
	m.patch = make(map[uint16][]int)
	for i, e := range m.endpoints {
		if _, ok := e.group(); ok {
			m.patch[uint16(e.Universe)] = append(m.patch[uint16(e.Universe)], i+1)
		}
	}
	m.regroup = true
}

// groups are the multicast groups to hear.
func (m *machine) groups() []netip.Addr {
	if m.offboarded {
		return nil
	}
	wanted := []netip.Addr{wire.GroupPoll, wire.GroupManager, wire.GroupTime}
	for _, e := range m.endpoints {
		if g, ok := e.group(); ok && !slices.Contains(wanted, g) {
			wanted = append(wanted, g)
		}
	}
	return wanted
}

// Wants implements device.Interests.
func (m *machine) Wants(r wire.Resource) bool {
	if m.offboarded {
		return false
	}
	switch r.Kind {
	case wire.KindLevel:
		return len(m.patch[r.Number]) > 0
	case wire.KindSync, wire.KindPoll:
		return true
	case wire.KindManager:
		return m.commanded
	}
	return false
}

// An output says that an endpoint has to be told: for an accepted packet, or
// because what it shows has changed.
type output struct {
	number  int
	packet  *wire.Packet // nil if no packet was the cause
	changed bool
}

// receive takes one packet and appends the outputs it causes.
func (m *machine) receive(outputs []output, p *wire.Packet, b []byte, from netip.AddrPort, at time.Time) []output {
	r, v := m.gate.Check(b, at, p)
	if !m.offboarded {
		m.presence.Verdict(v, from.Addr(), at)
	}
	if v != wire.Accept {
		return outputs
	}
	switch r.Kind {
	case wire.KindLevel:
		levels, _ := wire.FindTLV(p.Payload, wire.TIDLevel)
		priority, _ := wire.FindTLV(p.Payload, wire.TIDPriority)
		for _, number := range m.patch[r.Number] {
			e := m.endpoint(number)
			e.merger.Take(p.Sender, p.Session, levels, priority, at)
			m.soon(e.merger.Deadline())
			outputs = append(outputs, output{number, p, m.refresh(number, at)})
		}
	case wire.KindSync:
		if _, ok := wire.FindTLV(p.Payload, wire.TIDSync); !ok {
			break
		}
		for i, e := range m.endpoints {
			if e.merger.Sync(p.Sender, at) && m.refresh(i+1, at) {
				outputs = append(outputs, output{i + 1, nil, true})
			}
			m.soon(e.merger.Deadline())
		}
	case wire.KindPoll:
		if value, ok := wire.FindTLV(p.Payload, wire.TIDPoll); ok {
			if poll, err := wire.ParsePoll(value); err == nil {
				m.presence.Polled(poll, at)
				m.lost = false
			}
		}
	case wire.KindManager:
		if at.Sub(m.started) >= commandDelay {
			return m.command(outputs, r.Number, p.Payload, at)
		}
	}
	return outputs
}

// refresh computes the output of an endpoint; a change of its status is told.
func (m *machine) refresh(number int, now time.Time) (changed bool) {
	e := m.endpoint(number)
	changed = e.refresh(m.cfg.Scenes)
	if f := e.flags(); f != e.status {
		e.status = f
		m.presence.Status(uint16(number), wire.TIDEPStatus, now)
	}
	return changed
}

// step does what is due at now.
func (m *machine) step(outputs []output, now time.Time, say device.Say) []output {
	if m.offboarded {
		m.beacon(now, say)
	} else {
		m.presence.Step(now, say)
		m.lost = m.presence.Lost(now)
	}
	for _, number := range m.stale {
		if m.refresh(number, now) {
			outputs = append(outputs, output{number, nil, true})
		}
	}
	m.stale = m.stale[:0]
	if m.due.IsZero() || now.Before(m.due) {
		return outputs
	}
	m.due = time.Time{}
	for i, e := range m.endpoints {
		if e.step(now) && m.refresh(i+1, now) {
			outputs = append(outputs, output{i + 1, nil, true})
		}
		m.soon(e.merger.Deadline())
	}
	return outputs
}

// beacon shows that the device waits for keys (section 14.3).
func (m *machine) beacon(now time.Time, say device.Say) {
	if now.Before(m.nextBeacon) {
		return
	}
	m.nextBeacon = now.Add(wire.BeaconInterval)
	b := wire.AppendPollReply(nil, wire.PollReply{TUID: m.cfg.TUID, SoemCode: m.cfg.SoemCode})
	b = m.AppendTLV(b, wire.RootEndpoint, wire.TIDDeviceLabel)
	b = m.AppendTLV(b, wire.RootEndpoint, wire.TIDEndpointCount)
	say(wire.Resource{Kind: wire.KindNodeBeacon, TUID: m.cfg.TUID}, b)
}

// soon keeps the earliest deadline of the mergers.
func (m *machine) soon(t time.Time) {
	if !t.IsZero() && (m.due.IsZero() || t.Before(m.due)) {
		m.due = t
	}
}

// deadline is when step has something to do; longAgo stands for at once.
func (m *machine) deadline() time.Time {
	if len(m.stale) > 0 || m.failure != nil {
		return longAgo
	}
	next := m.due
	talk := m.nextBeacon
	if !m.offboarded {
		talk = m.presence.Deadline()
	} else if talk.IsZero() {
		return longAgo
	}
	if next.IsZero() || !talk.IsZero() && talk.Before(next) {
		next = talk
	}
	return next
}

var longAgo = time.Unix(1, 0)
