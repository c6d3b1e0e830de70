package server

import (
	"fmt"
	"math"
	"testing"
	"time"

	"showrun/drivers/osc"
	"showrun/drivers/theater"
)

// A path ten times the buffer arrives whole and without a gap: the controller feeds
// the device over a network that takes up to 40 ms for a message.
func TestControllerFeedsTheDevice(t *testing.T) {
	for _, tempo := range []float64{30, 60, 97, 600, 3000} {
		t.Run(fmt.Sprint(tempo), func(t *testing.T) {
			type message struct {
				m  osc.Message
				at time.Time
			}
			var (
				under    []message // way
				now      = start
				longest  time.Duration
				segments int
				delays   = []time.Duration{time.Millisecond, 40 * time.Millisecond, 3 * time.Millisecond, 0}
			)
			d := NewMotion(MotionConfig{OnSegment: func(s Segment) { segments, longest = segments+1, max(longest, s.Gap) }})
			c, err := theater.NewMotion(theater.MotionConfig{}, func(m osc.Message) error {
				at := now.Add(delays[len(under)%len(delays)])
				if n := len(under); n > 0 && at.Before(under[n-1].at) {
					at = under[n-1].at // they do not overtake one another
				}
				under = append(under, message{m, at})
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			knots := make([]float64, 0, 600)
			for i := range 200 {
				end := 30 * math.Sin(float64(i+1))
				knots = append(knots, end/2, end, end)
			}
			if err := c.Tempo(now, 0, tempo); err != nil {
				t.Fatal(err)
			}
			if err := c.Spline(now, 0, knots, nil); err != nil {
				t.Fatal(err)
			}
			arrived := 0
			for {
				next := sooner(c.Deadline(), d.Deadline())
				if arrived < len(under) {
					next = sooner(next, under[arrived].at)
				}
				if next.IsZero() {
					break
				}
				now = next
				for arrived < len(under) && !under[arrived].at.After(now) {
					if err := d.Receive(now, under[arrived].m, time.Time{}); err != nil {
						t.Fatal(err)
					}
					arrived++
				}
				d.Step(now)
				c.Step(now)
			}
			if s := d.Stats(); segments != 200 || s.Truncated != 0 || longest != 0 {
				t.Errorf("%d segments, %d truncated, longest gap %v", segments, s.Truncated, longest)
			}
			if got, want := d.Position(0, now), knots[len(knots)-1]; math.Abs(got-want) > 1e-4 { // knots travel as float32
				t.Errorf("it ends at %v, want %v", got, want)
			}
		})
	}
}
