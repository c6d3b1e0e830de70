package stagenet

import (
	"fmt"

	"showrun/drivers/stagenet"
)

// Gateway is what a show is told of a gateway.
type Gateway struct {
	ID        string
	Type      string // as advertised, such as "DMX"
	Version   string // of the protocol, as advertised
	Address   string // host and port, or the URL of one that is not connected yet
	Connected bool
	Lease     Lease
}

// Lease is what a gateway holds; its ID is empty if that is nothing.
type Lease struct {
	ID        string
	Addresses []int // 1 is SN1; ascending
	Mappings  []Mapping
	Revision  uint64 // of the lists: one lease with one revision has the same ones
}

// Mapping tells which channel an address is.
type Mapping struct {
	Address int
	Type    string
	Channel int
}

// Place is where an address is; without a gateway it is nowhere.
type Place struct {
	Gateway string
	Index   int     // in the lease, from 0
	Channel Mapping // without a type as long as the gateway has not mapped it
}

// AddressName is the name of an address, such as SN17.
func AddressName(a int) string { return stagenet.Address(a).String() }

// ParseAddress reads the name of an address.
func ParseAddress(s string) (int, error) {
	a, err := stagenet.ParseAddress(s)
	if err == nil && a > MaxAddress {
		err = fmt.Errorf("address %s is beyond %s", a, stagenet.Address(MaxAddress))
	}
	return int(a), err
}

// briefly is what the driver knows of a gateway, without the lists of its lease.
func briefly(g stagenet.Gateway) Gateway {
	return Gateway{g.ID, g.Type, g.Version, g.Address, g.Connected, Lease{ID: g.Lease.ID, Revision: g.Revision}}
}

// gatewayOf is what the driver knows of a gateway.
func gatewayOf(g stagenet.Gateway) Gateway {
	v := briefly(g)
	for _, a := range g.Lease.Addresses {
		v.Lease.Addresses = append(v.Lease.Addresses, int(a))
	}
	for _, m := range g.Mappings {
		v.Lease.Mappings = append(v.Lease.Mappings, Mapping{int(m.Address), m.HardwareType, m.Channel})
	}
	return v
}

// Questions that scripts ask, and the answers. What is answered is only to be read.
type (
	// GatewaysOf asks for every gateway that has a lease or is advertised, by id; a
	// []Gateway. Brief ones lack the lists of their leases, which may be long.
	GatewaysOf struct{ Brief bool }
	// GatewayOf asks for a gateway; a Gateway, zero if nothing is known of it.
	GatewayOf struct {
		ID    string
		Brief bool
	}
	// PlaceOf asks where an address is; a Place, zero if no lease holds it.
	PlaceOf struct{ Address int }
)

// Answer implements device.Answerer. The driver answers at once: it lets nobody wait for
// a network, a file or a log.
func (c *Console) Answer(question any) any {
	switch q := question.(type) {
	case GatewaysOf:
		var list []Gateway
		tell := gatewayOf
		if q.Brief {
			tell = briefly
		}
		for _, g := range c.driver.Gateways() {
			list = append(list, tell(g))
		}
		return list
	case GatewayOf:
		switch g, ok := c.driver.Gateway(q.ID); {
		case ok && q.Brief:
			return briefly(g)
		case ok:
			return gatewayOf(g)
		}
		return Gateway{}
	case PlaceOf:
		if id, i, m, ok := c.driver.Find(stagenet.Address(q.Address)); ok {
			return Place{id, i, Mapping{q.Address, m.HardwareType, m.Channel}}
		}
		return Place{}
	}
	return nil
}
