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
		channels := map[stagenet.Address]Mapping{}
		for _, m := range g.Mappings {
			channels[m.Address] = Mapping{int(m.Address), m.HardwareType, m.Channel}
		}
		x := route{gateway: g.ID, addresses: g.Lease.Addresses, values: make([]byte, len(g.Lease.Addresses))}
		missing := 0
		for i, a := range x.addresses {
			before := len(x.sources)
			for _, at := range sources(declared, Place{g.ID, i, channels[a]}) {
				x.add(i, at)
			}
			if at, ok := r.used[int(a)]; ok {
				x.add(i, at)
			}
			if len(x.sources) == before {
				missing++
			}
		}
		x.whole = missing == 0
		if len(x.sources) > 0 {
			r.list = append(r.list, x)
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
