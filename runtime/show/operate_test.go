package show_test

import (
	"strings"
	"testing"
	"time"

	"showrun/runtime/show"
)

// TestOperate: what is asked is checked at once, and done in the next turn.
func TestOperate(t *testing.T) {
	h := newLab(t, "")
	h.lists = []show.List{{Name: "main", Cues: []show.Cue{{"1", ""}, {"2", ""}}}}
	h.load("") // a board of its own
	h.run(time.Second)
	for _, op := range []show.Operation{show.Go{}, show.Go{Cue: "2.0"}, show.Jump{Cue: "1", Over: time.Second}, show.Back{}, show.StopList{}} {
		if err := h.m.Operate(op); err != nil {
			t.Error(err)
		}
	}
	if err := h.m.Operate(show.Go{List: "mian"}); err == nil {
		t.Error("a list that there is not: no error")
	}
	h.run(2 * time.Second)
	want := "1.000 show.Go{main }, 1.000 show.Go{main 2}, 1.000 show.Jump{main 1 1s}, 1.000 show.Back{main}, 1.000 show.StopList{main}"
	if got := strings.Join(h.operated, ", "); got != want {
		t.Errorf("done %s\n want %s", got, want)
	}
}

// TestOperateLight: master and blackout scale what a script has set, and the board tells
// who else has moved them.
func TestOperateLight(t *testing.T) {
	h := newLab(t, `
local stage = require "stage"
stage.fixture{ name = "front", kind = "dimmer", at = one:slot(1) }:set(200)
clock.after(3, function() stage.master(51) end)`)
	level := func(at time.Duration, want byte) {
		t.Helper()
		h.run(at)
		if got := h.frames[len(h.frames)-1].value; got != want {
			t.Errorf("at %v level %d, want %d", at, got, want)
		}
	}
	level(time.Second, 200)
	h.m.Operate(show.Master{Level: 127.5, Over: time.Second})
	level(1500*time.Millisecond, 150)
	level(2*time.Second, 100)
	h.m.Operate(show.Blackout{On: true})
	level(2500*time.Millisecond, 0)
	if b := h.m.Board(); b.Master != 127.5 || !b.Blackout {
		t.Errorf("the board has master %v, blackout %v", b.Master, b.Blackout)
	}
	h.m.Operate(show.Blackout{})
	level(4*time.Second, 40)
	if b := h.m.Board(); b.Master != 51 || b.Blackout {
		t.Errorf("the board has master %v, blackout %v", b.Master, b.Blackout)
	}
}

// TestOperateAfterReload: what was asked of a load that goes is done by the next one if that
// has it too.
func TestOperateAfterReload(t *testing.T) {
	h := newLab(t, "")
	h.lists = []show.List{{Name: "main", Cues: []show.Cue{{"1", ""}}}, {Name: "haze"}}
	h.load("")
	h.m.Operate(show.Go{List: "main"})
	h.m.Operate(show.Go{List: "haze"})
	h.lists = h.lists[:1]
	h.load("")
	h.run(time.Second)
	if got := strings.Join(h.operated, ", "); got != "0.000 show.Go{main }" {
		t.Errorf("done %s", got)
	}
	if !strings.Contains(h.log.String(), `not done: no cue list is called \"haze\"; there are main`) {
		t.Errorf("log %s", h.log.String())
	}
}
