package engine

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/curve"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// newBusy returns an engine at 44 Hz with so many universes in use and so many
// effects that never end, of all kinds, and a master that fades.
func newBusy(tb testing.TB, universes, effects int) *Engine {
	tb.Helper()
	var r level.Registry
	e := New(Config{Registry: &r})
	for u := range universes {
		e.Use(r.Output(fmt.Sprint(u), 512))
	}
	long := Length{Time: 1000 * time.Hour}
	path, err := curve.NewPath(1, []float64{0, 255, 255})
	if err != nil {
		tb.Fatal(err)
	}
	b := Batch{}
	var all []patch.Channel
	for i := range effects {
		c := patch.Channel{Coarse: level.Address{Output: level.Output(i % universes), Slot: int32(2*(i/universes)) + 1}}
		if i%3 == 0 {
			c.Fine = level.Address{Output: c.Coarse.Output, Slot: c.Coarse.Slot + 1}
		}
		all = append(all, c)
		var command Command
		switch i % 5 {
		case 0:
			command = Fade{Channel: c, To: 255, Duration: long, Curve: curve.Ease}
		case 1:
			command = Fade{Channel: c, To: 255, Duration: Length{Beats: 1e6 * beat.Beat}}
		case 2:
			command = Wave{Channel: c, Shape: curve.Sine, Period: Length{Time: time.Second}, To: 255}
		case 3:
			command = Wave{Channel: c, Shape: curve.Random, Period: Length{Beats: beat.Beat}, To: 255}
		case 4:
			command = Path{Channels: []patch.Channel{c}, Path: path, Segment: long}
		}
		b.Commands = append(b.Commands, command)
	}
	b.Commands = append(b.Commands, Intensity{all}, Master{To: 100, Duration: long})
	e.Submit(b)
	e.Step(0)
	if n := e.Stats().Effects; n != effects {
		tb.Fatalf("%d effects run, want %d", n, effects)
	}
	return e
}

func TestRunningEffectsAllocateNothing(t *testing.T) {
	e := newBusy(t, 10, 500)
	m := level.NewMailbox()
	var got level.Frame
	course := along(beat.Timeline{BPM: 120})
	frame := func() {
		course[0].Line.BPM += 0.001
		e.Retime(course)
		m.Put(e.Step(e.Next()))
		m.Take(&got)
	}
	frame()
	frame()
	if n := testing.AllocsPerRun(200, frame); n != 0 {
		t.Errorf("%v allocations per frame", n)
	}
}

func TestSnapshotsAllocateNothing(t *testing.T) {
	e := newBusy(t, 10, 500)
	for i := range 20 {
		e.Submit(at(time.Hour, Set{ch(1), float64(i)}, Order{Device: "x", Message: i}))
	}
	s := e.Snapshot()
	if n := testing.AllocsPerRun(20, func() { e.Step(e.Next()); e.SnapshotInto(&s) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestReaderDoesNotDisturb is for the race detector.
func TestReaderDoesNotDisturb(t *testing.T) {
	var r level.Registry
	e := New(Config{Registry: &r})
	reader := e.Reader()
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			for o := range level.Output(4) {
				a := level.Address{Output: o, Slot: 1}
				if v := reader.Value(a); v < 0 || v > 255 {
					t.Errorf("level %v", v)
				}
				reader.Shown(a)
			}
		}
	})
	for i := range 400 {
		if i%100 == 0 {
			o := r.Output(fmt.Sprint(i), 512)
			e.Submit(at(e.Next(), Wave{Channel: patch.Channel{Coarse: level.Address{Output: o, Slot: 1}}, To: 255, Period: Length{Time: time.Second}}))
		}
		e.Step(e.Next())
	}
	close(done)
	wg.Wait()
}

func BenchmarkStep(b *testing.B) {
	for _, size := range []struct{ universes, effects int }{{1, 10}, {100, 2000}, {100, 25600}, {1000, 20000}} {
		b.Run(fmt.Sprintf("%d universes, %d effects", size.universes, size.effects), func(b *testing.B) {
			e := newBusy(b, size.universes, size.effects)
			b.ReportAllocs()
			for b.Loop() {
				e.Step(e.Next())
			}
		})
	}
}

// BenchmarkBatch is a handler's batch of ten fades, on a beat, up to the frame
// it appears in.
func BenchmarkBatch(b *testing.B) {
	e := newBusy(b, 1, 10)
	var commands []Command
	for i := range int32(10) {
		commands = append(commands, Fade{Channel: ch(100 + i), To: 255, Duration: Length{Time: 10 * time.Millisecond}})
	}
	b.ReportAllocs()
	for b.Loop() {
		e.Submit(at(e.Next(), commands...))
		e.Step(e.Next())
	}
}

// BenchmarkSnapshot is what one takes out of the engine loop that is not the first.
func BenchmarkSnapshot(b *testing.B) {
	e := newBusy(b, 1000, 20000)
	s := e.Snapshot()
	b.ReportAllocs()
	for b.Loop() {
		e.SnapshotInto(&s)
	}
}
