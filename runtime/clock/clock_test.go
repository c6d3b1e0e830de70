package clock

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestRealFollowsTheMonotonicClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewReal()
		if got := c.Now(); got != 0 {
			t.Errorf("Now at the origin = %v, want 0", got)
		}
		<-time.After(3 * time.Second) // the bubble's time
		if got, want := c.Now(), 3*time.Second; got != want {
			t.Errorf("Now = %v, want %v", got, want)
		}
		for _, d := range []time.Duration{-time.Hour, 0, 1, 3 * time.Second, 100 * time.Hour} {
			if got := c.Since(c.Time(d)); got != d {
				t.Errorf("Since(Time(%v)) = %v", d, got)
			}
			// A stamp of the wall clock alone, as the kernel gives it.
			if got := c.Since(c.Time(d).Round(0)); got != d {
				t.Errorf("Since(wall Time(%v)) = %v", d, got)
			}
		}
	})
}

// TestForward: a show goes on at a later time, on the same wall clock.
func TestForward(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewReal()
		<-time.After(time.Second)
		wall := time.Now()
		c.Forward(time.Hour)
		c.Forward(time.Minute) // never back
		if got := c.Now(); got != time.Hour {
			t.Errorf("Now = %v, want 1h", got)
		}
		if got := c.Since(wall); got != time.Hour {
			t.Errorf("Since(now) = %v, want 1h", got)
		}
		if got := c.Since(wall.Round(0)); got != time.Hour {
			t.Errorf("Since(now on the wall) = %v, want 1h", got)
		}
		if got := c.Time(time.Hour + time.Second); !got.Equal(wall.Add(time.Second)) {
			t.Errorf("Time = %v, want %v", got, wall.Add(time.Second))
		}
	})
}

func TestVirtualNeverGoesBack(t *testing.T) {
	c := NewVirtual()
	steps := []struct {
		name string
		move func()
		want time.Duration
	}{
		{"origin", func() {}, 0},
		{"set", func() { c.Set(5 * time.Second) }, 5 * time.Second},
		{"set back", func() { c.Set(time.Second) }, 5 * time.Second},
		{"advance", func() { c.Advance(250 * time.Millisecond) }, 5250 * time.Millisecond},
		{"advance back", func() { c.Advance(-time.Second) }, 5250 * time.Millisecond},
	}
	for _, s := range steps {
		s.move()
		if got := c.Now(); got != s.want {
			t.Errorf("%s: Now = %v, want %v", s.name, got, s.want)
		}
	}
	if got := c.Since(c.Time(7 * time.Second)); got != 7*time.Second {
		t.Errorf("Since(Time(7s)) = %v", got)
	}
	if a, b := c.Time(0), NewVirtual().Time(0); !a.Equal(b) {
		t.Errorf("origins of two virtual clocks differ: %v, %v", a, b)
	}
}

var (
	_ Clock = (*Real)(nil)
	_ Clock = (*Virtual)(nil)
)
