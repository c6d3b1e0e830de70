package host

import (
	"cmp"
	"maps"
	"runtime/metrics"
	"slices"
	"strings"

	"showrun/drivers/lan"
	"showrun/runtime/console"
	"showrun/runtime/device"
	"showrun/runtime/script"
)

// named is a device that the show names.
type named struct {
	name, key, protocol string
	device              device.Device // nil while it is not there
	missing             string        // why
}

// name makes the devices of the live load known to those who look; loader only.
func (h *Host) name() {
	list := []named{}
	for _, d := range h.devices {
		n := named{name: d.name, key: d.key, protocol: protocolOf(d.name), device: d.device}
		if d.device == nil {
			n.missing = d.missing.Error()
		}
		list = append(list, n)
	}
	slices.SortFunc(list, func(a, b named) int { return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.key, b.key)) })
	h.named.Store(&list)
}

// House implements console.View.
func (h *Host) House() *console.House {
	s := h.Status()
	v := &console.House{
		Interface: h.interfaceName(), Devices: []console.Device{}, Others: []console.Other{}, Handlers: []console.Handler{},
		Late: h.frames.histogram(), Frames: s.Frames, Rate: h.frames.perSecond(s.Time),
		Memory: console.Memory{Live: liveHeap(), Limit: h.opts.Memory, Tasks: h.show.Tasks()},
	}
	if v.Memory.Limit == 0 {
		v.Memory.Limit = script.DefaultMemory
	}
	list := *h.named.Load()
	s.Devices = nil
	for _, d := range s.drops() {
		v.Drops = append(v.Drops, console.Drop{Name: d.name, What: d.what, N: d.n})
	}
	for _, n := range list {
		v.Devices = append(v.Devices, n.seen())
		v.Drops = append(v.Drops, n.drops()...)
	}
	v.Others = append(v.Others, strangers(list)...)
	for _, t := range h.show.Times() {
		v.Handlers = append(v.Handlers, console.Handler{Name: t.Name, Calls: t.Runs, Total: t.Total.Seconds(), Worst: t.Worst.Seconds()})
	}
	return v
}

// seen is how a device stands.
func (n *named) seen() console.Device {
	d := console.Device{Name: n.name, Protocol: n.protocol, State: "there"}
	if n.device == nil {
		d.State, d.Why = "missing", n.missing
		return d
	}
	if w, ok := n.device.(device.Waiter); ok {
		if others := w.WaitsFor(); len(others) > 0 {
			d.State, d.Why = "waiting", "for "+strings.Join(others, ", ")
		}
	}
	if l, ok := n.device.(device.Lessor); ok {
		d.Leases = l.Leases()
	}
	return d
}

// drops are the counters of a device.
func (n *named) drops() (list []console.Drop) {
	if c, ok := n.device.(device.Counted); ok {
		for _, c := range c.Counts() {
			list = append(list, console.Drop{Name: n.protocol + "_" + c.Name, What: c.What, Of: n.name, N: c.N})
		}
	}
	return list
}

// strangers are what is on the networks of devices and is none of the show's, each once.
func strangers(list []named) []console.Other {
	type id struct{ protocol, id string }
	own := map[id]bool{}
	for _, n := range list {
		if k, ok := n.device.(device.Known); ok {
			own[id{n.protocol, k.ID()}] = true
		}
	}
	found := map[id]console.Other{}
	for _, n := range list {
		d, ok := n.device.(device.Neighbour)
		if !ok {
			continue
		}
		for _, o := range d.Others() {
			key := id{n.protocol, o.ID}
			if was, twice := found[key]; !own[key] && (!twice || was.Address == "") {
				found[key] = console.Other{Protocol: n.protocol, Name: o.Name, Address: o.Address, What: o.What}
			}
		}
	}
	keys := slices.SortedFunc(maps.Keys(found), func(a, b id) int {
		return strings.Compare(a.protocol+"\x00"+found[a].Name+"\x00"+a.id, b.protocol+"\x00"+found[b].Name+"\x00"+b.id)
	})
	var all []console.Other
	for _, k := range keys {
		all = append(all, found[k])
	}
	return all
}

// interfaceName names the network interface of devices that name none, with its addresses.
func (h *Host) interfaceName() string {
	name := h.networkInterface()
	if name == "" {
		return "all"
	}
	found, err := lan.Find(name)
	if err != nil {
		return name + ", " + err.Error()
	}
	text := found.Name
	for _, p := range found.Prefixes {
		if p.Addr().Is4() {
			text += " " + p.Addr().String()
		}
	}
	return text
}

// liveHeap is how much memory is alive, in bytes.
func liveHeap() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
