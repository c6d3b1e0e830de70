package stagenet

import (
	"slices"

	"showrun/drivers/stagenet"
	"showrun/runtime/level"
)

// routes say which slots of the show go to which addresses. They belong to the loop
// that sends.
type routes struct {
	used map[int]Use // by address: those the script sets by their number
	list []route

	// shows is the channel that the level an address was sent last was meant for.
	shows map[stagenet.Address]Mapping
	dark  []stagenet.Address // to be sent 0, once
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

// use adds an address that a script sets by its number.
func (r *routes) use(u Use) {
	if r.used == nil {
		r.used = map[int]Use{}
	}
	r.used[u.Address] = u
}

// resolve finds the routes for the present leases and mappings. A load has fixtures at
// addresses that a load before set by their numbers: the fixtures count. An address that
// has become another channel, for which the show has no level, goes dark: what it had
// was not meant for that.
func (r *routes) resolve(load int, declared []*GatewayDecl, gateways []stagenet.Gateway) {
	r.list = r.list[:0]
	shows := map[stagenet.Address]Mapping{}
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
			if u, ok := r.used[int(a)]; ok && (u.Load == load || len(x.sources) == before) {
				x.add(i, u.At)
			} else if ok {
				delete(r.used, int(a))
			}
			if len(x.sources) > before {
				shows[a] = channels[a]
				continue
			}
			missing++
			if old, ok := r.shows[a]; ok {
				shows[a] = old
				if now, mapped := channels[a]; mapped && old.Type != "" && now != old {
					shows[a] = now
					r.dark = append(r.dark, a)
				}
			}
		}
		x.whole = missing == 0
		if len(x.sources) > 0 {
			r.list = append(r.list, x)
		}
	}
	r.shows = shows
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
	for _, a := range r.dark {
		driver.Set(a, 0)
	}
	r.dark = r.dark[:0]
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
