//go:build !linux

package broadcast

import (
	"errors"
	"net/netip"
	"syscall"
)

// loopbackBroadcasts: here nothing is broadcast within a machine.
const loopbackBroadcasts = false

// hearing are the addresses to listen to besides the own one: here broadcasts reach only
// who listens to all addresses.
func hearing(_, _ netip.Addr) []netip.Addr { return []netip.Addr{netip.IPv4Unspecified()} }

// doNotWait is not known here: a write to a full socket waits.
const doNotWait = 0

// transient tells whether an error of reading is that of a packet sent before, to a port
// where nobody listens, or of a packet longer than any that is wanted.
func transient(err error) bool {
	const messageTooLong = syscall.Errno(10040) // Windows
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, messageTooLong)
}
