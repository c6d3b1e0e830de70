//go:build !unix

package lan

import (
	"net"
	"time"
)

// nowPatience bounds what SendNow waits here, where a datagram hardly ever has to.
const nowPatience = time.Millisecond

// SendNow sends a datagram by a connected socket if the system takes it at once. What
// would have to wait is an error. Nobody else may be sending by the socket, and it has no
// write deadline.
func SendNow(conn *net.UDPConn, b []byte) error {
	conn.SetWriteDeadline(time.Now().Add(nowPatience))
	defer conn.SetWriteDeadline(time.Time{})
	_, err := conn.Write(b)
	return err
}
