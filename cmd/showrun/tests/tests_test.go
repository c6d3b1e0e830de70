package tests

import (
	"bytes"
	"context"
	"encoding/xml"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"showrun/runtime/host/folder"
	"showrun/runtime/raced"
	"showrun/runtime/rehearse"
	"showrun/runtime/rehearse/trial"
)

// TestOfTheExamplesAndTheLibrary runs the tests that come with the runtime.
func TestOfTheExamplesAndTheLibrary(t *testing.T) {
	files, report := run(t, Options{}, raced.Of("../../../examples", "../../../examples/play"), "../../../scripts")
	if c := CountOf(files); c.Failed+c.Broken > 0 || c.Tests < raced.Of(70, 45) {
		t.Errorf("%s\n%s", c, report)
	}
	if len(files) < raced.Of(14, 7) {
		t.Errorf("%d files", len(files))
	}
}

// run runs the tests of paths, and returns what is told of them.
func run(t *testing.T, o Options, paths ...string) ([]trial.File, string) {
	t.Helper()
	list, err := Find(paths)
	if err != nil {
		t.Fatal(err)
	}
	return runList(t, o, list, false)
}

func runList(t *testing.T, o Options, list []*Source, verbose bool) ([]trial.File, string) {
	t.Helper()
	if o.Lookahead == 0 {
		o.Options.Options = rehearse.Options{Lookahead: 50 * time.Millisecond}
	}
	if o.Parallel == 0 {
		o.Parallel = 2
	}
	var text bytes.Buffer
	files := Run(context.Background(), list, o, Report{W: &text, Verbose: verbose}.File)
	for _, s := range list {
		t.Cleanup(s.Close)
	}
	return files, text.String()
}

// folderOf writes files into a folder of their own.
func folderOf(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		write(t, filepath.Join(dir, name), text)
	}
	t.Chdir(dir)
	return dir
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const aShow = `local clock, cue, osc, show, signet, stage = require "clock", require "cue", require "osc", require "show", require "signet", require "stage"
local one = signet.sender{}:universe(1)
local wash = stage.fixture{ name = "wash", kind = "rgb", at = one:slot(1) }
local spot = stage.fixture{ name = "spot", kind = "dimmer", at = one:slot(4) }
stage.group{ name = "all", wash, spot }
local main = cue.list{ name = "main" }
main:cue{ 1, "Calm", look = { [wash] = { color = "blue" } }, fade = 0 }
main:cue{ 2, "Storm", look = { [wash] = { color = "red" } }, fade = 0 }
clock.at_beat(4, function() main:go() end)
local out = osc.sender{ port = 9000 }
show.param{ "level", default = 1, min = 0, max = 10 }
show.trigger("send", function(n) out:send("/n", n) end)
show.trigger("fail", function() error("this is wrong") end)
clock.on_beat(1, function() spot:set(spot:get("dimmer") > 100 and 50 or 200) end)
`

// endless never waits, and endlessly has much done meanwhile.
const (
	endless   = `while true do end`
	endlessly = `while true do wash:set(1) end`
)

// failing are tests, and what each of them is told: the first line behind "show_test.lua:N: ".
var failing = []struct{ body, want string }{
	{`t:advance("4b") t:expect(wash){ color = "red" }`, "at 2.000 s, beat 4.0: wash.color is #0000ff, expected #ff0000\n    set by show.lua:7 in clock.at_beat show.lua:9, cue main 1, set, since 2.000 s"},
	{`t:advance("2.5b") t:expect(spot){ intensity = "100%" }`, "at 1.250 s, beat 2.5: spot.intensity is 50, expected \"100%\"\n    set by show.lua:14 in clock.on_beat show.lua:14, set, since 1.000 s"},
	{`t:expect "all" { intensity = 7 }`, "at 0.000 s, beat 0.0: wash.intensity is 255, expected 7\n    nothing has set it"},
	{`t:ctl "hold wash red" t:expect "wash" { color = "lime" }`, "at 0.000 s, beat 0.0: wash.color is #ff0000, expected #00ff00\n    held by an operator"},
	{`t:expect "wahs" { red = 1 }`, `at 0.000 s, beat 0.0: t:expect: no fixture or group is called "wahs" (did you mean 'wash'?)`},
	{`t:expect "zzzzzz" { red = 1 }`, `at 0.000 s, beat 0.0: t:expect: no fixture or group is called "zzzzzz"; there is all, spot and wash`},
	{`t:expect "wash" { gren = 1 }`, `at 0.000 s, beat 0.0: t:expect: fixture "wash" has no channel "gren" (did you mean "green"?); it has red, green, blue`},
	{`t:expect "wash" {}`, `at 0.000 s, beat 0.0: t:expect: the levels must be a table such as { intensity = 255 }, got a table`},
	{`t:expect "wash" { red = 0 } t:expect(wash)`, "at 0.000 s, beat 0.0: what is expected is missing, as in t:expect(wash){ red = 255 }"},
	{`t:expect(wash, { red = 3 })`, "at 0.000 s, beat 0.0: wash.red is 0, expected 3\n    nothing has set it"},
	{`t:expect(nil)`, `at 0.000 s, beat 0.0: t:expect: the target must be something with levels, such as a fixture, or the name of a fixture, got nil`},
	{`t:expect "wash" { red = "lots" }`, `at 0.000 s, beat 0.0: t:expect: red must be a number, a percentage such as "50%" or a function, got "lots"`},
	{`t:expect_cue("main", 1)`, "at 0.000 s, beat 0.0: list main is before its first cue, expected cue 1"},
	{`t:go() t:expect_cue("main")`, "at 0.000 s, beat 0.0: list main is in cue 1 Calm, expected none"},
	{`t:go() t:expect_cue("main", "Storm")`, "at 0.000 s, beat 0.0: list main is in cue 1 Calm, expected cue 2"},
	{`t:expect_cue("main", "Strom")`, `at 0.000 s, beat 0.0: t:expect_cue: list main has no cue "Strom" (did you mean 'Storm'?)`},
	{`t:expect_cue("mian", 1)`, `at 0.000 s, beat 0.0: t:expect_cue: no cue list is called "mian" (did you mean "main"?)`},
	{`t:until_cue("main", 1, "1s")`, "at 1.000 s, beat 2.0: list main is before its first cue, expected cue 1 within 1s"},
	{`t:wait(function() return false end, "2b")`, "at 1.000 s, beat 2.0: what was waited for has not come within 1s"},
	{`t:press("send", 3) t:expect_sent("osc.sender 127.0.0.1:9000", "/n", 4)`, "at 0.000 s, beat 0.0: osc.sender 127.0.0.1:9000 was not sent /n 4; it was sent\n    0.000 s: message /n 3"},
	{`t:press("send", 3) for _ = 1, 2 do t:expect_sent("osc.sender 127.0.0.1:9000", 3) end`, "at 0.000 s, beat 0.0: osc.sender 127.0.0.1:9000 was not sent 3; it was sent\n    0.000 s: message /n 3 (expected before)"},
	{`t:press("send", 3) t:expect_nothing_sent("osc.sender 127.0.0.1:9000")`, "at 0.000 s, beat 0.0: osc.sender 127.0.0.1:9000 was sent message /n 3 at 0.000 s, expected nothing"},
	{`t:expect_sent("osc.sender 127.0.0.1:900", 3)`, `at 0.000 s, beat 0.0: t:expect_sent: there is no device "osc.sender 127.0.0.1:900" (did you mean 'osc.sender 127.0.0.1:9000'?)`},
	{`t:never(function() return spot:get("dimmer") > 100 end) t:advance("8b")`, "at 0.500 s, beat 1.0: what must never be is"},
	{`t:advance("1b") t:always(function() return spot:get("dimmer") > 100 end) t:advance("8b")`, "at 1.000 s, beat 2.0: what must always be is not"},
	{`t:equal({ [0] = 1, [true] = 2 }, { [0.5] = 1 })`, "at 0.000 s, beat 0.0: got { [0] = 1, [true] = 2 }, expected { [0.5] = 1 }"},
	{`local a, b = {}, {} for i = 1, 1000 do a[i], b[i] = i % 7, i % 7 end b[500] = { 9 } t:equal(a, b)`, "at 0.000 s, beat 0.0: got { 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, … }, expected { 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, … }\n    the first difference is at [500]: got 3, expected { 9 }"},
	{`local a, b = {}, {} a.a, b.a = a, b t:equal(a, b) a.b = 1 t:equal(b, a)`, "at 0.000 s, beat 0.0: got { a = { a = { a = { a = … } } } }, expected { a = { a = { a = { a = …, b = 1 }, b = 1 }, b = 1 }, b = 1 }\n    the first difference is at [\"b\"]: got nil, expected 1"},
	{`t:equal({ 1, { a = 2 } }, { 1, { a = 3 } })`, "at 0.000 s, beat 0.0: got { 1, { a = 2 } }, expected { 1, { a = 3 } }"},
	{`t:ok(nil, "it is dark")`, "at 0.000 s, beat 0.0: it is dark"},
	{`t:fails(function() end, "no")`, `at 0.000 s, beat 0.0: no error, expected "no"`},
	{`t:fails(function() error("yes") end, "no")`, `at 0.000 s, beat 0.0: the error is "show_test.lua:1: yes", expected "no"`},
	{`return t.nothing.here`, "at 0.000 s, beat 0.0: test has no 'nothing'; it has advance, always, ctl, deck, equal, expect, expect_cue, expect_nothing_sent, expect_sent, fails, go, golden, look, never, ok, osc, press, replay, sent, set, time, until_cue and wait"},
	{`t:advance("2beats")`, `at 0.000 s, beat 0.0: t:advance: the duration must be a number of seconds (0-3600000), or a text such as "250ms", "1m30s", "3/4b" or "2bar", got "2beats": the units are ms, s, m, h, b (beats) and bar`},
	{`t:press("sent")`, `at 0.000 s, beat 0.0: t:press: no trigger is called "sent" (did you mean "send"?)`},
	{`t:set("level", 11)`, "at 0.000 s, beat 0.0: t:set: level must be 0 to 10, got 11"},
	{`t:osc("/x")`, "at 0.000 s, beat 0.0: t:osc: the show has no osc.receiver"},
	{`t:osc(":9001/x")`, "at 0.000 s, beat 0.0: t:osc: the show has no osc.receiver on port 9001"},
	{`t:osc(":0/x")`, `at 0.000 s, beat 0.0: t:osc: a port in front of an address is 1-65535, as in :8000/door, got ":0/x"`},
	{`t:ctl "bakc"`, `at 0.000 s, beat 0.0: t:ctl: there is no command "bakc"`},
	{`t:golden() `, "at 0.000 s, beat 0.0: there is no golden log frames.golden yet; showrun test --update writes it"},
	{`t:golden("../x")`, `at 0.000 s, beat 0.0: t:golden: the file lies beside the tests or in a folder there, got "../x"`},
	{`while true do t:advance(100) end`, "at 20.000 s, beat 40.0: it has not ended after 20s of the show, and waits here"},
	{`require "clock".wait(nothing)`, "at 20.000 s, beat 40.0: it has not ended after 20s of the show, and waits here"},
	{`while true do t:advance(0) end`, "at 0.000 s, beat 0.0: it has waited 20000 times without time passing, the last time here"},
	{endlessly, "at 0.000 s, beat 0.0: gave more than a million commands without waiting"},
	{endless, "at 0.000 s, beat 0.0: ran for more than 40 million instructions without waiting"},
	{`require "clock".after(0.5, function() error("oh", 0) end) t:advance(1)`, "at 0.450 s, beat 0.9: oh"},
	{`test("another", function() end)`, "at 0.000 s, beat 0.0: test: tests are declared at the top level of their file, and not in one another"},
}

func TestEachWayToFail(t *testing.T) {
	for i, f := range failing {
		if (f.body == endless || f.body == endlessly) && raced.Of(false, true) {
			continue // the detector counts along
		}
		t.Run(f.body, func(t *testing.T) {
			dir := folderOf(t, map[string]string{"show.lua": aShow, "show_test.lua": `local wash, spot = require "stage".get "wash", require "stage".get "spot" local nothing = require "show".trigger("nothing", function() end) test("it", function(t) ` + f.body + " end)"})
			list, err := Find([]string{filepath.Join(dir, "show_test.lua")})
			if err != nil {
				t.Fatal(err)
			}
			list[0].Name = "show_test.lua"
			o := Options{Options: trial.Options{Limit: 20 * time.Second}}
			_, got := runList(t, o, list, false)
			got = strings.TrimSuffix(got, "\n")
			got = strings.Replace(strings.Replace(got, "FAIL it (show_test.lua:1)\n  show_test.lua:1: ", "", 1), "FAIL it (show_test.lua:1)\n  ", "", 1)
			if got != f.want {
				t.Errorf("%d: %s\n got %s\nwant %s", i, f.body, got, f.want)
			}
		})
	}
}

// TestAnErrorInTheShow fails the test that it happens in, with the line of the show.
func TestAnErrorInTheShow(t *testing.T) {
	dir := folderOf(t, map[string]string{"show.lua": aShow, "show_test.lua": `test("fails", function(t) t:press("fail") t:advance(5) end)
test("another is fine", function(t) t:advance(1) end)`})
	files, report := run(t, Options{}, ".")
	if want := "FAIL fails (show_test.lua:1)\n  show.lua:13: at 0.000 s, beat 0.0: this is wrong\n"; report != want || CountOf(files).Failed != 1 {
		t.Errorf("got %q in %s, want %q", report, dir, want)
	}
}

// TestSideBySide is the same as one after the other.
func TestSideBySide(t *testing.T) {
	paths := []string{"../../../examples/first-light", "../../../examples/play", raced.Of("../../../scripts", "../../../scripts/tests/map_test.lua")}
	_, one := runList(t, Options{Parallel: 1}, found(t, paths...), true)
	_, many := runList(t, Options{Parallel: 8}, found(t, paths...), true)
	if one != many || strings.Count(one, "\n") < 12 {
		t.Errorf("one after the other\n%s\nside by side\n%s", one, many)
	}
}

func found(t *testing.T, paths ...string) []*Source {
	t.Helper()
	list, err := Find(paths)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestWhichShow is tested.
func TestWhichShow(t *testing.T) {
	says := func(text string) string {
		return `local show = require "show" show.param{ "who", default = "` + text + `" }`
	}
	expects := func(text string) string {
		return `test("it", function(t) t:ok(pcall(t.set, t, "who", "x") == ` + text + `) end)`
	}
	folderOf(t, map[string]string{
		"a/show.lua": says("show"), "a/looks.lua": `error("not as a show")`, "a/looks_test.lua": expects("true"), "a/alone_test.lua": "-- showrun: show none\n" + expects("false"),
		"a/kiosk.lua": says("kiosk"), "a/kiosk_test.lua": "-- showrun: show kiosk.lua\n" + `test("it", function(t) t:ok(require "show".file == "kiosk.lua") end)`,
		"b/kiosk.lua": says("kiosk"), "b/kiosk_test.lua": expects("true"),
		"c/x_test.lua": expects("false"),
		"d/x_test.lua": "-- showrun: show nowhere.lua\n" + expects("false"),
	})
	files, report := run(t, Options{}, "a", "b", "c")
	if c := CountOf(files); c.Tests != 5 || c.Failed+c.Broken > 0 {
		t.Errorf("%s: %s", c, report)
	}
	if _, report := run(t, Options{}, "d"); !strings.Contains(report, "there is no show nowhere.lua beside it") {
		t.Error(report)
	}
}

// TestGlobalsOfTests are not those of the show, which they see.
func TestGlobalsOfTests(t *testing.T) {
	folderOf(t, map[string]string{
		"show.lua": `shared = 1 function tell() return other, test end`,
		"mine.lua": `return {}`,
		"show_test.lua": `other = 2 require("mine").x = 5
test("one", function(t) t:equal({ shared, other, tell(), require "mine".x }, { 1, 2, nil, 5 }) shared = 7 end)
test("another run", function(t) t:equal(shared, 1) t:equal(select("#", tell()), 2) end)`,
	})
	if files, report := run(t, Options{}, "."); CountOf(files).Failed+CountOf(files).Broken > 0 {
		t.Error(report)
	}
}

// TestFilesThatDoNotRun are told of, and the others run.
func TestFilesThatDoNotRun(t *testing.T) {
	folderOf(t, map[string]string{
		"a/show.lua": "local x = = 1", "a/show_test.lua": `test("it", function() end)`,
		"b/show.lua": "local function deep() nothing.x = 1 end\ndeep()", "b/show_test.lua": `test("it", function() end)`,
		"c/show.lua": "", "c/show_test.lua": `test("it", function() end) test("it", function() end)`,
		"d/show.lua": "", "d/show_test.lua": `test("it", function() end)`,
		"e/show.lua": "", "e/show_test.lua": `test("it")`,
	})
	files, report := run(t, Options{}, ".")
	for _, want := range []string{
		"FAIL a/show_test.lua does not run\n  a/show.lua:1:",
		"FAIL b/show_test.lua does not run\n  b/show.lua:1: attempt to index a nil value (global 'nothing')",
		`FAIL c/show_test.lua does not run` + "\n  " + `c/show_test.lua:1: test: two tests are called "it"`,
		`FAIL e/show_test.lua does not run` + "\n  " + `e/show_test.lua:1: test: the test must be a function, got nil`,
	} {
		if !strings.Contains(report, want) {
			t.Errorf("got\n%s\nwant %s", report, want)
		}
	}
	if c := CountOf(files).String(); c != "1 test, 4 files do not run" {
		t.Error(c)
	}
}

// TestCasesAndSkippedTests have names of their own.
func TestCasesAndSkippedTests(t *testing.T) {
	folderOf(t, map[string]string{"x_test.lua": `test("level", { { 1 }, { 2, name = "two" }, dark = 0 }, function(t, case) t:ok(case) end)
test.skip("not yet", function() error("it ran") end)
test("by name", function(t) end)`})
	o := Options{Options: trial.Options{Options: rehearse.Options{Lookahead: time.Millisecond}}}
	_, got := runList(t, o, found(t, "."), true)
	want := `ok   level: 1 (x_test.lua:1), 0.000 s of the show
ok   level: two (x_test.lua:1), 0.000 s of the show
ok   level: dark (x_test.lua:1), 0.000 s of the show
skip not yet (x_test.lua:2)
ok   by name (x_test.lua:3), 0.000 s of the show
`
	if got != want {
		t.Errorf("got\n%s", got)
	}
	o.Match = regexp.MustCompile("by")
	files, _ := runList(t, o, found(t, "."), true)
	if c := CountOf(files).String(); c != "1 test, all is well" {
		t.Error(c)
	}
}

// TestPathsThatNameNoTests are mistakes.
func TestPathsThatNameNoTests(t *testing.T) {
	folderOf(t, map[string]string{"show.lua": "", "show_test.lua": "", "empty/show.lua": "", ".git/x_test.lua": ""})
	for path, want := range map[string]string{
		"show.lua":    "show.lua is no file of tests: those are called NAME_test.lua (did you mean show_test.lua?)",
		"empty":       "there are no tests in empty: they are in files called NAME_test.lua, such as show_test.lua beside show.lua",
		"nowhere.lua": "there is no file and no folder nowhere.lua",
	} {
		if _, err := Find([]string{path}); err == nil || err.Error() != want {
			t.Errorf("%s: %v", path, err)
		}
	}
	if list := found(t, ".", "show_test.lua"); len(list) != 1 {
		t.Errorf("found %d files", len(list))
	}
}

// TestTheReportIsForTheScreen: nothing of what scripts say steers it, or fills it.
func TestTheReportIsForTheScreen(t *testing.T) {
	folderOf(t, map[string]string{"show_test.lua": `test("a\27[2J", function(t) t:ok(false, "b\27[2J" .. ("ü"):rep(1e5)) end)`})
	_, report := run(t, Options{}, ".")
	if strings.ContainsRune(report, '\x1b') || !strings.Contains(report, "FAIL a?[2J (show_test.lua:1)\n  show_test.lua:1: at 0.000 s, beat 0.0: b?[2Jü") || len(report) > 5000 {
		t.Errorf("%d bytes: %.200q", len(report), report)
	}
}

// TestTheReportForBuildServers has what there was, in JUnit's form.
func TestTheReportForBuildServers(t *testing.T) {
	folderOf(t, map[string]string{
		"a/show.lua": aShow, "a/show_test.lua": `test("<fine> & well", function(t) t:advance(1) end)
test("fails", function(t) t:equal(1, "<2>") end)
test.skip("later", function() end)`,
		"b/show_test.lua": "x =",
	})
	files, _ := run(t, Options{}, ".")
	var b bytes.Buffer
	if err := WriteJUnit(&b, files); err != nil {
		t.Fatal(err)
	}
	var got junitSuites
	if err := xml.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Tests != 4 || got.Failures != 1 || got.Errors != 1 || len(got.Suites) != 2 {
		t.Errorf("%+v", got)
	}
	a := got.Suites[0]
	if a.Name != "a/show_test.lua" || a.Tests != 3 || a.Failures != 1 || a.Skipped != 1 || a.Time != "1.000" {
		t.Errorf("%+v", a)
	}
	fine, fails, later := a.Cases[0], a.Cases[1], a.Cases[2]
	if fine.Name != "<fine> & well" || fine.Failure != nil || fine.Line != "1" || later.Skipped == nil {
		t.Errorf("%+v %+v", fine, later)
	}
	if fails.Failure == nil || fails.Failure.Message != `show_test.lua:2: at 0.000 s, beat 0.0: got 1, expected "<2>"` {
		t.Errorf("%+v", fails.Failure)
	}
	if b := got.Suites[1]; b.Errors != 1 || b.Cases[0].Error == nil || b.Tests != 1 {
		t.Errorf("%+v", b)
	}
}

// TestASaveIsNoticed once the file stays as it is, for the tests that use it.
func TestASaveIsNoticed(t *testing.T) {
	folderOf(t, map[string]string{"a/show.lua": `require "looks"`, "a/looks.lua": "", "a/show_test.lua": `test("it", function() end)`, "b/show_test.lua": `test("it", function() end)`})
	list := found(t, ".")
	runList(t, Options{}, list, false)
	watchers := make([]folder.Watcher, 2)
	changed := func() (now []bool) {
		for i := range list {
			now = append(now, list[i].Changed(&watchers[i]))
		}
		return now
	}
	if now := changed(); now[0] || now[1] {
		t.Errorf("nothing was saved: %v", now)
	}
	write(t, "a/looks.lua", `error("looks")`)
	if now := changed(); now[0] {
		t.Error("it may still be written")
	}
	if now := changed(); !now[0] || now[1] {
		t.Errorf("looks.lua was saved: %v", now)
	}
	if _, report := runList(t, Options{}, list[:1], false); !strings.Contains(report, "a/looks.lua:1: looks") {
		t.Error(report)
	}
	if now := changed(); now[0] {
		t.Error("it has run since")
	}
}

// TestWhatTheAudienceSees is what is expected: below the master, and with what is held.
func TestWhatTheAudienceSees(t *testing.T) {
	folderOf(t, map[string]string{"show.lua": aShow, "show_test.lua": `test("it", function(t)
  t:go()
  t:expect "wash" { color = "blue", intensity = 255, blue = 255 }
  t:ctl "master 50%"
  t:expect "wash" { intensity = "50%", blue = "50%" }
  t:ctl "hold wash.green 100%"
  t:expect "wash" { green = "50%" }
  t:ctl "blackout on"
  t:expect "wash" { blue = 0, green = 0 }
end)`})
	if files, report := run(t, Options{}, "."); CountOf(files).Failed > 0 {
		t.Error(report)
	}
}

// TestExpectationsAreOfTheirInstant and not of the last frame that happened to be before it.
func TestExpectationsAreOfTheirInstant(t *testing.T) {
	folderOf(t, map[string]string{
		"show.lua": strings.Replace(aShow, "clock.on_beat(1,", `clock.after(1, function() spot:set(0) spot:fade(255, 1) end) clock.follow(require "stagelinq".sink{}:master()) clock.on_beat(1000,`, 1),
		"show_test.lua": `local clock, stage = require "clock", require "stage"
test("a fade", function(t)
  t:advance(1)
  for _, part in ipairs{ 0.1, 0.21, 0.13, 0.27 } do
    local before = clock.time() - 1
    t:advance(part)
    t:expect "spot" { intensity = 255 * (before + part) }
  end
end)
test("beats of a player", function(t)
  t:advance(0.37)
  t:deck{ bpm = 128 }:play()
  for beat = 1, 8 do
    t:advance("1b")
    t:equal(clock.beats(), beat)
    if beat >= 4 then t:expect_cue("main", 1) else t:expect_cue("main") end
  end
end)
test("what looking takes is part of what is waited for", function(t)
  for i = 1, 20 do
    stage.get "wash":set{ red = i }
    t:expect "wash" { red = i }
    t:advance(0.01)
  end
  t:advance(0.8)
  t:equal(clock.time(), 1)
end)`,
	})
	if files, report := run(t, Options{}, "."); CountOf(files).Failed+CountOf(files).Broken > 0 {
		t.Error(report)
	}
}

// TestAMessageToOnePort is heard there, and one without a port everywhere.
func TestAMessageToOnePort(t *testing.T) {
	folderOf(t, map[string]string{"osc_test.lua": `local osc = require "osc"
local heard = ""
osc.receiver{ port = 8001 }:on("/x", function(_, n) heard = heard .. "a" .. n end)
osc.receiver{ port = 8002 }:on("/x", function(_, n) heard = heard .. "b" .. n end)
test("ports", function(t)
  t:osc(":8002/x", 1)
  t:osc("/x", 2)
  t:osc(":8001/x", 3)
  t:equal(heard, "b1a2b2a3")
end)`})
	if files, report := run(t, Options{}, "."); CountOf(files).Failed > 0 || CountOf(files).Tests != 1 {
		t.Error(report)
	}
}
