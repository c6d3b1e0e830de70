package engine

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/level"
)

func TestGridNeverDrifts(t *testing.T) {
	for _, rate := range []int{1, 30, 44, 120, MaxRate} {
		s := newSchedule(rate, time.Second)
		for _, n := range []int64{0, 1, 43, 44, 1e6, int64(rate) * 3600 * 24 * 365 * 10} {
			whole, rest := n/int64(rate), n%int64(rate)
			want := time.Second + time.Duration(whole)*time.Second + time.Second*time.Duration(rest)/time.Duration(rate)
			if got := s.grid(n); got != want {
				t.Errorf("%d Hz: frame %d at %v, want %v", rate, n, got, want)
			}
			// The last frame at or before an instant, the grid being rounded down.
			if got := s.periods(s.grid(n) + 1 - s.Base); got != n {
				t.Errorf("%d Hz: %d periods up to frame %d", rate, got, n)
			}
		}
	}
	e := New(Config{Registry: new(level.Registry)})
	for range 44 * 600 {
		e.Step(e.Next())
	}
	if got := e.Next(); got != 600*time.Second {
		t.Errorf("frame 26400 at %v, want 10m", got)
	}
}

func TestPlan(t *testing.T) {
	tests := []struct {
		name   string
		stamps []time.Duration // submitted after the frame at 0
		want   []time.Duration
	}{
		{"none", nil, []time.Duration{10 * ms, 20 * ms, 30 * ms}},
		{"on the grid", []time.Duration{20 * ms}, []time.Duration{10 * ms, 20 * ms, 30 * ms}},
		{"a period ahead", []time.Duration{10 * ms}, []time.Duration{10 * ms, 20 * ms}},
		{"too near", []time.Duration{10*ms - 1}, []time.Duration{10 * ms, 20 * ms}},
		{"nearly two periods", []time.Duration{20*ms - 1}, []time.Duration{20*ms - 1, 30*ms - 1}},
		{"stretched equally", []time.Duration{36 * ms}, []time.Duration{12 * ms, 24 * ms, 36 * ms, 46 * ms}},
		{"two, a period apart", []time.Duration{25 * ms, 35 * ms}, []time.Duration{12500 * time.Microsecond, 25 * ms, 35 * ms, 45 * ms}},
		{"two, too close", []time.Duration{25 * ms, 30 * ms}, []time.Duration{12500 * time.Microsecond, 25 * ms, 35 * ms, 45 * ms}},
		{"a row closer than frames", []time.Duration{10 * ms, 18 * ms, 26 * ms, 60 * ms},
			[]time.Duration{10 * ms, 20 * ms, 30 * ms, 40 * ms, 50 * ms, 60 * ms}},
		{"too near, one behind", []time.Duration{3 * ms, 15 * ms}, []time.Duration{15 * ms, 25 * ms}},
		{"beyond the horizon", []time.Duration{horizon + 5*ms}, []time.Duration{10 * ms, 20050505}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := newTest(t)
			e.Step(0)
			for _, s := range tt.stamps {
				e.Submit(at(s, Set{ch(1), 1}))
			}
			var got []time.Duration
			for len(got) < len(tt.want) {
				if f := e.Step(e.Next()); !f.Woken {
					got = append(got, f.At)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("frames at %v, want %v", got, tt.want)
			}
		})
	}
}

func TestLateStepSkipsFrames(t *testing.T) {
	e := newTest(t)
	steps := []struct {
		now     time.Duration
		at      time.Duration // of the frame, or -1
		skipped uint64
	}{
		{4 * ms, 0, 0}, // less than a period late
		{9 * ms, -1, 0},
		{29*ms + 999999, 20 * ms, 1},
		{30 * ms, 30 * ms, 1},
		{82 * ms, 80 * ms, 5},
		{90 * ms, 90 * ms, 5},
		{time.Hour + 1, time.Hour, 5 + 360_000 - 10},
	}
	for _, s := range steps {
		f := e.Step(s.now)
		at := time.Duration(-1)
		if f != nil {
			at = f.At
		}
		if got := e.Stats().Skipped; at != s.at || got != s.skipped {
			t.Errorf("at %v: frame at %v, %d skipped; want %v, %d", s.now, at, got, s.at, s.skipped)
		}
	}
}

func TestLateStepOnTheInstantOfARoundedFrame(t *testing.T) {
	e := New(Config{Registry: new(level.Registry)})
	e.Step(0)
	fifth := 113_636_363 * time.Nanosecond // ⌊5/44 s⌋
	if f := e.Step(fifth); f == nil || f.At != fifth || e.Stats().Skipped != 4 {
		t.Errorf("frame %v, %d skipped; want one at %v, 4", f, e.Stats().Skipped, fifth)
	}
}

func TestAPlanThatIsDroppedHalfWayMakesNoFrameInThePast(t *testing.T) {
	e := newTest(t)
	line := beat.Timeline{BPM: 60}
	e.Retime(along(line))
	e.Step(0)
	e.Submit(onBeat(line, 19_000, Set{ch(1), 1})) // at 19 ms: one long interval
	if e.Next() != 19*ms {
		t.Fatalf("next frame at %v, want 19ms", e.Next())
	}
	e.Step(17 * ms)
	line.Stopped = true
	e.Retime(along(line))
	check(t, step(e, 40*ms, 1), "17ms", "27ms", "37ms")
}

func TestABeatNudgedHalfWayIsStillMet(t *testing.T) {
	for _, tt := range []struct {
		nudged time.Duration
		want   []string
	}{
		{20*ms - 1, []string{"19.999999ms 1", "29.999999ms 1"}},
		{20100 * time.Microsecond, []string{"20.1ms 1", "30.1ms 1"}}, // one interval of more than two periods
		{22 * ms, []string{"17ms 0", "27ms 1"}},                      // too far for that
		{28 * ms, []string{"17ms 0", "28ms 1"}},
		{16 * ms, []string{"17ms 1", "27ms 1"}}, // it has passed
	} {
		e := newTest(t)
		e.Use(0)
		line := beat.Timeline{BPM: 60}
		e.Retime(along(line))
		e.Step(0)
		e.Submit(onBeat(line, 19_000, Set{ch(1), 1}))
		e.Step(17 * ms)
		line.Origin = tt.nudged - 19*ms
		e.Retime(along(line))
		check(t, step(e, 31*ms, 1), tt.want...)
	}
}

// move nudges the timeline, stops it, starts it or starts a new epoch.
func move(rng *rand.Rand, line beat.Timeline, now time.Duration) beat.Timeline {
	here := line.At(now)
	line.Origin, line.Beat = now, here
	switch rng.IntN(8) {
	case 0:
		line.Stopped = true
	case 1:
		line.Epoch++
		line.Stopped = false
		line.Beat = beat.Micro(rng.Int64N(100e6))
	default:
		line.Stopped = false
		line.BPM *= 0.9995 + 0.001*rng.Float64()
	}
	return line
}

// TestAPlanThatFlipsAtTheLastMoment lets a loop sleep towards a beat in one long
// interval and hear, when it wakes there, that two short ones would have fitted:
// the frame is still that of the beat.
func TestAPlanThatFlipsAtTheLastMoment(t *testing.T) {
	e := newTest(t)
	e.Use(0)
	line := beat.Timeline{BPM: 60}
	e.Retime(along(line))
	e.Step(0)
	e.Submit(onBeat(line, 19_999, Set{ch(1), 1}))
	if due := e.Next(); due != 19_999*time.Microsecond {
		t.Fatalf("due %v", due)
	}
	woke := 20_050 * time.Microsecond
	e.Pass(woke)
	line.Origin = 10 * time.Microsecond
	e.Retime(along(line)) // the beat is at 20.009 ms, more than two periods after 0
	if f := e.Step(woke); f == nil || f.At != 20_009*time.Microsecond || f.Levels[0][0] != 1 {
		t.Errorf("frame %+v", f)
	}
}
