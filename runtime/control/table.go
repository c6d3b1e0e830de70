package control

import (
	"net"
	"slices"
	"sync"
)

// A table is the open connections of a server, the one whose last request is the longest
// ago first. Whoever comes gets a place: an emergency stop must not be kept out by
// programs that hold connections and say nothing. The zero table is empty.
type table struct {
	mu   sync.Mutex
	open []net.Conn
}

// enter gives a connection a place. If there is none, the first one is closed for it.
func (t *table) enter(c net.Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.open) == maxConnections {
		t.open[0].Close()
		t.open = slices.Delete(t.open, 0, 1)
	}
	t.open = append(t.open, c)
}

// use notes that a request has come.
func (t *table) use(c net.Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.open, c); i >= 0 {
		t.open = append(slices.Delete(t.open, i, i+1), c)
	}
}

// leave gives the place back.
func (t *table) leave(c net.Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.open, c); i >= 0 {
		t.open = slices.Delete(t.open, i, i+1)
	}
}
