package lualib

import (
	"strings"
	"testing"
)

func TestBase(t *testing.T) {
	check(t, Options{}, []snippet{
		{`return tostring(1/0), tostring(-1/0), tostring(0/0), tostring(-(0/0)), tostring(3), tostring(-0.0), tostring(1/3)`, "inf | -inf | nan | nan | 3 | -0 | 0.33333333333333"},
		{`return tostring(2^53), tostring(2^53) == 2^53 .. "", tostring(2^63), tostring(1e15)`, "9.007199254741e+15 | true | 9.2233720368548e+18 | 1e+15"},
		{`return tostring(nil), tostring(false)`, "nil | false"},
		{`local a, b = {}, function() end return tostring(b), tostring(a), "" .. tostring(b), ("%s"):format(a)`, "function: 0x00000001 | table: 0x00000002 | function: 0x00000001 | table: 0x00000002"},
		{`return tostring(setmetatable({}, { __tostring = function(t) return 7 end }))`, "7"},
		{`return tostring(setmetatable({}, { __tostring = 5 }))`, "error: show.lua:1: attempt to call a non-function object"},

		{`return tonumber("1e3"), tonumber("0x1F"), tonumber("-0x10"), tonumber(" 12 "), tonumber("010"), tonumber("ff", 16), tonumber("-ff", 16)`, "1000 | 31 | -16 | 12 | 10 | 255 | -255"},
		{`return tonumber("inf"), tonumber("nan"), tonumber("Infinity"), tonumber("1_000"), tonumber("0b11"), tonumber("0o7"), tonumber(""), tonumber("1\0")`, "nil | nil | nil | nil | nil | nil | nil | nil"},
		{`return tonumber("1e999"), tonumber("-1e999"), tonumber("1e-999")`, "inf | -inf | 0"},
		{`return tonumber("12345678901234567890", 10), tonumber("ffffffffffffffffffff", 16)`, "1.2345678901235e+19 | 1.2089258196146e+24"},

		{`local t, seen = { 10, 20, 30, b = 1, a = 2 }, {} for k, v in pairs(t) do seen[#seen + 1] = tostring(k) .. "=" .. v end return table.concat(seen, " ")`, "1=10 2=20 3=30 b=1 a=2"},
		{`local t, seen = { a = 1, b = 2, c = 3 }, "" for k in pairs(t) do t[k] = nil seen = seen .. k end return seen, next(t)`, "abc | nil"},
		{`local n = 0 for i, v in ipairs({ 1, 2, nil, 4 }) do n = i end return n`, "2"},
		{`return pairs({}) == next, ipairs({}) == ipairs({})`, "true | true"},
		{`local n = 0 for i, v in ipairs({ n = 1 }) do n = i end for k in pairs({}) do n = k end return n`, "0"},

		{`return type(getmetatable("")), getmetatable("").__index == string, pcall(setmetatable, "", {})`, "table | true | false | bad argument #1 to 'setmetatable' (table expected, got string)"},
		{`getmetatable("").__index = 1`, "error: show.lua:1: the metatable of strings cannot be changed; add functions to the table string instead"},
		{`function string.twice(s) return s .. s end return ("ab"):twice(), ("x"):rep(3), #"abc"`, "abab | xxx | 3"},
		{`local p = setmetatable({}, { __metatable = "mine" }) return getmetatable(p), pcall(setmetatable, p, {})`, "mine | false | cannot change a protected metatable"},
		{`local mt = {} local p = setmetatable({}, mt) return getmetatable(p) == mt, getmetatable(setmetatable(p, nil)), getmetatable(1)`, "true | nil | nil"},

		{`return pcall(error), pcall(error, nil), pcall(error, { 1 }) == false`, "false | false | true"},
		{`local function f() error("bad cue", 2) end
		f()`, "error: show.lua:2: bad cue"},
		{`local e = setmetatable({}, { __tostring = function() return "object" end }) local ok, got = pcall(error, e) return ok, got == e`, "false | true"},
		{`local e = {} local ok, got = pcall(assert, false, e) return ok, got == e`, "false | true"},
		{`return pcall(string.rep)`, "false | bad argument #1 to 'rep' (string expected, got no value)"},
		{`return pcall(function() local r = string.rep r("x", {}) end)`, "false | show.lua:1: bad argument #2 to 'rep' (number expected, got table)"},
		{`rawset({}, 0/0, 1)`, "error: show.lua:1: table index is NaN"},
		{`local t = setmetatable({}, { __index = function() return 1 end, __newindex = error }) rawset(t, "a", 2) return rawget(t, "a"), rawget(t, "b"), t.b`, "2 | nil | 1"},

		{`return collectgarbage(), collectgarbage("collect"), collectgarbage("step"), collectgarbage("count")`, "0 | 0 | 0 | 0"},
		{`return collectgarbage("stop"), collectgarbage("restart")`, "0 | 0"},
		{`collectgarbage("now")`, "error: show.lua:1: bad argument #1 to 'collectgarbage' (invalid option 'now')"},
		{`local o = setmetatable({}, { __tostring = function() return false end }) return tostring(o), pcall(print, o)`, "false | false | '__tostring' must return a string"},
		{`return pcall(next, { a = 1, b = 2 }, "c")`, "false | invalid key to 'next'"},
		{`return pcall(next, { 1, 2, 3 }, 7), pcall(next, { 1, 2, 3, x = 1 }, 0), pcall(next, { 1 }, 1.5), pcall(next, {}, "x"), pcall(next, { 1 }, 2)`, "false | false | false | false | false | invalid key to 'next'"},
		{`local words, f, t, i = ("a"):gmatch("%a"), ipairs{ 1 } words() return select("#", words()), select("#", f(t, 1)), select("#", next(t, 1))`, "0 | 0 | 1"},
		{`local t = { 1, 2, 3, x = 4 } for k in pairs(t) do t[k] = nil end return next(t, 3), next(t, "x"), next(t)`, "nil | nil | nil"},
		{`local t = { a = 1, b = 2, c = 3 } t.a = nil local k = next(t, "a") t.b = nil return k, next(t, "b")`, "b | c | 3"},
		{`return "010" * 1, "0x10" + 0, " 5 " / 1, -"2", "9" % "5", "2" ^ 3`, "10 | 16 | 5 | -2 | 4 | 8"},
		{`return pcall(function() return "1_000" + 0 end)`, "false | show.lua:1: attempt to perform arithmetic on a string value"},
		{`local v = setmetatable({}, { __add = function(a, b) return "sum" end }) return "x" + v, v + "x", 1 + v`, "sum | sum | sum"},
	})
}

func TestLoad(t *testing.T) {
	check(t, Options{}, []snippet{
		{`return loadstring("return 1 + 1")(), load("return ...")(7)`, "2 | 7"},
		{`local n = 0 return load(function() n = n + 1 return ({ "return ", "4", "2" })[n] end)()`, "42"},
		{`x = 1 loadstring("x = x + 1")() return x`, "2"},
		{`return load("x =")`, `nil | [string "x ="]:1: syntax error (a value is missing after '=') near '<eof>'`},
		{"return load('x = 1\\ny = = 2', '=cue')", "nil | cue:2: syntax error (a value is missing after '=') near '='"},
		{`return load("break", "@cue.lua")`, "nil | cue.lua:1: break outside of a loop"},
		{`return load("x = 'abc", "some text")`, `nil | [string "some text"]:1: this text is not closed; a ' is missing at its end`},
		{"return load('?', ('x'):rep(70) .. '\\ny')", `nil | [string "` + strings.Repeat("x", 60) + `..."]:1: unexpected ?; in place of a ? b : c there is a and b or c`},
		{`local ok, e = pcall(load("error('x')", "=cue")) return e`, "cue:1: x"},
		{`local ok, e = pcall(load(" \n local t = nil; t.x = 1")) return e`, `[string " ..."]:2: attempt to index a non-table object(nil) with key 'x'`},
		{`return load(function() return {} end)`, "nil | reader function must return a string"},
		{`return loadstring()`, "error: show.lua:1: bad argument #1 to 'loadstring' (string expected, got no value)"},
	})
}

func TestCoroutine(t *testing.T) {
	check(t, Options{}, []snippet{
		{`return coroutine.running(), coroutine.create, coroutine.wrap`, "nil | nil | nil"},
		{`coroutine.resume(1)`, "error: show.lua:1: bad argument #1 to 'resume' (coroutine expected)"},
		{`coroutine.status()`, "error: show.lua:1: bad argument #1 to 'status' (coroutine expected)"},
	})
}

// TestCreatedCoroutine checks that the parts left here work with a coroutine.create taken from gopher-lua.
func TestCreatedCoroutine(t *testing.T) {
	L := newState(t, Options{})
	L.SetGlobal("create", gopherCoroutine(L).RawGetString("create"))
	got := run(t, L, `
		local co = create(function(a)
			local b = coroutine.yield(a + 1)
			error("stop " .. b)
		end)
		local out = {}
		local function note(...) for _, v in ipairs { ... } do out[#out + 1] = tostring(v) end end
		note(coroutine.status(co), coroutine.resume(co, 1))
		note(coroutine.status(co), coroutine.resume(co, 5))
		note(coroutine.status(co), coroutine.resume(co))
		return table.concat(out, ", ")`)
	want := "suspended, true, 2, suspended, false, show.lua:4: stop 5, dead, false, can not resume a dead thread"
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestTraceback(t *testing.T) {
	check(t, Options{}, []snippet{
		{"local function inner() local s = debug.traceback('here') return s end\nfunction outer() local s = inner() return s end\nlocal s = outer() return s",
			"here\nstack traceback:\n\tshow.lua:1: in function 'inner'\n\tshow.lua:2: in function 'outer'\n\tshow.lua:3: in main chunk"},
		{"local function inner() local s = debug.traceback() return s end\nlocal function outer() return inner() end\nlocal s = outer() return s",
			"stack traceback:\n\tshow.lua:1: in function <show.lua:1>\n\tshow.lua:3: in main chunk"},
		{"local s\n('x'):gsub('x', function() s = debug.traceback(1, 2) end) return s",
			"1\nstack traceback:\n\t[Go]: in function 'gsub'\n\tshow.lua:2: in main chunk"},
		{"local ok, s = pcall(function() return (debug.traceback()) end) return s", "stack traceback:\n\tshow.lua:1: in function <show.lua:1>"},
		{`return debug.traceback(nil, 99), debug.traceback("m", 99)`, "stack traceback: | m\nstack traceback:"},
		{`local t = {} return debug.traceback(t) == t`, "true"},
		{`local function f(n) if n > 0 then return f(n - 1) end local s = debug.traceback() return s end local s = f(1e5) return s`, "stack traceback:\n\tshow.lua:1: in function <show.lua:1>\n\t...\n\tshow.lua:1: in main chunk"},
		{`local function f(n) if n > 0 then local s = f(n - 1) return s end local s = debug.traceback() return s end local s = f(200) return select(2, s:gsub("\n", "\n"))`, "23"},
	})
}
