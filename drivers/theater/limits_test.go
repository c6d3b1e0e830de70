package theater

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// crane are limits of an axis that starts in the middle.
var crane = AxisLimits{X: {Min: -90, Max: 180, Speed: 60, Home: 45}}

// TestLimitsOfPaths: a path that leaves the ends, or goes too fast at the tempo it would
// have, is refused before anything of it is sent.
func TestLimitsOfPaths(t *testing.T) {
	for _, c := range []struct {
		rate  float64
		knots []float64
		want  string
	}{
		{60, []float64{0, 30, 30}, ""},
		{60, []float64{45, 90, 135}, "axis x would move at 135 degrees a second in segment 1 of 1, and is limited to 60: at 26.666 segments a minute it would keep to that"},
		{10, []float64{45, 90, 135}, ""}, // to the end
		{6, []float64{0, 200, 0}, ""},    // a knot that lies beyond them, a curve that does not
		{10, []float64{45, 90, 135.1}, "axis x would be at 180.1 degrees in segment 1 of 1, and is limited to -90 to 180"},
		{30, []float64{0, -100, -100, -100, -140, -100}, "axis x would move at 75 degrees a second in segment 1 of 2"}, // in its middle
		{2, []float64{0, -100, -100, -100, -200, -100}, "axis x would be at -99.44"},                                   // a curve that swings beyond its ends
		{2, []float64{0, -100, -100, -100, -150, -100}, ""},
		{60, []float64{0, 20, 20, 60, 80, 60}, "axis x would move at 120 degrees a second in segment 2 of 2"},
	} {
		s := newStage(t, MotionConfig{Limits: crane})
		s.Tempo(s.now, X, c.rate)
		s.sent = nil
		err := s.Spline(s.now, X, c.knots, s.done)
		switch {
		case c.want == "" && err != nil, c.want != "" && (!errors.Is(err, ErrArgument) || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%v at %v: %v, want %q", c.knots, c.rate, err, c.want)
		case c.want != "" && len(s.sent) > 0:
			t.Errorf("%v was refused, but sent %v", c.knots, s.sent)
		}
	}
}

// TestOneEnd: limits may be of one side, and of some axes.
func TestOneEnd(t *testing.T) {
	inf := math.Inf(1)
	s := newStage(t, MotionConfig{Limits: AxisLimits{X: {Min: 0, Max: inf}, Y: {Min: -inf, Max: 10}}})
	for axis, knots := range map[Axis][2]float64{X: {1e6, -1e6 - 1}, Y: {-1e6, 1e6 + 11}, Z: {1e6, 1e6}} {
		for i, k := range knots {
			err := s.Spline(s.now, axis, []float64{0, k, k}, nil)
			if want := i == 1 && axis != Z; (err != nil) != want {
				t.Errorf("%v %v: %v", axis, k, err)
			}
			if err != nil && !strings.Contains(err.Error(), "limited to at ") {
				t.Error(err)
			}
		}
	}
}

// TestPathsBeginWhereTheOnesBeforeEnd, whether those are sent or not, and also when they
// are stopped.
func TestPathsBeginWhereTheOnesBeforeEnd(t *testing.T) {
	s := newStage(t, MotionConfig{Limits: AxisLimits{X: {Min: 0, Max: 400}}})
	s.spline(smooth(30)...) // to 300, a segment at a time
	if err := s.Spline(s.now, X, []float64{0, 101, 101}, nil); err == nil {
		t.Error("300 and 101 are beyond 400")
	}
	s.spline(0, 100, 100)
	if end, rate := s.Plan(X); end != 400 || rate != 60 {
		t.Errorf("the plan ends at %v at the tempo %v", end, rate)
	}
	s.until(9500 * ms)
	s.Stop(s.now, X)
	if end, _ := s.Plan(X); end != 100 {
		t.Errorf("after the stop the plan ends at %v", end)
	}
	s.spline(0, 300, 300)
	s.until(time.Minute)
	if got := s.Position(s.now, X); got != 400 || s.device[X].degrees != 400 {
		t.Errorf("it stands at %v, the device at %v", got, s.device[X].degrees)
	}
}

// TestRandomPathsKeepTheLimits compares what is taken and refused with the curve as it is
// sampled, at random tempos that change, alone and following a beat; and where the axis is
// with where the device is.
func TestRandomPathsKeepTheLimits(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	taken, refused := 0, 0
	for round := range 300 {
		l := Limits{Min: -100*random.Float64() - 1, Max: 100*random.Float64() + 1, Speed: 10 + 200*random.Float64()}
		s := newStage(t, MotionConfig{Limits: AxisLimits{X: l}})
		from, rate, follows := 0.0, 60.0, false
		for range 20 {
			switch random.IntN(6) {
			case 0:
				rate, follows = 10+200*random.Float64(), false
				s.Tempo(s.now, X, rate)
				rate = onWire(rate)
			case 1:
				follows = true
				s.Follow(s.now, X, 0.5)
			}
			if follows {
				s.until(s.now.Sub(epoch) + time.Second)
				bpm := 20 + 400*random.Float64()
				s.Beat(s.now, bpm)
				_, now := s.Plan(X)
				if math.Abs(now-bpm/2) > 0.006*bpm/2 {
					t.Fatalf("round %d: the tempo is %v at %v BPM", round, now, bpm)
				}
				rate = now
			}
			knots := make([]float64, 3*(1+random.IntN(3)))
			for i := range knots {
				knots[i] = 120 * (random.Float64() - 0.5)
			}
			lo, hi, speed := sampled(knots, rate)
			err := s.Spline(s.now, X, knots, nil)
			over := max(from+hi-l.Max, l.Min-from-lo, (speed-l.Speed)*0.01)
			switch { // what is within what sampling misses may go either way
			case err == nil && over > 1e-3, err != nil && over < -0.05:
				t.Fatalf("round %d: %v from %v at %v, limits %+v: %v; sampled %v to %v at %v", round, knots, from, rate, l, err, lo, hi, speed)
			case err == nil:
				from += knots[len(knots)-1]
				taken++
			default:
				refused++
			}
		}
		s.until(time.Hour)
		if got := s.Position(s.now, X); math.Abs(got-from) > 1e-3 || math.Abs(s.device[X].degrees-from) > 1e-3 {
			t.Fatalf("round %d: at %v, the device at %v, want %v", round, got, s.device[X].degrees, from)
		}
	}
	if taken < 300 || refused < 300 {
		t.Errorf("%d taken, %d refused: no test of either", taken, refused)
	}
}

// sampled is what a path reaches, and how fast it goes at a tempo, by many points of it.
func sampled(knots []float64, rate float64) (lo, hi, speed float64) {
	const points = 2000
	at, k0 := 0.0, 0.0
	for i := 0; i < len(knots); i += 3 {
		for p := 1; p <= points; p++ {
			u := float64(p) / points
			v := 1 - u
			next := v*v*v*k0 + 3*v*v*u*knots[i] + 3*v*u*u*knots[i+1] + u*u*u*knots[i+2]
			speed = max(speed, math.Abs(next-at)*points*rate/60)
			lo, hi, at = min(lo, next), max(hi, next), next
		}
		k0 = knots[i+2]
	}
	return lo, hi, speed
}

// TestPositionOnTheWay is that of the curve, before it begins and after it too.
func TestPositionOnTheWay(t *testing.T) {
	s := newStage(t, MotionConfig{Limits: crane})
	s.Tempo(s.now, X, 30)
	s.spline(20, 40, 60, 60, 0, 0)
	for at, want := range map[time.Duration]float64{0: 45, time.Second: 75, 2 * time.Second: 105, 3 * time.Second: 75, 4 * time.Second: 45, time.Hour: 45} {
		if got := s.Position(epoch.Add(at), X); math.Abs(got-want) > 1e-9 {
			t.Errorf("after %v at %v, want %v", at, got, want)
		}
	}
}

// TestHome: what was not sent is dropped, and from where the rest of it ends the axis
// goes home within a quarter of its speed, whatever its tempo is.
func TestHome(t *testing.T) {
	s := newStage(t, MotionConfig{Limits: crane})
	s.Tempo(s.now, X, 10)
	s.spline(0, 60, 60)
	s.spline(0, -60, -60)
	s.until(time.Second)
	if err := s.Home(s.now, X, s.done); err != nil {
		t.Fatal(err)
	}
	s.expectEnd("x at 6s: the path was stopped")
	s.until(6 * time.Second)
	s.expectEnd("x at 6s: <nil>")
	last, fastest := s.Position(s.now, X), 0.0
	if last != 105 {
		t.Errorf("it goes home from %v", last)
	}
	for s.Pending(s.now, X).Sent > 0 {
		s.until(s.now.Sub(epoch) + 10*ms)
		at := s.Position(s.now, X)
		last, fastest = at, max(fastest, math.Abs(at-last)*100)
	}
	if d := s.device[X]; math.Abs(last-45) > 1e-3 || fastest > 15.01 || fastest < 14.5 || d.stood > 0 || d.cut > 0 {
		t.Errorf("it stands at %v and went at up to %v; the device: stood %v, cut %v", last, fastest, d.stood, d.cut)
	}
	s.expectEnd("x at 12s: <nil>")
	s.spline(0, 9, 9) // at its own tempo again
	s.until(s.now.Sub(epoch) + time.Minute)
	s.expectEnd("x at 18s: <nil>")
}

// TestHomeStops: an axis on its way home can be stopped, and then it is where it is.
func TestHomeStops(t *testing.T) {
	s := newStage(t, MotionConfig{})
	s.spline(0, 90, 90)
	s.until(time.Second)
	s.Home(s.now, X, s.done)
	s.until(3 * time.Second)
	s.Hold(s.now, true)
	if err := s.Home(s.now, X, nil); !errors.Is(err, ErrHeld) {
		t.Errorf("while held: %v", err)
	}
	s.until(time.Minute)
	at := s.Position(s.now, X)
	if at < 70 || at > 85 || math.Abs(s.device[X].degrees-at) > 1e-3 {
		t.Errorf("stopped at %v, the device at %v", at, s.device[X].degrees)
	}
	if got := s.ends[len(s.ends)-1]; got.Err != ErrStopped || got.At.Sub(epoch) > 3*time.Second+500*ms {
		t.Errorf("ended %+v", got)
	}
}

// TestShortWaysHomeStop too: they leave bit by bit, although they would fit as a whole.
func TestShortWaysHomeStop(t *testing.T) {
	s := newStage(t, MotionConfig{})
	s.spline(0, 10, 10)
	s.until(time.Minute)
	s.Home(s.now, X, nil)
	if p := s.Pending(s.now, X); p.Held < 10 || p.End.Sub(s.now).Round(ms) != 1500*ms {
		t.Errorf("%+v at %v", p, s.now)
	}
}

// TestLimitsChange while the device lives: it stands where it stood.
func TestLimitsChange(t *testing.T) {
	s := newStage(t, MotionConfig{Limits: crane})
	s.SetLimits(AxisLimits{X: {Min: 0, Max: 46, Home: 0}})
	if err := s.Spline(s.now, X, []float64{0, 2, 2}, nil); err == nil {
		t.Error("45 and 2 are beyond 46")
	}
	s.spline(0, 1, 1)
	s.until(time.Second)
	if at := s.Position(s.now, X); at != 46 {
		t.Errorf("it stands at %v", at)
	}
}

// TestLateRefusal: a path that is refused when its caller has gone on is told to its
// callback and to the log.
func TestLateRefusal(t *testing.T) {
	var log strings.Builder
	s := newStage(t, MotionConfig{Limits: crane, Config: Config{Log: slog.New(slog.NewTextHandler(&log, nil))}})
	s.link.running = true // as under Run, which makes what is left to it
	if err := s.Spline(s.now, X, []float64{0, 900, 900}, s.done); err != nil {
		t.Fatal(err)
	}
	s.Step(s.now)
	if got := fmt.Sprint(s.ends); !strings.Contains(got, "axis x would be at 945 degrees") || !strings.Contains(log.String(), "command refused") {
		t.Errorf("ended %v, logged %q", got, log.String())
	}
	s.expect()
}
