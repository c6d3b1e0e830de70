package bindings

import (
	"testing"
	"time"

	"showrun/runtime/script"
)

// clockTests run at 120 BPM: a beat lasts 0.5 s.
var clockTests = []struct {
	name, text string
	log        []string
	failures   []string
}{
	{"run", `clock.run(function(a, b) print("ran", a, b) end, 1, "two") print("first")`,
		[]string{"0.000 first", "0.000 ran\t1\ttwo"}, nil},
	{"run with a name", `local t = clock.run("walk", function(...) print(select("#", ...), ...) clock.sleep(1) end, nil, 2, nil)
		print(t.name, t.running, t) clock.after(0.5, function() print(t.running) end) clock.after(2, function() print(t.running) end)`,
		[]string{"0.000 walk\ttrue\ttask", "0.000 3\tnil\t2\tnil", "0.500 true", "2.000 false"}, nil},
	{"run without a name", `print(clock.run(function() end).name)`, []string{"0.000 clock.run show.lua:1"}, nil},
	{"run from a handler", `clock.after(1, function() clock.run(function() print("task", clock.time()) end) print("handler") end)`,
		[]string{"1.000 handler", "1.000 task\t1"}, nil},
	{"run on a beat", `clock.on_beat(1, function(b) if b.number == 1 then clock.run(function() clock.sleep("1b") print(clock.beats()) end) end end)`,
		[]string{"1.000 2"}, nil},
	{"task:cancel", `local t = clock.run(function() clock.sleep(1) print("no") end) clock.after(0.5, function() t:cancel() t:cancel() print(t.running) end)`,
		[]string{"0.500 false"}, nil},
	{"task:cancel before it begins", `local t = clock.run(function() print("no") end) t:cancel() print(t.running)`, []string{"0.000 false"}, nil},
	{"task:cancel after its end", `local t = clock.run(function() end) clock.after(1, function() t:cancel() print(t.running) end)`, []string{"1.000 false"}, nil},

	{"sleep", `clock.run(function() for _, d in ipairs{ 0.25, "250ms", "1b", "1/2b", "1bar", "0.5s", "1m30s", 0 } do clock.sleep(d) print(clock.time()) end end)`,
		[]string{"0.250 0.25", "0.500 0.5", "1.000 1", "1.250 1.25", "3.250 3.25", "3.750 3.75"}, nil},
	{"sync", `clock.run(function() for _ = 1, 3 do clock.sync(1) print(clock.beats()) end clock.sync(1/2) clock.sync("1bar") print(clock.beats()) end)`,
		[]string{"0.500 1", "1.000 2", "1.500 3", "2.000 4"}, nil},
	{"sync with an offset", `clock.run(function() clock.sync(4, 1) print(clock.beats()) clock.sync(4, "1/2b") print(clock.beats()) clock.sync(4, -1/4) print(clock.beats()) clock.sync(4, "-1/8b") print(clock.beats()) end)`,
		[]string{"0.500 1", "2.250 4.5", "3.875 7.75", "3.938 7.875"}, nil},
	{"sync after a sleep to its point", `clock.run(function() clock.sleep("1b") clock.sync(1) print(clock.beats()) end)`, []string{"1.000 2"}, nil},

	{"after", `local h = clock.after("250ms", function(...) print(select("#", ...)) end) clock.after("1b", function() print("beat") h:cancel() end)`,
		[]string{"0.250 0", "0.500 beat"}, nil},
	{"after, cancelled", `local h = clock.after(1, function() print("no") end) h:cancel() h:cancel() print(h)`, []string{"0.000 handle"}, nil},
	{"every", `local n, h = 0 h = clock.every(1, function() n = n + 1 print(n) if n == 2 then h:cancel() end end)`,
		[]string{"1.000 1", "2.000 2"}, nil},
	{"every so many beats", `clock.every("3/2b", function() print(clock.beats()) end) clock.after(0.9, function() clock.every("1b", function() print("late", clock.beats()) end) end)`,
		[]string{"0.750 1.5", "1.400 late\t2.8", "1.500 3", "1.900 late\t3.8", "2.250 4.5", "2.400 late\t4.8", "2.900 late\t5.8", "3.000 6",
			"3.400 late\t6.8", "3.750 7.5", "3.900 late\t7.8"}, nil},
	{"every that waits longer than its period", `clock.every(1, function() local at = clock.time() clock.sleep(1.5) print(at, clock.time()) end)`,
		[]string{"2.500 1\t2.5", "3.500 2\t3.5"}, nil},

	{"on_beat", `clock.on_beat(1, function(b) print(b.count, b.number, b.bar, b.in_bar, b.bpm, b.time) end)`,
		[]string{"0.500 1\t1\t1\t2\t120\t0.5", "1.000 2\t2\t1\t3\t120\t1", "1.500 3\t3\t1\t4\t120\t1.5", "2.000 4\t4\t2\t1\t120\t2",
			"2.500 5\t5\t2\t2\t120\t2.5", "3.000 6\t6\t2\t3\t120\t3", "3.500 7\t7\t2\t4\t120\t3.5", "4.000 8\t8\t3\t1\t120\t4"}, nil},
	{"on_beat, offset", `clock.on_beat(2, function(b) print(b.count, b.number) end, "1/2b") clock.on_beat("1bar", function(b) print("bar", b.count) end, -0.5)`,
		[]string{"0.250 0.5\t0", "1.250 2.5\t2", "1.750 bar\t3.5", "2.250 4.5\t4", "3.250 6.5\t6", "3.750 bar\t7.5"}, nil},
	{"on_beat, bars of three", `clock.beats_per_bar(3) clock.on_beat(1, function(b) print(b.bar, b.in_bar) end) clock.on_beat("1bar", function(b) print("bar", b.bar) end)`,
		[]string{"0.500 1\t2", "1.000 1\t3", "1.500 bar\t2", "1.500 2\t1", "2.000 2\t2", "2.500 2\t3", "3.000 bar\t3", "3.000 3\t1", "3.500 3\t2", "4.000 3\t3"}, nil},
	{"on_beat, cancelled by itself", `local h h = clock.on_beat(1, function(b) print(b.number) h:cancel() clock.sleep(0.1) print("goes on") end)`,
		[]string{"0.500 1", "0.600 goes on"}, nil},
	{"on_beat, cancelled by the first of a beat", `local h clock.on_beat(1, function() h:cancel() end) h = clock.on_beat(1, function() print("no") end)`, nil, nil},
	{"at_beat", `clock.at_beat(3, function(b) print(b.count, b.in_bar) end) clock.at_beat("1bar", function(b) print(b.bar) end) local h = clock.at_beat(2, function() print("no") end) h:cancel()
		clock.after(2, function() clock.at_beat(1, function() print("passed") end) clock.at_beat(4.5, function() print("soon") end) end)`,
		[]string{"1.500 3\t4", "2.000 2", "2.250 soon"}, nil},

	{"time, beats, tempo, phase", `clock.after(1.1, function() print(clock.time(), clock.beats(), clock.tempo(), clock.phase(1), clock.phase("1bar"), clock.phase(1/2)) end)`,
		[]string{"1.100 1.1\t2.2\t120\t0.2\t2.2\t0.2"}, nil},
	{"phase of a negative beat", `clock.run(function() clock.nudge(-1) print(clock.beats(), clock.phase(4)) end)`, []string{"0.000 -1\t3"}, nil},
	{"time at the top level", `print(clock.time(), clock.beats(), clock.tempo())`, []string{"0.000 0\t0\t120"}, nil},

	{"set_tempo at the top level", `clock.set_tempo(60) print(clock.tempo()) clock.on_beat(1, function(b) print(b.bpm, b.time) end)`,
		[]string{"0.000 120", "1.000 60\t1", "2.000 60\t2", "3.000 60\t3", "4.000 60\t4"}, nil},
	{"set_tempo in a handler", `clock.on_beat(1, function(b) print(b.time) if b.number == 2 then clock.set_tempo(60) end end)`,
		[]string{"0.500 0.5", "1.000 1", "2.000 2", "3.000 3", "4.000 4"}, nil},
	{"set_tempo stretches a sleep in beats", `clock.run(function() clock.sleep("2b") print(clock.beats()) end) clock.after(0.5, function() clock.set_tempo(60) end)`,
		[]string{"1.500 2"}, nil},
	{"tap", `for i = 0, 3 do clock.after(0.5 + i * 0.4, function() clock.tap() print(clock.tempo()) end) end`,
		[]string{"0.500 120", "0.900 120", "1.300 120", "1.700 150"}, nil},
	{"tap at the top level", `clock.tap() print(clock.tempo())`, []string{"0.000 120"}, nil},
	{"nudge", `clock.after(1, function() clock.nudge(2) print(clock.beats()) end) clock.on_beat(4, function(b) print(b.number) end)`,
		[]string{"1.000 4", "1.000 4", "3.000 8"}, nil}, // it has landed on 4
	{"nudge by less than half a beat", `clock.after(1, function() clock.nudge("1/4b") end) clock.after(2, function() print(clock.beats()) clock.nudge("-1/4b") end) clock.after(3, function() print(clock.beats()) end)`,
		[]string{"2.000 4.25", "3.000 6"}, nil},
	{"nudge at the top level", `clock.nudge(3) clock.on_beat(4, function(b) print(b.number) end)`, []string{"0.500 4", "2.500 8"}, nil},

	{"on tempo and jump", `clock.on("tempo", function(...) print("tempo", ...) end) clock.on("jump", function(...) print("jump", select("#", ...)) end)
		local h = clock.on("tempo", function() print("no") end) h:cancel()
		clock.after(1, function() clock.set_tempo(90) end) clock.after(2, function() clock.nudge(8) end)`,
		[]string{"1.000 tempo\t90", "2.000 jump\t0"}, nil},
	{"follow a source that is not there", `local dj = stagelinq.sink{} clock.follow(dj:master()) clock.on("lost", function(...) print("lost", select("#", ...)) end) clock.on_beat(4, function(b) print(b.number) end)`,
		[]string{"0.500 lost\t0", "2.000 4", "4.000 8"}, nil},
	{"set_tempo while following", `local dj = stagelinq.sink{} clock.follow(dj:deck(1)) clock.run(function() print(pcall(clock.set_tempo, 90)) print(pcall(clock.tap)) print(pcall(clock.nudge, 1))
			clock.follow("internal") clock.set_tempo(90) print(clock.tempo()) end)`,
		[]string{
			`0.000 false	clock.set_tempo: the tempo comes from a followed source: follow "internal" first`,
			`0.000 false	clock.tap: the tempo comes from a followed source: follow "internal" first`,
			`0.000 false	clock.nudge: the tempo comes from a followed source: follow "internal" first`,
			"0.000 90",
		}, nil},
	{"set_tempo while following, at its line", "local dj = stagelinq.sink{} clock.follow(dj:deck(1))\nclock.run('t', function()\nclock.set_tempo(90)\nend)",
		nil, []string{`t: show.lua:3: clock.set_tempo: the tempo comes from a followed source: follow "internal" first`}},
	{"set_tempo at the top level after follow", "local dj = stagelinq.sink{} clock.follow(dj:deck(1))\nclock.set_tempo(90)",
		[]string{`0.000 ERROR clock.set_tempo: the tempo comes from a followed source: follow "internal" first`}, nil},
	{"nudge too far", "clock.run('t', function() clock.nudge(2e6) end)",
		nil, []string{"t: show.lua:1: clock.nudge: nudge must be at most 1000000 beats either way, got 2e+06"}},

	{"waiting in pcall, iterators and coroutines", `clock.run(function()
			print(pcall(function() clock.sleep(0.1) return clock.time() end))
			for i in coroutine.wrap(function() for i = 1, 2 do clock.sync(1) coroutine.yield(i) end end) do print(i, clock.beats()) end
		end)`, []string{"0.100 true\t0.1", "0.500 1\t1", "1.000 2\t2"}, nil},
	{"a handler that raises goes on being called", `clock.on_beat(4, function(b) error("bar " .. b.bar, 0) end)`,
		nil, []string{"clock.on_beat show.lua:1: bar 2", "clock.on_beat show.lua:1: bar 3"}},
	{"a task that raises after a wait", "clock.run('t', function()\nclock.sleep(1)\nclock.sleep('soon')\nend)",
		nil, []string{`t: show.lua:3: clock.sleep: the duration must be a number of seconds (0-3600000), or a text such as "250ms", "1m30s", "3/4b" or "2bar", got "soon": a number comes first`}},
	{"spinning", `clock.run("t", function() while true do clock.sleep(0) end end)`,
		nil, []string{"t: show.lua:1: waited 10000 times without time passing; give clock.sleep or clock.sync something to wait for"}},
}

func TestClock(t *testing.T) {
	for _, tt := range clockTests {
		t.Run(tt.name, func(t *testing.T) {
			s := live(t, tt.text)
			s.run(4 * time.Second)
			s.wantLog(tt.log...)
			s.wantFailures(tt.failures...)
		})
	}
}

func TestErrorsOfTheTopLevelNameTheirLine(t *testing.T) {
	s := live(t, "local dj = stagelinq.sink{} clock.follow(dj:deck(1))\n\nclock.set_tempo(90)")
	if len(s.at) != 1 || s.at[0] != "show.lua:3" {
		t.Errorf("logged at %q", s.at)
	}
}

func TestTenFailuresInARowDisableAHandler(t *testing.T) {
	s := live(t, `clock.every(0.1, function() error("no") end)`)
	s.run(3 * time.Second)
	if len(s.failures) != 10 || s.disabled != 1 {
		t.Errorf("%d failures, %d disabled", len(s.failures), s.disabled)
	}
}

func TestFollowADeck(t *testing.T) {
	s := live(t, `local dj = stagelinq.sink{} clock.follow(dj:master())
		clock.on("lost", function() print("lost") end) clock.on("found", function() print("found") end)
		clock.on("tempo", function(bpm) print("tempo", bpm) end)
		clock.on_beat(1, function(b) print(b.bpm, b.number) end)`)
	s.play(150)
	s.run(650 * time.Millisecond)
	s.silence()
	s.run(2 * time.Second)
	text := s.log
	s.log = nil
	wantLines(t, "log", text, []string{
		"0.067 tempo\t150", "0.400 150\t1", "0.800 150\t2", "1.133 lost", "1.200 150\t3", "1.600 150\t4", "2.000 150\t5",
	})
	s.play(150)
	s.run(2500 * time.Millisecond)
	if len(s.log) == 0 || s.log[0] != "2.033 found" {
		t.Errorf("log %q", s.log)
	}
	s.wantFailures()
}

func TestSyncPassesNoPointTwiceWhenNudgedBack(t *testing.T) {
	s := live(t, `clock.run(function() while true do clock.sync(1) print(clock.beats()) end end)
		clock.after(0.52, function() clock.nudge("-1/4b") end)`)
	s.run(1900 * time.Millisecond)
	s.wantLog("0.500 1", "1.125 2", "1.625 3")
}

func TestWait(t *testing.T) {
	s := live(t, `local dj = stagelinq.sink{}
		local function waiter(name) return clock.run(name, function()
			while true do
				local d, more = clock.wait(dj, "found")
				print(name, d.name, more, clock.time())
			end
		end) end
		waiter("a") local b = waiter("b")
		clock.after(1.5, function() b:cancel() end)
		clock.run("bad", function()
			clock.wait(dj, "fund") end)`)
	s.run(time.Second)
	s.wantFailures(`bad: show.lua:11: stagelinq.sink:on: the event must be found, connected or lost, got "fund" (did you mean 'found'?)`)
	s.failures = nil
	s.play(120)
	s.run(2 * time.Second)
	s.play(120)
	s.run(3 * time.Second)
	s.wantLog("1.000 a\trigdeck\tnil\t1", "1.000 b\trigdeck\tnil\t1", "2.000 a\trigdeck\tnil\t2")
	if n := s.show.G.Stats().Tasks; n != 1 {
		t.Errorf("%d tasks left", n)
	}
	s.wantFailures()
}

func TestWaitAtTheTopLevel(t *testing.T) {
	for text, want := range map[string]string{
		"\nclock.sleep(1)":                              "show.lua:2: cannot wait here: ",
		"\nclock.sync(1)":                               "show.lua:2: cannot wait here: ",
		"\nclock.wait(stagelinq.sink{}, 'found')":       "show.lua:2: cannot wait here: ",
		"\npcall(clock.sleep, 1)\nerror('after', 0)":    "after",
		"\nlocal f = function() clock.sleep(1) end f()": "show.lua:2: cannot wait here: ",
	} {
		wantLoadError(t, text, want)
	}
}

func TestHandlersOfTheClockMayWait(t *testing.T) {
	s := live(t, `clock.on_beat(4, function(b) clock.sleep("1b") print("on_beat", clock.beats()) end)
		clock.after(0.1, function() clock.sleep(0.1) print("after") end)
		clock.on("tempo", function(bpm) clock.sleep(0.1) print("tempo", bpm) end)
		clock.at_beat(2, function() clock.sync(1) print("at_beat", clock.beats()) clock.set_tempo(240) end)`)
	s.run(2500 * time.Millisecond)
	s.wantLog("0.200 after", "1.500 at_beat\t3", "1.600 tempo\t240", "2.000 on_beat\t5")
	s.wantFailures()
}

func TestNothingIsLeftOfACancelledWait(t *testing.T) {
	s := live(t, `local dj = stagelinq.sink{} local t = clock.run(function() clock.wait(dj, "lost") end) clock.after(1, function() t:cancel() end)`)
	s.run(2 * time.Second)
	before := s.show.G.Stats().Wakes
	s.deliver(script.Event{Topic: s.show.Devices()[1].(interface{ EventTopic(string) string }).EventTopic("lost")})
	if after := s.show.G.Stats().Wakes; after != before {
		t.Errorf("%d handlers still there", after-before)
	}
}

// TestWhetherATaskHasFailed asks tasks that end in each way there is.
func TestWhetherATaskHasFailed(t *testing.T) {
	s := live(t, `
local good, bad, off = clock.run(function() end), clock.run(function() error("no") end), clock.run(function() clock.sleep(9) end)
local later = clock.run(function() clock.sleep(0.1) error("no") end)
clock.after(0.05, function() off:cancel() print(good.failed, bad.failed, off.failed, later.failed) end)
clock.after(0.2, function() print(later.failed, later.running) end)`)
	s.run(time.Second)
	s.wantLog("0.050 false\ttrue\tfalse\tfalse", "0.200 true\tfalse")
}

// TestBeatZeroIsAPlace names the first beat as a text, for a place and for an offset.
func TestBeatZeroIsAPlace(t *testing.T) {
	s := live(t, `
clock.on_beat(4, function(b) print("beat", b.number) end, "0b")
stagelinq.sink{}:deck(1):between("0bar", "1bar", { enter = function() print("enter") end, exit = function() print("exit") end })
print(pcall(clock.on_beat, "0b", function() end))
print(pcall(clock.sleep, "0b"))`)
	s.play(120)
	s.run(3 * time.Second)
	s.wantLog(
		"0.000 false\tclock.on_beat: the beats must be at least 1/1000 of a beat, got \"0b\"",
		"0.000 false\tclock.sleep: the duration must be "+duration+", got \"0b\": beats and bars are more than 0",
		"0.133 enter", "2.000 beat\t4", "2.000 exit")
	s.wantFailures()
}
