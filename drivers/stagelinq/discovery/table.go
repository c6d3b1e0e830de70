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
)

// maxUnits bounds the discovery table against floods of tokens.
const maxUnits = 256

// Unit is one entry of the discovery table.
type Unit struct {
	wire.Announcement
	Address netip.Addr // sender of the last datagram
	heard   time.Time
	stayed  time.Time // last datagram from Address
}

// Table is the discovery table: the units whose HOWDY was heard within
// LossTimeout, keyed by token (1.5). It has one owner. The zero Table is empty.
type Table struct {
	units map[wire.Token]*Unit
}

// Heard takes one datagram that came from address and returns the unit it is
// about. A full table ignores new units.
func (t *Table) Heard(a wire.Announcement, address netip.Addr, now time.Time) (Unit, Change) {
	u := t.units[a.Token]
	switch {
	case a.Exit && u == nil:
		return Unit{}, Unchanged
	case a.Exit:
		delete(t.units, a.Token)
		return *u, Left
	case u == nil:
		if len(t.units) >= maxUnits {
			return Unit{}, Unchanged
		}
		if t.units == nil {
			t.units = map[wire.Token]*Unit{}
		}
		u = &Unit{Announcement: a, Address: address, heard: now, stayed: now}
		t.units[a.Token] = u
		return *u, Appeared
	}
	u.heard = now
	samePort := a.Port == u.Port
	switch {
	case address == u.Address:
		u.stayed = now
	case samePort && now.Sub(u.stayed) < LossTimeout:
		// Heard over two networks: stay with the first one while it works.
		return *u, Unchanged
	}
	moved := address != u.Address || !samePort
	u.Announcement, u.Address, u.stayed = a, address, now
	if moved {
		return *u, Moved
	}
	return *u, Unchanged
}

// Expire removes one unit that was silent for LossTimeout and returns it, or
// ok == false when there is none. Call it until then.
func (t *Table) Expire(now time.Time) (u Unit, ok bool) {
	for token, unit := range t.units {
		if now.Sub(unit.heard) >= LossTimeout {
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
		if due := u.heard.Add(LossTimeout); next.IsZero() || due.Before(next) {
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
