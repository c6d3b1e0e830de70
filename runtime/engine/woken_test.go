package engine

import (
	"fmt"
	"testing"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/curve"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// newWide returns an engine of 100 Hz with so many outputs of 8 slots in use.
func newWide(outputs int) *Engine {
	var r level.Registry
	e := New(Config{Rate: 100, Registry: &r})
	for o := range outputs {
		e.Use(r.Output(fmt.Sprint(o), 8))
	}
	return e
}

// frames steps the engine on its deadlines, after the moment from and up to the
// moment until, and returns for each frame whether it was woken, what takes part
// and the first slot of each output.
func frames(e *Engine, from, until time.Duration) (log []string) {
	e.Pass(from)
	for now := max(e.Next(), from); now <= until; now = max(e.Next(), now) {
		if f := e.Step(now); f != nil {
			kind := "due"
			if f.Woken {
				kind = "woken"
			}
			line := fmt.Sprintf("%v %s %v:", f.At, kind, f.Part)
			for o := range f.Levels {
				line += fmt.Sprintf(" %d", f.Levels[o][0])
			}
			log = append(log, line)
		}
	}
	return log
}

func set(o level.Output, v float64) Command { return Set{onOutput(o, 1), v} }

func TestAFaderIsQuickWhileAnotherUniverseIsBusy(t *testing.T) {
	e := newWide(2)
	e.Submit(at(0, Wave{Channel: onOutput(0, 1), Shape: curve.Saw, Period: Length{Time: 100 * ms}, To: 100}))
	frames(e, 0, 20*ms)
	e.Pass(23 * ms)
	e.Submit(at(23*ms, set(1, 7)))
	if e.Next() != 23*ms {
		t.Fatalf("next %v, want at once", e.Next())
	}
	check(t, frames(e, 23*ms, 25*ms), "23ms woken [1]: 20 7")
	e.Submit(at(25*ms, set(1, 8))) // too soon after the last: at 33 ms
	e.Submit(at(26*ms, set(0, 9))) // there the frame at 30 ms is first
	check(t, frames(e, 25*ms, 50*ms),
		"30ms due [0]: 9 7", // output 1 changed 7 ms ago
		"33ms woken [1]: 9 8",
		"40ms due [0]: 9 8",
		"50ms due [0 1]: 9 8")
	if s := e.Stats(); s.Woken != 2 || s.Frames != 8 || s.Late.Count != 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestNoFrameIsWokenBeforeABeat(t *testing.T) {
	e := newWide(2)
	e.Step(0)
	e.Submit(at(28*ms, set(0, 1)))
	check(t, frames(e, 0, 14*ms), "14ms due [0 1]: 0 0")
	e.Submit(at(15*ms, set(1, 2)))
	check(t, frames(e, 15*ms, 15*ms), "15ms woken [1]: 0 2")
	e.Submit(at(17*ms, set(0, 3))) // 11 ms before it
	check(t, frames(e, 17*ms, 28*ms), "28ms due [0 1]: 1 2")
}

func TestWhatWaitsIsNotOvertaken(t *testing.T) {
	e := newWide(3)
	e.Step(0)
	e.Submit(at(2*ms, set(0, 1)))
	check(t, frames(e, 2*ms, 3*ms), "2ms woken [0]: 1 0 0")
	e.Submit(at(3*ms, set(0, 2), set(1, 2)))
	e.Submit(at(4*ms, set(1, 3), set(2, 3)))
	e.Submit(at(4*ms, set(2, 4)))
	check(t, frames(e, 4*ms, 12*ms), "10ms due [1 2]: 1 0 0", "12ms woken [0 1 2]: 2 3 4")
}

func TestOnlyWhatTakesPartIsEvaluated(t *testing.T) {
	e := newWide(3)
	slow := Length{Time: 25500 * ms} // a level of 1 in 100 ms
	e.Submit(at(0, Fade{Channel: onOutput(0, 2), To: 255, Duration: slow}, Fade{Channel: onOutput(1, 2), To: 255, Duration: slow}))
	frames(e, 0, 20*ms)
	e.Submit(at(25*ms, set(1, 1)))
	frames(e, 25*ms, 25*ms)
	for o, want := range []float64{0.2, 0.25} {
		if got := e.Value(level.Address{Output: level.Output(o), Slot: 2}); got < want-1e-9 || got > want+1e-9 {
			t.Errorf("output %d is at %v, want %v", o, got, want)
		}
	}
}

// TestTheMasterInWokenFrames reaches what takes part, and the rest later, also when
// it has arrived by then.
func TestTheMasterInWokenFrames(t *testing.T) {
	e := newWide(3)
	e.Submit(at(0, set(0, 200), set(1, 200), set(2, 200), Intensity{[]patch.Channel{onOutput(0, 1), onOutput(1, 1)}}))
	frames(e, 0, 20*ms)
	e.Submit(at(25*ms, Blackout{On: true}))
	check(t, frames(e, 25*ms, 30*ms), "25ms woken [0 1]: 0 0 200", "30ms due [2]: 0 0 200")
	e.Submit(at(35*ms, Blackout{Duration: Length{Time: 20 * ms}}))
	check(t, frames(e, 35*ms, 50*ms), "35ms woken [0 1]: 0 0 200", "40ms due [0 1 2]: 50 50 200", "50ms due [0 1 2]: 150 150 200")
	e.Submit(at(60*ms, set(0, 100)))
	e.Submit(at(57*ms, set(2, 5)))
	check(t, frames(e, 57*ms, 70*ms), "60ms due [0 1 2]: 100 200 5", "70ms due [0 1 2]: 100 200 5")
}

// TestAJumpAfterAWokenFrame: what is counted in beats goes on from what that showed.
func TestAJumpAfterAWokenFrame(t *testing.T) {
	e := newWide(1)
	e.Retime(along(beat.Timeline{BPM: 6000})) // a beat lasts 10 ms
	e.Submit(at(0, Fade{Channel: onOutput(0, 2), To: 0.4, Duration: Length{Beats: 4 * beat.Beat}}))
	frames(e, 0, 10*ms)
	e.Submit(at(18*ms, set(0, 1)))
	check(t, frames(e, 18*ms, 18*ms), "18ms woken [0]: 1")
	e.Retime(along(beat.Timeline{Epoch: 1, Origin: 18 * ms, BPM: 600}))
	frames(e, 18*ms, 30*ms)
	if got := e.Value(level.Address{Slot: 2}); got < 0.1919 || got > 0.1921 {
		t.Errorf("level %v, want 0.18 and a little", got)
	}
}

func TestWokenFramesAllocateNothing(t *testing.T) {
	const runs = 100
	var r level.Registry
	e := New(Config{Rate: 1, Registry: &r})
	for o := range runs + 2 {
		e.Use(r.Output(fmt.Sprint(o), 512))
	}
	e.Step(0)
	for o := range level.Output(runs + 2) {
		e.Submit(at(time.Duration(o+1)*ms, set(o, 9)))
	}
	frame := func() {
		if f := e.Step(e.Next()); !f.Woken {
			t.Fatalf("frame at %v is not woken", f.At)
		}
	}
	frame()
	if n := testing.AllocsPerRun(runs, frame); n != 0 {
		t.Errorf("%v allocations per frame", n)
	}
}

func TestALeadGrowsWithTheScheduleOnly(t *testing.T) {
	e := newWide(2)
	frames(e, 0, 20*ms)
	for n := range 5 {
		e.Lead(100 * ms)
		e.Submit(at(21*ms, set(level.Output(n%2), float64(n+1))))
		e.Step(21 * ms)
	}
	if e.lead != 5*ms {
		t.Errorf("lead %v after one frame of the schedule, want 5ms", e.lead)
	}
}
