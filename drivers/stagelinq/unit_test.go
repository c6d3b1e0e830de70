package stagelinq

import (
	"context"
	"crypto/rand"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/stagelinq/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 10 * time.Second

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

// start runs f until stop is called or the test ends.
func start(t *testing.T, f func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
	t.Cleanup(stop)
	return stop
}

// unit is a peer whose every byte the test writes itself.
type unit struct {
	t        *testing.T
	port     int // of discovery
	identity wire.Announcement
	main     net.Listener
	services [serviceCount]net.Listener
	leave    func() // with an EXIT
	die      func() // without
}

// newUnit listens on loopback and announces itself as software.
func newUnit(t *testing.T, port int, software string) *unit {
	t.Helper()
	u := newSilentUnit(t, port, software)
	u.announce()
	return u
}

// newSilentUnit listens on loopback.
func newSilentUnit(t *testing.T, port int, software string) *unit {
	t.Helper()
	u := &unit{t: t, port: port}
	token, err := NewToken(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	u.main = u.listen()
	for k := range u.services {
		u.services[k] = u.listen()
	}
	u.identity = wire.Announcement{Token: token, Name: "unit", Software: software, Version: "1.0.0", Port: tcpPort(u.main)}
	return u
}

func (u *unit) listen() net.Listener {
	u.t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		u.t.Fatal(err)
	}
	u.t.Cleanup(func() { l.Close() })
	return l
}

func tcpPort(l net.Listener) uint16 { return uint16(l.Addr().(*net.TCPAddr).Port) }

// announce starts HOWDYs with the unit's present identity; leave and die end
// them.
func (u *unit) announce() {
	u.t.Helper()
	conn, err := net.DialUDP("udp4", nil, &net.UDPAddr{IP: net.IPv4(127, 255, 255, 255), Port: u.port})
	if err != nil {
		u.t.Fatal(err)
	}
	identity := u.identity
	end := make(chan bool)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer conn.Close()
		period := time.NewTicker(200 * time.Millisecond)
		defer period.Stop()
		for {
			// Refused while nobody listens yet.
			_, _ = conn.Write(wire.AppendAnnouncement(nil, identity))
			select {
			case <-period.C:
			case identity.Exit = <-end:
				if identity.Exit {
					_, _ = conn.Write(wire.AppendAnnouncement(nil, identity))
				}
				return
			}
		}
	}()
	var once sync.Once
	stop := func(exit bool) func() {
		return func() { once.Do(func() { end <- exit; <-done }) }
	}
	u.leave, u.die = stop(true), stop(false)
	u.t.Cleanup(u.die)
}

// peerConn is one connection with the sink.
type peerConn struct {
	t *testing.T
	net.Conn
}

// accept waits for the sink to dial.
func (u *unit) accept(l net.Listener) peerConn {
	u.t.Helper()
	if err := l.(*net.TCPListener).SetDeadline(time.Now().Add(patience)); err != nil {
		u.t.Fatal(err)
	}
	c, err := l.Accept()
	if err != nil {
		u.t.Fatalf("the sink does not dial: %v", err)
	}
	u.t.Cleanup(func() { c.Close() })
	return peerConn{u.t, c}
}

func (c peerConn) send(b []byte) {
	c.t.Helper()
	if _, err := c.Write(b); err != nil {
		c.t.Fatal(err)
	}
}

func (c peerConn) sendMessage(m wire.Message) { c.t.Helper(); c.send(wire.AppendMessage(nil, m)) }

// readMessage reads one unframed message. It reads byte by byte, so that what
// follows stays in the connection.
func (c peerConn) readMessage() wire.Message {
	c.t.Helper()
	c.SetReadDeadline(time.Now().Add(patience))
	var b []byte
	for {
		b = append(b, 0)
		if _, err := io.ReadFull(c, b[len(b)-1:]); err != nil {
			c.t.Fatalf("after %x: %v", b[:len(b)-1], err)
		}
		m, _, err := wire.ParseMessage(b)
		if err == nil {
			return m
		}
		if err != wire.ErrShort {
			c.t.Fatalf("%x: %v", b, err)
		}
	}
}

// readFrame reads one framed message and returns its payload.
func (c peerConn) readFrame() []byte {
	c.t.Helper()
	c.SetReadDeadline(time.Now().Add(patience))
	var head [4]byte
	if _, err := io.ReadFull(c, head[:]); err != nil {
		c.t.Fatal(err)
	}
	b := make([]byte, int(head[2])<<8|int(head[3]))
	if _, err := io.ReadFull(c, b); err != nil {
		c.t.Fatal(err)
	}
	return b
}

// awaitEnd waits until the sink has closed the connection.
func (c peerConn) awaitEnd() {
	c.t.Helper()
	c.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.Copy(io.Discard, c); err != nil {
		if e, ok := err.(net.Error); ok && e.Timeout() {
			c.t.Fatal("the sink does not close the connection")
		}
	}
}

// serveList accepts a main connection, takes the request and sends the list of
// the given services.
func (u *unit) serveList(services ...service) peerConn {
	u.t.Helper()
	c := u.accept(u.main)
	if m := c.readMessage(); m.ID != wire.IDRequest {
		u.t.Fatalf("first message %+v, want a request", m)
	}
	for _, k := range services {
		c.sendMessage(wire.Message{
			ID: wire.IDAnnounce, Token: u.identity.Token, Service: k.String(), Port: tcpPort(u.services[k]),
		})
	}
	return c
}

// serveHello accepts a service connection and takes its hello.
func (u *unit) serveHello(k service) peerConn {
	u.t.Helper()
	c := u.accept(u.services[k])
	if m := c.readMessage(); m.ID != wire.IDAnnounce || m.Service != k.String() {
		u.t.Fatalf("hello %+v", m)
	}
	return c
}

// observer is a sink under test with what it reports.
type observer struct {
	t *testing.T
	*SinkConn
	devices chan DeviceEvent
	states  chan StateEvent
	beats   chan BeatEvent
	stop    func()
}

func observe(t *testing.T, port int, change func(*Config)) *observer {
	t.Helper()
	o := &observer{
		t:       t,
		devices: make(chan DeviceEvent, 1000),
		states:  make(chan StateEvent, 1000),
		beats:   make(chan BeatEvent, 1000),
	}
	token, err := NewToken(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	config := Config{
		Token: token, Interface: "lo", DiscoveryPort: port,
		OnDevice: func(e DeviceEvent) { o.devices <- e },
		OnState:  func(e StateEvent) { o.states <- e },
		OnBeat:   func(e BeatEvent) { o.beats <- e },
	}
	if change != nil {
		change(&config)
	}
	if o.SinkConn, err = OpenSink(config); err != nil {
		t.Fatal(err)
	}
	o.stop = start(t, o.Run)
	return o
}

// device waits for the next event of any unit.
func (o *observer) device(kind DeviceKind) DeviceEvent {
	o.t.Helper()
	select {
	case e := <-o.devices:
		if e.Kind != kind {
			o.t.Fatalf("unit %v (%s), want %v", e.Kind, e.Reason, kind)
		}
		return e
	case <-time.After(patience):
		o.t.Fatalf("no unit %v", kind)
		return DeviceEvent{}
	}
}

func (o *observer) state() StateEvent {
	o.t.Helper()
	select {
	case e := <-o.states:
		return e
	case <-time.After(patience):
		o.t.Fatal("no state")
		return StateEvent{}
	}
}

func (o *observer) beat() BeatEvent {
	o.t.Helper()
	select {
	case e := <-o.beats:
		return e
	case <-time.After(patience):
		o.t.Fatal("no beat")
		return BeatEvent{}
	}
}

// awaitStatus waits until the status of the only unit is as wanted.
func (o *observer) awaitStatus(what string, match func(UnitStatus) bool) UnitStatus {
	o.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if st := o.Status(); len(st) == 1 && match(st[0]) {
			return st[0]
		}
		<-time.After(5 * time.Millisecond)
	}
	o.t.Fatalf("no %s in the status", what)
	return UnitStatus{}
}

// reason waits for the end of an attempt and returns what the status says.
func (o *observer) reason() string {
	o.t.Helper()
	return o.awaitStatus("reason", func(st UnitStatus) bool { return st.Reason != "" }).Reason
}
