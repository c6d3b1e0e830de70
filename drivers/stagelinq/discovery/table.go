package discovery

import (
	"net/netip"
	"time"

	"showrun/drivers/stagelinq/wire"
)

// Change says what a datagram did to the discovery table.
type Change int

// The changes of a Table.
const (
	Unchanged Change = iota
	Appeared         // a unit heard for the first time, or again after its loss
	Moved            // same token, new port or address: it restarted
	Left             // its EXIT was heard
	Refused          // there is no room for it
)

// Limits of the table. Nobody is authenticated, so nobody may have all of it: one address
// has a share, and what has not proved itself within a while makes room for others.
const (
	MaxUnits      = 256
	MaxPerAddress = 16
	// Patience is how long a unit may be in the table without being kept before another
	// may have its place: long enough to dial it.
	Patience = 2 * time.Second
	// heldStay is how long a unit that is held must not be heard where it was before an
	// EXIT, or a HOWDY from elsewhere, is believed.
	heldStay = 2500 * time.Millisecond
)

// Unit is one entry of the discovery table.
type Unit struct {
	wire.Announcement
	Address netip.Addr // sender of the last datagram
	heard   time.Time
	stayed  time.Time // last HOWDY from Address with its port
	since   time.Time // first datagram
	proved  bool      // it was connected once
	held    bool      // it is connected
	leaving bool      // its EXIT was heard while it was held
}

// Table is the discovery table: the units whose HOWDY was heard within
// LossTimeout, keyed by token (1.5). It has one owner. The zero Table is empty.
type Table struct {
	units map[wire.Token]*Unit
}

// Heard takes one datagram that came from address and returns the unit it is
// about. A new unit may take the place of another, which is forgotten and whose token is
// returned as evicted; the zero token otherwise. Anybody can forge an EXIT, or a HOWDY
// with another address or port: a unit that is held and announces itself as before is
// where it was (1.5).
func (t *Table) Heard(a wire.Announcement, address netip.Addr, now time.Time) (unit Unit, change Change, evicted wire.Token) {
	u := t.units[a.Token]
	switch {
	case a.Exit && u == nil:
		return Unit{}, Unchanged, evicted
	case a.Exit && u.held:
		u.leaving = true
		return *u, Unchanged, evicted
	case a.Exit:
		delete(t.units, a.Token)
		return *u, Left, evicted
	case u == nil:
		evicted, ok := t.room(address, now)
		if !ok {
			return Unit{}, Refused, evicted
		}
		if t.units == nil {
			t.units = map[wire.Token]*Unit{}
		}
		u = &Unit{Announcement: a, Address: address, heard: now, stayed: now, since: now}
		t.units[a.Token] = u
		return *u, Appeared, evicted
	}
	samePort := a.Port == u.Port
	switch {
	case address == u.Address && samePort:
		u.heard, u.stayed, u.leaving = now, now, false
	case u.held && now.Sub(u.stayed) < heldStay, samePort && now.Sub(u.stayed) < LossTimeout:
		// Somebody else with its token, or heard over two networks: stay with the first
		// one while it works.
		if samePort {
			u.heard = now
		}
		return *u, Unchanged, evicted
	}
	moved := address != u.Address || !samePort
	u.Announcement, u.Address, u.heard, u.stayed, u.leaving = a, address, now, now, false
	if moved {
		return *u, Moved, evicted
	}
	return *u, Unchanged, evicted
}

// room makes room for a unit at an address: the share of the address, then the table. Of
// those that may go the oldest does.
func (t *Table) room(address netip.Addr, now time.Time) (evicted wire.Token, ok bool) {
	same := 0
	for _, u := range t.units {
		if u.Address == address {
			same++
		}
	}
	if same < MaxPerAddress && len(t.units) < MaxUnits {
		return evicted, true
	}
	var oldest *Unit
	for _, u := range t.units {
		mayGo := !u.proved && now.Sub(u.since) >= Patience && (same < MaxPerAddress || u.Address == address)
		if mayGo && (oldest == nil || u.since.Before(oldest.since)) {
			oldest = u
		}
	}
	if oldest == nil {
		return evicted, false
	}
	delete(t.units, oldest.Token)
	return oldest.Token, true
}

// Hold says that the unit of a token is connected, or no longer is. What is held stays
// where it is. It reports whether the unit has left meanwhile, and is forgotten.
func (t *Table) Hold(token wire.Token, held bool) (left bool) {
	u := t.units[token]
	if u == nil {
		return false
	}
	u.held, u.proved = held, u.proved || held
	if left = u.leaving && !held; left {
		delete(t.units, token)
	}
	return left
}

// expiry is when a unit that is not heard again counts as gone.
func (u *Unit) expiry() time.Time {
	if u.leaving {
		return u.stayed.Add(heldStay)
	}
	return u.heard.Add(LossTimeout)
}

// Left tells whether it was its EXIT that a unit was not heard again after.
func (u Unit) Left() bool { return u.leaving }

// Expire removes one unit that was silent for too long and returns it, or
// ok == false when there is none. Call it until then.
func (t *Table) Expire(now time.Time) (u Unit, ok bool) {
	for token, unit := range t.units {
		if !now.Before(unit.expiry()) {
			delete(t.units, token)
			return *unit, true
		}
	}
	return Unit{}, false
}

// Deadline returns the next instant at which a unit expires, the zero time for
// an empty table.
func (t *Table) Deadline() time.Time {
	var next time.Time
	for _, u := range t.units {
		if due := u.expiry(); next.IsZero() || due.Before(next) {
			next = due
		}
	}
	return next
}

// Unit returns the entry of a token.
func (t *Table) Unit(token wire.Token) (Unit, bool) {
	if u := t.units[token]; u != nil {
		return *u, true
	}
	return Unit{}, false
}
