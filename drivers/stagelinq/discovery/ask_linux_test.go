package discovery

import (
	"net/netip"
	"testing"

	"showrun/drivers/lan/lantest"
)

// TestAnnouncerCannotAsk: a process that has no file left cannot ask which networks there
// are, and goes on with those it knows. It runs by itself, so that nobody else is short.
func TestAnnouncerCannotAsk(t *testing.T) {
	if !lantest.Alone(t) {
		return
	}
	a := NewAnnouncer(AnnouncerConfig{Interface: "127.0.0.1"})
	a.networks.Store(&[]Network{})
	senders := map[netip.Addr]*sender{}
	a.refresh(senders)
	if n := len(*a.networks.Load()); n != 1 || len(senders) != 1 {
		t.Fatalf("%d networks, %d sockets", n, len(senders))
	}
	lantest.NoFiles(t)
	a.refresh(senders)
	if n := len(*a.networks.Load()); n != 1 || len(senders) != 1 {
		t.Errorf("%d networks, %d sockets are left", n, len(senders))
	}
}
