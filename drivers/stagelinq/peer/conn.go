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

	"showrun/drivers/stagelinq/wire"
)

const (
	dialTimeout  = 3 * time.Second
	writeTimeout = 2 * time.Second
	// helloTimeout is how long a connection made to us may take to say what
	// it is.
	helloTimeout = 5 * time.Second
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

// RemoteAddr returns the peer's address.
func (s *Stream) RemoteAddr() netip.AddrPort {
	if a, ok := s.conn.RemoteAddr().(*net.TCPAddr); ok {
		p := a.AddrPort()
		return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
	}
	return netip.AddrPort{}
}

// LocalPort returns our TCP port.
func (s *Stream) LocalPort() uint16 {
	if a, ok := s.conn.LocalAddr().(*net.TCPAddr); ok {
		return uint16(a.Port)
	}
	return 0
}

// ReadMessages reads an unframed main connection and calls take for each
// message with its arrival stamp, until the connection ends or take returns an
// error.
func (s *Stream) ReadMessages(take func(wire.Message, time.Time) error) error {
	buf := make([]byte, 0, 4096) // holds the longest message several times
	for {
		n, err := s.conn.Read(buf[len(buf):cap(buf)])
		at := time.Now()
		buf = buf[:len(buf)+n]
		rest := buf
		for {
			m, size, parseErr := wire.ParseMessage(rest)
			if parseErr == wire.ErrShort {
				break
			}
			if parseErr != nil {
				return parseErr
			}
			rest = rest[size:]
			if err := take(m, at); err != nil {
				return err
			}
		}
		buf = buf[:copy(buf[:cap(buf)], rest)]
		if err != nil {
			return err
		}
	}
}

// ReadFrames reads a service connection through f and calls take for each
// payload with its arrival stamp, until the connection ends or take returns an
// error. silence, if not 0, is the longest time without a byte. A payload is
// valid during the call only.
func (s *Stream) ReadFrames(f *wire.Framer, silence time.Duration, take func([]byte, time.Time) error) error {
	at := time.Now()
	for {
		for {
			payload, ok, err := f.Next()
			if err != nil {
				return err
			}
			if !ok {
				break
			}
			if err := take(payload, at); err != nil {
				return err
			}
		}
		if silence > 0 {
			if err := s.conn.SetReadDeadline(at.Add(silence)); err != nil {
				return err
			}
		}
		n, err := s.conn.Read(f.Space())
		at = time.Now()
		f.Advance(n)
		if err != nil {
			return err
		}
	}
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

// Discard reads and drops what comes until the connection ends.
func (s *Stream) Discard() error {
	buf := make([]byte, 4096)
	for {
		if _, err := s.conn.Read(buf); err != nil {
			return err
		}
	}
}

// ReadHello reads the hello that opens a service connection made to us.
func (s *Stream) ReadHello(f *wire.Framer) (wire.Message, error) {
	if err := s.conn.SetReadDeadline(time.Now().Add(helloTimeout)); err != nil {
		return wire.Message{}, err
	}
	for {
		m, ok, err := f.Hello()
		if err != nil {
			return wire.Message{}, err
		}
		if ok {
			if m.ID != wire.IDAnnounce {
				return wire.Message{}, wire.ErrType
			}
			return m, s.conn.SetReadDeadline(time.Time{})
		}
		n, err := s.conn.Read(f.Space())
		f.Advance(n)
		if err != nil {
			return wire.Message{}, err
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
