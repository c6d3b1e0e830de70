package control

import (
	"net"
	"os"
	"slices"
	"sync"
)

// A table is the open connections of a server, the one whose last request is the longest
// ago first. Whoever comes gets a place: an emergency stop must not be kept out by
// programs that hold connections and say nothing; nor by a process that can open nothing
// more, so a descriptor is kept for one connection. The zero table is empty.
type table struct {
	mu    sync.Mutex
	open  []net.Conn
	spare *os.File // nil if there was none to keep
}

// keepSpare keeps a descriptor, if there is one.
func (t *table) keepSpare() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.spare == nil {
		t.spare, _ = os.Open(os.DevNull)
	}
}

// giveSpare gives the descriptor up, so that there is one for a connection; false if none
// was kept.
func (t *table) giveSpare() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.spare == nil {
		return false
	}
	t.spare.Close()
	t.spare = nil
	return true
}

// enter gives a connection a place. If there is none, the first one is closed for it.
func (t *table) enter(c net.Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.open) == maxConnections {
		t.drop()
	}
	t.open = append(t.open, c)
}

// closeFirst closes the first connection, so that there is a descriptor for another.
func (t *table) closeFirst() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.open) > 0 {
		t.drop()
	}
}

func (t *table) drop() {
	t.open[0].Close()
	t.open = slices.Delete(t.open, 0, 1)
}

// use notes that a request has come.
func (t *table) use(c net.Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.open, c); i >= 0 {
		t.open = append(slices.Delete(t.open, i, i+1), c)
	}
}

// leave gives the place of a connection back, and its descriptor.
func (t *table) leave(c net.Conn) {
	defer t.keepSpare()
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.open, c); i >= 0 {
		t.open = slices.Delete(t.open, i, i+1)
	}
}
