package broadcast

import (
	"net"
	"syscall"
	"testing"
)

// TestABurstHasRoom: both buffers are as large as the system grants.
func TestABurstHasRoom(t *testing.T) {
	size := func(conn *net.UDPConn, option int) (n int) {
		raw, err := conn.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		raw.Control(func(fd uintptr) { n, err = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, option) })
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	plain, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	c, err := Open("127.0.0.1", testPort)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for name, option := range map[string]int{"read": syscall.SO_RCVBUF, "write": syscall.SO_SNDBUF} {
		if usual, n := size(plain, option), size(c.unicast, option); n <= usual {
			t.Errorf("the %s buffer has %d bytes, that of any socket %d", name, n, usual)
		}
	}
}
