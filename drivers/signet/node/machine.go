package node

import (
	"encoding/binary"
	"net/netip"
	"time"

	"showrun/drivers/signet/device"
	"showrun/drivers/signet/merge"
	"showrun/drivers/signet/wire"
)

// An endpoint is one output of a Node.
type endpoint struct {
	universe uint16 // 0: not patched
	merger   *merge.Merger
}

// A machine is a Node without sockets: packets and instants in, talk and
// levels out.
type machine struct {
	cfg       Config
	gate      *device.Gate
	voice     *device.Voice
	presence  *device.Presence
	endpoints []*endpoint
	changes   uint16 // CHANGE_COUNT
}

func newMachine(cfg Config, now time.Time) (*machine, error) {
	m := &machine{cfg: cfg}
	for _, u := range cfg.Universes {
		m.endpoints = append(m.endpoints, &endpoint{universe: uint16(u), merger: merge.New(0)})
	}
	voice, err := device.NewVoice(device.VoiceConfig{
		TUID: cfg.TUID, Scope: cfg.Scope, Open: cfg.Open, Keys: cfg.Keys, Sessions: cfg.Sessions,
	})
	if err != nil {
		return nil, err
	}
	m.voice = voice
	m.gate = device.NewGate(device.GateConfig{
		TUID: cfg.TUID, Scope: cfg.Scope, Open: cfg.Open, Keys: cfg.Keys, Interests: m,
	})
	m.presence = device.NewPresence(device.PresenceConfig{
		TUID: cfg.TUID, SoemCode: cfg.SoemCode, Device: m, Rand: cfg.Rand,
		Polled: cfg.Open || !cfg.Keys.Manager.IsZero(),
	}, now)
	return m, nil
}

// endpoint gives a data endpoint counted from 1, or nil.
func (m *machine) endpoint(number int) *endpoint {
	if number < 1 || number > len(m.endpoints) {
		return nil
	}
	return m.endpoints[number-1]
}

// Wants implements device.Interests.
func (m *machine) Wants(r wire.Resource) bool {
	switch r.Kind {
	case wire.KindLevel:
		for _, e := range m.endpoints {
			if e.universe == r.Number {
				return true
			}
		}
	case wire.KindSync, wire.KindPoll:
		return true
	}
	return false
}

// receive takes one packet. For accepted levels it calls output for every
// endpoint concerned.
func (m *machine) receive(b []byte, from netip.AddrPort, at time.Time, output func(number int, p *wire.Packet)) {
	var p wire.Packet
	r, v := m.gate.Check(b, at, &p)
	m.presence.Verdict(v, from.Addr(), at)
	if v != wire.Accept {
		return
	}
	switch r.Kind {
	case wire.KindLevel:
		levels, _ := wire.FindTLV(p.Payload, wire.TIDLevel)
		priority, _ := wire.FindTLV(p.Payload, wire.TIDPriority)
		for i, e := range m.endpoints {
			if e.universe == r.Number {
				e.merger.Take(p.Sender, p.Session, levels, priority, at)
				output(i+1, &p)
			}
		}
	case wire.KindSync:
		if _, ok := wire.FindTLV(p.Payload, wire.TIDSync); ok {
			for _, e := range m.endpoints {
				e.merger.Sync(p.Sender, at)
			}
		}
	case wire.KindPoll:
		if value, ok := wire.FindTLV(p.Payload, wire.TIDPoll); ok {
			if poll, err := wire.ParsePoll(value); err == nil {
				m.presence.Polled(poll, at)
			}
		}
	}
}

// step does what is due at now.
func (m *machine) step(now time.Time, say device.Say) {
	for _, e := range m.endpoints {
		e.merger.Step(now)
	}
	m.presence.Step(now, say)
}

// deadline is when step has something to do.
func (m *machine) deadline() time.Time {
	next := m.presence.Deadline()
	for _, e := range m.endpoints {
		if d := e.merger.Deadline(); !d.IsZero() && (next.IsZero() || d.Before(next)) {
			next = d
		}
	}
	return next
}

// DataEndpoints implements device.Device.
func (m *machine) DataEndpoints() int { return len(m.endpoints) }

// ChangeCount implements device.Device.
func (m *machine) ChangeCount() uint16 { return m.changes }

// AppendTLV implements device.Device.
func (m *machine) AppendTLV(b []byte, number uint16, t wire.TID) []byte {
	if number != wire.RootEndpoint {
		if e := m.endpoint(int(number)); e != nil && t == wire.TIDEPUniverse {
			return binary.BigEndian.AppendUint16(wire.AppendTLVHeader(b, t, 2), e.universe)
		}
		return b
	}
	switch t {
	case wire.TIDDeviceLabel:
		return wire.AppendLabel(b, t, m.cfg.Label)
	case wire.TIDMultOverride:
		return wire.AppendTLV(b, t, []byte{0})
	}
	return device.AppendCommonTLV(b, t, device.Description{
		Model: m.cfg.Model, Scope: m.cfg.Scope, Roles: device.RoleNode | device.RoleOpen,
	}, len(m.endpoints))
}
