package peer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	dialTimeout  = 3 * time.Second
	writeTimeout = 2 * time.Second
)

// keepAlive finds a peer that lost its power within about 15 s, on connections
// that have no traffic of their own.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 3 * time.Second, Count: 3}

// Stream is one open TCP connection: one goroutine reads it and any may write.
type Stream struct {
	conn    net.Conn
	writing sync.Mutex
}

// NewStream wraps an open connection.
func NewStream(conn net.Conn) *Stream {
	return &Stream{conn: conn}
}

// DialStream connects to a peer from our address on its network; an invalid
// local address leaves the choice to the system.
func DialStream(ctx context.Context, local netip.Addr, remote netip.AddrPort) (*Stream, error) {
	dialer := net.Dialer{Timeout: dialTimeout, KeepAliveConfig: keepAlive}
	if local.IsValid() {
		dialer.LocalAddr = &net.TCPAddr{IP: local.AsSlice()}
	}
	conn, err := dialer.DialContext(ctx, "tcp4", remote.String())
	if err != nil {
		return nil, err
	}
	return NewStream(conn), nil
}

// Write sends b in one piece. A peer that does not read for two seconds loses
// the connection. Safe from any goroutine.
func (s *Stream) Write(b []byte) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	_, err := s.conn.Write(b)
	if err != nil {
		s.conn.Close() // a partly written message cannot be repaired
	}
	return err
}

// Close closes the connection; its reader returns soon after.
func (s *Stream) Close() { s.conn.Close() }

// LimitQueue keeps the system's send queue short, a second or so of beat
// messages, so that a client that stops reading soon misses messages instead
// of getting them late.
func (s *Stream) LimitQueue() {
	if c, ok := s.conn.(*net.TCPConn); ok {
		_ = c.SetWriteBuffer(8 << 10) // a longer queue is no fault
	}
}

// LocalPort returns our TCP port.
func (s *Stream) LocalPort() uint16 {
	if a, ok := s.conn.LocalAddr().(*net.TCPAddr); ok {
		return uint16(a.Port)
	}
	return 0
}

// Read reads what comes, in pieces as they come, and calls take for each with its
// arrival stamp, until the connection ends. A piece is valid during the call only.
func (s *Stream) Read(take func(b []byte, at time.Time)) error {
	buf := make([]byte, 4096)
	for {
		n, err := s.conn.Read(buf)
		if n > 0 {
			take(buf[:n], time.Now())
		}
		if err != nil {
			return err
		}
	}
}

// EndReason says in a few words why a connection ended or could not be made.
func EndReason(err error) string {
	switch {
	case errors.Is(err, io.EOF):
		return "closed by the unit"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection reset"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "silent for too long"
	}
	return fmt.Sprint(err)
}
