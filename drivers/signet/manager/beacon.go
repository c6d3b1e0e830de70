package manager

import (
	"net/netip"
	"slices"
	"time"

	"showrun/drivers/signet/wire"
)

// Limits of the list, as anyone can send beacons: one address has a share, and the one
// heard longest ago makes room for another.
const (
	MaxBeacons     = 256
	MaxBeaconsFrom = 16
	beaconPatience = 2 * time.Second // before it does
)

// A Beacon is a device without keys, as far as its unverified beacons can be
// believed.
type Beacon struct {
	TUID       wire.TUID
	Address    netip.AddrPort
	Label      string
	Endpoints  int
	Conformant bool // all options were there (section 5)
	Spoofed    bool // heard from two addresses within 30 seconds
	Heard      time.Time
}

// beacons keeps what waits for keys (section 14.3).
type beacons struct {
	heard map[wire.TUID]*Beacon
}

func newBeacons() *beacons { return &beacons{heard: make(map[wire.TUID]*Beacon)} }

// room makes room for a device at an address and returns the one that made it.
func (b *beacons) room(from netip.Addr, at time.Time) (evicted *Beacon, ok bool) {
	same := 0
	var oldest *Beacon
	for _, beacon := range b.heard {
		if beacon.Address.Addr() == from {
			same++
		}
		if oldest == nil || beacon.Heard.Before(oldest.Heard) {
			oldest = beacon
		}
	}
	switch {
	case same >= MaxBeaconsFrom:
		return nil, false
	case len(b.heard) < MaxBeacons:
		return nil, true
	case at.Sub(oldest.Heard) < beaconPatience:
		return nil, false
	}
	delete(b.heard, oldest.TUID)
	return oldest, true
}

// take notes one beacon.
func (b *beacons) take(r wire.Resource, p *wire.Packet, from netip.AddrPort, at time.Time) (beacon Beacon, kind EventKind, news bool, evicted *Beacon) {
	old := b.heard[r.TUID]
	if old == nil {
		var ok bool
		if evicted, ok = b.room(from.Addr(), at); !ok {
			return beacon, 0, false, nil
		}
		old = &Beacon{TUID: r.TUID, Address: from}
		b.heard[r.TUID] = old
		kind, news = BeaconFound, true
	} else if old.Address.Addr() != from.Addr() && !old.Spoofed {
		old.Spoofed = true
		kind, news = BeaconSpoof, true
	}
	old.Address, old.Heard, old.Conformant = from, at, p.Conformant()
	if v, ok := wire.FindTLV(p.Payload, wire.TIDDeviceLabel); ok {
		old.Label = wire.ParseLabel(v)
	}
	if v, ok := wire.FindTLV(p.Payload, wire.TIDEndpointCount); ok {
		old.Endpoints = int(wire.Flags(v))
	}
	return *old, kind, news, evicted
}

// step drops what fell silent and calls lost with each.
func (b *beacons) step(now time.Time, lost func(Beacon)) {
	for id, beacon := range b.heard {
		if now.Sub(beacon.Heard) >= wire.BeaconTimeout {
			delete(b.heard, id)
			lost(*beacon)
		}
	}
}

// deadline is when step has something to drop, the zero Time for never.
func (b *beacons) deadline() time.Time {
	var next time.Time
	for _, beacon := range b.heard {
		if t := beacon.Heard.Add(wire.BeaconTimeout); next.IsZero() || t.Before(next) {
			next = t
		}
	}
	return next
}

func (b *beacons) list() []Beacon {
	list := make([]Beacon, 0, len(b.heard))
	for _, beacon := range b.heard {
		list = append(list, *beacon)
	}
	slices.SortFunc(list, func(a, b Beacon) int { return a.TUID.Compare(b.TUID) })
	return list
}
