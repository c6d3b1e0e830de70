package clock

import (
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
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

func TestWakeBeforeASleepEndsItAtOnce(t *testing.T) {
	c := NewReal()
	onThread(func() {
		s := NewSleeper(c)
		s.Wake()
		s.Wake() // the same sleep
		s.SleepUntil(math.MaxInt64)
		at := c.Now() + 2*time.Millisecond
		s.SleepUntil(at)
		if now := c.Now(); now < at-5*time.Microsecond {
			t.Errorf("two calls of Wake ended two sleeps: woke %v early", at-now)
		}
	})
}

// TestNoWakeIsLost hands over a number at a time to a thread that would sleep for
// an hour if it were not told, at every moment of its way into the sleep.
func TestNoWakeIsLost(t *testing.T) {
	const last = 5_000
	c := NewReal()
	var sent, seen atomic.Int64
	ready := make(chan *Sleeper)
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		s := NewSleeper(c)
		ready <- s
		for seen.Load() < last {
			s.SleepUntil(math.MaxInt64)
			seen.Store(sent.Load())
		}
	}()
	s := <-ready
	for n := range int64(last) {
		sent.Store(n + 1)
		s.Wake()
		for spins := 0; n%3 != 0 && seen.Load() <= n; spins++ { // or else right after the one before
			if spins > 1000 {
				runtime.Gosched()
			}
		}
	}
	<-done
}

func TestWakeFromManyGoroutines(t *testing.T) {
	c := NewReal()
	var due atomic.Int64
	ready := make(chan *Sleeper)
	done := make(chan struct{})
	const wakers, each = 4, 1000
	go func() {
		defer close(done)
		runtime.LockOSThread()
		s := NewSleeper(c)
		ready <- s
		for n := int64(0); n < wakers*each; n += due.Swap(0) {
			s.SleepUntil(c.Now() + time.Hour)
		}
	}()
	s := <-ready
	var wg sync.WaitGroup
	for range wakers {
		wg.Go(func() {
			for range each {
				due.Add(1)
				s.Wake()
			}
		})
	}
	wg.Wait()
	<-done
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

// BenchmarkWake reports how long it takes from Wake to the end of the sleep, in
// microseconds.
func BenchmarkWake(b *testing.B) {
	c := NewReal()
	ready := make(chan *Sleeper)
	woke := make(chan time.Duration)
	go func() {
		runtime.LockOSThread()
		s := NewSleeper(c)
		ready <- s
		for range woke {
			s.SleepUntil(c.Now() + time.Hour)
			woke <- c.Now()
		}
	}()
	s := <-ready
	took := make([]time.Duration, 0, b.N)
	pause := time.NewTicker(2 * time.Millisecond)
	defer pause.Stop()
	for b.Loop() {
		woke <- 0
		<-pause.C // let it fall asleep
		at := c.Now()
		s.Wake()
		took = append(took, <-woke-at)
	}
	close(woke)
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2])/1e3, "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100])/1e3, "p99-µs")
}

// TestASleepWithoutAnEnd lasts until somebody wakes the thread.
func TestASleepWithoutAnEnd(t *testing.T) {
	var called atomic.Bool
	onThread(func() {
		s := NewSleeper(NewReal())
		go func() {
			for range 100 {
				runtime.Gosched()
			}
			called.Store(true)
			s.Wake()
		}()
		s.SleepUntil(math.MaxInt64)
		if !called.Load() {
			t.Error("it ended by itself")
		}
	})
}
