package stagenet

import (
	"slices"

	"showrun/drivers/stagenet"
	"showrun/runtime/level"
)

// routes say which slots of the show go to which addresses. They belong to the loop
// that sends.
type routes struct {
	used map[int]level.Address // by address: those the script sets by their number
	list []route
}

// route is what goes to one gateway.
type route struct {
	gateway   string
	addresses []stagenet.Address
	sources   []source
	outputs   []level.Output // of the sources
	whole     bool           // every address has a source
	values    []byte         // by the place in the lease
}

// source is a slot of the show that is shown at a place in a lease.
type source struct {
	index int
	at    level.Address
}

// use adds an address that the script sets by its number.
func (r *routes) use(u Use) {
	if r.used == nil {
		r.used = map[int]level.Address{}
	}
	r.used[u.Address] = u.At
}

// resolve finds the routes for the present leases and mappings.
func (r *routes) resolve(declared []*GatewayDecl, gateways []stagenet.Gateway) {
	r.list = r.list[:0]
	for _, g := range gateways {
		x := route{gateway: g.ID, addresses: g.Lease.Addresses, values: make([]byte, len(g.Lease.Addresses))}
		for _, d := range declared {
			if d.ID == g.ID {
				for _, l := range d.Levels {
					x.declared(l, g)
				}
			}
		}
		if len(r.used) > 0 {
			for i, a := range x.addresses {
				if at, ok := r.used[int(a)]; ok {
					x.add(i, at)
				}
			}
		}
		if len(x.sources) == 0 {
			continue
		}
		seen := make([]bool, len(x.addresses))
		for _, s := range x.sources {
			seen[s.index] = true
		}
		x.whole = !slices.Contains(seen, false)
		r.list = append(r.list, x)
	}
}

// declared adds the sources of levels that the show has for a gateway.
func (x *route) declared(l Levels, g stagenet.Gateway) {
	if l.Type == "" {
		for i := range min(len(x.addresses), l.Slots) {
			x.add(i, level.Address{Output: l.Output, Slot: int32(i + 1)})
		}
		return
	}
	for _, m := range g.Mappings {
		slot := m.Channel - FirstChannel(l.Type) + 1
		if m.HardwareType != l.Type || slot < 1 || slot > l.Slots {
			continue
		}
		if i, ok := slices.BinarySearch(x.addresses, m.Address); ok {
			x.add(i, level.Address{Output: l.Output, Slot: int32(slot)})
		}
	}
}

func (x *route) add(index int, at level.Address) {
	x.sources = append(x.sources, source{index, at})
	if !slices.Contains(x.outputs, at.Output) {
		x.outputs = append(x.outputs, at.Output)
	}
}

// send gives the levels of a frame to the driver. Of several slots at one address
// the highest counts.
func (r *routes) send(driver *stagenet.Console, f *level.Frame) {
	for _, x := range r.list {
		if slices.ContainsFunc(x.outputs, func(o level.Output) bool { return f.Slots(o) == nil }) {
			continue // a frame from before the output was there
		}
		clear(x.values)
		for _, s := range x.sources {
			x.values[s.index] = max(x.values[s.index], f.Level(s.at))
		}
		if x.whole {
			driver.Levels(x.gateway, x.values)
			continue
		}
		for _, s := range x.sources {
			// An error means that the lease has just changed: the next frame has
			// another route.
			driver.Set(x.addresses[s.index], x.values[s.index])
		}
	}
}
