package show_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"showrun/runtime/show"
)

// last is the level of slot 1 at an instant.
func (h *lab) last(at time.Duration) byte {
	h.t.Helper()
	h.run(at)
	return h.frames[len(h.frames)-1].value
}

// TestReloadKeepsWhatWasChanged: what the top level asks for just as the load before did is
// left as it is; what it asks for otherwise is done.
func TestReloadKeepsWhatWasChanged(t *testing.T) {
	for _, c := range []struct {
		name, first, changes, next string
		want                       byte
	}{
		{"the same set", `one:set(1, 100)`, `one:set(1, 7)`, `one:set(1, 100)`, 7},
		{"another level", `one:set(1, 100)`, `one:set(1, 7)`, `one:set(1, 101)`, 101},
		{"a line before it", `one:set(1, 100)`, `one:set(1, 7)`, `one:set(2, 9) one:set(1, 100)`, 7},
		{"the same fade", `one:fade(1, 100, 0.1)`, `one:set(1, 7)`, `one:fade(1, 100, 0.1)`, 7},
		{"a longer fade", `one:fade(1, 100, 0.1)`, `one:set(1, 7)`, `one:fade(1, 100, 0.2)`, 100},
		{"one more of the same channel", `one:set(1, 100)`, `one:set(1, 7)`, `one:set(1, 100) one:set(1, 100)`, 100},
		{"one that was not there", ``, `one:set(1, 7)`, `one:set(1, 100)`, 100},
		{"one that is not there any more", `one:set(1, 100)`, `one:set(1, 7)`, ``, 7},
		{"the same for a fixture", `F():set{ dimmer = 40 }`, `F():set{ dimmer = 7 }`, `F():set{ dimmer = 40 }`, 7},
		{"the same colour", `G():set{ color = "red" }`, `G():set{ color = "#090000" }`, `G():set{ color = "red" }`, 9},
		{"another colour", `G():set{ color = "red" }`, `G():set{ color = "#090000" }`, `G():set{ color = "#330000" }`, 0x33},
		{"a channel beside another colour", `G():set{ color = "red", red = 120 }`, `G():set{ red = 7 }`, `G():set{ color = "blue", red = 120 }`, 120},
		{"a channel that follows its colour again", `G():set{ color = "red", red = 120 }`, ``, `G():set{ color = "red" }`, 255},
		{"another intensity, the same colour", `G():set{ color = "red", intensity = 255 }`, `G():set{ color = "#080000" }`, `G():set{ color = "red", intensity = 127.5 }`, 4},
		{"the same path", `F():spline({ 10, 20, 30 }, 0.1)`, `F():set(7)`, `F():spline({ 10, 20, 30 }, 0.1)`, 7},
		{"the same random wave", `F():wave{ shape = "random", period = 1 }`, `F():set(7)`, `F():wave{ shape = "random", period = 1 }`, 7},
		{"the same master", `one:set(1, 100) stage.master(255) F()`, `stage.master(51)`, `one:set(1, 100) stage.master(255) F()`, 20},
		{"another master", `one:set(1, 100) stage.master(255) F()`, `stage.master(51)`, `one:set(1, 100) stage.master(102) F()`, 40},
	} {
		const prelude = `local stage = require "stage"
local function F() return stage.fixture{ name = "front", kind = "dimmer", at = one:slot(1) } end
local function G() return stage.get("g") or stage.fixture{ name = "g", kind = "rgb", at = one:slot(1) } end
`
		called := strings.NewReplacer("F()", `stage.get("front")`, "G()", `stage.get("g")`).Replace(c.changes)
		h := newLab(t, prelude+c.first+" clock.after(1, function() "+called+" end)")
		h.run(2 * time.Second)
		h.load(prelude + c.next)
		if got := h.last(4 * time.Second); got != c.want {
			t.Errorf("%s: level %d after the reload, want %d", c.name, got, c.want)
		}
	}
}

// TestReloadKeepsTheTempo that somebody has tapped, unless the top level asks for another.
func TestReloadKeepsTheTempo(t *testing.T) {
	h := newLab(t, `clock.set_tempo(100) clock.after(1, function() clock.set_tempo(140) end)`)
	for i, c := range []struct {
		text string
		want float64
	}{
		{`clock.set_tempo(100)`, 140},
		{`clock.set_tempo(90)`, 90},
		{``, 90},
	} {
		h.run(time.Duration(2*i+2) * time.Second)
		h.load(c.text + ` clock.after(0.5, function() mark(clock.tempo()) end)`)
		h.run(time.Duration(2*i+3) * time.Second)
		if got := h.m.Plan().Course.Line(h.clock.Now()).BPM; got != c.want {
			t.Errorf("load %d: %v BPM, want %v", i+2, got, c.want)
		}
		if got := h.marks[len(h.marks)-1].args[0]; got != int32(c.want) && got != c.want && got != float32(c.want) {
			t.Errorf("load %d: the script has %v (%T) BPM, want %v", i+2, got, got, c.want)
		}
	}
}

// TestSwapOnABeat: a load that goes live on a beat or a bar has that beat itself, and the one
// before has all up to it, whatever the tempo does and however late the loop comes.
func TestSwapOnABeat(t *testing.T) {
	text := func(name string) string {
		return `clock.set_tempo(97) clock.on_beat("1/4b", function(b) mark("` + name + `", b.count) one:set(1, b.number % 200) end)`
	}
	for i, bar := range []bool{false, true, true, false} {
		h := newLab(t, text("old"))
		at := time.Duration(2300+211*i) * time.Millisecond
		h.run(at)
		if i >= 2 {
			h.m.Operate(show.Master{Level: 255}) // an event comes in
		}
		next := h.prepare(text("new"))
		_, due, comes := h.m.Boundary(bar, h.clock.Now())
		if !comes || due < at {
			t.Fatalf("no beat comes, or at %v", due)
		}
		h.run(due - 1)
		h.clock.Set(due + 7*time.Millisecond) // the loop is late
		on, again, _ := h.m.Boundary(bar, h.clock.Now())
		if again != due {
			t.Fatalf("it was to swap at %v, and now at %v", due, again)
		}
		h.swapOn(next, on)
		h.run(10 * time.Second)
		quantum := 1.0
		if bar {
			quantum = 4
		}
		want, which := 0.25, "old"
		for _, m := range h.marks {
			if m.args[0] == "new" && which == "old" {
				which = "new"
				if math.Mod(want, quantum) != 0 || m.at != on {
					t.Errorf("bar %v: the new load begins at beat %v, at %v, want a multiple of %v at %v", bar, want, m.at, quantum, on)
				}
			}
			if m.args[0] != which || number(m.args[1]) != want {
				t.Fatalf("bar %v: %v, want %s %v", bar, m, which, want)
			}
			if late := m.left - m.at; late > 0 {
				t.Fatalf("bar %v: %v was %v late", bar, m, late)
			}
			want += 0.25
		}
		if which != "new" {
			t.Fatal("it never began")
		}
		for _, f := range h.frames {
			if f.at == on {
				on = 0
			}
		}
		if on != 0 {
			t.Errorf("bar %v: no frame on the beat itself", bar)
		}
	}
}

// TestSwapOnNoBeat: nobody waits for a beat that does not come.
func TestSwapOnNoBeat(t *testing.T) {
	h := newLab(t, `clock.beats_per_bar(64) clock.set_tempo(20)`)
	h.run(time.Second)
	if _, _, comes := h.m.Boundary(true, h.clock.Now()); comes {
		t.Error("it waits for three minutes")
	}
	if _, _, comes := h.m.Boundary(false, h.clock.Now()); !comes {
		t.Error("a beat comes every three seconds")
	}
}
