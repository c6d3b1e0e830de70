package midi

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/lan/mdns"
	"showrun/drivers/midi/session"
	"showrun/drivers/midi/wire"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/grandcat/zeroconf.(*Server).probe"))
}

// start opens a Conn on loopback and runs it until the test ends.
func start(t *testing.T, cfg Config) (*Conn, chan session.Received) {
	t.Helper()
	heard := make(chan session.Received, 100)
	cfg.Interface = "127.0.0.1"
	cfg.OnMessage = func(r session.Received) { heard <- r }
	c, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return c, heard
}

// hear sends until something is heard.
func hear(t *testing.T, from *Conn, heard chan session.Received, m wire.Message) session.Received {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(20 * time.Second)
	for {
		select {
		case r := <-heard:
			return r
		case <-tick.C:
			from.Send(m)
		case <-timeout:
			t.Fatalf("nothing is heard: %+v %q", from.Stats(), from.Peers())
		}
	}
}

// TestHostAndGuest joins a session by its address and talks both ways.
func TestHostAndGuest(t *testing.T) {
	host, atHost := start(t, Config{Name: "host", Host: true, Hidden: true})
	guest, atGuest := start(t, Config{Name: "guest", Join: host.Addr().String()})
	m := wire.Message{Kind: wire.NoteOn, Channel: 3, Number: 60, Value: 99}
	if r := hear(t, guest, atHost, m); r.Message != m || r.From != "guest" || r.Stamp <= 0 {
		t.Errorf("host heard %+v", r)
	}
	m.Number = 61
	if r := hear(t, host, atGuest, m); r.Message != m || r.From != "host" {
		t.Errorf("guest heard %+v", r)
	}
}

// TestAGuestOfIPv6 joins by an address of the other kind.
func TestAGuestOfIPv6(t *testing.T) {
	heard := make(chan session.Received, 100)
	host, err := Open(Config{Name: "host", Host: true, Hidden: true, Interface: "::1", OnMessage: func(r session.Received) { heard <- r }})
	if err != nil {
		t.Skip("this machine has no ::1: ", err)
	}
	guest, err := Open(Config{Name: "guest", Join: host.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- host.Run(ctx) }()
	go func() { ended <- guest.Run(ctx) }()
	defer func() { cancel(); <-ended; <-ended }()
	hear(t, guest, heard, wire.Message{Kind: wire.Start})
}

// TestFoundByName advertises a session and finds it.
func TestFoundByName(t *testing.T) {
	_, atHost := start(t, Config{Name: "Studio A", Host: true})
	start(t, Config{Name: "Elsewhere", Host: true})
	guest, _ := start(t, Config{Name: "guest", Find: "studio*"})
	if r := hear(t, guest, atHost, wire.Message{Kind: wire.Start}); r.From != "guest" {
		t.Errorf("heard %+v", r)
	}
}

// TestTwoHostsOfOneName: the guest is in the session of one of them, and talks with that.
func TestTwoHostsOfOneName(t *testing.T) {
	one, atOne := start(t, Config{Name: "twins of midi", Host: true})
	two, atTwo := start(t, Config{Name: "twins of midi", Host: true})
	guest, atGuest := start(t, Config{Name: "guest of twins", Find: "twins of midi*"})
	heard := atOne
	m := wire.Message{Kind: wire.NoteOn, Channel: 1, Number: 60, Value: 1}
	for timeout := time.After(20 * time.Second); ; {
		if len(one.Peers())+len(two.Peers()) > 0 {
			break
		}
		select {
		case <-timeout:
			t.Fatal("it is in no session")
		case <-time.After(20 * time.Millisecond):
		}
	}
	if len(two.Peers()) > 0 {
		heard, one, two = atTwo, two, one
	}
	hear(t, guest, heard, m)
	hear(t, one, atGuest, m)
	if len(two.Peers()) > 0 || len(guest.Peers()) != 1 {
		t.Errorf("the guest is with %q, and the other has %q", guest.Peers(), two.Peers())
	}
}

// TestTheEndDoesNotWaitForANameServer that does not answer.
func TestTheEndDoesNotWaitForANameServer(t *testing.T) {
	asked, why := make(chan bool, 100), make(chan error, 100)
	before := net.DefaultResolver
	t.Cleanup(func() { net.DefaultResolver = before })
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		asked <- true
		<-ctx.Done()
		why <- ctx.Err()
		return nil, ctx.Err()
	}}
	c, err := Open(Config{Name: "guest", Interface: "127.0.0.1", Join: "desk.example:5004"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	<-asked
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := <-why; !errors.Is(err, context.Canceled) {
		t.Errorf("the name server was waited for until %v", err)
	}
}

// TestAHostThatMoves is asked where it is, and no longer where it was; one that is still where it
// was is not asked elsewhere.
func TestAHostThatMoves(t *testing.T) {
	c, err := Open(Config{Name: "guest", Interface: "127.0.0.1", Find: "desk"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var places []*net.UDPConn
	tell := func(kind mdns.EventKind, at ...*net.UDPConn) {
		e := mdns.Event{Kind: kind, Service: mdns.Service{Instance: "desk"}}
		for _, p := range at {
			e.Service.Endpoints = append(e.Service.Endpoints, p.LocalAddr().(*net.UDPAddr).AddrPort())
		}
		c.advertised(e)
	}
	for n := range session.MaxPeers + 3 {
		place, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		defer place.Close()
		if places = append(places, place); n == 0 {
			tell(mdns.Added, place)
		} else {
			tell(mdns.Updated, place, places[n-1]) // it has another address besides
			tell(mdns.Updated, place)              // and then that one only
		}
		b := make([]byte, 100)
		place.SetReadDeadline(time.Now().Add(20 * time.Second))
		if n, err := place.Read(b); err != nil || n < 4 || string(b[2:4]) != "IN" {
			t.Fatalf("at its place %d it is asked % x, %v", len(places), b[:n], err)
		}
	}
	tell(mdns.Removed, places[0])
	if using := c.uses(); using != "" {
		t.Errorf("it is still with %q", using)
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, cfg := range []Config{{Find: "["}, {Interface: "no such"}} {
		if c, err := Open(cfg); err == nil {
			c.Close()
			t.Errorf("%+v is opened", cfg)
		}
	}
}

func TestLike(t *testing.T) {
	for pattern, names := range map[string][2]string{"apc*": {"APC mini/1", "nano"}, "*": {"", "-"}, "a?c": {"ABC", "abbc"}} {
		if !Like(pattern, names[0]) || pattern != "*" && Like(pattern, names[1]) {
			t.Error(pattern, names)
		}
	}
}
