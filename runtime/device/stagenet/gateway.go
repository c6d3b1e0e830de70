package stagenet

import (
	"cmp"
	"fmt"
	"slices"

	"showrun/drivers/stagenet"
	"showrun/runtime/device"
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
}

// Mapping tells which channel an address is.
type Mapping struct {
	Address int
	Type    string
	Channel int
}

// Place is where an address is.
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

// gatewayOf is what the driver knows of a gateway.
func gatewayOf(g stagenet.Gateway) Gateway {
	v := Gateway{g.ID, g.Type, g.Version, g.Address, g.Connected, Lease{ID: g.Lease.ID}}
	for _, a := range g.Lease.Addresses {
		v.Lease.Addresses = append(v.Lease.Addresses, int(a))
	}
	for _, m := range g.Mappings {
		v.Lease.Mappings = append(v.Lease.Mappings, Mapping{int(m.Address), m.HardwareType, m.Channel})
	}
	return v
}

// Gateways returns every gateway that has a lease or is advertised, by id. What it
// returns is the caller's to read, not to write.
func (c *Console) Gateways() []Gateway {
	if c.driver == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		return slices.Clone(c.virtual)
	}
	var list []Gateway
	for _, g := range c.driver.Gateways() {
		list = append(list, gatewayOf(g))
	}
	return list
}

// Gateway returns what is known of a gateway, and false if that is nothing.
func (c *Console) Gateway(id string) (Gateway, bool) {
	if c.driver == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		i, ok := c.find(id)
		if !ok {
			return Gateway{ID: id}, false
		}
		return c.virtual[i], true
	}
	g, ok := c.driver.Gateway(id)
	return gatewayOf(g), ok
}

// Place returns where an address is, and false if no lease holds it.
func (c *Console) Place(address int) (Place, bool) {
	if c.driver != nil {
		id, i, m, ok := c.driver.Find(stagenet.Address(address))
		return Place{id, i, Mapping{address, m.HardwareType, m.Channel}}, ok
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, g := range c.virtual {
		if i, ok := slices.BinarySearch(g.Lease.Addresses, address); ok {
			return Place{g.ID, i, g.Lease.Mappings[i]}, true
		}
	}
	return Place{}, false
}

// find is where in virtual a gateway is, or belongs. mu is held.
func (c *Console) find(id string) (int, bool) {
	return slices.BinarySearchFunc(c.virtual, id, func(g Gateway, id string) int { return cmp.Compare(g.ID, id) })
}

// appear makes the gateways a declaration names come in virtual time, leased and
// mapped, as those of a rig do. mu is held.
func (c *Console) appear(d *ConsoleDecl) {
	next := 1
	for _, g := range c.virtual {
		for _, a := range g.Lease.Addresses {
			next = max(next, a+1)
		}
	}
	for _, want := range d.RigGateways() {
		i, there := c.find(want.ID)
		if there {
			continue
		}
		g := Gateway{ID: want.ID, Type: want.Channels[0].HardwareType, Version: "1.0", Address: "rig", Connected: true}
		g.Lease.ID = fmt.Sprintf("lease_%03d", len(c.virtual)+1)
		for _, ch := range want.Channels {
			g.Lease.Addresses = append(g.Lease.Addresses, next)
			g.Lease.Mappings = append(g.Lease.Mappings, Mapping{next, ch.HardwareType, ch.Number})
			next++
		}
		c.virtual = slices.Insert(c.virtual, i, g)
		for _, kind := range []stagenet.EventKind{stagenet.Found, stagenet.Leased, stagenet.Mapped} {
			c.env.Event(device.Event{Topic: d.EventTopic(kind.String()), At: c.env.Now(), Value: g})
		}
	}
}
