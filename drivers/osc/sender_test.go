package osc

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
)

// pathless is a Sender that has no way to where it sends, until ready gives it one.
func pathless(t *testing.T, to netip.AddrPort) (s *Sender, ready func()) {
	t.Helper()
	c, err := Listen(Config{})
	if err != nil {
		t.Fatal(err)
	}
	s, err = Dial(to.String(), "")
	if err != nil {
		t.Fatal(err)
	}
	good := s.conn
	s.conn = c
	t.Cleanup(func() { s.Close() })
	return s, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		c.Close()
		s.conn = good
	}
}

// TestPostKeepsOrder: what the system does not take at once goes before what it would.
func TestPostKeepsOrder(t *testing.T) {
	c, all := listen(t, Config{})
	s, ready := pathless(t, c.Addr())
	post := func(i int) {
		t.Helper()
		if err := s.Post(Message{"/n", []any{int32(i)}}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range maxWaiting + 100 { // nobody is sending
		post(i)
	}
	if st := s.Stats(); st.Dropped != 100 || st.Sent != 0 {
		t.Errorf("counts %+v", st)
	}
	ready()
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx, func(err error) { t.Error(err) }) })
	for i := range maxWaiting {
		if n := next(t, all).Args[0].(int32); n != int32(i) {
			t.Fatalf("message %d is %d", i, n)
		}
	}
	for i := range 100 {
		post(i)
		if n := next(t, all).Args[0].(int32); n != int32(i) {
			t.Fatalf("message %d is %d", i, n)
		}
	}
	stop()
	running.Wait()
	if err := s.Post(Message{Address: "/late"}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Run: %v", err)
	}
	if err := s.Post(Message{Address: "bad"}); !errors.Is(err, ErrAddress) {
		t.Errorf("bad: %v", err)
	}
}

// TestRunFinishes: what waits when Run is to end still leaves.
func TestRunFinishes(t *testing.T) {
	c, all := listen(t, Config{})
	s, ready := pathless(t, c.Addr())
	s.Post(Message{Address: "/a"})
	s.Post(Message{Address: "/b"})
	ready()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	s.Run(ctx, func(err error) { t.Error(err) })
	if heard := []string{next(t, all).Address, next(t, all).Address}; !slices.Equal(heard, []string{"/a", "/b"}) {
		t.Errorf("heard %v", heard)
	}
}

// TestPostWaitsForNobody: whoever looks for another socket keeps no message.
func TestPostWaitsForNobody(t *testing.T) {
	c, all := listen(t, Config{})
	s, ready := pathless(t, c.Addr())
	entered, release := make(chan struct{}), make(chan struct{})
	var sending sync.WaitGroup
	s.Post(Message{Address: "/first"})
	ready()
	sending.Go(func() {
		s.send(func(c *Conn) error {
			close(entered)
			<-release // the network takes nothing
			return nil
		})
	})
	<-entered
	for range 100 {
		s.Post(Message{Address: "/next"})
	}
	close(release)
	sending.Wait()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	s.Run(ctx, func(err error) { t.Error(err) })
	if first := next(t, all).Address; first != "/first" {
		t.Errorf("heard %s first", first)
	}
}
