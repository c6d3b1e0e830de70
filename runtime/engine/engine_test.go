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

const ms = time.Millisecond

// ch is the channel of 8 bits at a slot of output 0, ch16 that of 16 bits at
// it and the next.
func ch(slot int32) patch.Channel {
	return patch.Channel{Coarse: level.Address{Slot: slot}}
}

func ch16(slot int32) patch.Channel {
	return patch.Channel{Coarse: level.Address{Slot: slot}, Fine: level.Address{Slot: slot + 1}}
}

// newTest returns an engine of 100 Hz, so that frames are 10 ms apart, with an
// output 0 of 8 slots.
func newTest(t testing.TB) *Engine {
	t.Helper()
	var r level.Registry
	r.Output("test", 8)
	return New(Config{Rate: 100, Registry: &r})
}

// at is a batch stamped with a time.
func at(at time.Duration, commands ...Command) Batch {
	return Batch{Stamp: Stamp{At: at}, Generation: 1, Origin: "show.lua:1", Commands: commands}
}

// onBeat is a batch stamped with a beat of an epoch.
func onBeat(line beat.Timeline, b beat.Micro, commands ...Command) Batch {
	return Batch{
		Stamp:    Stamp{At: line.Time(b), Beat: b, Epoch: line.Epoch, OnBeat: true},
		Origin:   "show.lua:2",
		Commands: commands,
	}
}

// step steps the engine exactly on its deadlines up to the moment until, and
// returns for each frame its instant and the levels of the first slots.
func step(e *Engine, until time.Duration, slots int) []string {
	var log []string
	for next := e.Next(); next <= until; next = e.Next() {
		f := e.Step(next)
		line := fmt.Sprintf("%v", f.At)
		for _, v := range f.Slots(0)[:min(slots, len(f.Slots(0)))] {
			line += fmt.Sprintf(" %d", v)
		}
		log = append(log, line)
	}
	return log
}

func check(t *testing.T, got []string, want ...string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		g, w := "nothing", "nothing"
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Errorf("frame %d: got %s, want %s", i, g, w)
		}
	}
}

func TestFramesWithoutAnythingToDo(t *testing.T) {
	e := newTest(t)
	if f := e.Step(-1); f != nil {
		t.Errorf("a frame before the start: %v", f)
	}
	check(t, step(e, 30*ms, 2), "0s", "10ms", "20ms", "30ms")
	e.Use(0)
	e.Use(7) // there is no such output
	check(t, step(e, 40*ms, 2), "40ms 0 0")
	if s := e.Stats(); s.Frames != 5 || s.Skipped != 0 {
		t.Errorf("%d frames, %d skipped, want 5, 0", s.Frames, s.Skipped)
	}
}

func TestBatchAppearsWholeOnItsInstant(t *testing.T) {
	e := newTest(t)
	e.Submit(at(33*ms, Set{ch(1), 10}, Set{ch(2), 20}))
	e.Submit(at(33*ms, Set{ch(2), 21}))
	e.Submit(at(70*ms, Set{ch(1), 255}))
	e.Submit(at(50 * ms)) // nothing: no frame is planned for it
	check(t, step(e, 80*ms, 2),
		"0s",
		"11ms", "22ms", "33ms 10 21", // three equal intervals
		"45.333333ms 10 21", "57.666666ms 10 21", "70ms 255 21",
		"80ms 255 21")
	if s := e.Stats(); s.Batches != 3 || s.Exact != 3 || s.Late.Count != 0 || s.Queued != 0 {
		t.Errorf("stats %+v, want 3 batches, all exact", s)
	}
}

func TestFade(t *testing.T) {
	e := newTest(t)
	e.Submit(at(0, Set{ch(1), 100}))
	e.Submit(at(20*ms,
		Fade{Channel: ch(1), To: 200, Duration: Length{Time: 40 * ms}},
		Fade{Channel: ch(2), To: 100, Duration: Length{Time: 20 * ms}, Delay: Length{Time: 15 * ms}},
		Fade{Channel: ch(3), To: 50},
		Fade{Channel: ch(4), To: 50, Delay: Length{Time: 10 * ms}},
		Fade{Channel: ch(5), To: 100, Duration: Length{Time: 20 * ms}, Curve: curve.EaseIn},
		Fade{Channel: ch(6), To: 60, Duration: Length{Time: -1}, Delay: Length{Time: -1}},
	))
	check(t, step(e, 80*ms, 6),
		"0s 100 0 0 0 0 0",
		"10ms 100 0 0 0 0 0",
		"20ms 100 0 50 0 0 60",
		"30ms 125 0 50 50 25 60",
		"40ms 150 25 50 50 100 60",
		"50ms 175 75 50 50 100 60",
		"60ms 200 100 50 50 100 60",
		"70ms 200 100 50 50 100 60",
		"80ms 200 100 50 50 100 60")
	if n := e.Stats().Effects; n != 0 {
		t.Errorf("%d effects left", n)
	}
}

func TestWhatRunsIsReplacedFromItsPresentLevel(t *testing.T) {
	e := newTest(t)
	up := func(slot int32) Command {
		return Fade{Channel: ch(slot), To: 100, Duration: Length{Time: 100 * ms}}
	}
	e.Submit(at(0, up(1), up(2), up(3), up(4), up(5)))
	path, err := curve.NewPath(1, []float64{50, 50, 50})
	if err != nil {
		t.Fatal(err)
	}
	e.Submit(at(40*ms,
		Stop{ch(1)},
		Set{ch(2), 7},
		Fade{Channel: ch(3), To: 0, Duration: Length{Time: 40 * ms}},
		Wave{Channel: ch(4), Shape: curve.Saw, Period: Length{Time: 40 * ms}, From: 100, To: 140},
		Path{Channels: []patch.Channel{ch(5)}, Path: path, Segment: Length{Time: 20 * ms}},
	))
	check(t, step(e, 90*ms, 5)[3:],
		"30ms 30 30 30 30 30",
		"40ms 40 7 40 100 40",
		"50ms 40 7 30 110 49", // Bezier from 40 over 50, 50 to 50 at 1/2
		"60ms 40 7 20 120 50",
		"70ms 40 7 10 130 50",
		"80ms 40 7 0 100 50",
		"90ms 40 7 0 110 50")
	if n := e.Stats().Effects; n != 1 {
		t.Errorf("%d effects run, want the wave alone", n)
	}
}

func TestPathMovesChannelsTogether(t *testing.T) {
	e := newTest(t)
	path, err := curve.NewPath(2, []float64{
		10, 0, 20, 0, 30, 30,
		40, 20, 50, 10, 60, 0,
	})
	if err != nil {
		t.Fatal(err)
	}
	e.Submit(at(0,
		Path{Channels: []patch.Channel{ch(1), ch(2)}, Path: path, Segment: Length{Time: 30 * ms}},
		Path{Channels: []patch.Channel{ch(3)}, Path: path, Segment: Length{Time: 30 * ms}},
		Path{Channels: []patch.Channel{ch(3), ch(99)}, Path: path},
		Path{},
	))
	e.Submit(at(40*ms, Set{ch(2), 99}))
	check(t, step(e, 70*ms, 3),
		"0s 0 0 0", "10ms 10 1 0", "20ms 20 9 0", "30ms 30 30 0",
		"40ms 40 99 0", "50ms 50 99 0", "60ms 60 99 0", "70ms 60 99 0")
	if s := e.Stats(); s.RefusedCommands != 3 || s.Effects != 0 {
		t.Errorf("%d commands refused, %d effects, want 3, 0", s.RefusedCommands, s.Effects)
	}
}

func TestWaves(t *testing.T) {
	e := newTest(t)
	period := Length{Time: 40 * ms}
	e.Submit(at(0,
		Wave{Channel: ch(1), Shape: curve.Sine, Period: period, From: 0, To: 200},
		Wave{Channel: ch(2), Shape: curve.Triangle, Period: period, From: 0, To: 200, Width: 0.5, Phase: 0.25},
		Wave{Channel: ch(3), Shape: curve.Square, Period: period, From: 0, To: 200, Width: 0.25},
		Wave{Channel: ch(4), Shape: curve.Sine, From: 0, To: 200, Phase: 0.5},
		Wave{Channel: ch(5), Shape: curve.Sine, Period: period, From: -100, To: 400},
	))
	check(t, step(e, 50*ms, 5),
		"0s 0 100 200 200 0",
		"10ms 100 200 0 200 150",
		"20ms 200 100 0 200 255",
		"30ms 100 0 0 200 150",
		"40ms 0 100 200 200 0",
		"50ms 100 200 0 200 150")
	random := func(seed uint64) []string {
		e := newTest(t)
		e.Submit(at(0, Wave{Channel: ch(1), Shape: curve.Random, Period: period, To: 255, Seed: seed}))
		return step(e, 200*ms, 1)
	}
	check(t, random(1), random(1)...)
	if fmt.Sprint(random(1)) == fmt.Sprint(random(2)) {
		t.Error("two seeds give the same random wave")
	}
}

func TestSixteenBits(t *testing.T) {
	e := newTest(t)
	e.Submit(at(0, Set{ch16(1), 127.5}, Set{ch16(3), 255}, Set{ch16(5), 1}))
	e.Submit(at(10*ms, Set{ch16(1), 128}, Set{ch16(3), 300}, Set{ch16(5), -3}))
	e.Submit(at(20*ms, Fade{Channel: ch16(1), To: 129, Duration: Length{Time: 20 * ms}}))
	check(t, step(e, 40*ms, 6),
		"0s 128 0 255 255 1 1", // 32767.5 is rounded up
		"10ms 128 128 255 255 0 0",
		"20ms 128 128 255 255 0 0",
		"30ms 129 1 255 255 0 0", // 33024.5
		"40ms 129 129 255 255 0 0")
}

func TestChannelsChangeTheirWidth(t *testing.T) {
	fade := Length{Time: 20 * ms}
	tests := []struct {
		name   string
		first  Command
		second Command
		want   []string
	}{
		{"8 bits take over the coarse half", Set{ch16(1), 128.5}, Set{ch(1), 7},
			[]string{"0s 129 1 0", "10ms 129 1 0", "20ms 7 1 0", "30ms 7 1 0"}},
		{"8 bits take over the fine half", Set{ch16(1), 128}, Set{ch(2), 7},
			[]string{"0s 128 128 0", "10ms 128 128 0", "20ms 128 7 0", "30ms 128 7 0"}},
		{"16 bits start from the bytes that show", Set{ch16(1), 100.5}, Fade{Channel: ch16(1), To: 101.5, Duration: fade},
			[]string{"0s 100 229 0", "10ms 100 229 0", "20ms 100 229 0", "30ms 101 101 0"}},
		{"16 bits end what runs on their fine half", Fade{Channel: ch(2), To: 40, Duration: Length{Time: 40 * ms}}, Stop{ch16(1)},
			[]string{"0s 0 0 0", "10ms 0 10 0", "20ms 0 10 0", "30ms 0 10 0"}},
		{"16 bits shifted by a slot", Set{ch16(1), 128}, Set{ch16(2), 1},
			[]string{"0s 128 128 0", "10ms 128 128 0", "20ms 128 1 1", "30ms 128 1 1"}},
		{"16 bits over the start of others", Set{ch16(2), 128}, Set{ch16(1), 1},
			[]string{"0s 0 128 128", "10ms 0 128 128", "20ms 1 1 128", "30ms 1 1 128"}},
		{"16 bits the other way round", Set{ch16(1), 2},
			Set{patch.Channel{Coarse: level.Address{Slot: 2}, Fine: level.Address{Slot: 1}}, 128.5},
			[]string{"0s 2 2 0", "10ms 2 2 0", "20ms 1 129 0", "30ms 1 129 0"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := newTest(t)
			e.Submit(at(0, tt.first))
			e.Submit(at(20*ms, tt.second))
			check(t, step(e, 30*ms, 3), tt.want...)
		})
	}
	t.Run("levels restored slot by slot", func(t *testing.T) {
		e := newTest(t)
		e.Submit(at(0, Set{ch(1), 100}, Set{ch(2), 229}))
		e.Submit(at(10*ms, Fade{Channel: ch16(1), To: 101.5, Duration: fade}))
		check(t, step(e, 30*ms, 2), "0s 100 229", "10ms 100 229", "20ms 101 101", "30ms 101 230")
	})
}

func TestLevelsAreRoundedAndClampedAtTheOutput(t *testing.T) {
	nan := func() float64 { z := 0.0; return z / z }()
	for _, tt := range []struct {
		level float64
		want  byte
	}{
		{0.4, 0}, {0.5, 1}, {127.49, 127}, {127.5, 128}, {254.5, 255}, {255, 255},
		{-20, 0}, {300, 255}, {1e300, 255}, {-1e300, 0}, {nan, 0},
	} {
		e := newTest(t)
		e.Submit(at(0, Set{ch(1), tt.level}))
		if got := e.Step(0).Slots(0)[0]; got != tt.want {
			t.Errorf("level %v = %d, want %d", tt.level, got, tt.want)
		}
	}
}

func TestUnknownSlotsAreRefused(t *testing.T) {
	e := newTest(t)
	e.Submit(at(0,
		Set{ch(0), 1}, Set{ch(-1), 1}, Set{ch(9), 1}, Set{ch16(8), 1},
		Fade{Channel: patch.Channel{Coarse: level.Address{Output: 1, Slot: 1}}},
		Stop{ch(9)}, Wave{Channel: ch(9)},
		Set{patch.Channel{Coarse: level.Address{Slot: 1}, Fine: level.Address{Slot: 1}}, 1},
		Intensity{[]patch.Channel{ch(9)}},
		Set{ch(8), 1}))
	e.Step(0)
	if s := e.Stats(); s.RefusedCommands != 9 {
		t.Errorf("%d refused, want 9", s.RefusedCommands)
	}
	if v := e.Value(level.Address{Slot: 8}); v != 1 {
		t.Errorf("slot 8 = %v, want 1", v)
	}
}

// TestAChannelIsOnOneOutput: its halves would not appear together on two.
func TestAChannelIsOnOneOutput(t *testing.T) {
	e := newWide(2)
	e.Submit(at(0, Set{patch.Channel{Coarse: level.Address{Slot: 1}, Fine: level.Address{Output: 1, Slot: 2}}, 100}))
	if f := e.Step(0); f.Levels[0][0] != 0 || f.Levels[1][1] != 0 || e.Stats().RefusedCommands != 1 {
		t.Errorf("levels %v, %d refused", f.Levels, e.Stats().RefusedCommands)
	}
}

func TestOutputGrows(t *testing.T) {
	var r level.Registry
	o := r.Output("gateway", 2)
	e := New(Config{Registry: &r})
	e.Submit(at(0, Set{ch(2), 5}))
	if f := e.Step(0); len(f.Slots(o)) != 2 {
		t.Fatalf("%d slots", len(f.Slots(o)))
	}
	r.Output("gateway", 4)
	r.Output("other", 1)
	last := r.Output("last", 1)
	e.Use(o)
	e.Submit(at(1, Set{ch(4), 9}, Set{patch.Channel{Coarse: level.Address{Output: last, Slot: 1}}, 3}))
	f := e.Step(e.Next())
	if got := fmt.Sprint(f.Levels); got != "[[0 5 0 9] [] [3]]" || f.Levels[1] != nil {
		t.Errorf("levels %s", got)
	}
	if v := e.Reader().Value(level.Address{Slot: 2}); v != 5 {
		t.Errorf("reader has %v in slot 2", v)
	}
}

func TestClear(t *testing.T) {
	e := newTest(t)
	e.Submit(at(0, Set{ch16(1), 200}, Wave{Channel: ch(3), From: 50, To: 50}))
	e.Submit(at(20*ms, Set{ch(1), 9}))
	step(e, 10*ms, 3)
	e.Clear()
	check(t, step(e, 30*ms, 4), "20ms 0 0 0 0", "30ms 0 0 0 0")
	if s := e.Stats(); s.Effects != 0 || s.Queued != 0 {
		t.Errorf("%d effects, %d queued", s.Effects, s.Queued)
	}
}

func TestNewRefusesNonsense(t *testing.T) {
	for _, c := range []Config{{}, {Rate: -1, Registry: new(level.Registry)}, {Rate: MaxRate + 1, Registry: new(level.Registry)}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("New(%+v) does not panic", c)
				}
			}()
			New(c)
		}()
	}
}

// along is a course that goes by one timeline.
func along(line beat.Timeline) beat.Course { return beat.Course{{Line: line}} }
