package host

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"showrun/bindings"
	"showrun/runtime/clock"
	"showrun/runtime/device"
	"showrun/runtime/level"
	"showrun/runtime/rehearse"
	"showrun/runtime/show"
)

// evening is a show of beats, fades, a chase by the clock, and what people fire.
const evening = `local clock, stage, show, cue, signet = require "clock", require "stage", require "show", require "cue", require "signet"
local one = signet.sender{}:universe(1)
local wash = stage.fixture{ name = "wash", kind = "rgb", at = one:slot(1) }
local spot = stage.fixture{ name = "spot", kind = "dimmer", at = one:slot(20) }
clock.set_tempo(128)
clock.on_beat(1, function(beat)
  one:set(100, beat.number % 256)
  wash:set{ red = 55 + math.random(200) }
  wash:fade({ red = 0 }, "3/4b")
end)
clock.after(3.3, function()
  clock.set_tempo(97)
  clock.every(0.37, function() one:set(101, math.random(255)) end)
end)
show.trigger("bump", function() spot:set(255) spot:fade(0, 0.4) end)
local main = cue.list{}
for i = 1, 5 do main:cue{ i, look = { [wash] = { color = "#0040ff" }, [spot] = i * 40 }, fade = 0.6, follow = i % 2 == 0 and 0.5 or nil } end
`

// fires are what somebody does to it, and when.
var fires = []struct {
	at time.Duration
	op show.Operation
}{
	{3313 * time.Millisecond, show.Go{}}, {3717 * time.Millisecond, show.Fire{Name: "bump"}}, {4029 * time.Millisecond, show.Go{}},
	{4111 * time.Millisecond, show.Fire{Name: "bump"}}, {5003 * time.Millisecond, show.Master{Level: 100, Over: time.Second}},
}

const eveningLong = 7 * time.Second

// still is a sleeper on the clock of a bubble, in which nothing is late.
type still struct {
	clock clock.Clock
	woken chan struct{}
}

func (s *still) SleepUntil(at time.Duration) {
	select {
	case <-time.After(at - s.clock.Now()):
	case <-s.woken:
	}
	synctest.Wait() // what the script has to do at this very instant takes no time
}

func (s *still) Wake() {
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

// TestVirtualEqualsLive where nothing is late: the loops of the host and a run in virtual time
// make the same frames at the same instants, whatever the rate, and every beat is in one.
func TestVirtualEqualsLive(t *testing.T) {
	for _, rate := range []int{10, 18, 25, 44, 120} {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			dir := t.TempDir()
			save(t, filepath.Join(dir, "show.lua"), evening)
			live := liveEvening(t, dir, rate)
			virtual, beats := virtualEvening(t, dir, rate)
			differ(t, live, virtual)
			if len(live) != len(virtual) || len(live) < 50 {
				t.Errorf("%d frames live, %d in virtual time", len(live), len(virtual))
			}
			for n := range 6 { // before anything else happens
				at := time.Duration(n+1) * time.Minute / 128
				if shown := beats[byte(n+1)]; (shown - at).Abs() > time.Microsecond {
					t.Errorf("beat %d is shown at %v, not at %v", n+1, shown, at)
				}
			}
		})
	}
}

// liveEvening are the frames that the loops of a host make.
func liveEvening(t *testing.T, dir string, rate int) (frames []string) {
	synctest.Test(t, func(t *testing.T) {
		var h *Host
		tr := &trace{registry: func() *level.Registry { return h.show.Registry() }}
		h, err := New(Options{Show: filepath.Join(dir, "show.lua"), Rate: rate, Seed: 7, Frames: tr, Bind: bindings.New})
		if err != nil {
			t.Fatal(err)
		}
		next, err := h.show.Prepare(t.Context(), os.DirFS(dir), show.First())
		if err != nil {
			t.Fatal(err)
		}
		devices, env := map[string]device.Device{}, h.show.Env()
		env.Since, env.Time = h.clock.Since, h.clock.Time
		for _, d := range next.Declarations() {
			if devices[d.Key()], err = d.OpenVirtual(env); err != nil {
				t.Fatal(err)
			}
		}
		next.Provide(devices)
		h.show.Swap(next, h.clock.Now())
		h.live = next
		ctx, cancel := context.WithCancel(t.Context())
		var loops sync.WaitGroup
		loops.Go(func() { h.scriptLoop(ctx) })
		loops.Go(func() { h.drive(ctx, &still{h.clock, make(chan struct{}, 1)}) })
		for _, f := range fires {
			<-time.After(f.at - h.clock.Now())
			if err := h.show.Operate(f.op); err != nil {
				t.Error(err)
			}
		}
		<-time.After(eveningLong - time.Microsecond - h.clock.Now())
		cancel()
		h.wake()
		loops.Wait()
		next.End()
		frames = onlyFrames(tr)
	})
	return frames
}

// virtualEvening are those of a run in virtual time, and when beats were shown first.
func virtualEvening(t *testing.T, dir string, rate int) (frames []string, beats map[byte]time.Duration) {
	var r *rehearse.Run
	beats = map[byte]time.Duration{}
	tr := &trace{registry: func() *level.Registry { return r.Show().Registry() }}
	r, err := rehearse.New(rehearse.Options{
		Name: filepath.Base(dir), File: "show.lua", Dir: filepath.Base(dir), Rate: rate, Lookahead: defaultLookahead, Seed: 7,
		Bind: bindings.New, Frames: &beatSink{tr, beats},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Load(t.Context(), os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	for _, f := range fires {
		if err := r.Until(t.Context(), f.at); err != nil {
			t.Fatal(err)
		}
		if err := r.Show().Operate(f.op); err != nil {
			t.Error(err)
		}
	}
	if err := r.Until(t.Context(), eveningLong-time.Microsecond); err != nil {
		t.Fatal(err)
	}
	return onlyFrames(tr), beats
}

// beatSink notes when the number of a beat was on slot 100 first.
type beatSink struct {
	*trace
	beats map[byte]time.Duration
}

func (s *beatSink) Frame(f *level.Frame) {
	s.trace.Frame(f)
	if len(f.Levels) > 0 && len(f.Levels[0]) > 99 {
		if _, known := s.beats[f.Levels[0][99]]; !known {
			s.beats[f.Levels[0][99]] = f.At
		}
	}
}

func onlyFrames(tr *trace) (frames []string) {
	for _, line := range tr.all() {
		if strings.HasPrefix(line, "frame") {
			frames = append(frames, line)
		}
	}
	return frames
}
