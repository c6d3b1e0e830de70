package bindings

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"showrun/runtime/device"
	"showrun/runtime/device/theater"
)

// stageHand stands on line 1 before the text of the tests of module theater.
const stageHand = `local theater = require "theater" local lights, m, v = theater.lighting{}, theater.motion{}, theater.valve{} `

func TestServersAreDeclared(t *testing.T) {
	s := live(t, `local theater = require "theater"
		local a = theater.lighting{ host = "10.0.0.7", port = 20001, interface = "lo" }
		local b, c, d = theater.lighting{}, theater.motion{ safe = "hold" }, theater.valve{}
		theater.motion{ port = 21001 }
		theater.valve{ host = "10.0.0.9", port = 23001, safe = "stop" }
		print(a, b, c, d, theater.lighting{ port = 20000 } == b, a == b, theater.motion{ safe = "hold" } == c)`)
	s.wantLog("0.000 theater.lighting 10.0.0.7:20001\ttheater.lighting 127.0.0.1:20000\ttheater.motion 127.0.0.1:21000\ttheater.valve 127.0.0.1:23000\ttrue\tfalse\ttrue")
	var keys []string
	for _, d := range s.show.Devices()[1:] {
		keys = append(keys, d.String()+": "+d.Key())
		if g, ok := d.(device.Guarded); ok {
			keys = append(keys, string(g.SafeRecord("")))
		}
	}
	wantLines(t, "declared", keys, []string{
		`theater.lighting 10.0.0.7:20001: theater lighting at 10.0.0.7:20001 on lo`,
		`theater.lighting 127.0.0.1:20000: theater lighting at 127.0.0.1:20000`,
		`theater.motion 127.0.0.1:21000: theater motion at 127.0.0.1:21000`,
		"theater\n" + `{"version":1,"kind":"theater motion","host":"127.0.0.1","port":21000,"safe":"hold"}`,
		`theater.valve 127.0.0.1:23000: theater valve at 127.0.0.1:23000`,
		"theater\n" + `{"version":1,"kind":"theater valve","host":"127.0.0.1","port":23000,"safe":"empty"}`,
		`theater.motion 127.0.0.1:21001: theater motion at 127.0.0.1:21001`,
		"theater\n" + `{"version":1,"kind":"theater motion","host":"127.0.0.1","port":21001,"safe":"stop"}`,
		`theater.valve 10.0.0.9:23001: theater valve at 10.0.0.9:23001`,
		"theater\n" + `{"version":1,"kind":"theater valve","host":"10.0.0.9","port":23001,"safe":"stop"}`,
	})
}

// TestTheaterOrders: every command leaves at its instant.
func TestTheaterOrders(t *testing.T) {
	s := live(t, stageHand+`
		lights:tempo("white", 120)
		clock.after(0.5, function()
			lights:fixture("white", 255) lights:fixture(8, 1, 2.5, 3, 4)
			lights:spline("white", { 0, 255, 255 })
			lights:follow("blue") lights:follow("blue", 0)
			m:tempo("x", 90) m:follow(1, 0.5) m:spline("z", { 0, 90, 90 }) m:stop("a")
			v:move(1, -100) v:move(2, 12.5) v:empty()
		end)
		clock.at_beat(3, function() v:empty() end)`)
	s.run(2 * time.Second)
	s.wantFailures()
	wantLines(t, "orders", s.orders, []string{
		"0.000 {Fixture:white Rate:120}",
		"0.500 {Fixture:white Levels:[255]}", "0.500 {Fixture:8 Levels:[1 2.5 3 4]}",
		"0.500 {Fixture:white Knots:[0 255 255]}",
		"0.500 {Fixture:blue SegmentsPerBeat:1}", "0.500 {Fixture:blue SegmentsPerBeat:0}",
		"0.500 {Axis:x Rate:90}", "0.500 {Axis:y SegmentsPerBeat:0.5}", "0.500 {Path:1 Axis:z Knots:[0 90 90]}", "0.500 {Path:2 Axis:a}",
		"0.500 {Joint:1 PWM:-100}", "0.500 {Joint:2 PWM:12.5}", "0.500 {}",
		"1.500 {}",
	})
}

// TestFixturesOfLightingServers are patched like any others.
func TestFixturesOfLightingServers(t *testing.T) {
	s := live(t, stageHand+`
		local at = lights:slot("rgba1", 4)
		local wash = stage.fixture{ name = "wash", kind = "rgba", at = at }
		local fan = stage.fixture{ name = "fan", kind = "dimmer", at = lights:slot(7) }
		wash:set{ amber = 40 } wash:fade({ red = 200 }, 1) fan:set(99)
		print(at, lights:slot("rgba1", 4) == at, lights:slot(7), lights:slot("7") == lights:slot(7))`)
	s.wantLog("0.000 address fixture rgba1 of 127.0.0.1:20000\ttrue\taddress fixture 7 of 127.0.0.1:20000\ttrue")
	s.wantLevels("500ms 1/1=100 1/4=40 2/1=99")
	d := s.show.Devices()[1].(*theater.LightingDecl)
	if got := fmt.Sprint(d.Fixtures, d.Outputs()); got != "[{rgba1 4 1} {7 1 2}] [1 2]" {
		t.Errorf("declared %s", got)
	}
	s.reload(stageHand + `stage.fixture{ name = "wash", kind = "rgb", at = lights:slot("rgba1", 3) }`)
	if d := s.show.Devices()[1].(*theater.LightingDecl); len(d.Fixtures) != 1 || d.Fixtures[0].Output != 3 {
		t.Errorf("declared %v", d.Fixtures) // other channels are another output
	}
}

// TestPaths: the segments of a path count until they are over, and its end is told
// at the instant it has.
func TestPaths(t *testing.T) {
	s := live(t, stageHand+`
		local function path(n) local k = {} for i = 1, 3 * n do k[i] = i end return k end
		m:tempo("x", 120)
		clock.run(function()
			clock.sleep(1)
			m:spline("x", path(50), function(err) print("x done", err, clock.time()) end)
			m:spline("x", path(2), function(err) print("more", err, clock.time()) clock.sleep(1) print("a second later", clock.time()) end)
			m:spline("y", path(1), function() error("no good") end)
			m:spline("y", path(1), function() print("never") end):cancel()
			print(m:pending("x"), m:pending(0), m:pending("y"), m:pending("z"))
			clock.sleep(0.1)
			print(m:pending("x"), m:pending("y"))
			while m:pending("y") > 0 do clock.sleep(0.1) end
			print("y stands", clock.time())
			while m:pending("x") > 0 do clock.sleep(0.5) end
			print("x stands", clock.time())
		end)`)
	s.run(30 * time.Second)
	s.wantLog("1.000 52\t52\t2\t0", "1.100 52\t2", "3.100 y stands\t3.1", "26.000 x done\tnil\t26", "27.000 more\tnil\t27",
		"27.100 x stands\t27.1", "28.000 a second later\t28")
	s.wantFailures("theater.motion:spline done: show.lua:8: no good")
}

// TestPendingRightAfterASpline: the loop everybody writes.
func TestPendingRightAfterASpline(t *testing.T) {
	s := live(t, stageHand+`
		m:spline("x", { 0, 90, 90 })
		print(m:pending("x"))
		clock.run(function()
			m:spline("x", { 0, -90, -90 })
			while m:pending("x") > 0 do clock.sleep(0.1) end
			print("there", clock.time())
		end)`)
	s.run(3 * time.Second)
	s.wantLog("0.000 1", "2.100 there\t2.1")
}

// TestLostOrders: a path whose task was cancelled before it let go of it counts for a
// moment only.
func TestLostOrders(t *testing.T) {
	s := live(t, stageHand+`
		local task
		task = clock.run(function()
			clock.sleep(1)
			m:spline("x", { 0, 90, 90 }, function() print("never") end)
			task:cancel()
			clock.sleep(1)
		end)
		clock.every(0.5, function() print(m:pending("x")) end)`)
	s.run(4 * time.Second)
	s.wantLog("0.500 0", "1.000 1", "1.500 1", "2.000 1", "2.500 1", "3.000 1", "3.500 0", "4.000 0")
	wantLines(t, "orders", s.orders, nil)
}

// TestStoppedPaths: a path of which something was not sent ends at once, with the
// reason.
func TestStoppedPaths(t *testing.T) {
	s := live(t, stageHand+`
		local path = {} for i = 1, 90 do path[i] = 0 end
		m:spline("x", path, function(err) print("x", err, clock.time(), m:pending("x")) end)
		m:spline("y", { 1, 2, 3 }, function(err) print("y", err, clock.time()) end)
		clock.after(5, function() m:stop("x") m:stop("y") end)`)
	s.run(10 * time.Second)
	s.wantLog("1.000 y\tnil\t1", "5.000 x\tthe path was stopped\t5\t1")
	s.wantFailures()
}

// TestHeldMachines refuse commands, say so once and tell the callbacks.
func TestHeldMachines(t *testing.T) {
	s := live(t, stageHand+`
		clock.every(1, function()
			m:spline("x", { 1, 2, 3 }, function(err) print("x", err) end)
			v:empty()
		end)`)
	hold := func(on bool) {
		for _, d := range s.show.Devices() {
			if d, ok := s.device(d.Key()).(device.Machinery); ok {
				d.Hold(on)
			}
		}
	}
	s.run(500 * time.Millisecond)
	hold(true)
	s.run(2500 * time.Millisecond)
	hold(false)
	s.run(4500 * time.Millisecond)
	hold(true)
	s.run(5500 * time.Millisecond)
	held := "x\tthe device is held after an emergency stop: release it first"
	s.wantLog("0.000 ERROR theater: command refused", "0.000 ERROR theater: command refused", "1.000 "+held, "2.000 "+held,
		"4.000 x\tnil", "0.000 ERROR theater: command refused", "0.000 ERROR theater: command refused", "5.000 x\tnil", "5.000 "+held)
}

// TestAReloadMovesNothing: what the top level says after the first load is left out,
// once with a warning.
func TestAReloadMovesNothing(t *testing.T) {
	text := stageHand + `
		m:tempo("x", 120)
		m:spline("x", { 1, 2, 3 }, function() print("done") end)
		local h = m:spline("y", { 1, 2, 3 }, print) h:cancel()
		v:move(1, 50) v:empty()
		lights:fixture("white", 255)
		clock.after(1, function() v:empty() end)`
	s := live(t, text)
	s.run(700 * time.Millisecond)
	s.wantLog("0.500 done")
	if n := len(s.orders); n != 6 {
		t.Errorf("first load: %d orders: %q", n, s.orders)
	}
	s.orders, s.log, s.at = nil, nil, nil
	s.reload(text)
	s.run(3 * time.Second)
	s.wantLog("0.750 WARN theater.motion:spline at the top level is left out: a reload by itself never moves machinery")
	wantLines(t, "lines", s.at, []string{"show.lua:3"})
	wantLines(t, "orders", s.orders, []string{"0.750 {Axis:x Rate:120}", "0.750 {Fixture:white Levels:[255]}", "1.750 {}"})
	s.wantFailures()
}

// TestPathsOutliveAReload: the machine goes on, but the callback went with the load
// it belongs to. Numbers of paths never come again.
func TestPathsOutliveAReload(t *testing.T) {
	text := stageHand + `clock.after(0.1, function()
		print("before", m:pending("x"))
		m:spline("x", { 1, 2, 3,  4, 5, 6 }, function() print("done", show.generation, clock.time()) end)
		print("after", m:pending("x")) end)`
	s := live(t, text)
	s.run(time.Second)
	s.reload(text)
	s.run(5 * time.Second)
	s.wantLog("0.100 before\t0", "0.100 after\t2", "1.150 before\t1", "1.150 after\t3", "4.100 done\t2\t4.1")
	wantLines(t, "orders", s.orders, []string{"0.100 {Path:1 Axis:x Knots:[1 2 3 4 5 6]}", "1.150 {Path:4294967297 Axis:x Knots:[1 2 3 4 5 6]}"})
	s.wantFailures()
}

// TestMachinesFollowTheBeat: a path takes as many beats as it has segments.
func TestMachinesFollowTheBeat(t *testing.T) {
	s := live(t, stageHand+`
		m:follow("x") m:follow("y", 4)
		clock.after(1, function() m:spline("x", { 0, 9, 9 }, function() print("x", clock.time()) end) end)
		clock.after(1, function() m:spline("y", { 0, 9, 9 }, function() print("y", clock.time()) end) end)
		clock.after(2, function() clock.set_tempo(60) end)
		clock.after(3, function() m:spline("x", { 0, 9, 9 }, function() print("x", clock.time()) end) end)`)
	s.run(5 * time.Second)
	s.wantLog("1.125 y\t1.125", "1.500 x\t1.5", "4.000 x\t4")
}

// TestManyPaths: nothing is kept of those that are over.
func TestManyPaths(t *testing.T) {
	s := live(t, stageHand+`
		local n = 0
		m:tempo("x", 60000)
		clock.every(0.01, function() m:spline("x", { 1, 2, 3 }, function() n = n + 1 end) end)
		clock.after(19.999, function() print(n, m:pending("x")) end)`)
	s.run(20 * time.Second)
	if got := strings.Join(s.log, ";"); got != "19.999 1994\t5" {
		t.Errorf("log %q", got) // code runs 50 ms ahead of the machine
	}
	s.wantFailures()
}

func TestTheaterErrors(t *testing.T) {
	for call, want := range map[string]string{
		`theater.lighting{ prt = 1 }`:                                          `theater.lighting: unknown option 'prt' (did you mean 'port'?)`,
		`theater.lighting{ port = 0 }`:                                         `theater.lighting: port must be 1-65535, got 0`,
		`theater.lighting{ host = 5 }`:                                         `theater.lighting: host must be a string, got 5`,
		`theater.lighting{ safe = "stop" }`:                                    `theater.lighting: unknown option 'safe'`,
		`theater.lighting{ interface = "lo" }`:                                 `theater.lighting: 127.0.0.1:20000 is declared with other options already`,
		`theater.motion{ safe = "hold" }`:                                      `theater.motion: 127.0.0.1:21000 is declared with other options already`,
		`theater.motion{ safe = "empty" }`:                                     `theater.motion: safe must be stop or hold, got "empty"`,
		`theater.valve{ safe = "stop" }`:                                       `theater.valve: 127.0.0.1:23000 is declared with other options already`,
		`theater.valve{ safe = "vent" }`:                                       `theater.valve: safe must be empty, stop or hold, got "vent"`,
		`lights:fixture()`:                                                     `theater.lighting:fixture: the fixture must be a name or a number from 0, got nil`,
		`lights:fixture("white")`:                                              `theater.lighting:fixture: 0 levels for fixture "white"; give one for each of its channels`,
		`lights:fixture(-1, 5)`:                                                `theater.lighting:fixture: the fixture must be a name or a number from 0, got -1`,
		`lights:fixture("a\0b", 5)`:                                            "theater.lighting:fixture: the fixture must be a name or a number from 0, got \"a\\x00b\"",
		`lights:fixture("white", 256)`:                                         `theater.lighting:fixture: level 1 must be a number 0-255, got 256`,
		`lights:fixture("rgb", 1, "x", 3)`:                                     `theater.lighting:fixture: level 2 must be a number 0-255, got "x"`,
		`lights:slot("w", 4) lights:fixture("w", 1)`:                           `theater.lighting:fixture: 1 levels for fixture "w"; give one for each of its channels`,
		`lights:slot("w", 2) lights:slot("w", 3)`:                              `theater.lighting:slot: fixture "w" has 2 channels already`,
		`lights:slot("w", 513)`:                                                `theater.lighting:slot: the channels must be 1-512, got 513`,
		`lights:spline("w", 5)`:                                                `theater.lighting:spline: the knots must be a list of numbers, got 5`,
		`lights:spline("w", { 1, 2 })`:                                         `theater.lighting:spline: 2 knots for fixture "w"; it takes a multiple of 3: three for each segment`,
		`lights:slot(3, 2) lights:spline(3, {1,2,3})`:                          `theater.lighting:spline: 3 knots for fixture "3"; it takes a multiple of 6: three for each segment and each of 2 channels`,
		`local k = {} for i = 1, 12291 do k[i] = 1 end lights:spline("w", k)`:  `theater.lighting:spline: 12291 knots; one message holds 12288`,
		`lights:tempo("w")`:                                                    `theater.lighting:tempo: the tempo must be a number, got nil`,
		`lights:tempo("w", 0)`:                                                 `theater.lighting:tempo: the tempo must be 0.01-60000 segments a minute, got 0`,
		`lights:follow("w", -1)`:                                               `theater.lighting:follow: the segments per beat must be 0-60000, got -1`,
		`m:spline("b", { 1, 2, 3 })`:                                           `theater.motion:spline: the axis must be "x", "y", "z", "a" or 0-3, got "b"`,
		`m:spline(4, { 1, 2, 3 })`:                                             `theater.motion:spline: the axis must be "x", "y", "z", "a" or 0-3, got 4`,
		`m:spline("x", { 1, 2, 3, 4 })`:                                        `theater.motion:spline: 4 knots for axis x; it takes a multiple of 3: three for each segment`,
		`m:spline("x", { 1, 2, 3 }, 5)`:                                        `theater.motion:spline: the callback must be a function, got 5`,
		`m:tempo("x", 1e6)`:                                                    `theater.motion:tempo: the tempo must be 0.01-60000 segments a minute, got 1000000`,
		`m:follow("x", "1b")`:                                                  `theater.motion:follow: the segments per beat must be a number, got "1b"`,
		`m:pending()`:                                                          `theater.motion:pending: the axis must be "x", "y", "z", "a" or 0-3, got nil`,
		`m:stop("xy")`:                                                         `theater.motion:stop: the axis must be "x", "y", "z", "a" or 0-3, got "xy"`,
		`theater.motion{ port = 5, limits = 90 }`:                              `theater.motion: limits must be a table, as in limits = { x = { min = -90, max = 90 } }, got 90`,
		`theater.motion{ port = 5, limits = { b = {} } }`:                      `theater.motion: unknown option 'b' in limits; it takes x, y, z and a`,
		`theater.motion{ port = 5, limits = { { min = 0 } } }`:                 `theater.motion: unknown option 1 in limits; it takes x, y, z and a`,
		`theater.motion{ port = 5, limits = { x = 90 } }`:                      `theater.motion: limits.x must be a table, as in x = { min = -90, max = 90, speed = 45, home = 0 }, got 90`,
		`theater.motion{ port = 5, limits = { x = { mim = 1 } } }`:             `theater.motion: unknown option 'mim' in limits.x (did you mean 'min'?)`,
		`theater.motion{ port = 5, limits = { x = { min = "0" } } }`:           `theater.motion: limits.x.min must be a number of degrees from -1e9 to 1e9, got "0"; a number stands without quotes`,
		`theater.motion{ port = 5, limits = { x = { min = 0/0 } } }`:           `theater.motion: limits.x.min must be a number of degrees from -1e9 to 1e9, got NaN`,
		`theater.motion{ port = 5, limits = { x = { min = 90, max = -90 } } }`: `theater.motion: limits.x.min must be below its max, got 90 and -90`,
		`theater.motion{ port = 5, limits = { x = { min = 10 } } }`:            `theater.motion: limits.x.home must be between its min and its max, got 0`,
		`theater.motion{ port = 5, limits = { a = { speed = 0 } } }`:           `theater.motion: limits.a.speed must be more than 0 degrees a second, got 0`,
		`theater.motion{ limits = { x = { max = 9 } } }`:                       `theater.motion: 127.0.0.1:21000 is declared with other options already`,
		`m:home("b")`:     `theater.motion:home: the axis must be "x", "y", "z", "a" or 0-3, got "b"`,
		`m:home("x", 5)`:  `theater.motion:home: the callback must be a function, got 5`,
		`m:position(9)`:   `theater.motion:position: the axis must be "x", "y", "z", "a" or 0-3, got 9`,
		`m:position("x")`: `theater.motion:position: where the axis is cannot be told while the show loads; ask in a task or a handler`,
		`v:move(0, 5)`:    `theater.valve:move: the joint must be 1-2, got 0`,
		`v:move(1, 101)`:  `theater.valve:move: the pulse width must be -100 to 100, got 101`,
		`v:move(1)`:       `theater.valve:move: the pulse width must be a number, got nil`,
		`v.empty()`:       `theater.valve:empty: must be called on a theater.valve with a colon, as in x:empty(…)`,
	} {
		wantLoadError(t, stageHand+"\n"+call, "show.lua:2: "+want)
	}
	late := " while the show loads: at the top level of the script, not in a task or a handler"
	for call, want := range map[string]string{
		`theater.valve{ port = 5 }`: "theater.valve: devices are declared" + late,
		`lights:slot("new")`:        "theater.lighting:slot: fixtures are declared" + late,
	} {
		s := live(t, stageHand+"clock.after(1, function() "+call+" end)")
		s.run(2 * time.Second)
		s.wantFailures("clock.after show.lua:1: show.lua:1: " + want)
	}
}
