package node

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"showrun/drivers/signet/wire"
)

// command takes one authentic packet of a Manager to an endpoint. Every SET in
// it is checked before any is applied; one bad SET voids the packet (ruling
// 26). What was set or asked is reported.
func (m *machine) command(outputs []output, number uint16, payload []byte, now time.Time) []output {
	first, last := int(number), int(number)
	if number == wire.AllEndpoints { // every data endpoint, not root (ruling 16)
		first, last = 1, len(m.endpoints)
	}
	var settings []wire.TLV
	var tids []wire.TID
	for rest := payload; ; {
		t, more, ok := wire.NextTLV(rest)
		if !ok {
			break
		}
		rest = more
		e, known := wire.Lookup(t.TID)
		if !known { // not of this revision: stepped over
			continue
		}
		if len(t.Value) > 0 {
			if !m.settable(t, number) {
				m.refused++
				return outputs
			}
			settings = append(settings, t)
		} else if !e.Queryable {
			continue
		}
		if !slices.Contains(tids, t.TID) {
			tids = append(tids, t.TID)
		}
	}
	changed := false
	for target := first; target <= last; target++ {
		for _, t := range settings {
			if m.apply(uint16(target), t, settings, now) {
				changed = true
			}
		}
		if m.endpoint(target) != nil && len(settings) > 0 && m.refresh(target, now) {
			outputs = append(outputs, output{target, nil, true})
		}
	}
	if changed {
		m.changes++
		m.stored = true
		m.indexPatch()
	}
	if len(tids) > 0 && !m.offboarded {
		m.presence.Report(uint16(first), uint16(last), tids, now)
	}
	return outputs
}

// setLocally sets one value of an endpoint at the device itself.
func (m *machine) setLocally(number int, t wire.TLV, now time.Time) {
	if m.apply(uint16(number), t, nil, now) {
		m.changes++
		m.stored = true
		m.indexPatch()
		m.stale = append(m.stale, number)
		if !m.offboarded {
			m.presence.Report(uint16(number), uint16(number), []wire.TID{t.TID}, now)
		}
	}
}

// settable tells whether a value may be set at an endpoint. Its length and
// range in the table are checked already.
func (m *machine) settable(t wire.TLV, number uint16) bool {
	v := t.Value
	if number == wire.RootEndpoint {
		switch t.TID {
		case wire.TIDDeviceLabel:
			return true
		case wire.TIDIdentify:
			return v[0] <= 4
		case wire.TIDMultOverride:
			return v[0] == 0
		case wire.TIDOffboard:
			return string(v) == "WIPE"
		case wire.TIDReboot:
			return string(v[1:]) == "BOOT" && v[0] >= 0xFE
		}
		return false
	}
	if number != wire.AllEndpoints && m.endpoint(int(number)) == nil {
		return false
	}
	switch t.TID {
	case wire.TIDEPUniverse, wire.TIDEPLabel, wire.TIDEPFailover, wire.TIDEPDMXTiming:
		return true
	case wire.TIDEPMultOverride:
		a := wire.ParseIPv4(v)
		return !a.IsValid() || a.IsMulticast()
	case wire.TIDEPDirection:
		return v[0] == directionOff || v[0] == directionConsumer
	case wire.TIDEPProtocol:
		return v[0] == 0
	}
	return false
}

// apply sets one value and tells whether the stored configuration changed.
func (m *machine) apply(number uint16, t wire.TLV, all []wire.TLV, now time.Time) (changed bool) {
	v := t.Value
	if number == wire.RootEndpoint {
		switch t.TID {
		case wire.TIDDeviceLabel:
			return set(&m.label, wire.ParseLabel(v))
		case wire.TIDIdentify:
			m.identify = v[0] & 3 // 4 un-mutes (ruling 58)
		case wire.TIDMultOverride:
			return m.clearOverrides(now)
		case wire.TIDOffboard:
			if now.Sub(m.powered) < wire.OffboardWindow {
				m.failure = m.wipe()
			}
		case wire.TIDReboot:
			m.failure = m.restart(now, v[0] == 0xFF)
		}
		return false
	}
	e := m.endpoint(int(number))
	switch t.TID {
	case wire.TIDEPUniverse:
		if changed = set(&e.Universe, int(binary.BigEndian.Uint16(v))); changed {
			e.repatch()
			overrides := func(t wire.TLV) bool { return t.TID == wire.TIDEPMultOverride }
			if e.Group.IsValid() && !slices.ContainsFunc(all, overrides) {
				e.Group = netip.Addr{}
				m.presence.Report(number, number, []wire.TID{wire.TIDEPMultOverride}, now)
			}
		}
	case wire.TIDEPLabel:
		return set(&e.Label, wire.ParseLabel(v))
	case wire.TIDEPMultOverride:
		return set(&e.Group, wire.ParseIPv4(v))
	case wire.TIDEPDirection:
		if changed = set(&e.Off, v[0] == directionOff); changed {
			e.repatch()
		}
	case wire.TIDEPFailover:
		f, err := wire.ParseFailover(v)
		return err == nil && set(&e.Failover, f)
	case wire.TIDEPDMXTiming:
		return set(&e.DMXTiming, [2]byte(v))
	}
	return changed
}

// set stores a value and tells whether it is new.
func set[T comparable](at *T, value T) bool {
	changed := *at != value
	*at = value
	return changed
}

// clearOverrides puts every endpoint back on its folded group and reports each
// that changed.
func (m *machine) clearOverrides(now time.Time) (changed bool) {
	for i, e := range m.endpoints {
		if e.Group.IsValid() {
			e.Group = netip.Addr{}
			m.presence.Report(uint16(i+1), uint16(i+1), []wire.TID{wire.TIDEPMultOverride}, now)
			changed = true
		}
	}
	return changed
}
