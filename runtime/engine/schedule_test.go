package engine

import (
	"cmp"
	"fmt"
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
			if got := s.periods(s.grid(n) + 1 - s.base); got != n {
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
			for range tt.want {
				got = append(got, e.Step(e.Next()).At)
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
	e.Retime(line)
	e.Step(0)
	e.Submit(onBeat(line, 19_000, Set{ch(1), 1})) // at 19 ms: one long interval
	if e.Next() != 19*ms {
		t.Fatalf("next frame at %v, want 19ms", e.Next())
	}
	e.Step(17 * ms)
	line.Stopped = true
	e.Retime(line)
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
		e.Retime(line)
		e.Step(0)
		e.Submit(onBeat(line, 19_000, Set{ch(1), 1}))
		e.Step(17 * ms)
		line.Origin = tt.nudged - 19*ms
		e.Retime(line)
		check(t, step(e, 31*ms, 1), tt.want...)
	}
}

// planned is what the model knows of a batch.
type planned struct {
	stamp   Stamp
	value   float64
	known   time.Duration // when it was submitted
	pending bool
}

// TestPlannerKeepsItsPromises drives engines with random stamps, late and
// early, on beats and not, and a timeline that is nudged, stopped and jumps.
// A model beside it knows only when each batch is due.
func TestPlannerKeepsItsPromises(t *testing.T) {
	var promised, frames int
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 1))
		rate := []int{25, 30, 44, 60, 120}[seed%5]
		short := time.Second / time.Duration(rate)                            // ⌊1/rate⌋
		long := (2*time.Second + time.Duration(rate-1)) / time.Duration(rate) // ⌈2/rate⌉
		var r level.Registry
		r.Output("test", 1)
		e := New(Config{Rate: rate, Registry: &r})
		line := beat.Timeline{BPM: 60 + 100*rng.Float64()}
		e.Retime(line)

		var model []*planned
		var value float64
		last := time.Duration(-1)
		jumped := time.Duration(0) // when the timeline last did anything but drift
		fail := func(format string, args ...any) {
			t.Helper()
			t.Fatalf("seed %d, %d Hz: %s", seed, rate, fmt.Sprintf(format, args...))
		}
		for now := time.Duration(0); now < 20*time.Second; {
			// Something happens before the next frame, or nothing.
			next := e.Next()
			if next < now {
				fail("the next frame is at %v, now it is %v", next, now)
			}
			if rng.IntN(3) == 0 && next > now {
				now += time.Duration(rng.Int64N(int64(next - now)))
				if e.Step(now) != nil {
					fail("a frame at %v, before its deadline %v", now, next)
				}
				if rng.IntN(5) == 0 {
					was := line
					line = move(rng, line, now)
					if line.Stopped || was.Stopped || line.Epoch != was.Epoch {
						jumped = now
					}
					e.Retime(line)
					for _, m := range model {
						m.retime(line, last)
					}
				} else {
					value++
					ahead := time.Duration(rng.Int64N(int64(120*ms))) - 20*ms
					b := at(now+ahead, Set{ch(1), value})
					if rng.IntN(2) == 0 {
						b = onBeat(line, line.At(now+ahead)+1, Set{ch(1), value})
					}
					e.Submit(b)
					b.At = max(b.At, 0)
					model = append(model, &planned{
						stamp: b.Stamp, value: value, known: now, pending: true,
					})
				}
				continue
			}
			now = next
			f := e.Step(now)
			frames++
			if f == nil || f.At != now {
				fail("no frame at its deadline %v", now)
			}
			if d := f.At - last; last >= 0 && (d < short || d >= long+short/8) {
				fail("an interval of %v before the frame at %v", d, f.At)
			}
			var due []*planned
			for _, m := range model {
				if m.pending && m.stamp.At <= f.At {
					due = append(due, m)
				}
			}
			// Of one instant in order of submission: the sort is stable.
			slices.SortStableFunc(due, func(a, b *planned) int { return cmp.Compare(a.stamp.At, b.stamp.At) })
			for _, m := range due {
				m.pending = false
				if max(m.known, jumped) <= m.stamp.At-long && alone(model, m.stamp.At, long) {
					promised++
					if m.stamp.At != f.At {
						fail("the batch at %v appears at %v", m.stamp.At, f.At)
					}
				}
			}
			if len(due) > 0 {
				if got, want := e.Value(level.Address{Slot: 1}), due[len(due)-1].value; got != want {
					fail("level %v at %v, want that of batch %v", got, f.At, want)
				}
			}
			last = f.At
			model = slices.DeleteFunc(model, func(m *planned) bool { return m.stamp.At < last-time.Second })
		}
		waiting := 0
		for _, m := range model {
			if m.pending {
				waiting++
			}
		}
		s := e.Stats()
		if s.Queued != waiting || s.Batches != uint64(value)-uint64(waiting) {
			fail("%d queued and %d executed, want %d of %v waiting", s.Queued, s.Batches, waiting, value)
		}
	}
	// The promise of exactness must have been put to the test.
	if promised < 1000 {
		t.Errorf("only %d batches had to be exact", promised)
	}
	t.Logf("%d frames, %d batches that had to be exact", frames, promised)
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

func (m *planned) retime(line beat.Timeline, last time.Duration) {
	if !m.pending || !m.stamp.OnBeat {
		return
	}
	if m.stamp.Epoch == line.Epoch {
		m.stamp.At = max(line.Time(m.stamp.Beat), 0)
	} else if m.stamp.At == beat.Never {
		m.stamp.At = max(last, 0)
	}
}

// alone reports whether no other instant lies so close before at that its
// frame may be in the way.
func alone(model []*planned, at, distance time.Duration) bool {
	for _, m := range model {
		if m.stamp.At < at && m.stamp.At > at-distance {
			return false
		}
	}
	return true
}

// TestAPlanThatFlipsAtTheLastMoment lets a loop sleep towards a beat in one long
// interval and hear, when it wakes there, that two short ones would have fitted:
// the frame is still that of the beat.
func TestAPlanThatFlipsAtTheLastMoment(t *testing.T) {
	e := newTest(t)
	e.Use(0)
	line := beat.Timeline{BPM: 60}
	e.Retime(line)
	e.Step(0)
	e.Submit(onBeat(line, 19_999, Set{ch(1), 1}))
	if due := e.Next(); due != 19_999*time.Microsecond {
		t.Fatalf("due %v", due)
	}
	woke := 20_050 * time.Microsecond
	e.Pass(woke)
	line.Origin = 10 * time.Microsecond
	e.Retime(line) // the beat is at 20.009 ms, more than two periods after 0
	if f := e.Step(woke); f == nil || f.At != 20_009*time.Microsecond || f.Levels[0][0] != 1 {
		t.Errorf("frame %+v", f)
	}
}
