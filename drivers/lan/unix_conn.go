//go:build unix

package lan

import (
	"net"
	"syscall"
)

// SendNow sends a datagram by a connected socket if the system takes it at once, and
// waits for nothing. What would have to wait is an error. Nobody else may be sending by
// the socket, and it has no write deadline.
func SendNow(conn *net.UDPConn, b []byte) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var failure error
	err = raw.Write(func(fd uintptr) bool {
		_, failure = syscall.Write(int(fd), b)
		return true // also what would block
	})
	if err != nil {
		return err
	}
	return failure
}
