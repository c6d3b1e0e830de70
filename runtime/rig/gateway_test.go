package rig

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/stagenet"
	"showrun/drivers/stagenet/gateway"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// freePort is a UDP port that nobody uses.
func freePort(t *testing.T) int {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).Port
}

// TestGateways: a console that is told the URLs gets the gateways, those that come
// later too, and its values can be read from the rig.
func TestGateways(t *testing.T) {
	r, err := New(Config{StageLinQPort: freePort(t), SigNetPort: freePort(t)})
	if err != nil {
		t.Fatal(err)
	}
	dmx := gateway.Channels("DMX", 1, 4)
	urls, err := r.Gateways([]gateway.Config{{ID: "front", Channels: dmx}})
	if err != nil {
		t.Fatal(err)
	}
	mapped := make(chan stagenet.Gateway, 100)
	console, err := stagenet.New(stagenet.Config{Gateways: urls, OnEvent: func(e stagenet.Event) {
		if e.Kind == stagenet.Mapped {
			mapped <- e.Gateway
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	running.Go(func() { r.Run(ctx) })
	running.Go(func() {
		if err := console.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	want := func(id string, count int) {
		t.Helper()
		select {
		case g := <-mapped:
			if g.ID != id || len(g.Mappings) != count {
				t.Errorf("mapped %q with %d channels, want %q with %d", g.ID, len(g.Mappings), id, count)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%q is not mapped", id)
		}
	}
	want("front", 4)

	// The same again changes nothing; another one comes, and the first one grows.
	dmx = gateway.Channels("DMX", 1, 6)
	more, err := r.Gateways([]gateway.Config{{ID: "front", Channels: dmx}, {ID: "back", Channels: gateway.Channels("ANALOG", 0, 2)}})
	if err != nil || more[0] != urls[0] {
		t.Fatalf("URLs %q, then %q, %v", urls, more, err)
	}
	want("front", 6)
	if err := console.SetGateways(more); err != nil {
		t.Fatal(err)
	}
	want("back", 2)

	console.Levels("front", []byte{1, 2, 3, 4, 5, 6})
	console.Levels("back", []byte{7, 8})
	console.Flush(time.Now())
	back, ok := r.Gateway("back")
	if _, other := r.Gateway("side"); !ok || other {
		t.Fatal("the rig does not know its gateways")
	}
	limit := time.After(10 * time.Second)
	for shown := false; !shown; {
		v, _ := back.Value(gateway.Channel{HardwareType: "ANALOG", Number: 1})
		shown = v == 8 && string(r.Levels(8)) == "\x01\x02\x03\x04\x05\x06"
		select {
		case <-limit:
			t.Fatalf("the rig shows %v", r.Levels(8))
		default:
		}
	}
	if got := r.Levels(2); string(got) != "\x01\x02" {
		t.Errorf("two levels are %v", got)
	}

	if _, err := r.Gateways([]gateway.Config{{ID: ""}}); err == nil {
		t.Error("a gateway without an id")
	}
	if _, err := r.Gateways([]gateway.Config{{ID: "front", Channels: []gateway.Channel{{}}}}); err == nil {
		t.Error("a channel without a type")
	}
}
