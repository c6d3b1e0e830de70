package stagenet

import (
	"errors"
	"fmt"
	"slices"

	"showrun/drivers/stagenet/wire"
)

// Limits on what gateways may ask for.
const (
	DefaultMaxAddresses = 65536   // of one gateway (PROTOCOL.md ruling 4)
	MaxAddresses        = 1 << 20 // of all gateways
	MaxLeases           = 4096
	MaxAddressesFrom    = MaxAddresses / 8 // of all gateways at one network address
	MaxLeasesFrom       = MaxLeases / 8
	MaxGatewayID        = 255 // bytes
)

// Lease is the addresses a gateway holds. It belongs to its GatewayID for good:
// a gateway that comes back gets the same ID and addresses (PROTOCOL.md ruling 1).
type Lease struct {
	GatewayID string
	ID        string
	Addresses []Address // ascending, in the order of the gateway's channels
	From      string    // the network address that asked last for another size; empty if it is not known
	// Unused says that no channels were ever told for it. It makes room for others.
	Unused bool
}

// Leases keeps leases over restarts. Save is called when a lease is granted,
// before the answer leaves. Calls come one at a time.
type Leases interface {
	Save(Lease) error
	Delete(gatewayID string) error
}

// ErrConflict says that stored leases contradict one another.
var ErrConflict = errors.New("stagenet: stored leases contradict one another")

// A refusal is an answer to a request that grants nothing; its text is for the
// people at the gateway.
type refusal string

func (r refusal) Error() string { return string(r) }

// slot is what the console knows of one address of a lease.
type slot struct {
	value   Value // newest
	sent    Value // what the gateway has, if current
	set     bool  // value was given by someone
	current bool  // sent was sent since the last mapping
	mapped  bool  // the gateway told which channel it is, on this connection
}

// lease is a Lease with its mapping, its values and the connection that holds it.
type lease struct {
	Lease
	slots    []slot
	mappings []Mapping // replaced, never written to
	revision uint64    // of both
	holder   *session  // nil while the gateway is away
	about    about     // as of the last connection
	stale    bool      // whoever gives values does not know of the mapping yet
}

// place is where an address is.
type place struct {
	lease *lease
	index int
}

// table hands out addresses and keeps who has which. It knows no time and no
// sockets.
type table struct {
	ceiling int // addresses of one gateway
	leases  map[string]*lease
	ids     map[string]bool
	places  []place // by address; those without a lease are free
}

// newTable starts with the leases of earlier runs.
func newTable(ceiling int, saved []Lease) (*table, error) {
	t := &table{ceiling: ceiling, leases: map[string]*lease{}, ids: map[string]bool{}}
	for _, l := range saved {
		if t.leases[l.GatewayID] != nil || t.ids[l.ID] || l.GatewayID == "" || l.ID == "" {
			return nil, fmt.Errorf("%w: gateway %q, lease %q: both must be there once", ErrConflict, l.GatewayID, l.ID)
		}
		for i, a := range l.Addresses {
			if a < 1 || a > MaxAddresses || i > 0 && a <= l.Addresses[i-1] {
				return nil, fmt.Errorf("%w: gateway %q: address %d of %d is %s, want ascending SN1 to SN%d",
					ErrConflict, l.GatewayID, i+1, len(l.Addresses), a, MaxAddresses)
			}
			if p, ok := t.find(a); ok {
				return nil, fmt.Errorf("%w: %s is held by gateways %q and %q", ErrConflict, a, p.lease.GatewayID, l.GatewayID)
			}
		}
		t.commit(l)
	}
	return t, nil
}

// find returns where a leased address is.
func (t *table) find(a Address) (place, bool) {
	if int64(a) >= int64(len(t.places)) || t.places[a].lease == nil {
		return place{}, false
	}
	return t.places[a], true
}

// errFull is a refusal for want of room, which leases that nobody uses may make.
type errFull struct{ refusal }

// plan works out the lease a request from a network address leads to, without granting
// it. changed is false when it is the one already held. The error is a refusal.
func (t *table) plan(gatewayID string, count int, from string) (l Lease, changed bool, err error) {
	switch {
	case gatewayID == "":
		return l, false, refusal("GatewayID is empty")
	case len(gatewayID) > MaxGatewayID:
		return l, false, refusal(fmt.Sprintf("GatewayID is longer than %d bytes", MaxGatewayID))
	case count < 0 || count > t.ceiling:
		return l, false, refusal(fmt.Sprintf("AddressCount %d: want 0-%d", count, t.ceiling))
	}
	old := t.leases[gatewayID]
	if old == nil {
		if len(t.leases) == MaxLeases {
			return l, false, errFull{refusal(fmt.Sprintf("this console has given its %d leases", MaxLeases))}
		}
		l = Lease{GatewayID: gatewayID, ID: t.freshID(), Unused: true}
	} else {
		l = old.Lease
	}
	missing := count - len(l.Addresses)
	if missing > 0 || old == nil {
		if err := t.share(gatewayID, count, from); err != nil {
			return l, false, err
		}
	}
	if missing != 0 || old == nil {
		l.From = from
	}
	switch {
	case missing < 0: // the highest are freed
		l.Addresses = slices.Clone(l.Addresses[:count])
	case missing > 0:
		if l.Addresses, err = t.grow(l.Addresses, missing); err != nil {
			return l, false, err
		}
	}
	return l, missing != 0 || old == nil, nil
}

// share refuses what is more than one network address may have: nobody is authenticated,
// and a lease is for good.
func (t *table) share(gatewayID string, count int, from string) error {
	if from == "" {
		return nil
	}
	leases, addresses := 1, count
	for id, l := range t.leases {
		if l.From == from && id != gatewayID {
			leases, addresses = leases+1, addresses+len(l.Addresses)
		}
	}
	switch {
	case leases > MaxLeasesFrom:
		return errFull{refusal(fmt.Sprintf("gateways at %s have their %d leases", from, MaxLeasesFrom))}
	case addresses > MaxAddressesFrom:
		return errFull{refusal(fmt.Sprintf("gateways at %s would have %d addresses, at most %d", from, addresses, MaxAddressesFrom))}
	}
	return nil
}

// unused returns the lease that goes first to make room for a request: one that was never
// used, of the same network address if there is one.
func (t *table) unused(from string) *lease {
	var first *lease
	for _, l := range t.leases {
		switch {
		case !l.Unused || l.holder != nil:
		case first == nil, (l.From == from) != (first.From == from) && l.From == from,
			(l.From == from) == (first.From == from) && l.ID < first.ID:
			first = l
		}
	}
	return first
}

// freshID returns an id that no lease has.
func (t *table) freshID() string {
	for n := len(t.leases) + 1; ; n++ {
		if id := fmt.Sprintf("lease_%03d", n); !t.ids[id] {
			return id
		}
	}
}

// grow returns addresses with the lowest free ones above its last appended: so
// the order of a lease stays that of its numbers, and its highest addresses are
// those of the channels that came last.
func (t *table) grow(addresses []Address, missing int) ([]Address, error) {
	next := Address(1)
	if n := len(addresses); n > 0 {
		next = addresses[n-1] + 1
	}
	grown := slices.Clone(addresses)
	for ; missing > 0 && next <= MaxAddresses; next++ {
		if _, taken := t.find(next); !taken {
			grown = append(grown, next)
			missing--
		}
	}
	if missing > 0 {
		return nil, errFull{"this console has no addresses left"}
	}
	return grown, nil
}

// commit grants a planned lease. Values and mappings of addresses it keeps stay.
func (t *table) commit(granted Lease) *lease {
	l := t.leases[granted.GatewayID]
	if l == nil {
		l = &lease{}
		t.leases[granted.GatewayID] = l
		t.ids[granted.ID] = true
	}
	for _, a := range l.Addresses[min(len(l.Addresses), len(granted.Addresses)):] {
		t.places[a] = place{}
	}
	if n := len(granted.Addresses); n < len(l.Addresses) { // others may read the list there is
		l.mappings = slices.DeleteFunc(slices.Clone(l.mappings), func(m Mapping) bool {
			i, _ := slices.BinarySearch(l.Addresses, m.Address)
			return i >= n
		})
	}
	l.Lease = granted
	l.revision++
	n := len(granted.Addresses)
	if n < len(l.slots) {
		l.slots = slices.Clone(l.slots[:n])
	}
	l.slots = append(l.slots, make([]slot, n-len(l.slots))...)
	for i, a := range granted.Addresses {
		for int(a) >= len(t.places) {
			t.places = append(t.places, place{})
		}
		t.places[a] = place{l, i}
	}
	return l
}

// remove forgets a lease; its addresses are free.
func (t *table) remove(l *lease) {
	for _, a := range l.Addresses {
		t.places[a] = place{}
	}
	delete(t.leases, l.GatewayID)
	delete(t.ids, l.ID)
}

// Mapping says which hardware channel an address is.
type Mapping struct {
	Address      Address
	HardwareType string // "DMX", "MIDI", "ANALOG", …
	Channel      int
}

// dropped counts entries of a mapping that were not used (PROTOCOL.md ruling 5).
type dropped struct{ foreign, twice, incomplete uint64 }

func (d dropped) sum() uint64 { return d.foreign + d.twice + d.incomplete }

// mappingsOf reads the entries of a mapping; one without a good address gets none, which
// no lease holds.
func mappingsOf(entries []wire.Mapping) []Mapping {
	list := make([]Mapping, len(entries))
	for i, e := range entries {
		list[i] = Mapping{HardwareType: e.HardwareType, Channel: e.Channel}
		if a, err := wire.ParseAddress(e.Address); err == nil {
			list[i].Address = a
		}
	}
	return list
}

// remap replaces the mapping of a lease. Everything is to be sent again.
func (l *lease) remap(entries []Mapping, t *table) (d dropped) {
	l.unmap()
	l.revision++
	l.mappings = make([]Mapping, 0, len(entries))
	for _, e := range entries {
		p, ok := t.find(e.Address)
		switch {
		case !ok || p.lease != l:
			d.foreign++
		case e.HardwareType == "" || e.Channel < 0:
			d.incomplete++
		case l.slots[p.index].mapped:
			d.twice++
		default:
			l.slots[p.index].mapped = true
			l.mappings = append(l.mappings, e)
		}
	}
	return d
}

// unmap makes the lease wait for a mapping: nothing is sent before.
func (l *lease) unmap() {
	for i := range l.slots {
		l.slots[i].mapped, l.slots[i].current = false, false
	}
}

// unset forgets the values: they were meant for another mapping.
func (l *lease) unset() {
	l.stale = true
	for i := range l.slots {
		l.slots[i].value, l.slots[i].set = 0, false
	}
}

// set keeps the newest value of the address at an index, and tells whether the
// gateway is to be told.
func (l *lease) set(index int, v Value) (news bool) {
	s := &l.slots[index]
	s.value, s.set = v, true
	return s.mapped && (!s.current || s.sent != v)
}

// change is a value on its way to a gateway.
type change struct {
	address Address
	value   Value
}

// collect appends what the gateway does not have yet, and takes it as sent.
func (l *lease) collect(list []change) []change {
	for i := range l.slots {
		s := &l.slots[i]
		if s.mapped && s.set && (!s.current || s.sent != s.value) {
			s.sent, s.current = s.value, true
			list = append(list, change{l.Addresses[i], s.value})
		}
	}
	return list
}
