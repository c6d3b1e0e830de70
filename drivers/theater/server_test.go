package theater_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"showrun/drivers/osc"
	"showrun/drivers/theater"
	"showrun/drivers/theater/server"
)

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// run runs something until the end of the test.
func run(t *testing.T, loop func(context.Context) error) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- loop(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// serve runs a server on loopback and gives where it is.
func serve(t *testing.T, name string, machine server.Machine) (*server.Server, theater.Config) {
	t.Helper()
	s, err := server.Listen(server.Config{Name: name, Machine: machine})
	if err != nil {
		t.Fatal(err)
	}
	run(t, s.Run)
	return s, theater.Config{Host: "localhost", Port: int(s.Addr().Port())}
}

// next waits for something to come.
func next[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("no %T comes", *new(T))
		panic("unreachable")
	}
}

// staircase is a path of n segments of 10 degrees each.
func staircase(n int) (knots []float64) {
	for i := range n {
		from := float64(10 * i)
		knots = append(knots, from, from+10, from+10)
	}
	return knots
}

// TestMotionServer: a path longer than the buffer is executed whole.
func TestMotionServer(t *testing.T) {
	segments := make(chan server.Segment, 1000)
	device := server.NewMotion(server.MotionConfig{OnSegment: func(s server.Segment) { segments <- s }})
	_, place := serve(t, "motion", device)
	m, err := theater.OpenMotion(theater.MotionConfig{Config: place})
	if err != nil {
		t.Fatal(err)
	}
	run(t, m.Run)
	done := make(chan theater.End, 1)
	// A segment lasts long enough for a busy machine to be late by several, which both
	// sides know nothing of.
	if err := m.Tempo(time.Now(), theater.Y, 600); err != nil {
		t.Fatal(err)
	}
	if err := m.Spline(time.Now(), theater.Y, staircase(30), func(e theater.End) { done <- e }); err != nil {
		t.Fatal(err)
	}
	for i := range 30 {
		if s := next(t, segments); s.Axis != 1 || s.Position != float64(10*i+10) {
			t.Fatalf("segment %d is %+v", i, s)
		}
	}
	if e := next(t, done); e.Axis != theater.Y || e.Err != nil {
		t.Errorf("ended %+v", e)
	}
	if p := m.Pending(time.Now(), theater.Y); p != (theater.Pending{}) {
		t.Errorf("pending %+v", p)
	}
}

// TestValveServer: the safe action arrives in order.
func TestValveServer(t *testing.T) {
	device := server.NewValve(server.ValveConfig{})
	s, place := serve(t, "valve", device)
	v, err := theater.OpenValve(theater.ValveConfig{Config: place})
	if err != nil {
		t.Fatal(err)
	}
	run(t, v.Run)
	if err := v.Move(2, -40); err != nil {
		t.Fatal(err)
	}
	wait(t, func() bool { return s.Received().Messages > 0 }) // else the stop takes its place
	v.Hold(time.Now(), true)
	wait(t, func() bool { return s.Received().Messages == 4 })
	var joints []server.Joint
	s.Do(func(time.Time) { joints = append(joints, device.Joint(1), device.Joint(2)) })
	if refused := v.Stats(); refused.Sent != 4 || !slices.Equal(joints, []server.Joint{{Vented: true}, {Vented: true}}) {
		t.Errorf("the joints are %+v, counts %+v", joints, refused)
	}
}

// TestLightingServer: every kind of command is taken.
func TestLightingServer(t *testing.T) {
	device, err := server.NewLighting(server.LightingConfig{Fixtures: server.DefaultFixtures()}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s, place := serve(t, "lighting", device)
	channels := map[theater.ID]int{}
	for _, f := range server.DefaultFixtures() {
		channels[theater.Name(f.Name)], channels[theater.Number(f.Number)] = f.Channels, f.Channels
	}
	l, err := theater.OpenLighting(theater.LightingConfig{Config: place, Channels: channels})
	if err != nil {
		t.Fatal(err)
	}
	run(t, l.Run)
	for _, err := range []error{
		l.Tempo(theater.Name("white"), 6000),
		l.Fixture(theater.Name("white"), 255),
		l.Spline(theater.Number(1), 0.5, 200, 200),
		l.Follow(time.Now(), theater.Name("fan"), 1),
		l.Levels(time.Now(), theater.Name("rgba1"), []byte{1, 2, 3, 4}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	l.Beat(time.Now(), 6000)
	l.Fixture(theater.Name("fan"), 128)
	wait(t, func() bool {
		levels := []float64{}
		s.Do(func(now time.Time) {
			for _, name := range []string{"white", "fan", "rgba1"} {
				if v, ok := device.Values(nil, name, now); ok {
					levels = append(levels, v...)
				}
			}
		})
		return slices.Equal(levels, []float64{255, 128, 1, 2, 3, 4})
	})
	var refused uint64
	s.Do(func(time.Time) { refused = device.Stats().Total() })
	if refused != 0 {
		t.Errorf("%d messages dropped", refused)
	}
}

// wait waits until something is so.
func wait(t *testing.T, so func() bool) {
	t.Helper()
	limit := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("it does not come about")
		}
	}
}

// lossy passes datagrams on, and drops those that it is told to.
func lossy(t *testing.T, to netip.AddrPort, drop func(osc.Message) bool) (port int) {
	t.Helper()
	s, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	run(t, func(ctx context.Context) error {
		defer context.AfterFunc(ctx, func() { s.Close() })()
		b := make([]byte, 65536)
		for {
			n, err := s.Read(b)
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				return err
			}
			list, err := osc.Parse(nil, b[:n])
			if err != nil {
				return err
			}
			if !drop(list[0].Message) {
				if _, err := s.WriteToUDPAddrPort(b[:n], to); err != nil {
					return err
				}
			}
		}
	})
	return s.LocalAddr().(*net.UDPAddr).Port
}

// TestLostTempo: with the first tempo lost, as with a server that starts again, light is
// behind by one change, not by all that follow.
func TestLostTempo(t *testing.T) {
	start := time.Unix(1000, 0)
	device, err := server.NewLighting(server.LightingConfig{Fixtures: server.DefaultFixtures()}, start)
	if err != nil {
		t.Fatal(err)
	}
	lost, now := 0, start
	l := theater.NewLighting(theater.LightingConfig{}, func(m osc.Message) error {
		if lost == 0 {
			lost++
			return nil
		}
		return device.Receive(now, m, time.Time{})
	})
	for i := range 440 { // a fade of ten seconds
		now = start.Add(time.Duration(i) * time.Second / 44)
		l.Step(now)
		if err := l.Levels(now, theater.Name("white"), []byte{byte(i * 255 / 439)}); err != nil {
			t.Fatal(err)
		}
		device.Step(now)
	}
	for range 50 {
		now = now.Add(30 * time.Millisecond)
		l.Step(now)
		device.Step(now)
	}
	if v, ok := device.Values(nil, "white", now); !ok || v[0] != 255 {
		t.Errorf("levels %v a moment after the fade to 255", v)
	}
}

// TestNobodyListens: people are told once that a server does not run, and of none that
// does.
func TestNobodyListens(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the system does not tell")
	}
	var log bytes.Buffer
	_, cfg := serve(t, "valve", server.NewValve(server.ValveConfig{}))
	cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	v, err := theater.OpenValve(theater.ValveConfig{Config: cfg})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	for range 10 {
		v.Move(1, 0)
	}
	if v.Stats().Unheard != 0 || log.Len() > 0 {
		t.Errorf("%+v, log %s", v.Stats(), &log)
	}
	cfg.Port = 9 // where nobody listens
	v2, err := theater.OpenValve(theater.ValveConfig{Config: cfg})
	if err != nil {
		t.Fatal(err)
	}
	defer v2.Close()
	for range 100 {
		if err := v2.Move(1, 0); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(log.String(), "nobody takes what is sent"); n != 1 || v2.Stats().Unheard == 0 {
		t.Errorf("%+v, log\n%s", v2.Stats(), &log)
	}
}
