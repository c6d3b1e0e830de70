package broadcast

import (
	"errors"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// loopbackBroadcasts: what is sent to 127.255.255.255 is heard by all who listen there.
const loopbackBroadcasts = true

// hearing are the addresses to listen to besides the own one: here a socket can be bound
// to a broadcast address, and hears nothing else.
func hearing(own, all netip.Addr) []netip.Addr {
	list := []netip.Addr{netip.AddrFrom4([4]byte{255, 255, 255, 255})}
	if all != own {
		list = append(list, all)
	}
	return list
}

// doNotWait makes a write to a full socket fail.
const doNotWait = unix.MSG_DONTWAIT

// transient tells whether an error of reading is that of a packet sent before, to a port
// where nobody listens.
func transient(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }
