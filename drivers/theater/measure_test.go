package theater_test

import (
	"context"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"showrun/drivers/osc"
	"showrun/drivers/theater"
	"showrun/drivers/theater/server"
)

func measuring(t *testing.T) {
	t.Helper()
	if os.Getenv("SHOWRUN_MEASURE") != "1" {
		t.Skip("measures; set SHOWRUN_MEASURE=1 to run it")
	}
}

// timers runs beside a measurement and tells how late the timers of this machine
// were at worst: later than a path is sent ahead, and nothing keeps it whole.
func timers(t *testing.T) (worst func() time.Duration) {
	t.Helper()
	var late atomic.Int64
	run(t, func(ctx context.Context) error {
		const interval = 10 * time.Millisecond
		timer := time.NewTimer(interval)
		defer timer.Stop()
		for due := time.Now().Add(interval); ; due = time.Now().Add(interval) {
			select {
			case <-ctx.Done():
				return nil
			case <-timer.C:
			}
			late.Store(max(late.Load(), int64(time.Since(due))))
			timer.Reset(interval)
		}
	})
	return func() time.Duration { return time.Duration(late.Swap(0)) }
}

// measured is what became of a path.
type measured struct {
	executed, truncated int
	worst               time.Duration // gap
	late                time.Duration // from the end of the last segment to the report
	model               time.Duration // from the end of the last segment to where the model has it
	end                 theater.End
}

// measure sends a path of 200 segments through a network that may lose datagrams.
func measure(t *testing.T, rate float64, drop func(osc.Message) bool) (m measured, again measured) {
	t.Helper()
	segments := make(chan server.Segment, 10_000)
	device := server.NewMotion(server.MotionConfig{OnSegment: func(s server.Segment) { segments <- s }})
	s, place := serve(t, "motion", device)
	var losing atomic.Bool
	losing.Store(true)
	place.Port = lossy(t, s.Addr(), func(m osc.Message) bool { return losing.Load() && drop(m) })
	c, err := theater.OpenMotion(theater.MotionConfig{Config: place})
	if err != nil {
		t.Fatal(err)
	}
	run(t, c.Run)
	path := func() (m measured) {
		done := make(chan theater.End, 1)
		reported := make(chan time.Time, 1)
		var before server.MotionStats
		s.Do(func(time.Time) { before = device.Stats() })
		err := c.Spline(time.Now(), theater.X, staircase(200), func(e theater.End) {
			reported <- time.Now()
			done <- e
		})
		if err != nil {
			t.Fatal(err)
		}
		m.end = <-done
		// The device may still be at it by as much as a datagram travels.
		wait(t, func() bool {
			left := 0
			s.Do(func(now time.Time) { left = device.Buffered(0, now) })
			return left == 0
		})
		var after server.MotionStats
		s.Do(func(time.Time) { after = device.Stats() })
		m.executed, m.truncated = int(after.Segments-before.Segments), int(after.Truncated-before.Truncated)
		var last server.Segment
		for i := range m.executed {
			if last = <-segments; i > 0 {
				m.worst = max(m.worst, last.Gap)
			}
		}
		m.late, m.model = (<-reported).Sub(last.End), m.end.At.Sub(last.End)
		return m
	}
	if err := c.Tempo(time.Now(), theater.X, rate); err != nil {
		t.Fatal(err)
	}
	m = path()
	losing.Store(false)
	again = path()
	if gaps := c.Stats().Gaps; gaps > 0 {
		t.Errorf("%d gaps by the model, the longest %v", gaps, c.Stats().LongestGap)
	}
	return m, again
}

// TestMeasureLongPath sends paths of 200 segments to a server on loopback.
func TestMeasureLongPath(t *testing.T) {
	measuring(t)
	late := timers(t)
	for _, rate := range []float64{600, 1200, 6000} {
		first, second := measure(t, rate, func(osc.Message) bool { return false })
		t.Logf("timers of this machine were up to %v late", late())
		for _, m := range []measured{first, second} {
			t.Logf("%v segments a minute: %d of 200 executed, %d truncated, longest gap %v; reported %v after the end, the model is %v off",
				rate, m.executed, m.truncated, m.worst, m.late, m.model)
			if m.executed != 200 || m.truncated != 0 || m.worst > 5*time.Millisecond || m.end.Err != nil {
				t.Errorf("%+v", m)
			}
		}
	}
}

// TestMeasureLoss drops every tenth datagram at random, then none.
func TestMeasureLoss(t *testing.T) {
	measuring(t)
	late := timers(t)
	for seed, rate := range []float64{600, 1200, 6000} {
		random := rand.New(rand.NewPCG(1, uint64(seed)))
		dropped, lost := 0, 0
		first, second := measure(t, rate, func(m osc.Message) bool {
			if random.IntN(10) != 0 {
				return false
			}
			if dropped++; m.Address == "/spline" {
				lost += (len(m.Args) - 1) / 3
			}
			return true
		})
		t.Logf("timers of this machine were up to %v late", late())
		t.Logf("%v segments a minute, %d datagrams dropped with %d segments: %d executed, %d truncated, longest gap %v; reported %v after the device was done; afterwards %d of 200 executed, longest gap %v",
			rate, dropped, lost, first.executed, first.truncated, first.worst, first.late, second.executed, second.worst)
		if first.executed+lost+first.truncated != 200 || first.end.Err != nil {
			t.Errorf("%+v", first)
		}
		if second.executed != 200 || second.truncated != 0 || second.worst > 5*time.Millisecond || second.end.Err != nil {
			t.Errorf("afterwards %+v", second)
		}
	}
}
