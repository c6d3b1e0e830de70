package clock

import (
	"runtime"
	"slices"
	"testing"
	"time"
)

// onThread runs f on a goroutine of its own that is locked to a thread and
// takes the thread with it.
func onThread(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		f()
	}()
	<-done
}

func TestSleeperNeverWakesEarly(t *testing.T) {
	c := NewReal()
	onThread(func() {
		s := NewSleeper(c)
		if s.Precision() == "" {
			t.Error("Precision is empty")
		}
		t.Log(s.Precision())
		// The two clocks are matched to well below this.
		const tolerance = 5 * time.Microsecond
		for range 20 {
			at := c.Now() + 2*time.Millisecond
			s.SleepUntil(at)
			if now := c.Now(); now < at-tolerance {
				t.Errorf("woke %v early", at-now)
			}
		}
		s.SleepUntil(c.Now() - time.Hour) // returns at once
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
}

func TestSleepUntilAllocatesNothing(t *testing.T) {
	c := NewReal()
	onThread(func() {
		s := NewSleeper(c)
		if n := testing.AllocsPerRun(20, func() { s.SleepUntil(c.Now() + 100*time.Microsecond) }); n != 0 {
			t.Errorf("SleepUntil allocates %v times", n)
		}
	})
}

// BenchmarkSleeper reports how late a 250 Hz output thread wakes, in
// microseconds.
func BenchmarkSleeper(b *testing.B) {
	c := NewReal()
	onThread(func() {
		s := NewSleeper(c)
		late := make([]time.Duration, 0, b.N)
		at := c.Now()
		for b.Loop() {
			at += 4 * time.Millisecond
			s.SleepUntil(at)
			late = append(late, c.Now()-at)
		}
		slices.Sort(late)
		b.ReportMetric(float64(late[len(late)/2])/1e3, "p50-µs")
		b.ReportMetric(float64(late[len(late)*99/100])/1e3, "p99-µs")
		b.ReportMetric(float64(late[len(late)-1])/1e3, "max-µs")
	})
}
