package discovery

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/lan"
	"showrun/drivers/stagelinq/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ports counts the discovery ports given to tests.
var ports atomic.Int32

// freePort returns a UDP port nobody uses, below those the system gives out by
// itself, and different in each test process.
func freePort(t *testing.T) int {
	t.Helper()
	for {
		port := 20000 + os.Getpid()%120*100 + int(ports.Add(1))%100
		c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4zero, Port: port})
		if err == nil {
			c.Close()
			return port
		}
	}
}

// participant is an Announcer on loopback with what it hears.
type participant struct {
	*Announcer
	heard chan Heard
	stop  func()
}

func join(t *testing.T, port int, token byte) participant {
	t.Helper()
	p := participant{heard: make(chan Heard, 100)}
	p.Announcer = NewAnnouncer(AnnouncerConfig{
		Self:      wire.Announcement{Token: wire.Token{token}, Name: "n", Software: "JC11", Version: "1", Port: uint16(token)},
		Interface: "lo", Port: port,
		Heard: func(h Heard) { p.heard <- h },
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	p.stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	return p
}

// hear waits for a datagram of a token.
func (p participant) hear(t *testing.T, token byte, exit bool) Heard {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		select {
		case h := <-p.heard:
			if h.Token == (wire.Token{token}) && h.Exit == exit {
				return h
			}
		case <-deadline:
			t.Fatalf("token %d, exit %v: not heard", token, exit)
		}
	}
}

// TestLoopbackBroadcast shows that one broadcast to 127.255.255.255 reaches
// every participant on the machine, so that no datagram to 127.0.0.1 is needed.
func TestLoopbackBroadcast(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	a, b, c := join(t, port, 1), join(t, port, 2), join(t, port, 3)
	for _, p := range []participant{a, b, c} {
		for token := byte(1); token <= 3; token++ {
			if p.config.Self.Token == (wire.Token{token}) {
				continue
			}
			h := p.hear(t, token, false)
			if h.Address != netip.MustParseAddr("127.0.0.1") || h.Port != uint16(token) || h.At.IsZero() {
				t.Errorf("%+v", h)
			}
		}
	}
	if got := a.LocalAddress(netip.MustParseAddr("127.0.0.1")); got != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("local address %v", got)
	}
	c.stop()
	a.hear(t, 3, true)
	b.hear(t, 3, true)
	a.stop()
	b.stop()
	if st := b.Stats(); st.Received < 3 || st.Sent < 2 || st.SendError != 0 || st.Foreign != 0 {
		t.Errorf("%+v", st)
	}
}

func TestGarbageDatagramsAreCounted(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	p, other := join(t, port, 1), join(t, port, 2)
	defer p.stop()
	defer other.stop()
	p.hear(t, 2, false) // it listens
	conn, err := net.DialUDP("udp4", nil, &net.UDPAddr{IP: net.IPv4(127, 255, 255, 255), Port: port})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	good := wire.AppendAnnouncement(nil, wire.Announcement{Token: wire.Token{7}})
	for _, b := range [][]byte{{}, []byte("hello"), good[:50], make([]byte, 9000), good} {
		if _, err := conn.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	p.hear(t, 7, false)
	if st := p.Stats(); st.Malformed != 4 {
		t.Errorf("%+v", st)
	}
}

func TestAnnounceNow(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	a, b := join(t, port, 1), join(t, port, 2)
	defer a.stop()
	defer b.stop()
	first := b.hear(t, 1, false)
	var last Heard
	for range 10 {
		a.AnnounceNow()
		last = b.hear(t, 1, false)
	}
	if elapsed := last.At.Sub(first.At); elapsed >= 9*HowdyPeriod {
		t.Errorf("ten datagrams took %v: they waited for their period", elapsed)
	}
}

func TestRunFailsWithoutItsInterface(t *testing.T) {
	t.Parallel()
	a := NewAnnouncer(AnnouncerConfig{Interface: "no-such-interface", Port: freePort(t)})
	if err := a.Run(context.Background()); !errors.Is(err, lan.ErrAbsent) {
		t.Error(err)
	}
}

func TestRunFailsWhenThePortIsHeld(t *testing.T) {
	t.Parallel()
	holder, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4zero})
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	port := holder.LocalAddr().(*net.UDPAddr).Port
	if err := NewAnnouncer(AnnouncerConfig{Interface: "lo", Port: port}).Run(context.Background()); err == nil {
		t.Error("bound a port another program does not share")
	}
}

func TestForeignSendersAreDroppedOnAChosenInterface(t *testing.T) {
	t.Parallel()
	called := 0
	config := AnnouncerConfig{Interface: "eth7", Heard: func(Heard) { called++ }}
	a := NewAnnouncer(config)
	a.networks.Store(&[]Network{testNetwork("eth7", "192.168.1.5/24")})
	b := wire.AppendAnnouncement(nil, wire.Announcement{Token: wire.Token{7}})
	a.take(b, netip.MustParseAddr("169.254.1.1"), time.Now())
	a.take(b, netip.MustParseAddr("192.168.1.9"), time.Now())
	if st := a.Stats(); called != 1 || st.Foreign != 1 || st.Received != 2 {
		t.Errorf("called %d times, %+v", called, st)
	}
	config.Interface = ""
	a = NewAnnouncer(config)
	a.networks.Store(&[]Network{testNetwork("eth7", "192.168.1.5/24")})
	a.take(b, netip.MustParseAddr("169.254.1.1"), time.Now())
	if called != 2 {
		t.Error("with every interface, a foreign sender that is link-local is worth an attempt")
	}
	a.take(b, netip.MustParseAddr("8.8.8.8"), time.Now())
	if called != 2 {
		t.Error("a sender from far away is told")
	}
}
