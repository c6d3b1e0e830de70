package scripts

import (
	"context"
	"io/fs"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"

	"showrun/bindings"
	"showrun/runtime/rehearse"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestTheLibraryInLua runs the tests beside this one, which are written in Lua.
func TestTheLibraryInLua(t *testing.T) {
	files, err := fs.Glob(tests, "*_test.lua")
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests: %v", err)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			for _, r := range trials(t, tests, file) {
				t.Logf("%s: %v", r.Name, r.Took)
				for _, failed := range r.Failed {
					t.Errorf("%s: %s", r.Name, failed)
				}
			}
		})
	}
}

// trials runs the tests of a file.
func trials(t *testing.T, folder fs.FS, file string) []rehearse.Result {
	t.Helper()
	orders := &rehearse.Orders{}
	results, err := rehearse.Test(context.Background(), rehearse.Options{
		Name: "test", File: file, Dir: "scripts", Bind: bindings.NewTrial(orders.Take), Shipped: Files(),
		Frames: orders, Log: slog.New(slog.DiscardHandler),
	}, folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(results) == 0 {
		t.Fatal("no tests")
	}
	return results
}

// TestTestsThatFail has each way in which a test can fail.
func TestTestsThatFail(t *testing.T) {
	file := fstest.MapFS{"x_test.lua": &fstest.MapFile{Data: []byte(`local test, stage, signet, clock, osc = require "test", require "stage", require "signet", require "clock", require "osc"
local wash = stage.fixture{ name = "wash", kind = "rgb", at = signet.sender{}:universe(1):slot(1) }
local out = osc.sender{ port = 9000 }
clock.at_beat(2, function() wash:set{ red = 200 } out:send("/go", 1) end)
test("passes", function(t) t:advance("2b") t:expect(wash){ red = 200, green = 0, color = "#c80000" } t:equal(#t:sent(), 1) end)
test("begins anew", function(t) t:expect(wash){ red = 0 } t:equal(#t:sent(), 0) end)
test("levels", function(t) t:advance("2b") t:expect(wash){ red = 100 } end)
test("values", function(t) t:equal({ 1, { a = 2 } }, { 1, { a = 3 } }) end)
test("errors", function(t) t:fails(function() wash:set{ gren = 1 } end, "green") t:fails(function() end, "no") end)
test("a handler", function(t) clock.after(0.5, function() error("oh") end) t:advance(1) end)
test("itself", function(t) return t.nothing.here end)
test("durations", function(t) t:advance("2beats") end)
test("channels", function(t) t:expect(wash){ gren = 0 } end)`)}}
	want := []string{
		"passes:", "begins anew:",
		`levels: x_test.lua:7: stage.fixture wash: red is 200, expected 100, at beat 2.007`,
		`values: x_test.lua:8: got { 1, { a = 2 } }, expected { 1, { a = 3 } }`,
		`errors: x_test.lua:9: no error, expected "no"`,
		`a handler: x_test.lua:10: oh`,
		`itself: x_test.lua:11: attempt to index a nil value (field 'nothing')`,
		`durations: x_test.lua:12: test:advance: the duration must be ` + duration + `, got "2beats": the units are ms, s, m, h, b (beats) and bar`,
		`channels: x_test.lua:13: test:expect: fixture "wash" has no channel "gren" (did you mean "green"?); it has red, green, blue`,
	}
	var got []string
	for _, r := range trials(t, file, "x_test.lua") {
		got = append(got, strings.TrimSpace(r.Name+": "+strings.Join(r.Failed, " | ")))
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestAModuleBesideTheShowComesFirst has a show with modules of its own under names of the
// library: they are what it gets, and the rest of the library does not mistake them for its
// own.
func TestAModuleBesideTheShowComesFirst(t *testing.T) {
	r := newRun(t)
	folder := fstest.MapFS{}
	for name, text := range map[string]string{
		"show.lua": `local stage, fx = require "stage", require "fx"
local lamp = stage.fixture{ name = "lamp", kind = "dimmer", at = require "signet".sender{}:universe(1):slot(1) }
print(require "pick".mine, require "seq".euclid(1, 2), require "check", require "grid")
fx.chase(lamp)`,
		"pick.lua": `return { mine = "mine" }`, "check.lua": `return "check"`, "grid.lua": `return "grid"`,
	} {
		folder[name] = &fstest.MapFile{Data: []byte(text)}
	}
	if err := r.Load(context.Background(), folder); err != nil {
		t.Fatal(err)
	}
	r.until(1e9)
	if want := "mine\tx.\tcheck\tgrid"; len(r.prints) == 0 || r.prints[0] != want {
		t.Errorf("prints %q, want %q", r.prints, want)
	}
	if len(r.failed) > 0 || r.levels[0] != 255 {
		t.Errorf("the chase: %q, level %v", r.failed, r.levels[:1])
	}
}
