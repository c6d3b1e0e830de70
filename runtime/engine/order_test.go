package engine

import (
	"fmt"
	"testing"
	"time"

	"showrun/runtime/beat"
)

// play steps the engine on its deadlines up to the moment until and returns frames
// and orders in the order in which they came, each with the moment it came at.
func play(e *Engine, until time.Duration) []string {
	var log []string
	for now := max(e.Next(), e.schedule.seen); now <= until; now = max(e.Next(), now) {
		e.Pass(now)
		for _, o := range e.Orders(now) {
			log = append(log, fmt.Sprintf("%v order %v to %s of %v", now, o.Message, o.Device, o.At))
		}
		if f := e.Step(now); f != nil {
			log = append(log, fmt.Sprintf("%v frame %v: %d", now, f.At, f.Slots(0)[0]))
		}
	}
	return log
}

func TestOrdersComeAtTheirInstant(t *testing.T) {
	e := newTest(t)
	e.Use(0)
	e.Submit(at(13*ms, Order{"d", "b"}, Set{Channel: ch(1), Value: 9}, Order{"d", "c"}))
	e.Submit(at(12*ms, Order{"d", "a"}))
	check(t, play(e, 24*ms),
		"0s frame 0s: 0",
		"12ms order a to d of 12ms",
		"13ms order b to d of 13ms", "13ms order c to d of 13ms",
		"13ms frame 13ms: 9",
		"23ms frame 23ms: 9")
	if s := e.Stats(); s.Orders != 3 || s.Late.Count != 0 {
		t.Errorf("stats %+v", s)
	}
	e.Submit(at(20*ms, Order{"d", "late"}))
	check(t, play(e, 24*ms), "23ms order late to d of 20ms")
	if s := e.Stats(); s.Late.Count != 1 {
		t.Errorf("late orders: %+v", s.Late)
	}
}

func TestOrdersFollowTheTimeline(t *testing.T) {
	e := newTest(t)
	line := beat.Timeline{Epoch: 1, BPM: 120}
	e.Retime(line)
	e.Submit(onBeat(line, beat.Beat, Order{"d", "beat"}))
	if e.orders.first() != 500*ms {
		t.Fatalf("due at %v", e.orders.first())
	}
	line.BPM = 240
	e.Retime(line)
	if e.orders.first() != 250*ms {
		t.Errorf("after the tempo doubled: due at %v", e.orders.first())
	}
}

func TestFramesAheadOfTheirInstant(t *testing.T) {
	e := newTest(t)
	e.Use(0)
	e.Lead(4 * ms)
	e.Submit(at(17*ms, Set{Channel: ch(1), Value: 9}, Order{"d", "x"}))
	check(t, play(e, 23*ms),
		"0s frame 4ms: 0",
		"13ms frame 17ms: 9",
		"17ms order x to d of 17ms",
		"23ms frame 27ms: 9")
}
