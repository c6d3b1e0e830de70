package console

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"showrun/drivers/lan"
)

// Limits of connections.
const (
	maxConnections     = 256
	maxConnectionsFrom = 128 // one address
)

// A standing is how much a connection is worth when there is no room for another.
type standing int

const (
	stranger standing = iota // has shown no right to be here
	known                    // has, by a request
	live                     // a page that somebody looks at
)

// A hall is the open connections of a server. Who comes gets a place, if need be that of
// one that is worth less; pages that are looked at are left alone.
type hall struct {
	net.Listener
	refused *refusals

	mu   sync.Mutex
	open []*guest // the one whose last request is the longest ago first
	shut bool     // nobody comes in any more
}

// Accept implements net.Listener.
func (h *hall) Accept() (net.Conn, error) {
	for {
		c, err := h.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if g := h.enter(c); g != nil {
			return g, nil
		}
		h.refused.add(tooManyConnections)
		c.Close()
	}
}

// enter gives a connection a place, nil if there is none.
func (h *hall) enter(c net.Conn) *guest {
	from, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil || lan.Stranger(c) {
		return nil
	}
	g := newGuest(c, h, from.Addr().Unmap())
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.shut {
		return nil
	}
	crowd := h.open
	if same := h.from(g.from); len(same) >= maxConnectionsFrom {
		crowd = same
	} else if len(h.open) < maxConnections {
		h.open = append(h.open, g)
		return g
	}
	least := slices.MinFunc(crowd, func(a, b *guest) int { return int(a.standing - b.standing) })
	if least.standing == live {
		return nil
	}
	h.refused.add(tooManyConnections)
	h.remove(least)
	least.Conn.Close()
	h.open = append(h.open, g)
	return g
}

func (h *hall) from(p netip.Prefix) (same []*guest) {
	for _, g := range h.open {
		if g.from == p {
			same = append(same, g)
		}
	}
	return same
}

func (h *hall) remove(g *guest) {
	if i := slices.Index(h.open, g); i >= 0 {
		h.open = slices.Delete(h.open, i, i+1)
	}
}

// rise notes that a connection has made a request, and what that makes it.
func (h *hall) rise(g *guest, to standing) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if slices.Contains(h.open, g) {
		h.remove(g)
		h.open = append(h.open, g)
	}
	g.standing = max(g.standing, to)
}

func (h *hall) leave(g *guest) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.remove(g)
}

// count is how many connections are open.
func (h *hall) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.open)
}

// clear closes all connections, and lets nobody in any more.
func (h *hall) clear() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.shut = true
	for _, g := range h.open {
		g.Conn.Close()
	}
}

// watch is told by net/http how a connection stands. One that said something of which no
// request came, or not in time, is counted when it closes.
func (h *hall) watch(c net.Conn, state http.ConnState) {
	g, ok := c.(*guest)
	if !ok {
		return
	}
	switch state {
	case http.StateActive:
		g.unread.Store(true)
	case http.StateClosed:
		if g.unread.Load() {
			h.refused.add(brokenRequest)
		}
	}
}

// Limits of what is read of a connection, and of writing to it.
const (
	readRate  = 16 << 10 // bytes a second
	readBurst = 128 << 10
	readPiece = 4 << 10 // read at once, so that nobody waits long

	sendBuffer = 64 << 10         // of the system, so that what waits there is not old
	patience   = 10 * time.Second // with one that takes nothing
	holdPiece  = 16 << 10         // held back at most, and written at once with that patience
)

// errHeld is of a connection that was closed while it had to wait.
var errHeld = errors.New("the connection was closed")
