package mdns

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/lan"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// loopback is the network of this machine with itself.
func loopback(t *testing.T) lan.Interface {
	t.Helper()
	lo, err := lan.Find("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	return lo
}

// TestOnLoopback: a responder that answers nothing but speaks by itself, through
// real sockets.
func TestOnLoopback(t *testing.T) {
	lo := loopback(t)
	events := make(chan Event, 100)
	b, err := New(Config{Service: "_lighting._tcp", Interface: lo.Name, OnEvent: func(e Event) {
		if e.Service.Text["id"] == "g1" { // and not of another test
			events <- e
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()

	responder, err := openSocket4()
	if err != nil {
		t.Fatal(err)
	}
	defer responder.conn.Close()
	if err := responder.choose(lo.Net()); err != nil {
		t.Fatal(err)
	}
	say := func(records ...record) {
		if _, err := responder.conn.WriteTo(packetOf(records...), responder.group); err != nil {
			t.Fatal(err)
		}
	}
	again := time.NewTicker(20 * time.Millisecond) // until the browser listens
	defer again.Stop()
	limit := time.After(10 * time.Second)
	expect := func(kind EventKind, records []record) {
		t.Helper()
		for {
			select {
			case e := <-events:
				if e.Kind == kind && e.Service.Endpoints[0] == netip.MustParseAddrPort("127.0.0.1:4000") {
					return
				}
			case <-again.C:
				say(records...)
			case <-limit:
				t.Fatalf("not %s; %+v", kind, b.Stats())
			}
		}
	}
	expect(Added, full(120, 4000, "127.0.0.1"))
	expect(Removed, full(0, 4000)[:1])
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if s := b.Stats(); s.Sent == 0 || s.Received == 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestAdmit(t *testing.T) {
	prefixes := []netip.Prefix{netip.MustParsePrefix("10.0.0.1/24"), netip.MustParsePrefix("fe80::1/64")}
	networks := []lan.Interface{{Index: 2, Name: "eth0", Prefixes: prefixes}}
	from := func(ip string, port int) *net.UDPAddr { return &net.UDPAddr{IP: net.ParseIP(ip), Port: port} }
	group, unicast := from(group4, 0), from("10.0.0.1", 0)
	for _, c := range []struct {
		what     string
		index    int
		from, to net.Addr
		want     bool
	}{
		{"multicast", 2, from("10.0.0.7", 5353), group, true},
		{"another network on the same cable", 2, from("192.168.1.1", 5353), group, true},
		{"unicast", 2, from("10.0.0.7", 5353), unicast, true},
		{"unicast from afar", 2, from("8.8.8.8", 5353), unicast, false},
		{"link-local", 2, from("fe80::7", 5353), from("fe80::1", 0), true},
		{"an interface that was not chosen", 3, from("10.0.0.7", 5353), group, false},
		{"not a responder", 2, from("10.0.0.7", 40000), group, false},
		{"a system that does not tell the interface", 0, from("10.0.0.7", 5353), nil, true},
		{"and a stranger", 0, from("8.8.8.8", 5353), nil, false},
	} {
		if index, got := admit(networks, c.index, c.from, c.to); got != c.want || got && index != 2 {
			t.Errorf("%s: %v on %d, want %v", c.what, got, index, c.want)
		}
	}
}

func TestConfig(t *testing.T) {
	for _, service := range []string{"", "_a..b", "_lighting._tcp."} {
		if _, err := New(Config{Service: service}); err == nil {
			t.Errorf("%q is taken for a service", service)
		}
	}
	b, err := New(Config{Service: "_lighting._tcp", Interface: "no such interface"})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Run(context.Background()); !errors.Is(err, lan.ErrAbsent) {
		t.Errorf("runs: %v", err)
	}
}
