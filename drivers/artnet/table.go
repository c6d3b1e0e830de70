package artnet

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"showrun/drivers/lan/multicast"
)

// Bounds of what others can make us keep and send (ruling R3).
const (
	maxPages       = 4096 // of ports, of all devices; one address has 256 at most by its nature
	maxSubscribers = 128  // of one universe
)

// gone is how long after its last reply a device counts as gone: three polls and the time
// the last has for its answer (ruling R2).
const gone = 3*pollInterval + pollPatience

// A Node is a page of ports of a device that answers polls.
type Node struct {
	Reply
	From netip.Addr // where its replies come from, which is where levels are sent to
	Seen time.Time  // its last reply
}

type pageKey struct {
	from netip.Addr
	page byte
}

// A table is who is there. It belongs to a Controller and is guarded by its mu.
type table struct {
	port        uint16
	pages       map[pageKey]*Node
	subscribers map[Address][]subscriber
	refused     uint64 // pages and subscribers there was no room for
}

// A subscriber is a device that wants a universe, by so many of its ports.
type subscriber struct {
	to    multicast.Destination
	ports int
}

func newTable(port uint16) *table {
	return &table{port: port, pages: map[pageKey]*Node{}, subscribers: map[Address][]subscriber{}}
}

// take takes a reply, and tells for which addresses the device is a new subscriber, and
// whether anything but the time is other than before.
func (t *table) take(r Reply, from netip.Addr, now time.Time, fresh func(Address)) (changed bool) {
	key := pageKey{from, max(1, r.BindIndex)}
	before := t.pages[key]
	if before == nil {
		if len(t.pages) >= maxPages {
			t.refused++
			return false
		}
		before = &Node{From: from}
		t.pages[key] = before
		changed = true
	}
	if !changed && before.samePorts(&r) {
		told := before.told(&r)
		before.Reply, before.Seen = r, now
		return told
	}
	old := before.Reply
	before.Reply, before.Seen = r, now
	wanted(&r, func(a Address) {
		if t.add(a, from) {
			fresh(a)
		}
	})
	wanted(&old, func(a Address) { t.remove(a, from) })
	return true
}

// samePorts tells whether a page has the ports it had.
func (n *Node) samePorts(r *Reply) bool {
	if n.Net != r.Net || n.Subnet != r.Subnet {
		return false
	}
	for i, p := range r.Ports {
		q := n.Ports[i]
		if p.Output != q.Output || p.Input != q.Input || p.SwOut != q.SwOut || p.SwIn != q.SwIn {
			return false
		}
	}
	return true
}

// told tells whether a reply of the same ports says anything else that people see.
func (n *Node) told(r *Reply) bool {
	return n.ShortName != r.ShortName || n.LongName != r.LongName || n.Ports != r.Ports || n.Style != r.Style
}

// wanted calls f for each address a page subscribes to, once for each port.
func wanted(r *Reply, f func(Address)) {
	for i, p := range r.Ports {
		if p.Output {
			f(r.Output(i))
		}
		if p.Input {
			f(r.Input(i))
		}
	}
}

func (t *table) add(a Address, from netip.Addr) (fresh bool) {
	list := t.subscribers[a]
	for i := range list {
		if list[i].to.AddrPort.Addr() == from {
			list[i].ports++
			return false
		}
	}
	if len(list) >= maxSubscribers {
		t.refused++
		return false
	}
	t.subscribers[a] = append(list, subscriber{multicast.To(netip.AddrPortFrom(from, t.port)), 1})
	return true
}

func (t *table) remove(a Address, from netip.Addr) {
	list := t.subscribers[a]
	for i := range list {
		if list[i].to.AddrPort.Addr() != from {
			continue
		}
		if list[i].ports--; list[i].ports == 0 {
			list = slices.Delete(list, i, i+1)
		}
		break
	}
	if len(list) == 0 {
		delete(t.subscribers, a)
		return
	}
	t.subscribers[a] = list
}

// age drops who has not answered, and tells whether anybody was.
func (t *table) age(now time.Time) (changed bool) {
	for key, n := range t.pages {
		if now.Sub(n.Seen) < gone {
			continue
		}
		wanted(&n.Reply, func(a Address) { t.remove(a, key.from) })
		delete(t.pages, key)
		changed = true
	}
	return changed
}

// list gives every page, by address and page.
func (t *table) list() []Node {
	list := make([]Node, 0, len(t.pages))
	for _, n := range t.pages {
		list = append(list, *n)
	}
	slices.SortFunc(list, func(a, b Node) int {
		return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.BindIndex, b.BindIndex))
	})
	return list
}
