package theater

import (
	"errors"
	"fmt"
	"math"
	"net"
	"strings"
	"testing"
	"time"
)

// TestSplineExample: the example of the document leaves as it stands there.
func TestSplineExample(t *testing.T) {
	s := newStage(t, MotionConfig{})
	s.spline(0, 360, 360, 180, 180, 180, 0, 0, 0)
	s.expect("/tempo x 60", "/spline x 0 360 360 180 180 180 0 0 0")
	s.expectPending(0, 3, 3*time.Second)
	s.until(2999 * ms)
	s.expect()
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
	if got := s.Stats(); got != (MotionStats{Stats: Stats{Sent: 2}, Segments: 3}) {
		t.Errorf("counts %+v", got)
	}
}

// TestOneMessageIfItFits: a path leaves as one message, 300 ms before it begins, unless the
// device has no room for it.
func TestOneMessageIfItFits(t *testing.T) {
	for _, c := range []struct{ before, segments, messages int }{
		{0, 1, 1}, {0, 16, 1}, {0, 20, 1}, {0, 21, 21}, {0, 200, 200},
		{3, 15, 1}, {3, 16, 16}, {20, 15, 1}, // of the path before, the running segment is left
	} {
		s := newStage(t, MotionConfig{})
		if c.before > 0 {
			s.spline(smooth(c.before)...)
		}
		s.sent = nil
		s.spline(smooth(c.segments)...)
		if c.before > 0 {
			s.until(time.Duration(c.before)*time.Second - 301*ms)
			s.expect()
		}
		s.until(time.Hour)
		messages := 0
		for _, m := range s.sent {
			if strings.HasPrefix(fmt.Sprint(m), "/spline") {
				messages++
			}
		}
		if d := s.device[X]; messages != c.messages || len(d.moves) != c.before+c.segments || d.cut != 0 || d.stood != 0 {
			t.Errorf("%d segments after %d: %d messages, want %d; %d arrived, %d cut, stood %v", c.segments, c.before, messages, c.messages, len(d.moves), d.cut, d.stood)
		}
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
	s.expect("/tempo x 120", "/spline x 10 10 10 20 20 20")
	s.spline(7, 7, 7)
	s.Tempo(s.now, X, 30)
	s.Tempo(s.now, X, 240)
	s.expect()
	s.spline(5, 5, 5, 6, 6, 6)
	s.Tempo(s.now, X, 60.5)
	s.until(699 * ms)
	s.expect()
	s.until(700 * ms)
	s.expect("/tempo x 120", "/spline x 7 7 7")
	s.until(1200 * ms)
	s.expect("/tempo x 240", "/spline x 5 5 5 6 6 6", "/tempo x 60.5")
	s.until(time.Minute)
	s.expect()
	s.expectEnd("x at 1s: <nil>", "x at 1.5s: <nil>", "x at 2s: <nil>")
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
		if err := s.Spline(s.now, axis, smooth(30*(1+int(axis))), s.done); err != nil {
			t.Fatal(err)
		}
	}
	s.Stop(s.now, Y)
	s.until(time.Hour)
	s.expectEnd("y at 1s: the path was stopped", "a at 12s: <nil>", "x at 30s: <nil>", "z at 1m30s: <nil>")
	for i, want := range []float64{300, 10, 900, 1200} {
		if d := s.device[i]; d.degrees != want || d.stood != 0 {
			t.Errorf("axis %v: %v°, stood %v", Axis(i), d.degrees, d.stood)
		}
	}
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
	s.expect("/tempo x 64", "/spline x 0 10 10 10 20 20", "/tempo x 60")
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
