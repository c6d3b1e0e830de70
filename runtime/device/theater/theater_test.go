package theater

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/osc"
	"showrun/drivers/theater/server"
	"showrun/runtime/beat"
	"showrun/runtime/clock"
	"showrun/runtime/device"
	"showrun/runtime/level"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

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

// run runs loops until the function it returns is called, or the test ends.
func run(t *testing.T, loops ...func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	for _, loop := range loops {
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

// serve runs a server on loopback and gives where it is.
func serve(t *testing.T, machine server.Machine) (*server.Server, Server) {
	t.Helper()
	s, err := server.Listen(server.Config{Name: "test", Machine: machine})
	if err != nil {
		t.Fatal(err)
	}
	run(t, s.Run)
	return s, Server{Host: "localhost", Port: int(s.Addr().Port())}
}

// host is what devices reach of it.
type host struct {
	clock  clock.Clock
	events chan device.Event

	mu  sync.Mutex
	log bytes.Buffer
}

func newHost() *host { return &host{clock: clock.NewReal(), events: make(chan device.Event, 1000)} }

func (h *host) env() device.Env {
	return device.Env{
		Now: h.clock.Now, Since: h.clock.Since, Time: h.clock.Time, Interface: "lo",
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

// open opens a device and runs it.
func open[T device.Device](t *testing.T, h *host, decl device.Declaration) (d T, stop func()) {
	t.Helper()
	opened, err := decl.Open(h.env())
	if err != nil {
		t.Fatal(err)
	}
	return opened.(T), run(t, opened.Loops()...)
}

// dmx is the output of a lighting server.
type dmx struct {
	frames chan [16]byte
	last   [16]byte
}

func (d *dmx) Show(levels []byte, _ time.Time) { d.frames <- [16]byte(levels) }

// until waits for slots, counted from 1, to have levels.
func (d *dmx) until(t *testing.T, from int, levels ...byte) {
	t.Helper()
	for !bytes.Equal(d.last[from-1:][:len(levels)], levels) {
		d.last = next(t, d.frames)
	}
}

func lightingServer(t *testing.T) (*server.Lighting, *server.Server, *dmx, Server) {
	out := &dmx{frames: make(chan [16]byte, 100_000)}
	machine, err := server.NewLighting(server.LightingConfig{Fixtures: server.DefaultFixtures(), Sink: out}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s, at := serve(t, machine)
	return machine, s, out, at
}

// TestLightingOrders: commands of every kind are understood.
func TestLightingOrders(t *testing.T) {
	machine, s, out, at := lightingServer(t)
	h := newHost()
	l, _ := open[*Lighting](t, h, &LightingDecl{Server: at})
	for _, m := range []any{
		Tempo{Name("white"), 6000}, Change{Name("white"), []float64{200}},
		Tempo{Number(8), 6000}, Spline{Number(8), []float64{0, 0, 0, 0, 10, 20, 30, 40, 10, 20, 30, 40}},
	} {
		l.Take(h.clock.Now(), m)
	}
	out.until(t, 1, 200)
	out.until(t, 9, 10, 20, 30, 40)
	s.Do(func(time.Time) {
		if refused := machine.Stats().Refused; refused != [len(refused)]uint64{} {
			t.Errorf("the server refuses %v", refused)
		}
	})
	l.Take(0, Tempo{Name("white"), -1})
	if !strings.Contains(h.logged(), "command refused") {
		t.Errorf("logged %s", h.logged())
	}
}

// TestLightingFollows: the server is told the tempo of the show.
func TestLightingFollows(t *testing.T) {
	messages := make(chan string, 100)
	c, err := osc.Listen(osc.Config{Handler: func(m osc.Message, _ osc.TimeTag, _ netip.AddrPort, _ time.Time) { messages <- m.String() }})
	if err != nil {
		t.Fatal(err)
	}
	run(t, c.Run)
	l, _ := open[*Lighting](t, newHost(), &LightingDecl{Server: Server{Host: "127.0.0.1", Port: int(c.Addr().Port())}})
	l.Tempo(0, 120)
	l.Take(0, Follow{Name("blue"), 2})
	l.Tempo(0, 0) // a deck that stands
	l.Tempo(0, 90)
	for _, want := range []string{"/tempo blue 240", "/tempo blue 180"} {
		if got := next(t, messages); got != want {
			t.Errorf("sent %s, want %s", got, want)
		}
	}
}

// frame is one with an output of four slots and one of one.
func frame(rgba [4]byte, white byte) *level.Frame {
	return &level.Frame{Levels: [][]byte{nil, rgba[:], {white}}}
}

// TestLevelsOfFixtures: the newest levels arrive, those of the last frame as well.
func TestLevelsOfFixtures(t *testing.T) {
	_, _, out, at := lightingServer(t)
	h := newHost()
	decl := &LightingDecl{Server: at, Fixtures: []Fixture{{Name("rgba1"), 4, 1}, {Number(0), 1, 2}}}
	l, stop := open[*Lighting](t, h, decl)
	l.Publish(frame([4]byte{1, 2, 3, 4}, 5)) // nobody wants them yet
	if l.Universes() != 0 {
		t.Errorf("%d universes before any fixture is declared", l.Universes())
	}
	l.Adopt(decl)
	if l.Universes() != 1 {
		t.Errorf("%d universes", l.Universes())
	}
	l.Publish(&level.Frame{Levels: [][]byte{nil}}) // of a load before
	for i := range byte(100) {
		l.Publish(frame([4]byte{i, 0, i, 255}, 200))
	}
	out.until(t, 9, 99, 0, 99, 255)
	out.until(t, 1, 200)
	l.Publish(frame([4]byte{1, 1, 1, 1}, 1))
	l.Publish(frame([4]byte{7, 8, 9, 10}, 0)) // must wait for the change before it
	stop()
	out.until(t, 9, 7, 8, 9, 10)
	out.until(t, 1, 0)
}

// TestEndWithNothingToSend returns at once.
func TestEndWithNothingToSend(t *testing.T) {
	_, _, _, at := lightingServer(t)
	decl := &LightingDecl{Server: at, Fixtures: []Fixture{{Name("rgba1"), 4, 1}, {Number(0), 1, 2}}}
	l, stop := open[*Lighting](t, newHost(), decl)
	l.Adopt(decl)
	stop()
	if d, err := decl.Open(newHost().env()); err != nil || d.(*Lighting).Close() != nil {
		t.Error("a Lighting that never ran is not closed:", err)
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

func motionServer(t *testing.T) (*server.Motion, *server.Server, chan server.Segment, Server) {
	segments := make(chan server.Segment, 1000)
	machine := server.NewMotion(server.MotionConfig{OnSegment: func(s server.Segment) { segments <- s }})
	s, at := serve(t, machine)
	return machine, s, segments, at
}

// TestLongPath: more segments than the device has room for arrive whole, and the end is
// told when it is over. At 20 a second the room left is for 0.7 s that a busy machine may
// keep either side waiting.
func TestLongPath(t *testing.T) {
	machine, s, segments, at := motionServer(t)
	h := newHost()
	decl := &MotionDecl{Server: at, Safe: "stop"}
	m, _ := open[*Motion](t, h, decl)
	m.Adopt(decl)
	m.Take(h.clock.Now(), AxisTempo{1, 1200})
	began := h.clock.Now()
	m.Take(began-time.Minute, Move{7, 1, staircase(60)}) // a script that is that late
	if !m.tookPath(7) || m.tookPath(7) || m.tookPath(8) {
		t.Error("the path was taken, which is told once")
	}
	if n := m.Answer(PendingOf{1}); n != 60 {
		t.Errorf("%d segments pending", n)
	}
	if n := m.Answer(PendingOf{0}); n != 0 {
		t.Errorf("%d segments of another axis pending", n)
	}
	var last server.Segment
	for range 60 {
		last = next(t, segments)
	}
	if last.Axis != 1 || last.Position != 600 {
		t.Errorf("the last segment is %+v", last)
	}
	ev := next(t, h.events)
	if ev.Topic != decl.EndTopic() || ev.Value != (PathEnd{Path: 7}) || ev.At < began+3*time.Second || ev.At > h.clock.Now() {
		t.Errorf("%+v after %v", ev, h.clock.Now()-began)
	}
	if n := m.Answer(PendingOf{1}); n != 0 {
		t.Errorf("%d segments pending in the end", n)
	}
	s.Do(func(time.Time) {
		if stats := machine.Stats(); stats.Truncated != 0 || stats.Segments != 60 {
			t.Errorf("the server counts %+v", stats)
		}
	})
}

// TestMotionStops: by an order, and by a safe action that comes from anywhere.
func TestMotionStops(t *testing.T) {
	machine, s, _, at := motionServer(t)
	h := newHost()
	m, _ := open[*Motion](t, h, &MotionDecl{Server: at, Safe: "hold"})
	stops := []func(){
		func() { m.Take(h.clock.Now(), StopAxis{99, 2}) },
		func() { m.Safe() },
		func() { m.Hold(true) },
	}
	for i, stop := range stops {
		m.Take(h.clock.Now(), Move{uint64(i), 2, staircase(60)})
		before := h.clock.Now()
		stop()
		ev := next(t, h.events)
		if ev.Value != (PathEnd{uint64(i), "the path was stopped"}) || ev.At < before || ev.At > h.clock.Now() {
			t.Errorf("%d: %+v", i, ev)
		}
	}
	m.Take(0, Move{9, 2, staircase(1)})
	m.Take(0, AxisTempo{2, 10})
	if ev := next(t, h.events); !strings.Contains(ev.Value.(PathEnd).Err, "held") || ev.Value.(PathEnd).Path != 9 {
		t.Errorf("while held: %+v", ev)
	}
	if n := strings.Count(h.logged(), "command refused"); n != 1 {
		t.Errorf("refusals are logged %d times:\n%s", n, h.logged())
	}
	m.Drop(AxisTempo{2, 10})
	m.Drop(Move{11, 2, staircase(1)}) // whose instant had not come
	if ev := next(t, h.events); !strings.Contains(ev.Value.(PathEnd).Err, "held") || !m.tookPath(11) {
		t.Errorf("dropped while held: %+v", ev)
	}
	m.Hold(false)
	m.Drop(Move{12, 2, staircase(1)})
	if ev := next(t, h.events); ev.Value != (PathEnd{12, "the path was stopped"}) || !m.tookPath(12) {
		t.Errorf("dropped: %+v", ev)
	}
	m.Drop(Home{13, 2})
	m.Drop(StopAxis{14, 2}) // which has no end
	if ev := next(t, h.events); ev.Value != (PathEnd{13, "the path was stopped"}) || !m.tookPath(13) || !m.tookPath(14) {
		t.Errorf("dropped: %+v", ev)
	}
	m.Take(h.clock.Now(), Move{10, 3, staircase(1)})
	s.Do(func(now time.Time) {
		if n := machine.Buffered(2, now); n > 3 {
			t.Errorf("the machine has %d segments", n)
		}
	})
	if ev := next(t, h.events); ev.Value != (PathEnd{Path: 10}) {
		t.Errorf("released: %+v", ev)
	}
}

// TestMotionFollows: the tempo of the show is that of paths.
func TestMotionFollows(t *testing.T) {
	_, _, segments, at := motionServer(t)
	h := newHost()
	m, _ := open[*Motion](t, h, &MotionDecl{Server: at, Safe: "stop"})
	m.Tempo(h.clock.Now(), 240)
	m.Take(h.clock.Now(), AxisFollow{0, 10})
	m.Tempo(h.clock.Now(), 0) // a deck that stands
	m.Take(h.clock.Now(), Move{1, 0, staircase(2)})
	for range 2 {
		if seg := next(t, segments); seg.End.Sub(seg.Start) != 25*time.Millisecond {
			t.Errorf("a segment takes %v", seg.End.Sub(seg.Start))
		}
	}
}

// TestVirtualMotion is stepped, without a socket.
func TestVirtualMotion(t *testing.T) {
	h := newHost()
	virtual := clock.NewVirtual()
	h.clock = virtual
	d, err := (&MotionDecl{Server: Server{Host: "nowhere.invalid", Port: 1}, Safe: "stop"}).OpenVirtual(h.env())
	if err != nil {
		t.Fatal(err)
	}
	m := d.(interface {
		device.Stepper
		device.Taker
	})
	if m.Next() != beat.Never {
		t.Errorf("steps at %v", m.Next())
	}
	m.Take(0, Move{1, 0, staircase(30)})
	steps := 0
	for m.Next() != beat.Never {
		virtual.Set(m.Next())
		m.Step(virtual.Now())
		if steps++; steps > 1000 {
			t.Fatal("it steps for ever")
		}
	}
	if ev := next(t, h.events); ev.At != 30*time.Second || ev.Value != (PathEnd{Path: 1}) {
		t.Errorf("%+v", ev)
	}
}

// valveServer keeps what joints do, as in "1: 50".
func valveServer(t *testing.T) (chan string, Server) {
	changes := make(chan string, 100)
	_, at := serve(t, server.NewValve(server.ValveConfig{OnChange: func(joint int, j server.Joint, _ time.Time) {
		changes <- fmt.Sprintf("%d: %v %v", joint, j.PWM, j.Vented)
	}}))
	return changes, at
}

func wantChanges(t *testing.T, changes <-chan string, want ...string) {
	t.Helper()
	var got []string
	for range want {
		got = append(got, next(t, changes))
	}
	if !slices.Equal(got, want) {
		t.Errorf("the valves do %q, want %q", got, want)
	}
}

// TestValves: orders, safe actions, and nothing while they are held.
func TestValves(t *testing.T) {
	changes, at := valveServer(t)
	h := newHost()
	v, _ := open[*Valve](t, h, &ValveDecl{Server: at, Safe: "empty"})
	v.Take(0, Feed{1, 50})
	v.Take(0, Feed{2, -100})
	wantChanges(t, changes, "1: 50 false", "2: -100 false")
	v.Take(0, Empty{})
	wantChanges(t, changes, "1: 0 true", "2: 0 true")
	v.Take(0, Feed{1, 20})
	wantChanges(t, changes, "1: 20 false")
	v.Hold(true)
	v.Take(0, Feed{1, 30})
	v.Take(0, Empty{})
	wantChanges(t, changes, "1: 0 false", "2: 0 false", "1: 0 true", "2: 0 true")
	if n := strings.Count(h.logged(), "command refused"); n != 1 {
		t.Errorf("refusals are logged %d times:\n%s", n, h.logged())
	}
	v.Safe()
	v.Hold(false)
	v.Take(0, Feed{2, 10})
	wantChanges(t, changes, "1: 0 false", "2: 0 false", "1: 0 true", "2: 0 true", "2: 10 false")
}

// TestValvesThatHold leave everything as it is.
func TestValvesThatHold(t *testing.T) {
	changes, at := valveServer(t)
	v, _ := open[*Valve](t, newHost(), &ValveDecl{Server: at, Safe: "hold"})
	v.Take(0, Feed{1, 50})
	v.Safe()
	v.Take(0, Feed{1, 60})
	wantChanges(t, changes, "1: 50 false", "1: 60 false")
}

// how is a record without the name of the protocol.
func how(t *testing.T, record []byte) []byte {
	t.Helper()
	rest, ok := bytes.CutPrefix(record, []byte("theater\n"))
	if !ok {
		t.Fatalf("record %q", record)
	}
	return rest
}

// TestMakeSafe: a record is enough.
func TestMakeSafe(t *testing.T) {
	changes, at := valveServer(t)
	log := slog.New(slog.DiscardHandler)
	for i, tt := range []struct {
		safe string
		want []string
	}{
		{"empty", []string{"1: 0 false", "2: 0 false", "1: 0 true", "2: 0 true"}},
		{"stop", []string{"1: 0 false", "2: 0 false"}},
		{"hold", nil},
	} {
		v, stop := open[*Valve](t, newHost(), &ValveDecl{Server: at, Safe: "hold"})
		v.Take(0, Feed{1, float64(10 + i)})
		v.Take(0, Feed{2, -50})
		stop() // as a crash does
		wantChanges(t, changes, fmt.Sprintf("1: %d false", 10+i), "2: -50 false")
		if err := makeSafe(how(t, (&ValveDecl{Server: at, Safe: tt.safe}).SafeRecord("")), time.Now(), log); err != nil {
			t.Errorf("%s: %v", tt.safe, err)
		}
		wantChanges(t, changes, tt.want...)
	}
	for _, safe := range []string{"stop", "hold"} { // nothing can be sent, wherever it is
		if err := makeSafe(how(t, (&MotionDecl{Server: Server{Host: "nowhere.invalid"}, Safe: safe}).SafeRecord("")), time.Now(), log); err != nil {
			t.Errorf("motion: %v", err)
		}
	}
}

func TestMakeSafeRefuses(t *testing.T) {
	valve := func(host, iface, safe string) []byte {
		return how(t, machine{Kind: kindValve, Host: host, Port: 1, Interface: iface, Safe: safe}.record())
	}
	for _, b := range [][]byte{
		nil, []byte("{"), []byte(`{"version":2,"kind":"theater valve"}`), []byte(`{"version":1,"kind":"crane"}`),
		valve("127.0.0.1", "", "vent"), valve("no host", "", "empty"),
		valve("192.0.2.1", "127.0.0.1", "empty"), // which the system refuses
	} {
		if makeSafe(b, time.Now(), slog.New(slog.DiscardHandler)) == nil {
			t.Errorf("%q is performed", b)
		}
	}
}

// TestSafeWithoutWaiting: neither a loop that has not begun nor an order in the
// middle of being carried out holds up a safe action.
func TestSafeWithoutWaiting(t *testing.T) {
	changes, at := valveServer(t)
	h := newHost()
	d, err := (&ValveDecl{Server: at, Safe: "stop"}).Open(h.env())
	if err != nil {
		t.Fatal(err)
	}
	v := d.(*Valve)
	defer v.Close()
	v.Take(0, Feed{1, 50})
	v.Safe()
	wantChanges(t, changes, "1: 50 false", "1: 0 false")
	m, err := (&MotionDecl{Server: at, Safe: "stop"}).Open(h.env())
	if err != nil {
		t.Fatal(err)
	}
	defer m.(*Motion).Close()
	m.(*Motion).Take(0, Move{1, 0, staircase(50)})
	m.(*Motion).Safe()
	if n := m.(*Motion).Answer(PendingOf{0}); n != 1 {
		t.Errorf("%d segments pending", n)
	}
}

// TestOpenErrors: what cannot be opened says so.
func TestOpenErrors(t *testing.T) {
	env := newHost().env()
	for _, decl := range []device.Declaration{
		&LightingDecl{Server: Server{Host: "no host", Port: 1}},
		&MotionDecl{Server: Server{Host: "127.0.0.1", Port: 1}, Safe: "empty"},
		&MotionDecl{Server: Server{Host: "127.0.0.1", Port: 1}, Safe: "x"},
		&ValveDecl{Server: Server{Host: "127.0.0.1", Port: 1}, Safe: "x"},
		&ValveDecl{Server: Server{Host: "192.0.2.1", Port: 1, Interface: "nothing0"}},
	} {
		if d, err := decl.Open(env); err == nil {
			t.Errorf("%v is opened: %v", decl, d)
		}
	}
}
