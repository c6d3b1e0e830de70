package link

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pipes is a network in memory, so that tests have a clock of their own.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	close func()
}

func newPipes() *pipes {
	p := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
	p.close = sync.OnceFunc(func() { close(p.done) })
	return p
}

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.close(); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// role is a Handler for tests.
type role struct {
	conn     *Conn
	mu       sync.Mutex
	out      []string
	received chan string
	ended    []error
}

func (r *role) Receive(_ time.Time, b []byte) { r.received <- string(b) }

func (r *role) End(_ time.Time, reason error) { r.ended = append(r.ended, reason) }

func (r *role) Write(time.Time) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.out {
		r.conn.Send([]byte(s))
	}
	r.out = nil
	return time.Time{}
}

func (r *role) Finish(now time.Time) { r.Write(now) }

func (r *role) send(messages ...string) {
	r.mu.Lock()
	r.out = append(r.out, messages...)
	r.mu.Unlock()
	r.conn.Wake()
}

// scene runs a server on pipes, whose connections serve takes, and dials it.
func scene(t *testing.T, serve func(*Conn)) (*Conn, func()) {
	t.Helper()
	p := newPipes()
	var serving sync.WaitGroup
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serving.Add(1)
		defer serving.Done()
		c, err := Accept(w, r)
		if err != nil {
			t.Error(err)
			return
		}
		serve(c)
	})}
	served := make(chan error, 1)
	go func() { served <- server.Serve(Listener(p)) }()
	c, err := Dial(context.Background(), "ws://gateway/stagenet", p.dial)
	if err != nil {
		t.Fatal(err)
	}
	return c, func() {
		c.Drop()
		server.Close()
		<-served
		serving.Wait()
	}
}

// TestLiveness: a peer that takes everything and says nothing is given up after
// 15 s, one that takes nothing 2 s after the first ping.
func TestLiveness(t *testing.T) {
	for _, c := range []struct {
		peer func(*Conn, <-chan struct{})
		want error
		at   time.Duration
	}{
		{func(server *Conn, _ <-chan struct{}) { io.Copy(io.Discard, server.net) }, ErrSilent, MaxSilence},
		{func(_ *Conn, quit <-chan struct{}) { <-quit }, ErrStuck, PingPeriod + WriteDeadline},
	} {
		synctest.Test(t, func(t *testing.T) {
			quit := make(chan struct{})
			conn, end := scene(t, func(server *Conn) { c.peer(server, quit) })
			defer end()
			defer close(quit)
			start := time.Now()
			r := &role{conn: conn, received: make(chan string)}
			err := conn.Run(context.Background(), r)
			if len(r.ended) != 1 || r.ended[0] != err {
				t.Errorf("the handler is told of %v, want once %v", r.ended, err)
			}
			if lived := time.Since(start); !errors.Is(err, c.want) || lived != c.at {
				t.Errorf("ended after %s: %v; want %s: %v", lived, err, c.at, c.want)
			}
		})
	}
}

func TestBothAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(context.Background())
		var ended atomic.Value
		c, end := scene(t, func(server *Conn) {
			ended.Store(server.Run(context.Background(), &role{conn: server, received: make(chan string, 10)}))
		})
		defer end()
		result := make(chan error, 1)
		r := &role{conn: c, received: make(chan string, 10)}
		go func() { result <- c.Run(ctx, r) }()
		time.Sleep(10 * time.Hour) // of the test's own clock
		select {
		case err := <-result:
			t.Fatalf("ended: %v", err)
		default:
		}
		stop()
		var closed *ClosedError
		if err := <-result; !errors.As(err, &closed) || closed.Code != GoingAway {
			t.Errorf("our end: %v", err)
		}
		synctest.Wait()
		if err, _ := ended.Load().(error); err == nil || !strings.Contains(err.Error(), "1001") {
			t.Errorf("the other end: %v", err)
		}
	})
}

func TestMessagesAndKick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := make(chan string, 10)
		c, end := scene(t, func(server *Conn) {
			r := &role{conn: server, received: make(chan string, 10)}
			go func() {
				r.send("one")
				for s := range r.received {
					answers <- s
					if s == "bye" {
						server.Kick(Policy, strings.Repeat("because ", 50))
						return
					}
				}
			}()
			server.Run(context.Background(), r)
		})
		defer end()
		r := &role{conn: c, received: make(chan string, 10)}
		result := make(chan error, 1)
		go func() { result <- c.Run(context.Background(), r) }()
		if s := <-r.received; s != "one" {
			t.Errorf("received %q", s)
		}
		r.send("a", strings.Repeat("b", 3*bufferSize), "bye")
		for _, want := range []int{1, 3 * bufferSize, 3} {
			if s := <-answers; len(s) != want {
				t.Errorf("%d bytes, want %d", len(s), want)
			}
		}
		if err := <-result; err == nil || !strings.Contains(err.Error(), "1008") {
			t.Errorf("ended: %v", err)
		}
	})
}

func TestStrikes(t *testing.T) {
	var s Strikes
	now := time.Unix(1000, 0)
	for i := range 500 { // ten a second are borne for ever
		now = now.Add(102 * time.Millisecond)
		if s.Add(now) {
			t.Fatalf("out after %d at a bearable rate", i)
		}
	}
	now = now.Add(time.Minute)
	for i := 1; i < MaxStrikes; i++ {
		if s.Add(now) {
			t.Fatalf("out after %d", i)
		}
	}
	if !s.Add(now.Add(9 * time.Second)) {
		t.Error("the hundredth within ten seconds is borne")
	}
}

func TestOrigins(t *testing.T) {
	for origin, want := range map[string]bool{
		"": true, "http://10.0.0.1:4000": true, "http://evil.example": false, "null": false, "http://10.0.0.2:4000": false,
	} {
		r := &http.Request{Host: "10.0.0.1:4000", Header: http.Header{}}
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		if got := sameOrigin(r); got != want {
			t.Errorf("%q: %v, want %v", origin, got, want)
		}
	}
	// A name that an attacker pointed at this machine.
	if sameOrigin(&http.Request{Host: "evil.example:4000", Header: http.Header{"Origin": {"http://evil.example:4000"}}}) {
		t.Error("DNS rebinding works")
	}
}
