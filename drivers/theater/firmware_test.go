package theater

import (
	"fmt"
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
