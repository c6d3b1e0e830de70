//go:build unix

package control

import (
	"net"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A lobby has the connections that have asked nothing yet. Its wait is one in the system,
// so that a thread that the system puts before others hears at once what they ask. It
// belongs to the goroutine of Run.
type lobby struct {
	guests []guest
	polled []unix.PollFd
	read   []byte
}

type guest struct {
	conn  net.Conn
	raw   syscall.RawConn
	since time.Time
}

// take lets a connection in; false if it has to be served elsewhere.
func (l *lobby) take(c net.Conn, now time.Time) bool {
	raw, err := c.(*net.UnixConn).SyscallConn()
	if err != nil {
		return false
	}
	l.guests = append(l.guests, guest{c, raw, now})
	return true
}

// lookEvery is how often is looked who has been quiet for too long.
const lookEvery = time.Second

// wait returns when somebody comes or the listener is shut. Meanwhile it calls leave for
// those that say something, with what they say, or are gone, which leave.
func (l *lobby) wait(listener net.Listener, now func() time.Time, leave func(c net.Conn, said []byte)) {
	raw, err := listener.(*net.UnixListener).SyscallConn()
	if err != nil {
		return
	}
	if l.read == nil {
		l.read = make([]byte, maxLine)
	}
	for {
		fd := descriptor(raw)
		if fd < 0 {
			return
		}
		l.polled = append(l.polled[:0], unix.PollFd{Fd: fd, Events: unix.POLLIN})
		for _, g := range l.guests {
			l.polled = append(l.polled, unix.PollFd{Fd: descriptor(g.raw), Events: unix.POLLIN}) // less than 0 is passed over
		}
		if _, err := unix.Poll(l.polled, int(lookEvery/time.Millisecond)); err != nil && err != unix.EINTR {
			return
		}
		l.see(now(), leave)
		if l.polled[0].Revents != 0 {
			return
		}
	}
}

// see finds who leaves.
func (l *lobby) see(now time.Time, leave func(c net.Conn, said []byte)) {
	polled := l.polled[1:]
	stay := l.guests[:0]
	for i, g := range l.guests {
		switch {
		case polled[i].Revents != 0:
			leave(g.conn, slices.Clone(l.hear(g)))
		case polled[i].Fd < 0:
			leave(g.conn, nil)
		case now.Sub(g.since) > idle:
			g.conn.Close()
			leave(g.conn, nil)
		default:
			stay = append(stay, g)
		}
	}
	clear(l.guests[len(stay):])
	l.guests = stay
}

// hear is what somebody says.
func (l *lobby) hear(g guest) []byte {
	n := 0
	_ = g.raw.Read(func(fd uintptr) bool {
		n, _ = unix.Read(int(fd), l.read)
		return true // whoever serves it finds out about an error
	})
	return l.read[:max(n, 0)]
}

// close ends the quiet ones.
func (l *lobby) close() {
	for _, g := range l.guests {
		g.conn.Close()
	}
}

// descriptor is that of a socket, -1 once it is closed. Only the goroutine of Run closes
// what is in a lobby, so that it stays right.
func descriptor(raw syscall.RawConn) int32 {
	fd := int32(-1)
	_ = raw.Control(func(open uintptr) { fd = int32(open) })
	return fd
}

// shut wakes who waits for a listener.
func shut(listener net.Listener) {
	if raw, err := listener.(*net.UnixListener).SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_RDWR) })
	}
	listener.Close()
}
