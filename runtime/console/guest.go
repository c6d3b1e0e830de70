package console

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// A guest is a connection of the hall. It is read slowly, and what is written may be held
// back so that many messages leave at once.
type guest struct {
	net.Conn
	hall    *hall
	address netip.Addr
	from    netip.Prefix // that count as one
	unread  atomic.Bool  // it has said something that is no request yet

	standing standing // with the hall

	pace bucket // of the one goroutine that reads
	gone chan struct{}
	once sync.Once

	holding bool // what is written; of the one goroutine that writes
	held    []byte
}

func newGuest(c net.Conn, h *hall, address netip.Addr) *guest {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(sendBuffer) // a system that does not keeps more
	}
	return &guest{
		Conn: c, hall: h, address: address, from: neighbours(address),
		pace: bucket{rate: readRate, burst: readBurst}, gone: make(chan struct{}),
	}
}

// Read implements net.Conn.
func (g *guest) Read(b []byte) (int, error) {
	n, err := g.Conn.Read(b[:min(len(b), readPiece)])
	if wait := g.pace.take(time.Now(), float64(n)); wait > 0 && !g.wait(wait) {
		return n, errHeld
	}
	return n, err
}

// wait waits, and tells whether the connection is still open.
func (g *guest) wait(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-g.gone:
		return false
	case <-t.C:
		return true
	}
}

// Close implements net.Conn.
func (g *guest) Close() error {
	g.once.Do(func() {
		close(g.gone)
		g.hall.leave(g)
	})
	return g.Conn.Close()
}

// Write implements net.Conn.
func (g *guest) Write(b []byte) (int, error) {
	if !g.holding {
		return g.Conn.Write(b)
	}
	if len(g.held)+len(b) <= holdPiece {
		g.held = append(g.held, b...)
		return len(b), nil
	}
	if err := g.flush(); err != nil {
		return 0, err
	}
	return len(b), g.send(b)
}

// flush writes what was held back.
func (g *guest) flush() error {
	b := g.held
	g.held = g.held[:0]
	return g.send(b)
}

// send writes piece by piece: who takes a piece now and then is slow, who takes none is gone.
func (g *guest) send(b []byte) error {
	for len(b) > 0 {
		if err := g.Conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
			return err
		}
		n, err := g.Conn.Write(b[:min(len(b), holdPiece)])
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}
