package osc

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	wire "showrun/drivers/osc"
	"showrun/runtime/clock"
	"showrun/runtime/device"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// host is what devices reach of it.
type host struct {
	clock  clock.Clock
	events chan device.Event

	mu  sync.Mutex
	log bytes.Buffer
}

func newHost() *host { return &host{clock: clock.NewReal(), events: make(chan device.Event, 10_000)} }

func (h *host) env() device.Env {
	return device.Env{
		Now: h.clock.Now, Since: h.clock.Since, Time: h.clock.Time,
		Event: func(ev device.Event) bool { h.events <- ev; return true },
		Log:   slog.New(slog.NewTextHandler(h, nil)),
	}
}

// Write keeps what is logged.
func (h *host) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.Write(b)
}

func (h *host) logged() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.String()
}

// next waits for an event.
func (h *host) next(t *testing.T) device.Event {
	t.Helper()
	select {
	case ev := <-h.events:
		return ev
	case <-time.After(patience):
		t.Fatal("no event comes")
		panic("unreachable")
	}
}

// freePort finds a UDP port that nobody uses.
func freePort(t *testing.T) int {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).Port
}

// run runs a device until the function it returns is called, or the test ends.
func run(t *testing.T, d device.Device) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	for _, loop := range d.Loops() {
		group.Go(func() {
			if err := loop(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	stop = func() { cancel(); group.Wait() }
	t.Cleanup(stop)
	return stop
}

func receiver(t *testing.T, h *host, decl *ReceiverDecl) *Receiver {
	t.Helper()
	d, err := decl.Open(h.env())
	if err != nil {
		t.Fatal(err)
	}
	r := d.(*Receiver)
	r.Adopt(decl)
	run(t, r)
	return r
}

func sender(t *testing.T, h *host, port int) *Sender {
	t.Helper()
	d, err := (&SenderDecl{Host: "localhost", Port: port}).Open(h.env())
	if err != nil {
		t.Fatal(err)
	}
	run(t, d)
	return d.(*Sender)
}

// TestOneToTheOther: an order arrives as an event, with every type.
func TestOneToTheOther(t *testing.T) {
	h := newHost()
	decl := &ReceiverDecl{Port: freePort(t), Interface: "127.0.0.1", Patterns: []string{"/a/*", "/a/[a-c]", "/b"}}
	receiver(t, h, decl)
	s := sender(t, h, decl.Port)
	before := h.clock.Now()
	s.Take(before, "no message")
	s.Take(before, Message{"/c", nil})
	s.Take(before, Message{"/a/b", []any{int32(1), int64(1 << 40), float32(0.5), "text", []byte{1, 0}, true, Nil{}}})
	for _, pattern := range decl.Patterns[:2] {
		ev := h.next(t)
		m := ev.Value.(Message)
		if ev.Topic != decl.Topic(pattern) || !ev.Brief || ev.At < before || ev.At > h.clock.Now() ||
			fmt.Sprintf("%v %T", m, m.Args[1]) != "{/a/b [1 1099511627776 0.5 text [1 0] true nil]} int64" {
			t.Errorf("%s: %+v %v", pattern, ev, m)
		}
	}
	s.Take(before, Message{Address: "/b"})
	if ev := h.next(t); ev.Topic != decl.Topic("/b") || ev.Value.(Message).Args != nil {
		t.Errorf("%+v", ev)
	}
}

// unwatched is a Sender that reports when it is told to.
func unwatched(t *testing.T, h *host, port int) *Sender {
	t.Helper()
	d, err := (&SenderDecl{Host: "localhost", Port: port}).Open(h.env())
	if err != nil {
		t.Fatal(err)
	}
	s := d.(*Sender)
	t.Cleanup(func() { s.Close() })
	return s
}

// TestSendingFails says so once, and when it works again.
func TestSendingFails(t *testing.T) {
	h := newHost()
	s := unwatched(t, h, freePort(t))
	for range 2 {
		for range 3 {
			s.Take(0, Message{Address: "bad"})
		}
		s.report()
	}
	for range 2 {
		s.Take(0, Message{Address: "/good"})
		s.report()
	}
	if log := h.logged(); strings.Count(log, "not sent") != 1 || strings.Count(log, "sending again") != 1 {
		t.Errorf("logged:\n%s", log)
	}
}

// TestTakeWaitsForNothing: a log that stands keeps no message.
func TestTakeWaitsForNothing(t *testing.T) {
	h := newHost()
	s := unwatched(t, h, freePort(t))
	s.Take(0, Message{Address: "bad"})
	h.mu.Lock() // nobody takes what is logged
	var reporting sync.WaitGroup
	reporting.Go(s.report)
	taken := make(chan struct{})
	go func() {
		defer close(taken)
		for range 2000 {
			s.Take(0, Message{Address: "bad"})
			s.Take(0, Message{Address: "/good"})
		}
	}()
	select {
	case <-taken:
	case <-time.After(patience):
		t.Error("a message waits for the log")
	}
	h.mu.Unlock()
	reporting.Wait()
	<-taken
}

// TestOpenErrors: a port in use, a network that is none, a host that is not found.
func TestOpenErrors(t *testing.T) {
	env := newHost().env()
	port := freePort(t)
	first, err := (&ReceiverDecl{Port: port, Interface: "127.0.0.1"}).Open(env)
	if err != nil {
		t.Fatal(err)
	}
	for _, decl := range []device.Declaration{
		&ReceiverDecl{Port: port, Interface: "0.0.0.0"},
		&ReceiverDecl{Port: port, Interface: "nothing0"},
		&SenderDecl{Host: "no host", Port: 1},
		&SenderDecl{Host: "192.0.2.1", Port: 1, Interface: "nothing0"},
	} {
		if _, err := decl.Open(env); err == nil {
			t.Errorf("%v is opened", decl)
		}
	}
	if err := first.(*Receiver).Close(); err != nil {
		t.Error(err)
	}
	s, err := (&SenderDecl{Host: "127.0.0.1", Port: port}).Open(env)
	if err != nil || s.(*Sender).Close() != nil {
		t.Error(err)
	}
}

// TestReceiverMoves: a reload changes the network and the patterns, on the same
// port and without an end.
func TestReceiverMoves(t *testing.T) {
	h := newHost()
	decl := &ReceiverDecl{Port: freePort(t), Interface: "127.0.0.1", Patterns: []string{"/old"}}
	r := receiver(t, h, decl)
	s := sender(t, h, decl.Port)
	r.Adopt(&ReceiverDecl{Port: decl.Port, Interface: "0.0.0.0", Patterns: []string{"/new"}})
	deadline := time.Now().Add(patience)
	for len(h.events) == 0 { // what comes while the port is being moved is lost
		s.Take(0, Message{Address: "/old"})
		s.Take(0, Message{Address: "/new"})
		if time.Now().After(deadline) {
			t.Fatal("nothing is heard any more")
		}
		<-time.After(time.Millisecond)
	}
	if ev := h.next(t); ev.Topic != decl.Topic("/new") {
		t.Errorf("%+v", ev)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if a := r.driver.Addr().Addr(); !a.IsUnspecified() {
		t.Errorf("it listens on %v", a)
	}
}

// TestTheEngineWaitsForNobody: what the engine loop calls takes no lock of the goroutine
// that opens a port.
func TestTheEngineWaitsForNobody(t *testing.T) {
	d, _ := (&ReceiverDecl{Port: 1}).OpenVirtual(newHost().env())
	r := d.(*Receiver)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Adopt(&ReceiverDecl{Port: 1, Interface: "0.0.0.0", Patterns: []string{"/x"}})
	r.Take(0, Listen{Pattern: "/y"})
	if n := len(*r.patterns.Load()); n != 2 {
		t.Errorf("%d patterns, want 2", n)
	}
}

// TestHandlersComeAndGo: as long as there is one for a pattern, it is listened to.
func TestHandlersComeAndGo(t *testing.T) {
	h := newHost()
	d, _ := (&ReceiverDecl{Port: 1}).OpenVirtual(h.env())
	r := d.(*Receiver)
	heard := func() int {
		before := len(h.events)
		r.OnMessage(wire.Message{Address: "/x"}, wire.Immediately, netip.AddrPort{}, time.Now())
		return len(h.events) - before
	}
	r.Adopt(&ReceiverDecl{Port: 1, Patterns: []string{"/x"}})
	if heard() != 1 {
		t.Error("patterns of the declaration are not listened to")
	}
	r.Adopt(&ReceiverDecl{Port: 1})
	listen, leave := Listen{Pattern: "/x"}, Leave{Pattern: "/x"}
	for i, step := range []struct {
		order any
		want  int
	}{
		{leave, 0}, {listen, 1}, {listen, 1}, {Leave{Pattern: "/y"}, 1}, {leave, 1}, {leave, 0}, {leave, 0}, {listen, 1},
	} {
		r.Take(0, step.order)
		if n := heard(); n != step.want {
			t.Errorf("step %d: heard %d times, want %d", i, n, step.want)
		}
	}
	if r.Close() != nil {
		t.Error("a virtual Receiver has something to close")
	}
}

// TestListenWaitsForNobody: an order to listen does not wait for a message that is being
// told, nor for a log that stands.
func TestListenWaitsForNobody(t *testing.T) {
	h := newHost()
	env := h.env()
	entered, release := make(chan struct{}), make(chan struct{})
	env.Event = func(device.Event) bool { close(entered); <-release; return false }
	d, _ := (&ReceiverDecl{Port: 1}).OpenVirtual(env)
	r := d.(*Receiver)
	r.Take(0, Listen{Pattern: "/x"})
	var hearing sync.WaitGroup
	h.mu.Lock() // nobody takes what is logged
	hearing.Go(func() { r.OnMessage(wire.Message{Address: "/x"}, wire.Immediately, netip.AddrPort{}, time.Now()) })
	<-entered
	taken := make(chan struct{})
	go func() {
		r.Take(0, Listen{Pattern: "/y"})
		close(release)
		r.Take(0, Leave{Pattern: "/y"})
		close(taken)
	}()
	select {
	case <-taken:
	case <-time.After(patience):
		t.Error("an order waits for a message")
	}
	h.mu.Unlock()
	hearing.Wait()
	<-taken
}

// TestFloods: what there is no room for is counted and logged.
func TestFloods(t *testing.T) {
	h := newHost()
	virtual := clock.NewVirtual()
	h.clock = virtual
	env, room, heard := h.env(), 2000, 0
	env.Event = func(ev device.Event) bool {
		if ev.From == "" {
			t.Error("the event may fill the inbox alone")
		}
		if heard == room {
			return false
		}
		heard++
		return true
	}
	d, _ := (&ReceiverDecl{Port: 1, Interface: "127.0.0.1"}).OpenVirtual(env)
	r := d.(*Receiver)
	r.Adopt(&ReceiverDecl{Port: 1, Interface: "127.0.0.1", Patterns: []string{"/x"}})
	hear := func(n int, at time.Duration) {
		virtual.Set(at)
		for range n {
			r.OnMessage(wire.Message{Address: "/x"}, wire.Immediately, netip.AddrPort{}, virtual.Time(at))
		}
	}
	hear(2500, 0)
	if log := h.logged(); strings.Count(log, "dropped=1\n") != 1 || strings.Count(log, "\n") != 1 {
		t.Errorf("logged:\n%s", log)
	}
	hear(100, 5*time.Second) // too soon to be logged
	room = 2001
	hear(1, 11*time.Second)
	if log := h.logged(); heard != room || strings.Count(log, "dropped=599") != 1 {
		t.Errorf("%d heard, logged:\n%s", heard, log)
	}
}

func TestCheckPattern(t *testing.T) {
	for pattern, good := range map[string]bool{
		"/": true, "/a/*": true, "/a/{b,c}/[!0-9]?": true, "/a]}": true, "/{a[}": true,
		"": false, "a": false, "/[a": false, "/{a": false, "/[a]{b]": false, "/" + strings.Repeat("x", 255): false,
	} {
		if err := CheckPattern(pattern); (err == nil) != good {
			t.Errorf("%q: %v", pattern, err)
		}
	}
}

func TestCheckMessage(t *testing.T) {
	for _, m := range []Message{{"x", nil}, {"/x", []any{"a\x00"}}, {"/x", []any{make([]byte, 65536)}}, {"/x", []any{uint8(1)}}} {
		if m.Check() == nil {
			t.Errorf("%.20v can be sent", m)
		}
	}
	if err := (Message{"/x", []any{nil, int32(1)}}).Check(); err != nil {
		t.Error(err)
	}
}

// TestNobodyListens: people are told, once.
func TestNobodyListens(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the system does not tell")
	}
	h := newHost()
	s := unwatched(t, h, freePort(t))
	for range 100 {
		s.Take(0, Message{"/void", nil})
		s.report()
	}
	if n := strings.Count(h.logged(), "nobody takes what is sent"); n != 1 {
		t.Errorf("told %d times:\n%s", n, h.logged())
	}
}
