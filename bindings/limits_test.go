package bindings

import (
	"strings"
	"testing"
	"time"
)

// limited stands on line 1: a crane with limits, and a motor that has none.
const limited = `local theater = require "theater" local m = theater.motion{ limits = { x = { min = -90, max = 180, speed = 60, home = 45 } } } `

// moves are the orders of a show that begin a path.
func moves(s *stand) (list []string) {
	for _, o := range s.orders {
		if strings.Contains(o, "Path:") {
			list = append(list, o)
		}
	}
	return list
}

// TestPathsBeyondLimitsRaise before anything is sent, at the line of the call, counting
// from where the paths before will end; also when those were given in the same instant,
// and at the tempo of the beat.
func TestPathsBeyondLimitsRaise(t *testing.T) {
	s := live(t, limited+`
		clock.run(function()
			local function try(...) print(select(2, pcall(m.spline, m, ...))) end
			m:tempo("x", 10)
			try("x", { 0, 136, 136 })
			m:spline("x", { 0, 100, 100 })
			try("x", { 0, 36, 36 })
			m:spline("x", { 0, 35, 35 })
			clock.sleep(1)
			try("x", { 0, 1, 1 })
			m:tempo("x", 120)
			try("x", { 0, -45, -45 })
			m:follow("x", 0.5)
			m:spline("x", { 0, -30, -30 })
			clock.sleep(0.5)
			clock.set_tempo(240)
			try("x", { 0, -30, -30 })
			m:spline("y", { 0, 1e6, 1e6 })
		end)`)
	s.run(2 * time.Second)
	s.wantFailures()
	s.wantLog("0.000 theater.motion:spline: axis x would be at 181 degrees in segment 1 of 1, and is limited to -90 to 180",
		"0.000 theater.motion:spline: axis x would be at 181 degrees in segment 1 of 1, and is limited to -90 to 180",
		"1.000 theater.motion:spline: axis x would be at 181 degrees in segment 1 of 1, and is limited to -90 to 180",
		"1.000 theater.motion:spline: axis x would move at 135 degrees a second in segment 1 of 1, and is limited to 60: at 53.333 segments a minute it would keep to that",
		"1.500 theater.motion:spline: axis x would move at 90 degrees a second in segment 1 of 1, and is limited to 60: at 80 segments a minute it would keep to that")
	wantLines(t, "paths", moves(s), []string{"0.000 {Path:1 Axis:x Knots:[0 100 100]}", "0.000 {Path:2 Axis:x Knots:[0 35 35]}",
		"1.000 {Path:3 Axis:x Knots:[0 -30 -30]}", "1.500 {Path:4 Axis:y Knots:[0 1e+06 1e+06]}"})
}

// TestLimitsAtTheTopLevel hold before anything is live.
func TestLimitsAtTheTopLevel(t *testing.T) {
	wantLoadError(t, limited+"\n"+`m:spline("x", { 0, 140, 140 })`, "show.lua:2: theater.motion:spline: axis x would be at 185 degrees")
	wantLoadError(t, limited+"\n"+`m:spline("x", { 0, -90, -90 })`, "show.lua:2: theater.motion:spline: axis x would move at 135 degrees a second")
}

// TestPositionAndHome: where the axis is at the instant, also where it was stopped, and
// back home from there.
func TestPositionAndHome(t *testing.T) {
	s := live(t, limited+`
		clock.run(function()
			local function tell(what) print(what, ("%.2f"):format(m:position("x"))) end
			tell("at home")
			m:spline("x", { 0, 20, 40, 40, 60, 60 })
			clock.sleep(1)
			tell("on the way")
			m:spline("x", { 0, -10, -10 })
			m:stop("x")
			m:spline("x", { 0, 140, 140 }, print)
			clock.sleep(2)
			tell("stopped")
			m:home("x", function(err) tell("home again") end)
			print(m:pending("x"))
			clock.sleep(1)
			print(m:pending("x") > 0)
		end)`)
	s.run(20 * time.Second)
	s.wantFailures()
	got := strings.Join(s.log, "\n")
	for _, want := range []string{"0.000 at home\t45.00", "1.000 on the way\t85.00", "axis x would be at"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if !strings.Contains(got, "home again\t45.00") {
		t.Errorf("not home:\n%s", got)
	}
}

// TestLimitsAreReloaded: the machine stays where it is, and the new limits count, wider ones
// too.
func TestLimitsAreReloaded(t *testing.T) {
	s := live(t, limited+`clock.after(0.1, function() m:spline("x", { 0, 30, 30 }) end)`)
	s.run(3 * time.Second)
	s.reload(strings.Replace(limited, "max = 180", "max = 76", 1) + `
		clock.after(0.1, function() print(m:position("x")) m:spline("x", { 0, 1, 1 }) m:spline("x", { 0, 1, 1 }) end)`)
	s.run(5 * time.Second)
	s.wantFailures("clock.after show.lua:2: show.lua:2: theater.motion:spline: axis x would be at 77 degrees in segment 1 of 1, and is limited to -90 to 76")
	s.reload(strings.Replace(limited, "max = 180", "max = 400", 1) + `
		clock.after(0.1, function() m:tempo("x", 10) m:spline("x", { 0, 200, 200 }, function(err) print(err, m:position("x")) end) end)`)
	s.run(20 * time.Second)
	s.wantLog("3.150 75", "11.150 nil\t276")
}
