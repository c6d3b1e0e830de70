package bindings

import (
	"fmt"
	"testing"
	"time"

	"showrun/runtime/show"
)

// TestCuesAreOperated by name and number, and the board shows where they stand.
func TestCuesAreOperated(t *testing.T) {
	s := live(t, `local cue = require "cue"
local lamp = stage.fixture{ name = "lamp", kind = "dimmer", at = one:slot(1) }
local main = cue.list{ name = "main" }
main:cue{ 1, "Doors", look = { [lamp] = 100 } }
main:cue{ 2, look = { [lamp] = 200 }, follow = 3 }
main:cue{ 10.5, "Storm", look = { [lamp] = 50 }, fade = 2 }
local haze = cue.list{ name = "haze" }
haze:cue{ 1, go = function() print("haze") end }`)
	list := func(n int) string {
		l := s.virtual.Show().Board().Lists[n]
		return l.Describe(s.now())
	}
	for _, step := range []struct {
		at    time.Duration
		op    show.Operation
		level int
		want  string
	}{
		{1, show.Go{}, 100, `main: cue 1 "Doors", next 2`},
		{2, show.Go{}, 200, `main: cue 2, follow to cue 10.5 in 2.5 s`},
		{6, show.Go{List: "haze"}, 88, `main: cue 10.5 "Storm", the last, fading 75%`},
		{8, show.Back{}, 200, `main: cue 2, next 10.5`},
		{10, show.Jump{Cue: "1", Over: time.Second}, 150, `main: cue 1 "Doors", next 2, fading 50%`},
		{12, show.Go{Cue: "10.50"}, 88, `main: cue 10.5 "Storm", the last, fading 25%`},
		{12, show.StopList{}, 88, `main: cue 10.5 "Storm", the last`},
		{13, show.Go{}, 88, `main: cue 10.5 "Storm", the last`},
		{14, show.Jump{Cue: "1"}, 100, `main: cue 1 "Doors", next 2`},
		{15, show.Back{}, 100, `main: cue 1 "Doors", next 2`},
	} {
		at := max(step.at*time.Second, s.now())
		s.operate(at, step.op)
		s.run(at + 500*time.Millisecond)
		if got := fmt.Sprint(s.level("1"), " ", list(0)); got != fmt.Sprint(step.level, " ", step.want) {
			t.Errorf("%#v: %s\n  want %d %s", step.op, got, step.level, step.want)
		}
	}
	s.wantLog("6.000 haze", "0.000 WARN not done: list main is at its end", "0.000 WARN not done: list main has no cue to go back to")
	s.wantFailures()
}

// TestWhatACueWouldDo changes no param and fires no trigger.
func TestWhatACueWouldDo(t *testing.T) {
	s := live(t, `local cue = require "cue"
local speed = show.param{ "speed", default = 1 }
local bump = show.trigger("bump", function() print("bump") end)
local main = cue.list{ name = "main" }
main:cue{ 1, go = function() speed:set(5) bump:fire() end }
main:cue{ 2 }
clock.after(1, function() main:look(2) print(speed:get()) end)`)
	s.operate(2*time.Second, show.Jump{Cue: "2"})
	s.run(3 * time.Second)
	if b := s.virtual.Show().Board(); b.Params[0].Value != 1.0 || b.Triggers[0].Fired != 0 {
		t.Errorf("%v %v", b.Params, b.Triggers)
	}
	s.wantLog("1.000 1")
	s.wantFailures()
}
