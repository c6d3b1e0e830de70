package engine

import (
	"fmt"
	"testing"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

func TestLateBatch(t *testing.T) {
	e := newTest(t)
	e.Submit(at(0, Set{ch(1), 100}))
	step(e, 30*ms, 1)
	late := at(12*ms, Fade{Channel: ch(1), To: 200, Duration: Length{Time: 40 * ms}})
	e.Submit(late)
	e.Submit(at(30*ms, Set{ch(2), 5})) // the frame at 30 ms is out
	e.Submit(at(33*ms, Set{ch(3), 6})) // too near for a plan, but not late
	// The fade still ends at 52 ms.
	check(t, step(e, 60*ms, 3), "30ms 145 5 0", "40ms 170 5 6", "50ms 195 5 6", "60ms 200 5 6")
	s := e.Stats()
	want := Lateness{Count: 2, Worst: 18 * ms}
	if s.Late != want || len(s.Origins) != 1 || s.Origins["show.lua:1"] != want || s.Batches != 4 || s.Exact != 2 {
		t.Errorf("stats %+v", s)
	}
	s.Origins["x"] = Lateness{}
	if len(e.Stats().Origins) != 1 {
		t.Error("the map of origins is not a copy")
	}
}

func TestLateOriginsAreBounded(t *testing.T) {
	e := newTest(t)
	e.Step(0)
	for i := range maxOrigins + 10 {
		b := at(0, Set{ch(1), 1})
		b.Origin = fmt.Sprintf("show.lua:%d", i)
		e.Submit(b)
	}
	e.Step(e.Next())
	s := e.Stats()
	if len(s.Origins) != maxOrigins+1 || s.Origins[OtherOrigins].Count != 10 || s.Late.Count != maxOrigins+10 {
		t.Errorf("%d origins, %v others, %d late", len(s.Origins), s.Origins[OtherOrigins], s.Late.Count)
	}
}

func TestQueueIsBounded(t *testing.T) {
	e := newTest(t)
	one := []Command{Set{ch(1), 1}}
	for range maxQueuedBatches + 5 {
		e.Submit(Batch{Stamp: Stamp{At: time.Second}, Commands: one})
	}
	if s := e.Stats(); s.Queued != maxQueuedBatches || s.RefusedBatches != 5 {
		t.Errorf("%d queued, %d refused", s.Queued, s.RefusedBatches)
	}
	e.Clear()
	many := make([]Command, maxQueuedCommands-1)
	for i := range many {
		many[i] = one[0]
	}
	e.Submit(at(time.Second, many...))
	e.Submit(at(0, one...))
	e.Submit(at(0, one...))
	if s := e.Stats(); s.Queued != 2 || s.RefusedBatches != 6 {
		t.Errorf("%d queued, %d refused", s.Queued, s.RefusedBatches)
	}
	e.Step(0)
	e.Submit(at(0, one...)) // room again
	if s := e.Stats(); s.Queued != 2 || s.RefusedBatches != 6 {
		t.Errorf("%d queued, %d refused after a frame", s.Queued, s.RefusedBatches)
	}
}

func TestRetimeKeepsTheOrderOfBatches(t *testing.T) {
	e := newTest(t)
	e.Use(0)
	line := beat.Timeline{BPM: 60}
	e.Retime(along(line))
	e.Submit(onBeat(line, 50_000, Set{ch(1), 1}))
	e.Submit(at(40*ms, Set{ch(1), 2}))
	e.Submit(onBeat(line, 50_000, Set{ch(1), 3}, Set{ch(2), 3}))
	e.Submit(onBeat(line, 50_000, Set{ch(2), 4}))
	step(e, 10*ms, 2)
	line.Origin = -10 * ms // now all are at 40 ms
	e.Retime(along(line))
	check(t, step(e, 40*ms, 2), "20ms 0 0", "30ms 0 0", "40ms 3 4")
}

func TestReader(t *testing.T) {
	e := newTest(t)
	r := e.Reader()
	a := func(slot int32) level.Address { return level.Address{Slot: slot} }
	if r.Value(a(1)) != 0 || r.Shown(a(1)) != 0 {
		t.Error("levels before there are any")
	}
	e.Submit(at(0, Set{ch(1), 127.6}, Set{ch(2), 300}, Set{ch16(3), 128.5}, Intensity{nil}))
	e.Step(0)
	for slot, want := range map[int32]float64{1: 127.6, 2: 255, 3: 128.5, 4: 1, 5: 0, 0: 0, -1: 0, 9: 0} {
		if got := r.Value(a(slot)); got != want {
			t.Errorf("slot %d = %v, want %v", slot, got, want)
		}
	}
	if r.Value(level.Address{Output: 9, Slot: 1}) != 0 {
		t.Error("level of an output that does not exist")
	}
	e.Submit(at(10*ms, Intensity{[]patch.Channel{ch(1)}}, Master{To: 51}))
	e.Step(10 * ms)
	if v, o := r.Value(a(1)), r.Shown(a(1)); v != 127.6 || o != 127.6*0.2 {
		t.Errorf("value %v, output %v; want 127.6, %v", v, o, 127.6*0.2)
	}
}

// TestEndGeneration: what is stamped before the swap stays where it is, the rest of
// the generation goes.
func TestEndGeneration(t *testing.T) {
	e := newTest(t)
	e.Use(0)
	line := beat.Timeline{BPM: 60}
	e.Retime(along(line))
	of := func(generation int, b Batch) Batch {
		b.Generation = generation
		return b
	}
	e.Step(0)
	e.Submit(of(1, onBeat(line, 30_000, Set{ch(1), 1}, Order{"d", "early"})))
	e.Submit(of(1, onBeat(line, 60_000, Set{ch(2), 2}, Order{"d", "late"})))
	e.Submit(of(1, at(50*ms, Set{ch(3), 3})))
	e.Submit(of(2, onBeat(line, 60_000, Set{ch(4), 4}, Order{"d", "new"})))
	e.EndGeneration(1, 50*ms)
	if s := e.Stats(); s.Withdrawn != 3 || s.Queued != 2 || e.queue.onBeat != 1 || e.queue.commands != 4 {
		t.Errorf("%d withdrawn, %d queued, %d on beats, %d commands", s.Withdrawn, s.Queued, e.queue.onBeat, e.queue.commands)
	}
	line.Origin = 20 * ms // everything on beats comes later, and again after the swap
	e.Retime(along(line))
	check(t, play(e, 80*ms),
		"10ms frame 10ms: 0", "20ms frame 20ms: 0",
		"30ms order early to d of 30ms", "30ms frame 30ms: 1",
		"40ms frame 40ms: 1", "50ms frame 50ms: 1", "60ms frame 60ms: 1", "70ms frame 70ms: 1",
		"80ms order new to d of 80ms", "80ms frame 80ms: 1")
	for slot, want := range []float64{1, 0, 0, 4} {
		if got := e.Value(level.Address{Slot: int32(slot) + 1}); got != want {
			t.Errorf("slot %d at %v, want %v", slot+1, got, want)
		}
	}
}

// TestAnEndedGenerationDoesNotComeBack when a deck that was paused before its beat
// plays again.
func TestAnEndedGenerationDoesNotComeBack(t *testing.T) {
	e := newTest(t)
	e.Use(0)
	line := beat.Timeline{BPM: 60}
	e.Retime(along(line))
	e.Step(0)
	e.Submit(onBeat(line, 30_000, Set{ch(1), 1}))
	line = beat.Timeline{Origin: 10 * ms, Beat: 10_000, BPM: 60, Stopped: true}
	e.Retime(along(line))
	e.EndGeneration(0, time.Hour)
	line.Stopped = false
	e.Retime(along(line))
	check(t, step(e, 40*ms, 1), "10ms 0", "20ms 0", "30ms 0", "40ms 0")
	if s := e.Stats(); s.Queued != 0 || s.Withdrawn != 1 {
		t.Errorf("%d queued, %d withdrawn", s.Queued, s.Withdrawn)
	}
}

// TestUnplayedBeatIsTakenBack: what was put out ahead for a beat is dropped if the beat
// stops before it and stands elsewhere, and kept if it only pauses or plays on there.
func TestUnplayedBeatIsTakenBack(t *testing.T) {
	playing := beat.Timeline{Epoch: 1, BPM: 120}
	paused := beat.Timeline{Epoch: 1, Origin: 470 * ms, Beat: playing.At(470 * ms), BPM: 120, Stopped: true}
	cued := beat.Timeline{Epoch: 2, Origin: 480 * ms, Beat: 4 * beat.Beat, BPM: 120, Stopped: true}
	elsewhere := beat.Timeline{Epoch: 2, Origin: 480 * ms, Beat: 4 * beat.Beat, BPM: 120}
	resumed := beat.Timeline{Epoch: 1, Origin: 700 * ms, Beat: paused.Beat, BPM: 120}
	for _, c := range []struct {
		name  string
		lines []beat.Timeline
		want  string // the frame in which it is
		taken int
	}{
		{"played", nil, "500ms", 0},
		{"cued", []beat.Timeline{cued}, "", 1},
		{"paused", []beat.Timeline{paused}, "", 0},
		{"paused, then played on", []beat.Timeline{paused, resumed}, "730ms", 0},
		{"paused, then cued", []beat.Timeline{paused, cued}, "", 1},
		{"jumped and cued", []beat.Timeline{elsewhere, {Epoch: 3, Origin: 490 * ms, Beat: 4 * beat.Beat, BPM: 120, Stopped: true}}, "", 1},
		{"jumped", []beat.Timeline{elsewhere}, "500ms", 0},
	} {
		e := newTest(t)
		e.Retime(beat.Course{{Line: playing}})
		stamp := Stamp{At: 500 * ms, Beat: beat.Beat, Epoch: 1, OnBeat: true}
		e.Submit(Batch{Stamp: stamp, Commands: []Command{Set{ch(1), 9}, Order{Device: "pump", Message: 1}}})
		lines, got, orders, taken := c.lines, "", 0, 0
		for now := time.Duration(0); now < time.Second; now += 10 * ms {
			for len(lines) > 0 && lines[0].Origin <= now {
				e.Retime(beat.Course{{Line: lines[0]}})
				taken += len(e.Dropped())
				lines = lines[1:]
			}
			e.Pass(now)
			orders += len(e.Orders(now))
			if e.Step(now); got == "" && e.Value(level.Address{Slot: 1}) == 9 {
				got = now.String()
			}
		}
		if got != c.want || taken != c.taken || (c.want == "") != (orders == 0) || int(e.Stats().Withdrawn) != 2*c.taken {
			t.Errorf("%s: shown at %q, want %q; %d orders done, %d taken back; %d withdrawn", c.name, got, c.want, orders, taken, e.Stats().Withdrawn)
		}
	}
}
