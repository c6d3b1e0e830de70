package lan

import (
	"net"
	"testing"
)

func TestShare(t *testing.T) {
	shared := net.ListenConfig{Control: Share}
	one, err := shared.ListenPacket(t.Context(), "udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	two, err := shared.ListenPacket(t.Context(), "udp4", one.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	two.Close()
}
