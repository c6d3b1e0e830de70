package lan

import (
	"net/netip"
	"sync"
)

// Places are for connections that others make to us: Total at once, and from one address
// no more than Each, unless that is of this machine. Its methods are safe from any
// goroutine.
type Places struct {
	Total, Each int

	mu    sync.Mutex
	taken int
	by    map[netip.Addr]int
}

// Take takes a place for an address, if there is one for it.
func (p *Places) Take(from netip.Addr) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	from = from.Unmap()
	if p.taken >= p.Total || p.by[from] >= p.Each && !from.IsLoopback() {
		return false
	}
	if p.by == nil {
		p.by = map[netip.Addr]int{}
	}
	p.taken++
	p.by[from]++
	return true
}

// Give gives a place that was taken back.
func (p *Places) Give(from netip.Addr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	from = from.Unmap()
	p.taken--
	if p.by[from]--; p.by[from] == 0 {
		delete(p.by, from)
	}
}
