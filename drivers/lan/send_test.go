package lan

import (
	"errors"
	"net"
	"testing"
	"time"
)

// TestSendNow: a datagram leaves, by a socket that is closed none does.
func TestSendNow(t *testing.T) {
	there, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	here, err := net.DialUDP("udp4", nil, there.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	if err := SendNow(here, []byte("hello")); err != nil {
		t.Error(err)
	}
	there.SetReadDeadline(time.Now().Add(10 * time.Second))
	b := make([]byte, 10)
	if n, err := there.Read(b); string(b[:n]) != "hello" {
		t.Errorf("read %q, %v", b[:n], err)
	}
	here.Close()
	if err := SendNow(here, []byte("late")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}
