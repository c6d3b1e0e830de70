//go:build unix

package lan

import (
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// spareShare is which part of its descriptors a process keeps for what it opens itself.
const spareShare = 2

// Stranger tells of a connection that was just accepted whether it is one too many for the
// descriptors of this process and is to be closed: over all drivers, what others connect to
// us comes out of half of RLIMIT_NOFILE, the other half is for what we open ourselves. No
// count is kept: the system gives out the lowest number that is free, so one past the half
// means that all below are taken. What the process connects to itself, such as a show to
// its rig, is no stranger.
func Stranger(conn net.Conn) bool {
	var limit unix.Rlimit
	fd, ok := descriptor(conn)
	if !ok || unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return false
	}
	if most := uint64(limit.Cur); uint64(fd) < most-most/spareShare {
		return false
	}
	remote, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	return err != nil || !remote.Addr().IsLoopback() || !own(remote, fd)
}

// descriptor is the number of the descriptor of a connection.
func descriptor(conn net.Conn) (fd int, ok bool) {
	sys, is := conn.(interface {
		SyscallConn() (syscall.RawConn, error)
	})
	if !is {
		return 0, false
	}
	raw, err := sys.SyscallConn()
	if err != nil {
		return 0, false
	}
	return fd, raw.Control(func(n uintptr) { fd = int(n) }) == nil
}

// own tells whether a connection of this process begins at an address. Its number is
// below most, or not much above.
func own(a netip.AddrPort, most int) bool {
	for fd := range most + 8 {
		name, err := unix.Getsockname(fd)
		if err != nil || addrPort(name) != netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) {
			continue
		}
		if kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE); err == nil && kind == unix.SOCK_STREAM {
			return true
		}
	}
	return false
}

func addrPort(name unix.Sockaddr) netip.AddrPort {
	switch name := name.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(name.Addr), uint16(name.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(name.Addr).Unmap(), uint16(name.Port))
	}
	return netip.AddrPort{}
}
