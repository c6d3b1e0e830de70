package port

import (
	"context"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/lan/multicast"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listener is a Role that tells what it hears, and asks to be stepped once.
type listener struct {
	heard   chan string
	stepped chan struct{}
	due     time.Time
}

func newListener() *listener {
	return &listener{heard: make(chan string, 8), stepped: make(chan struct{}, 1)}
}

func (l *listener) Receive(_ time.Time, b []byte, _ netip.AddrPort) { l.heard <- string(b) }
func (l *listener) Deadline() time.Time                             { return l.due }
func (l *listener) Step(time.Time) {
	l.due = time.Time{}
	l.stepped <- struct{}{}
}

const number = 26470

func take(t *testing.T, ports *Ports) *Port {
	t.Helper()
	p, err := ports.Take("127.0.0.1", number)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// play lets a role play, and gives how it ended.
func play(p *Port, r Role) (stop context.CancelFunc, ended <-chan error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Play(ctx, r) }()
	return cancel, done
}

// wait waits until so many roles play.
func (p *Port) wait(n int) {
	for len(*p.roles.Load()) != n {
		runtime.Gosched()
	}
}

// TestRolesOfOneAddressShareItsPort: each hears what comes, and the sockets are there until
// the last has gone.
func TestRolesOfOneAddressShareItsPort(t *testing.T) {
	var ports Ports
	one, two := take(t, &ports), take(t, &ports)
	if one != two {
		t.Fatal("one address has two ports")
	}
	if a, _ := one.Page(); a != 1 {
		t.Errorf("the first page is %d", a)
	}
	if b, _ := two.Page(); b != 2 {
		t.Errorf("the second page is %d", b)
	}
	one.Return(1)
	if a, _ := two.Page(); a != 1 {
		t.Errorf("a page that was given back is not given again, but %d", a)
	}
	first, second := newListener(), newListener()
	second.due = time.Unix(1, 0)
	stopFirst, firstEnded := play(one, first)
	stopSecond, secondEnded := play(two, second)
	one.wait(2)
	<-second.stepped
	say := func(text string) {
		one.NewWriter().Write([]multicast.Packet{{Bytes: []byte(text), To: multicast.To(one.Address())}}, func(_ int, err error) { t.Error(err) })
	}
	say("to both")
	if a, b := <-first.heard, <-second.heard; a != "to both" || b != "to both" {
		t.Errorf("heard %q and %q", a, b)
	}
	stopFirst()
	if err := <-firstEnded; err != nil {
		t.Error(err)
	}
	one.Release()
	say("to the other")
	if s := <-second.heard; s != "to the other" {
		t.Errorf("heard %q", s)
	}
	stopSecond()
	<-secondEnded
	two.Release()
	if !two.over() || len(ports.open) != 0 {
		t.Error("the sockets are open still")
	}
}

// TestAPortThatFailsIsOpenedAnew: its roles are told, and the next Take opens another.
func TestAPortThatFailsIsOpenedAnew(t *testing.T) {
	var ports Ports
	broken := take(t, &ports)
	_, ended := play(broken, newListener())
	broken.wait(1)
	broken.Conn.Close() // as when the interface has gone
	if err := <-ended; err == nil {
		t.Error("a role is not told that its port has failed")
	}
	next := take(t, &ports)
	if next == broken {
		t.Error("the port that failed is given again")
	}
	broken.Release()
	if again := take(t, &ports); again != next {
		t.Error("the end of the old port took the new one along")
	}
	next.Release()
	next.Release()
}

// TestWhoOnlySendsTakesNothing: a silent port leaves what is sent to the address to whoever
// is on the port.
func TestWhoOnlySendsTakesNothing(t *testing.T) {
	other, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: number + 1}) // shares with nobody
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	var ports Ports
	p, err := ports.TakeSilent("127.0.0.1", number+1)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Release()
	p.NewWriter().Write([]multicast.Packet{{Bytes: []byte("hello"), To: multicast.To(p.Address())}}, func(_ int, err error) { t.Error(err) })
	b := make([]byte, 16)
	other.SetReadDeadline(time.Now().Add(10 * time.Second))
	if n, err := other.Read(b); err != nil || string(b[:n]) != "hello" {
		t.Errorf("heard %q, %v", b[:n], err)
	}
}
