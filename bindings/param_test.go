package bindings

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"showrun/runtime/show"
)

// operate has somebody do something at an instant.
func (s *stand) operate(at time.Duration, op show.Operation) {
	s.t.Helper()
	s.run(at)
	if err := s.virtual.Show().Operate(op); err != nil {
		s.t.Errorf("%#v: %v", op, err)
	}
}

// params is what the board says of the params: "speed=2 mood=wild".
func (s *stand) params() string {
	var list []string
	for _, p := range s.virtual.Show().Board().Params {
		list = append(list, p.Name+"="+show.Written(p.Value))
	}
	return strings.Join(list, " ")
}

func TestParam(t *testing.T) {
	s := live(t, `
local speed = show.param{ "speed", default = 1, min = 0, max = 4, step = 0.5, unit = "Hz" }
local mood = show.param{ "mood", choices = { "calm", "wild" } }
local haze = show.param{ "haze", default = false }
print(speed, speed.name, speed:get(), mood:get(), haze:get())
speed:on(function(v) print("speed", v, speed:get()) clock.sleep(0.1) print("later") end)
local h = mood:on(function(v) print("mood", v) end)
clock.after(1, function() speed:set(2.2) print("is", speed:get()) end)
clock.after(2, function() speed:set(2) mood:set("wild") h:cancel() mood:set("calm") end)
clock.run(function() print("waited", clock.wait(haze)) end)
clock.after(4, function() speed:set(9) end)`)
	s.operate(3*time.Second, show.SetParam{Name: "speed", Value: "4"})
	s.operate(3*time.Second, show.SetParam{Name: "haze", Value: "on"})
	s.run(5 * time.Second)
	s.wantLog("0.000 show.param speed\tspeed\t1\tcalm\tfalse",
		"1.000 is\t2", "1.000 speed\t2\t2", "1.100 later",
		"3.000 speed\t4\t4", "3.000 waited\ttrue", "3.100 later")
	s.wantFailures("clock.after show.lua:11: show.lua:11: show.param:set: speed must be 0 to 4 Hz, got 9")
	if got := s.params(); got != "speed=4 mood=calm haze=on" {
		t.Errorf("params %s", got)
	}
}

// TestParamSurvives a reload, also when it is set while the new version loads, and is
// forgotten only if it does not fit any more.
func TestParamSurvives(t *testing.T) {
	const old = `show.param{ "a", default = 1 } show.param{ "b", default = 1, max = 10 } show.param{ "c", choices = { "x", "y" } } show.param{ "d", default = 5 } show.param{ "e", default = 1 }`
	s := live(t, old)
	for name, v := range map[string]any{"a": 7.0, "b": 9.0, "c": "y", "e": 3.0} {
		s.operate(time.Second, show.SetParam{Name: name, Value: v})
	}
	s.run(2 * time.Second)
	s.reload(`show.param{ "a", default = 2 } show.param{ "b", default = 2, max = 5 } local c = show.param{ "c", choices = { "y", "z" } } print(c:get()) show.param{ "d", default = 6 }`)
	if got := s.params(); got != "a=7 b=2 c=y d=6" {
		t.Errorf("params %s", got)
	}
	s.wantLog("2.000 WARN param b is at its default 2 again: the value before, 9, is none for it; it takes 5 or less", "2.000 y")
	s.reload(old) // e is there again
	if got := s.params(); got != "a=7 b=1 c=y d=5 e=3" {
		t.Errorf("params %s", got)
	}
}

// TestParamSetWhileLoading reaches the version that is on its way.
func TestParamSetWhileLoading(t *testing.T) {
	const text = `local p = show.param{ "p", default = 1 } p:on(function(v) print("on", v) end) print("at the top", p:get())`
	s := live(t, text)
	s.operate(time.Second, show.SetParam{Name: "p", Value: 2.0})
	s.run(2 * time.Second)
	state := s.show.Carry()
	s.operate(3*time.Second, show.SetParam{Name: "p", Value: 3.0})
	s.run(4 * time.Second)
	next := New(show.Scene{Registry: s.show.Registry, Carried: state}).(*Show)
	if got := fmt.Sprint(next.chosen, s.show.Carry().Params); got != "map[p:2] map[p:3]" {
		t.Errorf("carried %s", got)
	}
	next.takeParams(s.show)
	if next.chosen["p"] != 3.0 {
		t.Errorf("taken over %v", next.chosen)
	}
}

// TestParamSetAtTheTopLevel: an unchanged line does not undo what somebody has set since, a
// changed one counts.
func TestParamSetAtTheTopLevel(t *testing.T) {
	s := live(t, `local p = show.param{ "p", default = 1 } p:set(5)`)
	s.operate(time.Second, show.SetParam{Name: "p", Value: 7.0})
	s.run(2 * time.Second)
	for _, step := range []struct{ top, want string }{{"p:set(5)", "p=7"}, {"p:set(6)", "p=6"}, {"p:set(6)", "p=6"}, {"", "p=6"}, {"p:set(8)", "p=8"}} {
		s.reload(`local p = show.param{ "p", default = 1 } ` + step.top)
		if got := s.params(); got != step.want {
			t.Errorf("after %q %s, want %s", step.top, got, step.want)
		}
	}
}

// TestOneErrorOfSeveral is the same in every run.
func TestOneErrorOfSeveral(t *testing.T) {
	for range 20 {
		s := newStand(t)
		err := s.load(map[string]string{"show.lua": prelude + `show.param{ "p", default = 1, step = "c", max = "b", min = "a" }`})
		if err == nil || !strings.Contains(err.Error(), "min must be a number") {
			t.Fatal(err)
		}
	}
}

func TestTrigger(t *testing.T) {
	s := live(t, `
local bump = show.trigger("bump", function(...) print("bump", ...) end)
local bare = show.trigger("bare")
bare:on(function() print("bare") clock.sleep(0.5) print("after it") end)
clock.run(function() print("waited", clock.wait(bump)) end)
clock.after(2, function() bump:fire(1, "two", bump) print("fired", bump.name) end)`)
	s.operate(time.Second, show.Fire{Name: "bump", Args: []any{1.5, true, "x"}})
	s.operate(time.Second, show.Fire{Name: "bare"})
	s.run(3 * time.Second)
	s.wantLog("1.000 bump\t1.5\ttrue\tx", "1.000 waited\t1.5\ttrue\tx", "1.000 bare", "1.500 after it",
		"2.000 fired\tbump", "2.000 bump\t1\ttwo\tshow.trigger bump")
	s.wantFailures()
	if b := s.virtual.Show().Board(); fmt.Sprint(b.Triggers) != "[{bump 2} {bare 1}]" {
		t.Errorf("triggers %v", b.Triggers)
	}
}

// TestTriggerOutput: what a trigger lights is lit in the frame after it.
func TestTriggerOutput(t *testing.T) {
	s := live(t, `show.trigger("flash", function() one:set(1, 200) end)`)
	s.operate(time.Second, show.Fire{Name: "flash"})
	s.wantLevels("1.01s 1=200")
}
