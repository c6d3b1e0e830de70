package multicast

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"showrun/drivers/lan"
)

// holdersWork: on Linux a socket can hear groups that other sockets of the
// host have joined.
const holdersWork = true

// doNotWait makes a write to a full socket fail with errFull.
const doNotWait = unix.MSG_DONTWAIT

var errFull error = unix.EAGAIN

// hearAll lets a socket hear the groups of other sockets (IP_MULTICAST_ALL).
func hearAll(conn syscall.Conn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var failure error
	err = raw.Control(func(fd uintptr) {
		failure = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 1)
	})
	return errors.Join(err, failure)
}

// controlReceive prepares the receiving socket before it is bound. At first it
// hears only the groups it joins itself.
func controlReceive(network, address string, raw syscall.RawConn) error {
	if err := lan.Share(network, address, raw); err != nil {
		return err
	}
	var failure error
	err := raw.Control(func(fd uintptr) {
		failure = errors.Join(
			unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0),
			unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_PKTINFO, 1),
			unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1),
		)
	})
	return errors.Join(err, failure)
}

// parseControl reads the control messages of a packet: the kernel's arrival
// stamp and the interface it came by.
func parseControl(b []byte) controlInfo {
	var info controlInfo
	word := unix.SizeofPtr
	for len(b) >= unix.SizeofCmsghdr {
		length := int(binary.NativeEndian.Uint32(b))
		if word == 8 {
			length = int(binary.NativeEndian.Uint64(b))
		}
		level := binary.NativeEndian.Uint32(b[word:])
		kind := binary.NativeEndian.Uint32(b[word+4:])
		if length < unix.SizeofCmsghdr || length > len(b) {
			return info
		}
		body := b[unix.CmsgLen(0):length]
		switch {
		case level == unix.SOL_SOCKET && kind == unix.SCM_TIMESTAMPNS && len(body) >= 16:
			seconds := int64(binary.NativeEndian.Uint64(body))
			info.stamp = time.Unix(seconds, int64(binary.NativeEndian.Uint64(body[8:])))
		case level == unix.IPPROTO_IP && kind == unix.IP_PKTINFO && len(body) >= unix.SizeofInet4Pktinfo:
			info.index = int(binary.NativeEndian.Uint32(body))
			info.arrived = netip.AddrFrom4([4]byte(body[8:12]))
		}
		b = b[min(unix.CmsgSpace(length-unix.CmsgLen(0)), len(b)):]
	}
	return info
}

func transient(err error) bool { return errors.Is(err, unix.ECONNREFUSED) }
