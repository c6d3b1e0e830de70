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
	for now := max(e.Next(), e.schedule.Seen); now <= until; now = max(e.Next(), now) {
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
	e.Retime(along(line))
	e.Submit(onBeat(line, beat.Beat, Order{"d", "beat"}))
	if e.queue.firstOrder() != 500*ms {
		t.Fatalf("due at %v", e.queue.firstOrder())
	}
	line.BPM = 240
	e.Retime(along(line))
	if e.queue.firstOrder() != 250*ms {
		t.Errorf("after the tempo doubled: due at %v", e.queue.firstOrder())
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

func TestWithdraw(t *testing.T) {
	e := newTest(t)
	e.Use(0)
	line := beat.Timeline{Epoch: 1, BPM: 120}
	e.Retime(along(line))
	e.Submit(at(12*ms, Order{"a", 1}, Order{"b", 2}, Set{Channel: ch(1), Value: 9}))
	e.Submit(at(15*ms, Order{"a", 3}))
	e.Submit(onBeat(line, beat.Beat, Order{"a", 4}))
	e.Submit(at(0, Order{"b", 5})) // which is due already
	e.Withdraw(func(o Order) bool { return o.Device == "a" })
	check(t, play(e, 22*ms),
		"0s order 5 to b of 0s", "0s frame 0s: 0",
		"12ms order 2 to b of 12ms", "12ms frame 12ms: 9", "22ms frame 22ms: 9")
	if e.queue.commands != 0 || e.queue.onBeat != 0 || len(e.queue.list) != 0 {
		t.Errorf("left: %d commands, %d batches, %d on beats", e.queue.commands, len(e.queue.list), e.queue.onBeat)
	}
}

// TestALongerLeadLeavesNoFrameOut: it is reached little by little, and instants that
// were planned for are still met.
func TestALongerLeadLeavesNoFrameOut(t *testing.T) {
	e := newTest(t)
	e.Use(0)
	play(e, 100*ms)
	var last time.Duration
	for now := e.NextFrame(); now < 300*ms; now = max(e.NextFrame(), now) {
		e.Pass(now)
		e.Lead(37 * ms)
		f := e.Step(now)
		if last != 0 && f.At-last != 10*ms {
			t.Errorf("a frame of %v after one of %v", f.At, last)
		}
		last = f.At
	}
	if s := e.Stats(); s.Skipped != 0 || last < 320*ms {
		t.Errorf("%d frames left out, the last is of %v", s.Skipped, last)
	}
}

// TestAShorterLeadMakesNoOrderLate: frames were made ahead, orders were not.
func TestAShorterLeadMakesNoOrderLate(t *testing.T) {
	e := newTest(t)
	e.Use(0)
	for now := time.Duration(0); now < 2*time.Second; now = max(e.NextFrame(), now) {
		e.Pass(now)
		e.Lead(time.Second)
		e.Step(now)
	}
	e.Lead(0)
	e.Submit(at(2050*ms, Order{"d", "in time"}))
	e.Submit(at(1900*ms, Order{"d", "late"}))
	if got := len(e.Orders(2050 * ms)); got != 2 || e.Stats().Late.Count != 1 {
		t.Errorf("%d orders, %d late", got, e.Stats().Late.Count)
	}
}
