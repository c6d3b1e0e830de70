package manager

import (
	"net/netip"
	"slices"
	"time"

	"showrun/drivers/signet/wire"
)

// maxBeacons bounds the list, as anyone can send beacons.
const maxBeacons = 256

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

// take notes one beacon.
func (b *beacons) take(r wire.Resource, p *wire.Packet, from netip.AddrPort, at time.Time) (beacon Beacon, kind EventKind, news bool) {
	old := b.heard[r.TUID]
	if old == nil {
		if len(b.heard) >= maxBeacons {
			return beacon, 0, false
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
	return *old, kind, news
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
