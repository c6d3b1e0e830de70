package bindings

import (
	"strings"
	"testing"
	"time"

	"showrun/runtime/script"
	"showrun/runtime/show"
)

func TestShowSaysWhatItIs(t *testing.T) {
	s := live(t, `print(show.name, show.file, show.dir, show.generation)`)
	s.reload("\n" + `print(show.name, show.file, show.dir, show.generation)`)
	s.wantLog("0.000 stand\tshow.lua\tstand\t1", "0.000 stand\tshow.lua\tstand\t2")
}

// reload loads the next generation of a show and fails the test if it does not
// load.
func (s *stand) reload(text string) {
	s.t.Helper()
	if err := s.load(map[string]string{"show.lua": prelude + text}); err != nil {
		s.t.Fatal(err)
	}
}

func TestLog(t *testing.T) {
	s := live(t, `
show.log.debug("bar %d of %s, %.1f", 3, "eight", 0.25)
show.log.info("plain") show.log.warn("50% of %d") show.log.error("100%%")
show.log.info(12) show.log.info(nil) show.log.info(true) show.log.info(one)
show.log.info("%s %s %s", nil, one, true)
show.log.info("%5.2f|%-4s|%04d|%x|%q|%%", 1.234, "ab", 42, 255, 'say "x"')
show.log.info("%d", 1, 2, 3)
string = nil
local function deeper()
  return show.log.info("no string: %d", 1)
end
deeper()
print("a", 1, nil, one)
clock.run(function() coroutine.wrap(function()
  show.log.info("from %s", "a coroutine")
end)() end)`)
	s.run(100 * time.Millisecond)
	s.wantLog("0.000 DEBUG bar 3 of eight, 0.2", "0.000 plain", "0.000 WARN 50% of %d", "0.000 ERROR 100%",
		"0.000 12", "0.000 nil", "0.000 true", "0.000 signet.universe 1", "0.000 nil signet.universe 1 true",
		`0.000  1.23|ab  |0042|ff|"say \"x\""|%`, "0.000 1", "0.000 no string: 1", "0.000 a\t1\tnil\tsignet.universe 1", "0.000 from a coroutine")
	wantLines(t, "lines", s.at, []string{"show.lua:2", "show.lua:3", "show.lua:3", "show.lua:3", "show.lua:4", "show.lua:4", "show.lua:4",
		"show.lua:4", "show.lua:5", "show.lua:6", "show.lua:7", "show.lua:10", "show.lua:13", "show.lua:15"})
	s.wantFailures()
}

// TestErrorsOfErrorHandlers: none that an error handler causes is told to one, also by a
// task, a timer or a wait of its own, while others still are.
func TestErrorsOfErrorHandlers(t *testing.T) {
	for _, bad := range []string{
		`error("again")`, `clock.run(function() error("again") end)`, `clock.after(0.1, function() error("again") end)`,
		`clock.sleep(0.1) error("again")`, `clock.run(function() clock.after(0.1, function() clock.sleep(0.1) error("again") end) end)`,
	} {
		s := live(t, `show.on("error", function(text) print(text) end)
			show.on("error", function() `+bad+` end)
			clock.after(1, function() error("one") end) clock.after(2, function() error("two") end)`)
		s.run(10 * time.Second)
		if len(s.log) != 2 || len(s.failures) != 4 {
			t.Errorf("%s: told %q, failures %q", bad, s.log, s.failures)
		}
	}
}

func TestEvents(t *testing.T) {
	s := live(t, `local lamp = stage.fixture{ name = "lamp", kind = "dimmer", at = one:slot(1) }
		for _, e in ipairs{ "start", "stop", "reload", "unload", "error" } do show.on(e, function(...) print(e, ...) end) end
		show.on("start", function() clock.sleep(1) print("a second later") end)
		show.on("stop", function() lamp:set(9) end)
		local h = show.on("start", function() print("no") end) h:cancel()
		clock.after(2, function() error("oh no") end)
		show.on("error", function() error("in the error handler too") end)`)
	s.run(1900 * time.Millisecond)
	s.wantLog("0.000 start", "1.000 a second later")
	s.log = nil
	s.run(3 * time.Second)
	// The handlers of errors are not told of those that they cause.
	if len(s.failures) != 2 || s.disabled != 0 {
		t.Errorf("%d failures, %d disabled: %q", len(s.failures), s.disabled, s.failures[0])
	}
	if len(s.log) != 1 || s.log[0] != "1.950 error\tshow.lua:6: oh no" {
		t.Errorf("log %q", s.log)
	}
	s.log = nil
	s.reload(`show.on("reload", function() print("reloaded", show.generation) end) show.on("start", function() print("no") end)`)
	s.wantLog("3.000 unload", "3.050 reloaded\t2")
	s.log = nil
	s.reload(`show.on("stop", function() one:set(1, 9) print("stop") end)`)
	s.deliver(script.Event{Topic: show.TopicStop, At: s.now()})
	s.wantLog("3.050 stop")
	s.wantLevels("3.1s 1=9")
}

func TestStateIsKept(t *testing.T) {
	s := live(t, `local state = show.state
		print(next(state))
		state.count = 1 state.name = "a" state.on = true state[7] = "seven" state.deep = { list = { 1, 2, 3 }, ["ü"] = 0.5 }
		clock.after(1, function() state.count = state.count + 1 end)`)
	s.run(2 * time.Second)
	tell := `local state = show.state local before = state
		local function tell() print(state.count, state.name, state.on, state[7], state.deep.list[3], state.deep["ü"], state.new) end
		tell() clock.after(1, function() tell() print(show.state == before) end) `
	s.reload(tell + `state.new = "n" state.name = nil`)
	s.run(4 * time.Second)
	s.reload(tell)
	s.run(6 * time.Second)
	s.wantLog(
		"0.000 nil",
		"2.000 2\ta\ttrue\tseven\t3\t0.5\tnil",
		"3.050 2\tnil\ttrue\tseven\t3\t0.5\tn", "3.050 true",
		"4.000 2\tnil\ttrue\tseven\t3\t0.5\tn",
		"5.050 2\tnil\ttrue\tseven\t3\t0.5\tn", "5.050 true",
	)
}

func TestStateThatIsReplaced(t *testing.T) {
	s := live(t, `show.state = { n = 1 }`)
	s.reload(`print(show.state.n) show.state = { n = show.state.n + 1 } clock.after(0, function() show.state.n = show.state.n + 10 end)`)
	s.run(time.Second)
	s.reload(`print(show.state.n)`)
	s.wantLog("0.000 1", "1.000 12")
}

func TestStateWrittenBetweenLoadAndSwap(t *testing.T) {
	s := live(t, `show.state.n = 1 show.on("unload", function() show.state.n = 2 show.state.late = "late" end)`)
	s.reload(`print(show.state.n) clock.run(function() print(show.state.n, show.state.late) end)`)
	s.run(time.Second)
	s.wantLog("0.000 1", "0.050 2\tlate")
}

// TestNestedStateIsOneTable: what handlers count in tables deep in the state, to which they
// hold on, is what the state shows, through several reloads, some of which fail, and while
// the old generation writes to the last.
func TestNestedStateIsOneTable(t *testing.T) {
	text := `local state = show.state
		state.counts = state.counts or { beats = 0, deep = { list = {} } }
		local counts = state.counts
		local deep, list = counts.deep, counts.deep.list
		state.same = deep
		local function count() counts.beats = counts.beats + 1 deep.n = (deep.n or 0) + 1 list[#list + 1] = counts.beats end
		clock.every(0.1, count)
		show.on("unload", count) show.on("reload", count)
		clock.every(1, function()
			local own, is = counts.beats .. " " .. deep.n .. " " .. #list, show.state.counts
			print(own == is.beats .. " " .. is.deep.n .. " " .. #is.deep.list and show.state.same == deep, own)
		end) `
	s := live(t, text)
	s.run(1050 * time.Millisecond)
	for _, bad := range []string{text + `state.counts.beats = 1000 list[1] = nil error("oh")`, "not Lua", "while true do end"} {
		if err := s.load(map[string]string{"show.lua": prelude + bad}); err == nil {
			t.Fatalf("%s is loaded", bad)
		}
	}
	s.run(2150 * time.Millisecond)
	for range 3 {
		s.reload(text)
		s.run(s.now() + 1150*time.Millisecond)
	}
	s.wantLog(
		"1.000 true\t9 9 9", "1.050 true\t19 19 19", // the second by the generation that failed last
		"3.200 true\t33 33 33", "4.350 true\t46 46 46", "5.500 true\t59 59 59",
	)
}

func TestStateThatCannotBeKept(t *testing.T) {
	for text, want := range map[string]string{
		`show.state.deep = { f = print }`: "ERROR show.state.deep.f: a function cannot be kept",
		`show.state.lamp = one`:           "ERROR show.state.lamp: a userdata cannot be kept",
		`show.state[one] = 1`:             "ERROR show.state: a key is a userdata",
	} {
		s := live(t, `show.state.n = 1 clock.after(0, function() `+text+` end)`)
		s.run(time.Second)
		s.reload(`print(show.state.n, show.state.lamp)`)
		if len(s.log) != 2 || s.log[0] != "1.000 1\tnil" || !strings.HasPrefix(s.log[1], "1.000 "+want) {
			t.Errorf("%s: %q, want %s", text, s.log, want)
		}
	}
	for text, want := range map[string]string{
		`show.state = nil`: "show.state must be a table, got nil",
		`show.state = 5`:   "show.state must be a table, got 5",
	} {
		wantLoadError(t, text, want)
	}
}

// TestNestedStateStaysWhatItIs: a table the new version holds on to is the one that is
// kept on.
func TestNestedStateStaysWhatItIs(t *testing.T) {
	text := `show.state.counts = show.state.counts or { deep = { n = 0 } }
		local deep = show.state.counts.deep
		clock.every(1, function() deep.n = deep.n + 1 print(deep.n, show.state.counts.deep == deep) end)`
	s := live(t, text)
	s.run(2500 * time.Millisecond)
	s.reload(text)
	s.run(5 * time.Second)
	s.wantFailures()
	s.wantLog("1.000 1\ttrue", "2.000 2\ttrue", "3.550 3\ttrue", "4.550 4\ttrue")
}

func TestStateWithoutTheModule(t *testing.T) {
	s := live(t, `show.state.n = 7`)
	for range 2 {
		if err := s.load(map[string]string{"show.lua": `local clock = require "clock"`}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.load(map[string]string{"show.lua": `local clock = require "clock" clock.after(1, function() print(require("show").state.n) end)`}); err != nil {
		t.Fatal(err)
	}
	s.run(2 * time.Second)
	s.wantLog("1.050 7")
}

func TestModulesOfTheShowShareThings(t *testing.T) {
	s := newStand(t)
	err := s.load(map[string]string{
		"show.lua":    prelude + `local rig = require "rig" print(rig.wash.name, stage.get("wash") == rig.wash) rig.wash:set(5) print(require("show") == show)`,
		"rig.lua":     `local stage, net = require "stage", require "signet".sender{} return { wash = stage.fixture{ name = "wash", kind = "rgb", at = net:universe(1):slot(1) } }`,
		"unused.lua":  `error("no")`,
		"sub/two.lua": `return 2`,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.wantLog("0.000 wash\ttrue", "0.000 true")
	s.wantLevels("0s 1=5")
	if n := len(s.show.Devices()); n != 1 {
		t.Errorf("%d devices", n)
	}
}

func TestAnotherFileIsNamedInErrors(t *testing.T) {
	s := newStand(t)
	err := s.load(map[string]string{"show.lua": `require "rig"`, "rig.lua": "\n\nrequire('clock').set_tempo(5)"})
	if err == nil || err.Error() != "rig.lua:3: clock.set_tempo: the tempo must be 20-999 BPM, got 5" {
		t.Error(err)
	}
}

func TestModulesAreListedInOneOrder(t *testing.T) {
	text := `for _, m in ipairs{ clock, stage, show, show.log, signet, stagelinq } do local n = {} for k in pairs(m) do n[#n + 1] = k end print(table.concat(n, " ")) end`
	s := live(t, text)
	s.wantLog("0.000 after at_beat beats beats_per_bar every follow length nudge on on_beat phase run set_tempo sleep sync tap tempo time wait",
		"0.000 blackout color fixture get group layout master", "0.000 name file dir generation state at data on param place trigger log", "0.000 debug error info warn", "0.000 manager receiver sender", "0.000 sink track")
}
