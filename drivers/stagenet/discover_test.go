package stagenet_test

import (
	"testing"

	"showrun/drivers/stagenet"
	"showrun/drivers/stagenet/gateway"
)

// TestDiscovery finds our own gateway on loopback, with a name that is not one
// label of letters.
func TestDiscovery(t *testing.T) {
	l := newLamps()
	g, stopGateway := startGateway(t, gateway.Config{
		ID: "stagenet-test-1", Name: "Café v1.2 Stage", Channels: gateway.Channels("DMX", 1, 4), Sink: l, Advertise: true, Interface: "127.0.0.1",
	})
	c, e, stop := startConsole(t, stagenet.Config{Discover: true, Interface: "127.0.0.1"})
	for {
		ev := e.next(t, stagenet.Mapped)
		if ev.Gateway.ID != "stagenet-test-1" {
			continue // of another test on this machine
		}
		if ev.Gateway.Type != "DMX" || ev.Gateway.Version != "1.0" || ev.Gateway.Address != g.Addr().String() {
			t.Errorf("gateway: %+v", ev.Gateway)
		}
		break
	}
	stopGateway()
	for {
		if ev := e.next(t, stagenet.Lost); ev.Gateway.ID == "stagenet-test-1" {
			break
		}
	}
	stop()
	if s := c.Stats(); s.Connects == 0 {
		t.Errorf("stats: %+v", s)
	}
}
