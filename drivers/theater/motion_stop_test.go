package theater

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"testing"
	"time"

	"showrun/drivers/osc"
)

// TestStop: the running segment ends, what would have come is gone, and the next
// path starts from there.
func TestStop(t *testing.T) {
	s := newStage(t, MotionConfig{})
	s.spline(smooth(30)...)
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
	if got := s.Stats().Dropped; got != 28 {
		t.Errorf("%d segments dropped, want 27 and 1", got)
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
		s.spline(smooth(30)...)
		s.Spline(s.now, Z, smooth(30), s.done)
		s.sent = nil
		s.Safe(s.now)
		s.expectEnd("x at 1s: the path was stopped", "z at 1s: the path was stopped")
		s.until(20 * time.Second)
		s.expect()
		s.spline(1, 1, 1) // Safe alone forbids nothing
		s.expect("/tempo x 60", "/spline x 1 1 1")
		s.until(30 * time.Second)
		s.expectEnd("x at 21s: <nil>")

		s.spline(smooth(30)...)
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
	s.spline(smooth(30)...)
	s.until(500 * ms)
	s.broken = nil
	s.until(600 * ms)
	s.expect("/tempo x 60", "/spline x 0 10 10")
	s.broken = net.ErrClosed
	s.until(1210 * ms) // 700 ms after the first
	s.expect()
	s.broken = nil
	s.until(2400 * ms)
	s.expect("/spline x 0 10 10", "/tempo x 60", "/spline x 0 10 10")
	s.until(40 * time.Second)
	s.sent = nil
	s.expectEnd("x at 30.52s: <nil>")
	if d := s.device[X]; d.degrees != 300 || d.stood != 0 {
		t.Errorf("%v°, stood %v", d.degrees, d.stood)
	}

	s.broken = errors.New("network is unreachable")
	s.spline(smooth(3)...)
	s.until(41 * time.Second)
	s.expectEnd("x at 41s: the path could not be sent")
	s.until(50 * time.Second)
	s.Tempo(s.now, X, 50)
	s.until(60 * time.Second)
	if next := s.Deadline(); !next.IsZero() {
		t.Errorf("goes on trying at %v", next.Sub(epoch))
	}
	s.broken = nil
	s.until(70 * time.Second)
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
	s.spline(smooth(30)...)
	s.now = epoch.Add(1100 * ms) // nobody called Step
	s.Step(s.now)
	s.until(time.Minute)
	s.expectEnd("x at 30.1s: <nil>")
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
	s.spline(smooth(21)...)
	s.until(949 * ms)
	s.expect("/tempo x 60", "/spline x 0 10 10")
	s.until(950 * ms)
	s.expect("/spline x 0 10 10")
}
