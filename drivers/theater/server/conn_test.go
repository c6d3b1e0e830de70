package server

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/osc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for something that is sure to happen.
const patience = 20 * time.Second

// run runs a machine on a free port of loopback until the end of the test.
func run(t *testing.T, name string, m Machine) *Server {
	t.Helper()
	s, err := Listen(Config{Name: name, Machine: m})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(func() { stop(); running.Wait() })
	return s
}

// dial makes a sender to a server.
func dial(t *testing.T, s *Server) *osc.Sender {
	t.Helper()
	sender, err := osc.Dial(s.Addr().String(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sender.Close() })
	return sender
}

func send(t *testing.T, s *osc.Sender, line string) {
	t.Helper()
	if err := s.Send(message(line)); err != nil {
		t.Fatal(err)
	}
}

// await takes what a callback puts into a channel until it is as wanted.
func await[T any](t *testing.T, what string, from <-chan T, want func(T) bool) T {
	t.Helper()
	limit := time.After(patience)
	for {
		select {
		case v := <-from:
			if want(v) {
				return v
			}
		case <-limit:
			t.Fatalf("%s: not in %v", what, patience)
		}
	}
}

// slot is a Sink that tells of one slot.
type slot struct {
	index  int
	levels chan byte
}

func (s slot) Show(levels []byte, _ time.Time) { s.levels <- levels[s.index] }

func TestLightingOverUDP(t *testing.T) {
	sink := slot{8, make(chan byte, 1000)}
	l, err := NewLighting(LightingConfig{Fixtures: DefaultFixtures(), Sink: sink}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s := run(t, "lighting", l)
	sender := dial(t, s)
	send(t, sender, "/tempo rgba1 600")
	send(t, sender, "/fixture rgba1 255 0 0 0")
	last := byte(0)
	await(t, "full", sink.levels, func(level byte) bool {
		if level < last {
			t.Errorf("level %d after %d", level, last)
		}
		last = level
		return level == 255
	})
	s.Do(func(now time.Time) {
		if v, _ := l.Values(nil, "rgba1", now); v[0] != 255 || v[1] != 0 {
			t.Errorf("values %v", v)
		}
	})
}

func TestMotionOverUDP(t *testing.T) {
	segments := make(chan Segment, 100)
	m := NewMotion(MotionConfig{OnSegment: func(s Segment) { segments <- s }})
	s := run(t, "motion", m)
	sender := dial(t, s)
	send(t, sender, "/tempo x 3000")
	send(t, sender, "/spline x 0 360 360 180 180 180 0 0 0")
	first := await(t, "the first segment", segments, func(Segment) bool { return true })
	last := await(t, "the way back", segments, func(s Segment) bool { return s.Position == 0 })
	if first.Position != 360 || last.End.Sub(first.Start) != 60*time.Millisecond || last.Gap != 0 {
		t.Errorf("first %+v, last %+v", first, last)
	}
}

// A bundle is executed at its tag, a bad datagram ends nothing.
func TestBundlesOverUDP(t *testing.T) {
	type change struct {
		pwm float64
		at  time.Time
	}
	changes := make(chan change, 100)
	v := NewValve(ValveConfig{OnChange: func(_ int, j Joint, at time.Time) { changes <- change{j.PWM, at} }})
	s := run(t, "valve", v)
	raw, err := net.Dial("udp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	for _, b := range []string{"", "/move", "#bundle\x00", "\x00\x01\x02", "/move\x00\x00\x00,if\x00\x00\x00\x00"} {
		raw.Write([]byte(b))
	}
	tag := osc.Tag(time.Now().Add(80 * time.Millisecond))
	sender := dial(t, s)
	if err := sender.SendBundle(tag, message("/move 1 50"), message("/move 1 60")); err != nil {
		t.Fatal(err)
	}
	if err := sender.SendBundle(osc.Immediately, message("/move 1 40")); err != nil {
		t.Fatal(err)
	}
	now := await(t, "the one for now", changes, func(change) bool { return true })
	first := await(t, "the first of the bundle", changes, func(change) bool { return true })
	second := await(t, "the second of the bundle", changes, func(change) bool { return true })
	if now.pwm != 40 || first.pwm != 50 || second.pwm != 60 {
		t.Errorf("%v, %v, %v", now, first, second)
	}
	// The tag is of the wall clock, the instant of the other; they may differ by what
	// the clock was corrected meanwhile.
	if off := first.at.Sub(tag.Time()).Abs(); off > time.Millisecond || !second.at.Equal(first.at) {
		t.Errorf("executed at %v and %v, tag %v", first.at, second.at, tag.Time())
	}
}

func TestPortInUse(t *testing.T) {
	s := run(t, "valve", NewValve(ValveConfig{}))
	_, err := Listen(Config{Name: "valve", Machine: NewValve(ValveConfig{}), Port: int(s.Addr().Port())})
	if err == nil || !strings.Contains(err.Error(), "valve server: ") {
		t.Errorf("a port in use: %v", err)
	}
	if _, err := Listen(Config{}); err == nil {
		t.Error("a server without a machine opens")
	}
	unused, err := Listen(Config{Name: "valve", Machine: NewValve(ValveConfig{})})
	if err != nil {
		t.Fatal(err)
	}
	if err := unused.Close(); err != nil {
		t.Error(err)
	}
}

// Each reason is logged at most every 10 s, and then says how often it was held
// back. A message read before the lock was free does not turn time back.
func TestRefusalsAreLogged(t *testing.T) {
	var b bytes.Buffer
	v := NewValve(ValveConfig{})
	s, err := Listen(Config{Name: "valve", Machine: v, Log: slog.New(slog.NewTextHandler(&b, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	from := netip.MustParseAddrPort("10.0.0.7:9000")
	lines := func() int { return strings.Count(b.String(), "\n") }
	for i := range 100 {
		s.take(message("/move 1 200"), osc.Immediately, from, after(float64(i)/20))
		s.take(message("/move 7 100"), osc.Immediately, from, after(float64(i)/20))
	}
	if lines() != 2 || !strings.Contains(b.String(), "server=valve") || !strings.Contains(b.String(), "from=10.0.0.7:9000") {
		t.Errorf("%d lines:\n%s", lines(), b.String())
	}
	s.take(message("/move 1 200"), osc.Immediately, from, after(10))
	if lines() != 3 || !strings.Contains(b.String(), "more=99") {
		t.Errorf("%d lines:\n%s", lines(), b.String())
	}
	s.take(message("/move 1 1"), osc.Tag(after(11)), from, after(10))
	s.take(message("/move 1 2"), osc.Immediately, from, after(9.9))
	if v.Deadline().Sub(after(11)).Abs() > time.Microsecond || !s.last.Equal(after(10)) {
		t.Errorf("next %v, last %v", v.Deadline(), s.last)
	}
}

// Several machines share one process.
func TestServersSideBySide(t *testing.T) {
	changes := make(chan string, 100)
	var senders []*osc.Sender
	for i := range 4 {
		v := NewValve(ValveConfig{OnChange: func(joint int, _ Joint, _ time.Time) { changes <- fmt.Sprint(i, joint) }})
		senders = append(senders, dial(t, run(t, "valve", v)))
	}
	for i, s := range senders {
		send(t, s, "/move 2 -10")
		await(t, "the change", changes, func(c string) bool { return c == fmt.Sprint(i, 2) })
	}
}
