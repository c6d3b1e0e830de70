package multicast

import (
	"net/netip"
	"slices"
	"sync"
)

// Groups keeps a socket in the multicast groups that somebody wants to hear. Its method is safe
// from any goroutine.
type Groups struct {
	Socket interface {
		Join(netip.Addr) error
		Leave(netip.Addr) error
	}

	mu      sync.Mutex
	joined  map[netip.Addr]bool
	refused map[netip.Addr]bool // that could not be joined, which was told
}

// Follow joins and leaves until the groups are those that wanted lists. A group that
// cannot be joined is tried again with every call, but told to failed only once.
func (g *Groups) Follow(wanted func() []netip.Addr, failed func(netip.Addr, error)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.joined == nil {
		g.joined, g.refused = map[netip.Addr]bool{}, map[netip.Addr]bool{}
	}
	list := wanted()
	for group := range g.joined {
		if !slices.Contains(list, group) {
			delete(g.joined, group)
			_ = g.Socket.Leave(group) // one that is gone is left
		}
	}
	for group := range g.refused {
		if !slices.Contains(list, group) {
			delete(g.refused, group)
		}
	}
	for _, group := range list {
		if g.joined[group] {
			continue
		}
		if err := g.Socket.Join(group); err != nil {
			if !g.refused[group] {
				g.refused[group] = true
				failed(group, err)
			}
			continue
		}
		delete(g.refused, group)
		g.joined[group] = true
	}
}
