package script

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestErrorsOfTasksHaveNames(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`t.after("0.1", function() signet.go() end)`, "attempt to index a nil value (global 'signet')"},
		{`t.after("0.1", function() strng.rep() end)`, "attempt to index a nil value (global 'strng'); did you mean 'string'?"},
		{`t.after("0.1", function() tee.x() end) tee = nil`, "(global 'tee')"},
		{`log(pcall(function() local x x.y() end))`, "false show.lua:1: attempt to index a nil value (local 'x')"},
		{`log(select(2, xpcall(function() nope() end, function(e) return e end)))`, "attempt to call a nil value (global 'nope')"},
		{`log(coroutine.resume(coroutine.create(function() local x x.y() end)))`, "false show.lua:1: attempt to index a nil value (local 'x')"},
		{`log(pcall(coroutine.wrap(function() local x x.y() end)))`, "false show.lua:1: attempt to index a nil value (local 'x')"},
		{`local co = coroutine.create(function() coroutine.yield() nope() end) coroutine.resume(co) log(coroutine.resume(co))`, "false show.lua:1: attempt to call a nil value (global 'nope')"},
		{`t.after("0.1", function() wait(1) end)`, "attempt to call a nil value (global 'wait'); `clock.sleep(seconds)` waits"},
		{`t.after("0.1", function() sleep(1) end)`, "`clock.sleep(seconds)` waits"},
		{`log(pcall(function() io.open("x") end))`, "attempt to index a nil value (global 'io'); a show has no files; `show.state` keeps values for it"},
		{`log(pcall(function() os.execute("ls") end))`, "attempt to call a nil value (field 'execute'); a show starts no other programs"},
		{`log(pcall(function() dofile("x.lua") end))`, "attempt to call a nil value (global 'dofile'); `require \"name\"` runs name.lua"},
		{`log(pcall(require, "maths"))`, "did you mean 'math'?"},
		{`local function f(n) return n == 0 and 0 or 1 + f(n - 1) end log(f(1900), (pcall(f, 2100)))`, "1900 false"},
		{`local function f(n) return n > 0 and select(2, pcall(f, n - 1)) or "bottom" end log(f(90), f(120))`, "bottom show.lua:1: stack overflow: coroutines and protected calls nested too deep"},
		{`log(pcall(nil))`, "false attempt to call a nil value"},
		{`log(pcall(function() math.flor(1) end))`, "attempt to call a nil value (field 'flor'); did you mean 'floor'?"},
		{`local function f() error("deep") end log(select(2, xpcall(function() local x = f() end, debug.traceback)))`, "show.lua:1: deep\nstack traceback:\n\t[Go]: in function 'error'\n\tshow.lua:1: in function 'f'\n\tshow.lua:1: in function <show.lua:1>"},
		{`log(xpcall(function() error("a") end, function() error("b", 0) end))`, "false b"},
		{`local function r() return r() + 1 end log(xpcall(r, function(m) return "handled " .. m:match("stack overflow") end))`, "false handled stack overflow"},
		{`local co = coroutine.create(function() end) coroutine.resume(co) log(coroutine.resume(co))`, "false cannot resume dead coroutine"},
		{`local co co = coroutine.create(function() return coroutine.resume(co) end) log(coroutine.resume(co))`, "true false cannot resume running coroutine"},
		{`log(pcall(coroutine.create)) log(pcall(xpcall, print)) log(pcall(pcall))`, "bad argument #1 to 'create' (function expected, got no value)"},
		{`log(load("return ...")(3), load(function() error("no text", 0) end))`, "3 nil no text"},
	} {
		s := live(t, c.text)
		s.run(time.Second)
		if got := strings.Join(append(s.log, s.failures...), "\n"); !strings.Contains(got, c.want) {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

func TestTracebackEndsAtTheMainChunk(t *testing.T) {
	s := live(t, `local function f() log(debug.traceback("here")) return 1 end
local x = f()`)
	s.wantLog("0.000 here\nstack traceback:\n\tshow.lua:1: in function 'f'\n\tshow.lua:2: in main chunk")
}

func TestAGlobalThatIsAModule(t *testing.T) {
	s, err := newStand(t, map[string]string{
		"show.lua":  `require "t".after("0.1", function() looks.go() end) require "t".after("0.2", function() t.go() end)`,
		"looks.lua": `return {}`,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.gen.Start(0)
	s.run(time.Second)
	for i, want := range []string{"is `local looks = require \"looks\"` missing?", "is `local t = require \"t\"` missing?"} {
		if !strings.Contains(s.failures[i], want) {
			t.Errorf("%s", s.failures[i])
		}
	}
}

func TestStandardModules(t *testing.T) {
	s := live(t, `for _, name in ipairs{ "math", "string", "table", "os", "coroutine", "debug", "utf8", "bit", "_G" } do
		if require(name) ~= _G[name] then log(name) end
	end log("done")`)
	s.wantLog("0.000 done")
}

func TestAModuleThatWaitsRunsOnce(t *testing.T) {
	s, err := newStand(t, map[string]string{
		"show.lua": `local t = require "t"
			for i = 1, 3 do t.run("x", function() t.log(i, require "slow") t.log(i, require "slow") end) end`,
		"slow.lua": `local t = require "t" t.log("runs") t.sleep("0.5") return "slow"`,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.gen.Start(0)
	s.run(time.Second)
	if len(s.failures) > 0 {
		t.Fatal(s.failures)
	}
	s.wantLog("0.000 runs", "0.500 1 slow", "0.500 1 slow", "0.500 2 slow", "0.500 2 slow", "0.500 3 slow", "0.500 3 slow")
}

func TestAModuleThatFailsAfterItWaited(t *testing.T) {
	s, err := newStand(t, map[string]string{
		"show.lua": `local t = require "t"
			for i = 1, 2 do t.run("x", function() t.log(i, (pcall(require, "slow"))) end) end`,
		"slow.lua": `local t = require "t" t.log("runs") t.sleep("0.5") error("no")`,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.gen.Start(0)
	s.run(2 * time.Second)
	s.wantLog("0.000 runs", "0.500 1 false", "0.500 runs", "1.000 2 false")
}

func TestModulesThatWaitForOneAnother(t *testing.T) {
	s, err := newStand(t, map[string]string{
		"show.lua": `local t = require "t"
			t.run("a", function() t.log(pcall(require, "a")) end) t.run("b", function() t.log(pcall(require, "b")) end)`,
		"a.lua": `local t = require "t" t.sleep("0.1") return "a" .. require "b"`,
		"b.lua": `local t = require "t" t.sleep("0.2") return "b" .. require "a"`,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.gen.Start(0)
	s.run(time.Second)
	if got := strings.Join(s.log, "\n"); !strings.Contains(got, "in a circle: b -> a -> b") {
		t.Errorf("%s\n%s", got, s.failures)
	}
}

func TestWeakTablesSaySo(t *testing.T) {
	var said bytes.Buffer
	live(t, `for i = 1, 3 do setmetatable({}, { __mode = "k" }) end`, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&said, nil)) })
	if n := strings.Count(said.String(), "show.lua:1: __mode has no effect"); n != 1 {
		t.Errorf("said %d times\n%s", n, &said)
	}
}
