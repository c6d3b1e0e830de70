package show_test

import (
	"flag"
	"fmt"
	"runtime"
	"testing"
	"time"
)

var reloads = flag.Int("reloads", 60, "how many times the test of many reloads loads a show again")

// TestManyReloads saves a play on the beat again and again while it runs: no frame is left
// out, no beat and no follow is lost or comes twice, and nothing of the old loads stays.
func TestManyReloads(t *testing.T) {
	text := func(n int) string {
		return fmt.Sprintf(`local stage, cue = require "stage", require "cue"
local wash = stage.fixture{ name = "wash", kind = "dimmer", at = one:slot(1) }
wash:set(%d)
local main = cue.list{ name = "main" }
for i = 1, %d do main:cue{ i, look = { [wash] = i %% 200 }, fade = 0.3, follow = 0.5 } end
main:on("go", function(c) mark("cue", c.number) end)
clock.on_beat(1, function(b) mark("beat", b.number) end)
show.state.loads = (show.state.loads or 0) + 1
show.on("start", function() main:go() end)`, n%2, *reloads/4+10)
	}
	h := newLab(t, text(0))
	h.run(time.Second)
	heap := func() uint64 {
		var m runtime.MemStats
		h.marks, h.frames = append([]mark{}, h.marks...), append([]shown{}, h.frames...)
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var before uint64
	var routines int
	for i := range *reloads {
		h.run(time.Second + time.Duration(i)*97*time.Millisecond)
		h.load(text(i / 3))
		if i == 20 {
			before, routines = heap(), runtime.NumGoroutine()
		}
	}
	h.run(h.clock.Now() + time.Second)
	if now := heap(); now > before+2<<20+uint64(*reloads)*2000 {
		t.Errorf("the heap grew from %d to %d bytes", before, now)
	}
	if now := runtime.NumGoroutine(); now > routines+3 {
		t.Errorf("there were %d goroutines, and now %d", routines, now)
	}
	for i := 1; i < len(h.frames); i++ {
		if gap := h.frames[i].at - h.frames[i-1].at; gap >= 20*time.Millisecond {
			t.Errorf("no frame for %v, at %v", gap, h.frames[i].at)
		}
	}
	next := map[any]float64{"cue": 1, "beat": 1}
	var cue time.Duration
	for _, m := range h.marks {
		what := m.args[0]
		if what == "beat" && number(m.args[1]) == 0 {
			continue // the first of all
		}
		if number(m.args[1]) != next[what] {
			t.Fatalf("%v, want %v %v", m, what, next[what])
		}
		next[what]++
		if what == "cue" {
			if d := m.at - cue - 500*time.Millisecond; number(m.args[1]) > 1 && d.Abs() > time.Microsecond {
				t.Errorf("%v came %v late", m, d)
			}
			cue = m.at
		}
	}
	if passed := h.clock.Now().Seconds(); next["cue"] < passed*2-2 || next["beat"] < passed*2-2 {
		t.Errorf("%v cues and %v beats in %v s", next["cue"], next["beat"], passed)
	}
}
