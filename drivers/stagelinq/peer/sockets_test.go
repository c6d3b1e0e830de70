package peer

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"
)

// told is a Machine that passes on what it is told.
type told struct {
	opened chan ID
	ended  chan error
	bytes  chan string
}

func newTold() told {
	return told{make(chan ID, 10), make(chan error, 10), make(chan string, 100)}
}

func (m told) Opened(_ time.Time, id ID, _ uint16) { m.opened <- id }
func (m told) Receive(_ time.Time, _ ID, b []byte) { m.bytes <- string(b) }
func (m told) Ended(_ time.Time, _ ID, err error)  { m.ended <- err }
func nowhere(netip.Addr) netip.Addr                { return netip.Addr{} }
func await[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(10 * time.Second):
		t.Fatalf("no %s", what)
		panic("unreachable")
	}
}

func serve(t *testing.T, m Machine) *Sockets {
	t.Helper()
	s := &Sockets{Machine: m, Local: nowhere}
	ctx, cancel := context.WithCancel(context.Background())
	running := &sync.WaitGroup{}
	s.Serve(ctx, running)
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	return s
}

func TestSocketsDial(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := newTold()
	s := serve(t, m)
	to := l.Addr().(*net.TCPAddr).AddrPort()
	s.Dial(1, to)
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if id := await(t, "connection", m.opened); id != 1 {
		t.Errorf("connection %d", id)
	}
	s.Write(1, []byte("ask"))
	b := make([]byte, 3)
	if _, err := c.Read(b); err != nil || string(b) != "ask" {
		t.Errorf("%q, %v", b, err)
	}
	c.Write([]byte("answer"))
	if got := await(t, "answer", m.bytes); got != "answer" {
		t.Errorf("%q", got)
	}
	c.Close()
	if err := await(t, "end", m.ended); EndReason(err) != "closed by the unit" {
		t.Error(err)
	}
	s.Write(1, []byte("late")) // nobody is there
	l.Close()
	s.Dial(2, to)
	if err := await(t, "refusal", m.ended); EndReason(err) != "connection refused" {
		t.Error(err)
	}
}

// TestSocketsOfAPeerThatDoesNotRead: what is offered is dropped, what must be said ends
// the connection; one that the machine closes itself is not told.
func TestSocketsOfAPeerThatDoesNotRead(t *testing.T) {
	m := newTold()
	s := serve(t, m)
	accept := func(id ID) (theirs net.Conn, done chan struct{}) {
		theirs, ours := net.Pipe() // a connection without any queue
		done = make(chan struct{})
		go func() {
			defer close(done)
			s.Accept(id, NewStream(ours))
		}()
		await(t, "connection", m.opened)
		return theirs, done
	}
	theirs, done := accept(1)
	dropped := 0
	for range 2 * maxOffered {
		if !s.Offer(1, []byte("beat")) {
			dropped++
		}
	}
	if dropped < maxOffered-2 {
		t.Errorf("%d dropped", dropped)
	}
	for range maxQueue + 2 {
		s.Write(1, []byte("state"))
	}
	if err := await(t, "end", m.ended); !errors.Is(err, ErrUnread) {
		t.Error(err)
	}
	<-done
	theirs.Close()

	theirs, done = accept(2)
	s.Close(2)
	<-done
	theirs.Close()
	select {
	case err := <-m.ended:
		t.Errorf("told of the end: %v", err)
	default:
	}
}

// TestWhatIsNotReadIsBounded: few long pieces are too much too.
func TestWhatIsNotReadIsBounded(t *testing.T) {
	m := newTold()
	s := serve(t, m)
	theirs, ours := net.Pipe()
	defer theirs.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Accept(1, NewStream(ours))
	}()
	await(t, "connection", m.opened)
	for range 8 {
		s.Write(1, make([]byte, MaxUnread/4))
	}
	if err := await(t, "end", m.ended); !errors.Is(err, ErrUnread) {
		t.Error(err)
	}
	<-done
}
