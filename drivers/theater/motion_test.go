package theater

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"showrun/drivers/osc"
)

// firmware is a device as PROTOCOL.md describes it, which gets every message a
// while after it was sent.
type firmware struct {
	delay   time.Duration
	tempo   float64
	buffer  []move // running and waiting
	moves   []move // all that were taken
	cut     int    // segments that did not fit
	most    int    // in the buffer
	stood   time.Duration
	ready   time.Time // when the last in the buffer ends
	degrees float64   // where it ends
}

type move struct {
	start, end time.Time
	to         float64
}

// take takes a message sent at an instant.
func (d *firmware) take(t *testing.T, at time.Time, m osc.Message) {
	t.Helper()
	at = at.Add(d.delay)
	var list []float64
	for _, a := range m.Args[1:] {
		n, ok := osc.Number(a)
		if !ok {
			t.Fatalf("%v has a %T", m, a)
		}
		list = append(list, n)
	}
	if m.Address == "/tempo" {
		d.tempo = list[0]
		return
	}
	for len(d.buffer) > 0 && !d.buffer[0].end.After(at) {
		d.buffer = d.buffer[1:]
	}
	start := d.degrees
	for k := range slices.Chunk(list, 3) {
		if len(d.buffer) == 20 {
			d.cut++
			continue
		}
		if len(d.moves) > 0 && d.ready.Before(at) {
			d.stood = max(d.stood, at.Sub(d.ready))
		}
		begin := later(d.ready, at)
		d.ready = begin.Add(time.Duration(float64(time.Minute) / d.tempo))
		d.degrees = start + k[2]
		d.buffer = append(d.buffer, move{begin, d.ready, d.degrees})
		d.moves = append(d.moves, d.buffer[len(d.buffer)-1])
		d.most = max(d.most, len(d.buffer))
	}
}

// stage is a Motion with firmware behind it, at an instant that a test moves.
type stage struct {
	*Motion
	t      *testing.T
	now    time.Time
	device [axes]firmware
	sent   []string
	broken error
	lost   func(m osc.Message) bool // datagrams that vanish
	ends   []End
}

func newStage(t *testing.T, cfg MotionConfig) *stage {
	t.Helper()
	s := &stage{t: t, now: epoch, lost: func(osc.Message) bool { return false }}
	for i := range s.device {
		s.device[i].tempo = 60
	}
	var err error
	s.Motion, err = NewMotion(cfg, func(m osc.Message) error {
		if s.broken != nil {
			return s.broken
		}
		s.sent = append(s.sent, m.String())
		if _, err := osc.AppendMessage(nil, m); err != nil {
			t.Error(err)
		}
		if a, err := ParseAxis(m.Args[0].(string)); err != nil {
			t.Error(err)
		} else if !s.lost(m) {
			s.device[a].take(t, s.now, m)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var epoch = time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)

// until moves the time on, from deadline to deadline, in so many steps at most.
func until(t *testing.T, m machine, now *time.Time, at time.Duration, most int) {
	t.Helper()
	for steps := 0; ; steps++ {
		next := m.Deadline()
		if next.IsZero() || next.After(epoch.Add(at)) {
			break
		}
		if steps > most {
			t.Fatalf("the deadline stays at %v", next.Sub(epoch))
		}
		*now = later(*now, next)
		m.Step(*now)
	}
	*now = epoch.Add(at)
}

func (s *stage) until(at time.Duration) {
	s.t.Helper()
	until(s.t, s, &s.now, at, 100_000)
}

// done takes the end of a path.
func (s *stage) done(e End) { s.ends = append(s.ends, e) }

// spline gives the axis X a path.
func (s *stage) spline(knots ...float64) {
	s.t.Helper()
	if err := s.Spline(s.now, X, knots, s.done); err != nil {
		s.t.Fatal(err)
	}
}

// expect compares what was sent since the last time.
func (s *stage) expect(want ...string) {
	s.t.Helper()
	if !slices.Equal(s.sent, want) {
		s.t.Errorf("at %v sent\n\t%s\nwant\n\t%s", s.now.Sub(epoch), strings.Join(s.sent, "\n\t"), strings.Join(want, "\n\t"))
	}
	s.sent = nil
}

// expectEnd compares the ends reported since the last time.
func (s *stage) expectEnd(want ...string) {
	s.t.Helper()
	var got []string
	for _, e := range s.ends {
		got = append(got, fmt.Sprintf("%v at %v: %v", e.Axis, e.At.Sub(epoch), e.Err))
	}
	if !slices.Equal(got, want) {
		s.t.Errorf("at %v ended\n\t%s\nwant\n\t%s", s.now.Sub(epoch), strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
	s.ends = nil
}

func (s *stage) expectPending(held, sent int, end time.Duration) {
	s.t.Helper()
	want := Pending{Held: held, Sent: sent}
	if held+sent > 0 {
		want.End = epoch.Add(end)
	}
	if got := s.Pending(s.now, X); got != want {
		s.t.Errorf("at %v pending %v, want %v", s.now.Sub(epoch), got, want)
	}
}

// smooth is a path of n segments of 10 degrees each.
func smooth(n int) (knots []float64) {
	for i := range n {
		from := float64(10 * i)
		knots = append(knots, from, from+10, from+10)
	}
	return knots
}

const ms = time.Millisecond

// TestSplineExample: three segments, each sent 300 ms before it starts and
// counted from where the axis is then.
func TestSplineExample(t *testing.T) {
	s := newStage(t, MotionConfig{})
	s.spline(0, 360, 360, 180, 180, 180, 0, 0, 0)
	s.expect("/tempo x 60", "/spline x 0 360 360")
	s.expectPending(2, 1, 3*time.Second)
	s.until(699 * ms)
	s.expect()
	s.until(700 * ms)
	s.expect("/spline x -180 -180 -180")
	s.expectPending(1, 2, 3*time.Second)
	s.until(1700 * ms)
	s.expect("/tempo x 60", "/spline x -180 -180 -180")
	s.expectPending(0, 2, 3*time.Second)
	s.until(2999 * ms)
	s.expectEnd()
	s.until(3000 * ms)
	s.expectEnd("x at 3s: <nil>")
	s.expectPending(0, 0, 0)
	if d := s.device[X]; d.degrees != 0 || d.stood != 0 || len(d.moves) != 3 {
		t.Errorf("the device: %+v", d)
	}
	if next := s.Deadline(); !next.IsZero() {
		t.Errorf("still waits for %v", next)
	}
	if got := s.Stats(); got != (MotionStats{Stats: Stats{Sent: 5}, Segments: 3}) {
		t.Errorf("counts %+v", got)
	}
}

// TestLongPath: 200 segments of any length arrive whole and without a gap, however
// late the network is within reason, and never more than fit.
func TestLongPath(t *testing.T) {
	for _, rate := range []float64{1, 59.9, 60, 240, 600, 1199, 6000, 60000} {
		for _, delay := range []time.Duration{0, ms, 10 * ms} {
			s := newStage(t, MotionConfig{})
			s.device[X].delay = delay
			if err := s.Tempo(s.now, X, rate); err != nil {
				t.Fatal(err)
			}
			s.spline(smooth(200)...)
			length := 200 * segment(onWire(rate))
			s.until(length)
			s.expectEnd(fmt.Sprintf("x at %v: <nil>", length))
			d := s.device[X]
			if len(d.moves) != 200 || d.cut != 0 || d.most > 20 || d.degrees != 2000 || d.stood > 5*ms {
				t.Errorf("rate %v, delay %v: %d segments, %d cut, %d in the buffer at most, ends at %v°, stood %v",
					rate, delay, len(d.moves), d.cut, d.most, d.degrees, d.stood)
			}
			for i, m := range d.moves {
				if m.to != float64(10*i+10) {
					t.Fatalf("rate %v: segment %d ends at %v°", rate, i, m.to)
				}
			}
			if g := s.Stats().Gaps; g != 0 {
				t.Errorf("rate %v: %d gaps", rate, g)
			}
		}
	}
}

// TestShortSegments: as many leave at once as fit into 300 ms, and 16 at most.
func TestShortSegments(t *testing.T) {
	for rate, want := range map[float64]int{600: 4, 1200: 7, 6000: 16, 60000: 16} {
		s := newStage(t, MotionConfig{})
		s.Tempo(s.now, X, rate)
		s.spline(smooth(50)...)
		if p := s.Pending(s.now, X); p.Sent != want || len(s.sent) != 3 {
			t.Errorf("rate %v: %+v in %d messages", rate, p, len(s.sent))
		}
	}
}

// TestRounding: what is sent counts from where the device is by the numbers it was
// sent, so that fractions do not add up.
func TestRounding(t *testing.T) {
	s := newStage(t, MotionConfig{})
	var knots []float64
	for i := range 5000 {
		k := float64(i+1) * 0.1
		knots = append(knots, k, k, k)
	}
	s.Tempo(s.now, X, 6000)
	s.spline(knots...)
	s.until(time.Hour)
	if d := s.device[X]; len(d.moves) != 5000 || math.Abs(d.degrees-500) > 1e-6 {
		t.Errorf("%d segments end at %v°, want 500", len(d.moves), d.degrees)
	}
}

// TestTempoInOrder: a tempo leaves behind the path before it and ahead of the one
// after it, and the last one given counts.
func TestTempoInOrder(t *testing.T) {
	s := newStage(t, MotionConfig{})
	s.Tempo(s.now, X, 120)
	s.expect("/tempo x 120")
	s.spline(10, 10, 10, 20, 20, 20)
	s.expect("/tempo x 120", "/spline x 10 10 10")
	s.Tempo(s.now, X, 30)
	s.Tempo(s.now, X, 240)
	s.expect()
	s.spline(5, 5, 5, 6, 6, 6)
	s.Tempo(s.now, X, 60.5)
	s.until(200 * ms)
	s.expect("/spline x 10 10 10")
	s.until(700 * ms)
	s.expect("/tempo x 240", "/spline x 5 5 5")
	s.until(950 * ms)
	s.expect("/spline x 1 1 1", "/tempo x 60.5")
	s.until(time.Minute)
	s.expect()
	s.expectEnd("x at 1s: <nil>", "x at 1.5s: <nil>")
	s.Tempo(s.now, X, 60.5)
	s.expect("/tempo x 60.5") // said again because the script says it again
}

// TestTempoRepeated: a device that was switched off gets its tempo back.
func TestTempoRepeated(t *testing.T) {
	s := newStage(t, MotionConfig{})
	s.spline(1, 1, 1)
	s.until(500 * ms)
	s.spline(1, 1, 1)
	s.expect("/tempo x 60", "/spline x 1 1 1")
	s.until(1499 * ms)
	s.expect("/tempo x 60", "/spline x 1 1 1")
	s.until(time.Minute)
	s.spline(1, 1, 1)
	s.expect("/tempo x 60", "/spline x 1 1 1")
	s.expectEnd("x at 1s: <nil>", "x at 2s: <nil>")
}

// TestAxesAreIndependent: each has its own tempo, path and end.
func TestAxesAreIndependent(t *testing.T) {
	s := newStage(t, MotionConfig{})
	s.Tempo(s.now, A, 600)
	for _, axis := range []Axis{X, Y, Z, A} {
		if err := s.Spline(s.now, axis, smooth(10*(1+int(axis))), s.done); err != nil {
			t.Fatal(err)
		}
	}
	s.Stop(s.now, Y)
	s.until(time.Hour)
	s.expectEnd("y at 1s: the path was stopped", "a at 4s: <nil>", "x at 10s: <nil>", "z at 30s: <nil>")
	for i, want := range []float64{100, 10, 300, 400} {
		if d := s.device[i]; d.degrees != want || d.stood != 0 {
			t.Errorf("axis %v: %v°, stood %v", Axis(i), d.degrees, d.stood)
		}
	}
}

// TestStop: the running segment ends, what would have come is gone, and the next
// path starts from there.
func TestStop(t *testing.T) {
	s := newStage(t, MotionConfig{})
	s.spline(smooth(10)...)
	s.spline(smooth(1)...)
	s.until(2500 * ms)
	s.sent = nil
	s.Stop(s.now, X)
	s.expectPending(0, 1, 3*time.Second)
	s.expectEnd("x at 3s: the path was stopped", "x at 3s: the path was stopped")
	s.until(time.Minute)
	s.expect()
	s.expectEnd()
	s.Stop(s.now, X)
	s.expectEnd()
	s.spline(7, 7, 7)
	s.expect("/tempo x 60", "/spline x 7 7 7")
	s.until(2 * time.Minute)
	s.expectEnd("x at 1m1s: <nil>")
	if d := s.device[X]; d.degrees != 37 || len(d.moves) != 4 {
		t.Errorf("%d segments, %v°", len(d.moves), d.degrees)
	}
	if got := s.Stats().Dropped; got != 8 {
		t.Errorf("%d segments dropped, want 7 and 1", got)
	}
}

// TestStopAtTheEnd: a path that was sent whole ends as if nothing had happened.
func TestStopAtTheEnd(t *testing.T) {
	s := newStage(t, MotionConfig{})
	s.spline(smooth(2)...)
	s.until(800 * ms)
	s.Stop(s.now, X)
	s.expectEnd()
	s.until(time.Minute)
	s.expectEnd("x at 2s: <nil>")
}

func TestSafeAndHold(t *testing.T) {
	for _, safe := range []Safe{SafeDefault, SafeStop, SafeHold} {
		s := newStage(t, MotionConfig{Safe: safe})
		s.spline(smooth(10)...)
		s.Spline(s.now, Z, smooth(10), s.done)
		s.sent = nil
		s.Safe(s.now)
		s.expectEnd("x at 1s: the path was stopped", "z at 1s: the path was stopped")
		s.until(20 * time.Second)
		s.expect()
		s.spline(1, 1, 1) // Safe alone forbids nothing
		s.expect("/tempo x 60", "/spline x 1 1 1")
		s.until(30 * time.Second)
		s.expectEnd("x at 21s: <nil>")

		s.spline(smooth(10)...)
		s.Beat(s.now, 120)
		s.Follow(s.now, Y, 1)
		s.sent = nil
		s.Hold(s.now, true)
		s.expectEnd("x at 31s: the path was stopped")
		for what, err := range map[string]error{
			"spline": s.Spline(s.now, X, smooth(1), s.done), "tempo": s.Tempo(s.now, X, 50), "follow": s.Follow(s.now, X, 1),
		} {
			if !errors.Is(err, ErrHeld) {
				t.Errorf("%s: %v", what, err)
			}
		}
		s.Hold(s.now, true)
		s.Safe(s.now)
		s.Stop(s.now, X)
		s.Beat(s.now, 90)
		s.until(40 * time.Second)
		s.expect()
		s.Hold(s.now, false)
		s.expect("/tempo y 90")
		s.spline(1, 1, 1)
		s.expect("/tempo x 60", "/spline x 1 1 1")
	}
}

// TestHoldWaitsForTheEnd: a path that was sent whole still ends, and is reported.
func TestHoldWaitsForTheEnd(t *testing.T) {
	s := newStage(t, MotionConfig{})
	s.spline(smooth(1)...)
	s.Hold(s.now, true)
	s.until(time.Minute)
	s.expectEnd("x at 1s: <nil>")
	if next := s.Deadline(); !next.IsZero() {
		t.Errorf("waits for %v", next)
	}
}

// TestSystemRefuses: what is refused is sent again, and given up after a second.
func TestSystemRefuses(t *testing.T) {
	s := newStage(t, MotionConfig{})
	s.broken = errors.New("network is unreachable")
	s.spline(smooth(3)...)
	s.until(500 * ms)
	s.broken = nil
	s.until(600 * ms)
	s.expect("/tempo x 60", "/spline x 0 10 10")
	s.broken = net.ErrClosed
	s.until(1210 * ms) // 700 ms after the first
	s.expect()
	s.broken = nil
	s.until(10 * time.Second)
	s.expect("/spline x 0 10 10", "/tempo x 60", "/spline x 0 10 10")
	s.expectEnd("x at 3.52s: <nil>")
	if d := s.device[X]; d.degrees != 30 || d.stood != 0 {
		t.Errorf("%v°, stood %v", d.degrees, d.stood)
	}

	s.broken = errors.New("network is unreachable")
	s.spline(smooth(3)...)
	s.until(11 * time.Second)
	s.expectEnd("x at 11s: the path could not be sent")
	s.until(20 * time.Second)
	s.Tempo(s.now, X, 50)
	s.until(30 * time.Second)
	if next := s.Deadline(); !next.IsZero() {
		t.Errorf("goes on trying at %v", next.Sub(epoch))
	}
	s.broken = nil
	s.until(40 * time.Second)
	s.expect()
	s.spline(smooth(1)...)
	s.expect("/tempo x 50", "/spline x 0 10 10")
	if got := s.Stats(); got.Dropped != 3 || got.Unsent < 100 || got.Unsent > 200 {
		t.Errorf("counts %+v", got)
	}
}

// TestLate: a segment that leaves too late is a gap, counted and told.
func TestLate(t *testing.T) {
	var gaps []time.Duration
	s := newStage(t, MotionConfig{OnGap: func(a Axis, gap time.Duration) { gaps = append(gaps, gap) }})
	s.spline(smooth(3)...)
	s.now = epoch.Add(1100 * ms) // nobody called Step
	s.Step(s.now)
	s.until(time.Minute)
	s.expectEnd("x at 3.1s: <nil>")
	if got := s.Stats(); got.Gaps != 1 || got.LongestGap != 100*ms || !slices.Equal(gaps, []time.Duration{100 * ms}) {
		t.Errorf("counts %+v, told of %v", got, gaps)
	}
	if d := s.device[X]; d.stood != 100*ms {
		t.Errorf("the device stood %v", d.stood)
	}
	s.spline(smooth(1)...) // a pause between paths is none
	if s.Stats().Gaps != 1 {
		t.Error("a pause is counted as a gap")
	}
}

// TestLostDatagrams: the model is right again by itself, and says when the path must
// have ended.
func TestLostDatagrams(t *testing.T) {
	for _, rate := range []float64{60, 240, 1200, 6000} {
		s := newStage(t, MotionConfig{})
		random, missing, tempos := rand.New(rand.NewPCG(1, uint64(rate))), 0, 0
		s.lost = func(m osc.Message) bool {
			if m.Address == "/tempo" {
				tempos++
			}
			lost := random.IntN(10) == 0 && tempos > 2 // not both of the beginning
			if lost && m.Address == "/spline" {
				missing += (len(m.Args) - 1) / 3
			}
			return lost
		}
		s.Tempo(s.now, X, rate)
		s.spline(smooth(200)...)
		length := 200 * segment(onWire(rate))
		s.until(length)
		s.expectEnd(fmt.Sprintf("x at %v: <nil>", length))
		s.expectPending(0, 0, 0)
		d := &s.device[X]
		if len(d.moves) != 200-missing || d.cut != 0 || missing == 0 {
			t.Errorf("rate %v: %d segments and %d cut, %d lost", rate, len(d.moves), d.cut, missing)
		}
		if late := d.ready.Sub(epoch.Add(length)); late > 0 {
			t.Errorf("rate %v: the device ends %v after the model", rate, late)
		}
		s.lost = func(osc.Message) bool { return false }
		s.now = s.now.Add(time.Minute)
		before := len(d.moves)
		s.spline(smooth(30)...)
		s.until(time.Hour)
		if len(d.moves) != before+30 || s.Stats().Gaps != 0 {
			t.Errorf("rate %v: %d of 30 segments afterwards, %d gaps", rate, len(d.moves)-before, s.Stats().Gaps)
		}
	}
}

// TestLostTempo: it is sent again ahead of the path.
func TestLostTempo(t *testing.T) {
	s := newStage(t, MotionConfig{})
	s.lost = func(m osc.Message) bool { return true }
	s.Tempo(s.now, X, 600)
	s.lost = func(m osc.Message) bool { return false }
	s.spline(smooth(100)...)
	s.until(time.Minute)
	if d := s.device[X]; len(d.moves) != 100 || d.cut != 0 || d.tempo != 600 {
		t.Errorf("%d segments, %d cut, tempo %v", len(d.moves), d.cut, d.tempo)
	}
}

// TestSlowDevice: a clock that is 2 % slow does not overflow the buffer in 200
// segments.
func TestSlowDevice(t *testing.T) {
	s := newStage(t, MotionConfig{})
	s.Tempo(s.now, X, 600)
	s.lost = func(m osc.Message) bool {
		if m.Address == "/tempo" {
			s.device[X].tempo = 588
			return true
		}
		return false
	}
	s.Tempo(s.now, X, 600)
	s.spline(smooth(200)...)
	s.until(time.Minute)
	if d := s.device[X]; len(d.moves) != 200 || d.cut != 0 || d.stood != 0 {
		t.Errorf("%d segments, %d cut, stood %v", len(d.moves), d.cut, d.stood)
	}
}

func TestAhead(t *testing.T) {
	s := newStage(t, MotionConfig{Ahead: 50 * ms})
	s.spline(smooth(2)...)
	s.until(949 * ms)
	s.expect("/tempo x 60", "/spline x 0 10 10")
	s.until(950 * ms)
	s.expect("/spline x 0 10 10")
}

// TestMotionFollows: at most twice a second, and behind the path that runs.
func TestMotionFollows(t *testing.T) {
	s := newStage(t, MotionConfig{})
	s.Follow(s.now, X, 0.5)
	s.expect()
	s.Beat(s.now, 128)
	s.expect("/tempo x 64")
	s.spline(smooth(2)...)
	s.Beat(s.now, 120)
	s.until(600 * ms)
	s.expect("/tempo x 64", "/spline x 0 10 10")
	s.until(700 * ms)
	s.expect("/spline x 0 10 10", "/tempo x 60")
	s.until(10 * time.Second)
	s.Tempo(s.now, X, 200)
	s.expect("/tempo x 200")
	s.Beat(s.now, 90) // the script has said otherwise
	s.until(20 * time.Second)
	s.expect()
	s.Follow(s.now, X, 1)
	s.expect("/tempo x 90")
	s.Follow(s.now, X, 0)
	s.Beat(s.now, 100)
	s.until(30 * time.Second)
	s.expect()
}

func TestMotionArguments(t *testing.T) {
	s := newStage(t, MotionConfig{})
	for want, err := range map[string]error{
		"axis 4: expected 0-3":                         s.Spline(s.now, 4, smooth(1), nil),
		"axis -1: expected 0-3":                        s.Tempo(s.now, -1, 60),
		"axis 7: expected 0-3":                         s.Follow(s.now, 7, 1),
		"/spline x: 0 knots, expected a multiple of 3": s.Spline(s.now, X, nil, nil),
		"/spline y: 4 knots, expected a multiple of 3": s.Spline(s.now, Y, make([]float64, 4), nil),
		"/spline z: number 2 is NaN":                   s.Spline(s.now, Z, []float64{1, math.NaN(), 1}, nil),
		"/spline a: number 3 is -Inf":                  s.Spline(s.now, A, []float64{1, 1, math.Inf(-1)}, nil),
		"number 1 is 1e+39":                            s.Spline(s.now, A, []float64{1e39, 1, 1}, nil),
		"/tempo x 0: expected 0.01 to 60000 segments":  s.Tempo(s.now, X, 0),
		"/tempo x -1":                                  s.Tempo(s.now, X, -1),
		"/tempo x NaN":                                 s.Tempo(s.now, X, math.NaN()),
		"/tempo x +Inf":                                s.Tempo(s.now, X, math.Inf(1)),
		"-1 segments per beat":                         s.Follow(s.now, X, -1),
		"NaN segments per beat":                        s.Follow(s.now, X, math.NaN()),
		"motion: 1ns ahead":                            second(NewMotion(MotionConfig{Ahead: 1}, nil)),
		"safe action 2: this device":                   second(NewMotion(MotionConfig{Safe: SafeEmpty}, nil)),
		"safe action 2":                                second(OpenMotion(MotionConfig{Safe: SafeEmpty})),
	} {
		if !errors.Is(err, ErrArgument) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	s.Stop(s.now, 9)
	if s.Pending(s.now, 9) != (Pending{}) || len(s.sent) != 0 || len(s.ends) != 0 || s.Stats() != (MotionStats{}) {
		t.Errorf("refused commands have effects: %v %v", s.sent, s.Stats())
	}
	s.Close()
	if err := s.Spline(s.now, X, smooth(1), s.done); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

// TestKnotsAreCopied: the caller may use them again.
func TestKnotsAreCopied(t *testing.T) {
	s := newStage(t, MotionConfig{})
	knots := smooth(2)
	s.spline(knots...)
	s.Spline(s.now, X, knots, nil) // nobody wants to know
	clear(knots)
	s.until(time.Minute)
	s.expectEnd("x at 2s: <nil>")
	if d := s.device[X]; d.degrees != 40 {
		t.Errorf("%v°", d.degrees)
	}
}

// FuzzMotion gives a Motion any commands at any time. On a network without delay,
// with a device that is on time, nothing is cut off, there is no gap but those of
// late steps, the axis ends where the paths say, and every path is reported once.
func FuzzMotion(f *testing.F) {
	f.Add([]byte{0, 200, 3, 10, 1, 50, 0, 7, 3, 255, 2, 0, 3, 255, 0, 40, 4, 3, 1, 5, 1})
	f.Add([]byte{1, 0, 0, 255, 1, 1, 0, 255, 1, 255, 0, 255, 3, 255, 3, 255, 3, 255})
	f.Fuzz(func(t *testing.T, ops []byte) {
		if len(ops) > 200 {
			return
		}
		s := newStage(t, MotionConfig{})
		want, given, gap := 0.0, 0, time.Duration(0)
		s.onGap = func(_ Axis, g time.Duration) { gap = max(gap, g) }
		late, held := time.Duration(0), false
		for i := 0; i+1 < len(ops); i += 2 {
			n := int(ops[i+1])
			now := s.now.Sub(epoch)
			switch ops[i] % 6 {
			case 0:
				if err := s.Spline(s.now, X, smooth(n+1), s.done); held != errors.Is(err, ErrHeld) {
					t.Fatal(err)
				} else if !held {
					given++
					want += float64(10 * (n + 1))
				}
			case 1:
				s.Tempo(s.now, X, float64(1+n*n)/10)
			case 2:
				dropped := s.Pending(s.now, X).Held
				want -= float64(10 * dropped)
				s.Stop(s.now, X)
			case 3:
				s.until(now + time.Duration(n*n)*ms)
			case 4: // nobody calls Step for a while
				late = max(late, time.Duration(n)*ms)
				s.now = s.now.Add(time.Duration(n) * ms)
				s.Step(s.now)
			case 5:
				want -= float64(10 * s.Pending(s.now, X).Held)
				held = n%2 == 0
				s.Hold(s.now, held)
				if !held {
					want += float64(10 * s.Pending(s.now, X).Held)
				}
			}
		}
		s.Hold(s.now, false)
		s.until(s.now.Sub(epoch) + 1000*time.Hour)
		d := s.device[X]
		if d.cut != 0 || d.most > maxSent {
			t.Errorf("%d segments cut off, %d in the buffer", d.cut, d.most)
		}
		if math.Abs(d.degrees-want) > 1e-6 {
			t.Errorf("ends at %v°, want %v", d.degrees, want)
		}
		if gap > late {
			t.Errorf("a gap of %v, steps were at most %v late", gap, late)
		}
		if len(s.ends) != given {
			t.Errorf("%d of %d paths were reported", len(s.ends), given)
		}
		if p := s.Pending(s.now, X); p != (Pending{}) {
			t.Errorf("pending %+v", p)
		}
	})
}
