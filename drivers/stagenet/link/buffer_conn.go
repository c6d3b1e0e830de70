package link

import (
	"errors"
	"net"
	"sync"
	"time"
)

// bufferSize is how many bytes wait for a Flush at most, and the size of the
// largest message that leaves in one WebSocket frame.
const bufferSize = 64 << 10

// bufferConn collects what is written once hold is called, so that a frame of
// many small messages leaves in one system call.
type bufferConn struct {
	net.Conn

	mu      sync.Mutex
	holding bool
	pending []byte
	failed  error // the first failure; nothing is written after it

	// shaking is set while a handshake is awaited, heard is how much of it came. They
	// are of the one goroutine that dials, until the connection is made.
	shaking bool
	heard   int
}

// maxHandshake is how many bytes an answer to a handshake may have, and what follows
// it at once. The WebSocket library has no limit.
const maxHandshake = 64 << 10

var errHandshake = errors.New("the answer to the handshake is too long")

// Read implements net.Conn.
func (c *bufferConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.shaking {
		if c.heard += n; c.heard > maxHandshake {
			return 0, errHandshake
		}
	}
	return n, err
}

// hold begins to collect.
func (c *bufferConn) hold() {
	c.shaking = false
	c.mu.Lock()
	c.holding = true
	c.mu.Unlock()
}

// Write implements net.Conn.
func (c *bufferConn) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.holding {
		return c.Conn.Write(b)
	}
	if len(c.pending)+len(b) > bufferSize {
		if err := c.send(); err != nil {
			return 0, err
		}
	}
	c.pending = append(c.pending, b...)
	return len(b), nil
}

// flush writes what was collected.
func (c *bufferConn) flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.send()
}

func (c *bufferConn) send() error {
	if len(c.pending) > 0 && c.failed == nil {
		c.Conn.SetWriteDeadline(time.Now().Add(WriteDeadline))
		_, c.failed = c.Conn.Write(c.pending)
	}
	c.pending = c.pending[:0]
	return c.failed
}

// SetWriteDeadline implements net.Conn. Once it is collecting, the deadline is
// set when bytes leave.
func (c *bufferConn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.holding {
		return nil
	}
	return c.Conn.SetWriteDeadline(t)
}
