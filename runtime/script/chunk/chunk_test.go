package chunk_test

import (
	"fmt"
	"strings"
	"testing"

	"showrun/runtime/patch"
	"showrun/runtime/script/chunk"

	lua "github.com/yuin/gopher-lua"
)

// results runs a text and returns what it returns, or what it raises.
func results(o *ours, source string, h chunk.Hints) string {
	c, err := chunk.Compile(source, "show.lua")
	if err != nil {
		return err.Error()
	}
	th, _ := o.L.NewThread()
	th.Push(th.NewFunction(chunk.Explained(h)))
	th.Push(c.Function(o.L))
	if err := th.PCall(1, lua.MultRet, nil); err != nil {
		if api := err.(*lua.ApiError); api.Object != nil {
			return api.Object.String()
		}
		return err.Error()
	}
	var shown []string
	for i := 1; i <= th.GetTop(); i++ {
		shown = append(shown, th.Get(i).String())
	}
	return strings.Join(shown, " ")
}

func TestRepairs(t *testing.T) {
	o := newOurs(t)
	for _, c := range []struct{ source, want string }{
		{`local a, b = 1, 2 a, b = b, a return a, b`, "2 1"},
		{`local r, g, b = 255, 40, 0 r, g, b = g, b, r return r, g, b`, "40 0 255"},
		{`local x, y, c, s = 3, 4, 0, 1 x, y = x*c - y*s, x*s + y*c return x, y`, "-4 3"},
		{`local t, keep = { x = 1 }, 5 t.x, keep = keep, t.x return t.x, keep`, "5 1"},
		{`local i, t = 1, {} i, t[i] = i + 1, 20 return i, t[1], t[2]`, "2 20 nil"},
		{`local i, t, u = 1, {}, {} local function f() i, t = 2, u return 9 end t[i] = f() return u[1], u[2]`, "nil 9"},
		{`local i, t = 1, { {}, {} } local function f() i = 2 return 9 end t[i].x = f() return t[1].x, t[2].x`, "9 nil"},
		{`return 1 % 0.1, 1e156 % 3, 5 % (1/0), -3 % 3, "7" % "4", 5.5 % -2`, "0 0 NaN 0 3 -0.5"},
		{`local a, b = 1, 0.1 return a % b, setmetatable({}, { __mod = function(x, y) return y end }) % 7`, "0 7"},
		{`local x, f = 1, function() return false end x = f() and 2 return x`, "false"},
		{`local x, t = 1, { y = false } x = t.y and 2 return x`, "false"},
		{`local x = 1 x = x and nil or x return x`, "1"},
		{`local function f(p) local q = 5 p, q = (tostring(p)), q return p, q end return f(7)`, "7 5"},
		{`local function f(p) local q = 5 p = (p.x(p)) return q end return f{ x = rawlen or function() end }`, "5"},
		{`local function f(...) local x, y = 9, 8 x = (...) return x, y end return f(1, 2)`, "1 8"},
		{`local type = function(v) return type(v) .. "!" end return type(1)`, "number!"},
		{`local function f(n) if n == 0 then return 0 end return f(n - 1) end return f(3)`, "0"},
		{`local n = 0 for k in next, { 1, 2, 3 } do n = n + 1 end return n`, "3"},
		{`local function upto(n, i) i = i + 1 if i <= n then return i end end local function start() return 0 end
			local s = "" for i in upto, 3, start() do s = s .. i end return s`, "123"},
		{`local s = 0 for i = "1", "5", "2" do s = s + i end return s`, "9"},
		{`local s = "" local function f(x) s = s .. x return x end for i = f("a"), f("b"), f("c") do end return s`, "show.lua:1: 'for' initial value must be a number"},
		{`for i = nil, nope() do end`, "show.lua:1: attempt to call a nil value (global 'nope')"},
		{`local s = 0 for i = -3, -1 do s = s + i end for i = 3, #"a", -1 do s = s + i end return s`, "0"},
		{`local function two() return 1, 5 end local n = 0 for i = two(), two(), two() do n = n + 1 end return n`, "1"},
		{`local n = 0 for k in pairs{ 1, 2, 3 } do if false then n = 100 end n = n + 1 end return n`, "3"},
		{`local n = 0 for k in pairs{ 1, 2, 3 } do while true do break end n = n + 1 end return n`, "3"},
		{`local n = 0 repeat n = n + 1 if nil then n = 100 end until n > 3 return n`, "4"},
		{`local n = 0 while true do while true do break end n = n + 1 if n == 3 then break end end return n`, "3"},
		{`local f for i = 1, 3 do do local u = i * 10 f = function() return u end if i == 2 then break end end end local a, b, c, d, e, g, h = 1, 2, 3, 4, 5, 6, 7 return f()`, "20"},
		{`local f while true do do local u = 20 f = function() return u end if u then break end end end local a, b = 1, 2 return f()`, "20"},
		{`local n = 0 local function inc() n = n + 1 end for i = 1, 3 do inc() goto continue n = 50 ::continue:: end return n`, "3"},
		{`local fs = {} local i = 1 ::top:: local u = i fs[i] = function() u = u + 1 return u end i = i + 1 if i <= 3 then goto top end return fs[1](), fs[1](), fs[2](), fs[3]()`, "2 3 3 4"},
		{`local fs = {} for i = 1, 3 do local v = i if i == 2 then goto continue end fs[#fs + 1] = function() return v end ::continue:: end return fs[1](), fs[2]()`, "1 3"},
		{`local function two() return 1, 2 end local t = { 7, x = two() } return #t, t[1], t[2], t.x`, "1 7 nil 1"},
		{"local v = 3 local t = {" + strings.Repeat("0, ", 49) + "1, k = v} return t[1], t[50], t.k", "0 1 3"},
		{"local function two() return 8, 9 end local t = {" + strings.Repeat("0, ", 50) + "two()} return t[1], t[51], t[52], #t", "0 8 9 52"},
		{"local t = {" + strings.Repeat("0, ", 30000) + "5} return #t, t[30001], t[25600]", "30001 5 0"},
		{"return (function(...) local t = {" + strings.Repeat("0, ", 60) + "...} return #t, t[62] end)(4, 5)", "62 5"},
		{`return 0010 + 1, 1e999, -1e999, 0xffffffffffffffff, 1/-0`, "11 +Inf -Inf 1.8446744073709552e+19 -Inf"},
		{`return 1 / (-3 % 3), 1 / ("-3" % 3)`, "+Inf +Inf"},
		{`return 1/3 .. "", 2^53 .. "", 1/0 .. "", 7 .. ""`, "0.33333333333333 9.007199254741e+15 inf 7"},
		{`local t = setmetatable({}, { __concat = function(a, b) return "joined" end }) return "a" .. "b" .. t, t .. 1`, "ajoined joined"},
		{`arg = 5 return arg, _G.arg, (function(...) return arg.n end)(1, 2)`, "5 5 2"},
		{"return 1\n--[==== what follows ====]\n", "1"},
		{`local t = {} t[1], t[2], t[3] = (function(...) return ... end)(1, 2) return t[1], t[2], t[3]`, "1 2 nil"},
	} {
		if got := results(o, c.source, chunk.Hints{}); got != c.want {
			t.Errorf("%.200s\n got %s\nwant %s", c.source, got, c.want)
		}
	}
}

// TestLinesStay checks that a repaired statement raises at its own line.
func TestLinesStay(t *testing.T) {
	o := newOurs(t)
	for i, line := range []string{
		"a, b = b, nope.x", "x = 1 and nope.x", "for k in nope.x, 1 do end", "for i = nope, 2 do end", "t = { 1, k = nope.x }", "local s = 'a' .. nope", "do local f = function() return nope.x end f() end",
		"t = {" + strings.Repeat("1, ", 60) + "k = nope.x}", "while nope.x do end", "if x then else nope() end",
	} {
		source := "local a, b, x\n" + strings.Repeat("\n", i) + line + "\n"
		if got, want := results(o, source, chunk.Hints{}), fmt.Sprintf("show.lua:%d: ", i+2); !strings.HasPrefix(got, want) {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
	}
}

func TestErrorsHaveNames(t *testing.T) {
	o := newOurs(t)
	h := chunk.Hints{Closest: patch.Closest, Module: func(name string) bool { return name == "signet" }, Instead: func(name string) string { return map[string]string{"os.exit": "no way out", "wait": "sleep"}[name] }}
	for _, c := range []struct{ source, want string }{
		{`signet.sender{}`, "attempt to index a nil value (global 'signet'); is `local signet = require \"signet\"` missing?"},
		{`local dimmer = {} dimer.level = 1`, "attempt to index a nil value (global 'dimer'); did you mean 'dimmer'?"},
		{`pritn(1)`, "attempt to call a nil value (global 'pritn'); did you mean 'print'?"},
		{`local clock = { every = print } clock.evry(1)`, "attempt to call a nil value (field 'evry'); did you mean 'every'?"},
		{`local deck = setmetatable({}, { __index = { on_beat = print } }) deck:on_beet(1)`, "attempt to call a nil value (method 'on_beet'); did you mean 'on_beat'?"},
		{`local t = { a = {} } return t.a.b.c`, "attempt to index a nil value (field 'b')"},
		{`wait(1)`, "attempt to call a nil value (global 'wait'); sleep"},
		{`wits(1)`, "attempt to call a nil value (global 'wits')"},
		{`os.exit()`, "attempt to call a nil value (field 'exit'); no way out"},
		{`local s = "abc" s:uper()`, "attempt to call a nil value (method 'uper'); did you mean 'upper'?"},
		{`local level = 5 return "a" .. levl`, "attempt to concatenate a nil value (global 'levl'); did you mean 'level'?"},
		{`local t = { level = 5 } return 3 % t.levl, "3"`, "attempt to perform arithmetic on a nil value (field 'levl'); did you mean 'level'?"},
		{`local t = { level = 5 } return "3" + t.levl`, "attempt to perform arithmetic on a nil value (field 'levl'); did you mean 'level'?"},
		{`local x return x.y`, "attempt to index a nil value (local 'x')"},
		{`local x return (function() return x.y end)()`, "attempt to index a nil value (upvalue 'x')"},
		{`local t = {} t[1].x = 1`, "attempt to index a nil value (field '?')"},
		{`local x x:go()`, "attempt to index a nil value (local 'x')"},
		{`local function f() end f().x = 1`, "attempt to index a nil value with key 'x'"},
		{`local a, b = { x = 1 }, {} return a.x * 2 + b.x * 2`, "attempt to perform arithmetic on a nil value (field 'x')"},
		{`local a, b = 1 return a + 1 + (b + 1)`, "attempt to perform arithmetic on a nil value (local 'b')"},
		{`local b = "x" return b + 1`, "attempt to perform arithmetic on a string value (local 'b')"},
		{`local b = {} return -b`, "attempt to perform arithmetic on a table value (local 'b')"},
		{`local b = {} return 3 % b.x`, "attempt to perform arithmetic on a nil value (field 'x')"},
		{`return "10" + level`, "attempt to perform arithmetic on a nil value (global 'level')"},
		{`local name return "cue " .. name .. "!"`, "attempt to concatenate a nil value (local 'name')"},
		{`return #nothing`, "attempt to get length of a nil value (global 'nothing')"},
		{`local x return x < 1`, "attempt to compare nil with number (local 'x')"},
		{`local x return x > 1`, "attempt to compare number with nil (local 'x')"},
		{`return {} < {}`, "attempt to compare two table values"},
		{`for k, v in {} do end`, "attempt to call a table value; did you mean `in pairs(t)` or `in ipairs(t)`?"},
		{`for i in 1, 3 do end`, "attempt to call a number value; a loop that counts is `for i = 1, 10 do`"},
		{`for i = 1, nil do end`, "'for' limit must be a number"},
		{`for i = {}, 1 do end`, "'for' initial value must be a number"},
		{`do local a = 1 local b = 2 end do local c local d = 3 local e = c.x end`, "attempt to index a nil value (local 'c')"},
		{`function nope.f() end`, "attempt to index a nil value (global 'nope'); did you mean 'none'?"},
		{`local t = {} function t.f:g() end`, "attempt to index a nil value (field 'f')"},
		{`error("attempt to call a non-function object")`, "attempt to call a non-function object"},
	} {
		if got := results(o, c.source, h); got != "show.lua:1: "+c.want {
			t.Errorf("%s\n got %s\nwant %s", c.source, got, c.want)
		}
	}
}

func TestSyntaxErrors(t *testing.T) {
	o := newOurs(t)
	locals := strings.Repeat("local a = 1\n", 201)
	for _, c := range []struct{ source, want string }{
		{"function f()\n  if x then\n    y()\nend\nz()\n", "show.lua:5: 'end' expected (to close 'function' at line 1; by its indent, rather 'if' at line 2) near '<eof>'"},
		{"while true do\n  x()\n", "show.lua:2: 'end' expected (to close 'while' at line 1) near '<eof>'"},
		{"repeat\n  x()\n", "show.lua:2: 'until' expected (to close 'repeat' at line 1) near '<eof>'"},
		{"f(1, {2, 3\n", "show.lua:1: '}' expected (to close '{' at line 1) near '<eof>'"},
		{"x = 1\nend\n", "show.lua:2:1: there is nothing to close near 'end'"},
		{"local t = {\n  a = 1\n  b = 2,\n}\n", "show.lua:3:3: syntax error (is '{' at line 1 closed, and a comma between its parts?) near 'b'"},
		{"if x = 1 then end", "show.lua:1:6: syntax error (to compare is ==) near '='"},
		{"print(“hello”)", "show.lua:1:7: unexpected “; texts are written in straight quotes: \" or '"},
		{"local größe = 1", "show.lua:1:9: unexpected \"ö\" in 'grö'; names are made of a-z, A-Z, 0-9 and _"},
		{"if a != b then end", "show.lua:1:6: unexpected !=; not equal is written ~="},
		{"x = 'abc\ny = 1", "show.lua:1:5: this text is not closed; a ' is missing at its end"},
		{"x = [[abc\ny = 1", "show.lua:1:5: this long text is not closed; it ends with ]]"},
		{"x = 3x", "show.lua:1:5: malformed number near '3x'"},
		{"goto nowhere", "show.lua:1: no visible label 'nowhere' for goto"},
		{"goto l local a ::l:: print(a)", "show.lua:1: goto l jumps into the scope of local 'a'"},
		{"\nbreak", "show.lua:2: break outside of a loop"},
		{"function f() return ... end", "show.lua:1: cannot use '...' outside a vararg function"},
		{locals, "show.lua:200: 200 local variables in one function; put them into a table"},
		{"\nf(" + strings.Repeat("1,", 300) + "1)", "show.lua:2: a function with too many local variables and values at a time (at most 200); put them into a table"},
		{"return\n" + strings.Repeat("(", 40000) + "1", "show.lua:2:201: brackets are nested deeper than 200"},
		{"return '" + strings.Repeat("[", 300) + "' -- " + strings.Repeat("{", 300), strings.Repeat("[", 300)},
		{strings.Repeat("return function() ", 40000) + strings.Repeat("end ", 40000), "show.lua:1: functions are nested deeper than 100"},
		{strings.Repeat("do ", 40000) + strings.Repeat("end ", 40000), "show.lua:1: blocks are nested deeper than 1000"},
		{"return " + strings.Repeat("not ", 40000) + "a", "show.lua:1: an expression of more than 500 levels; split it into several statements"},
		{"return a" + strings.Repeat(" and a", 40000), "show.lua:1: an expression of more than 500 levels; split it into several statements"},
		{"return '\\300'", "show.lua:1:9: escape sequence too large near '\\300'; a byte is at most 255"},
		{"return a" + strings.Repeat("+a", 40000), "show.lua:1: an expression of more than 500 levels; split it into several statements"},
	} {
		if got := results(o, c.source, chunk.Hints{}); got != c.want {
			t.Errorf("%.100s\n got %s\nwant %s", c.source, got, c.want)
		}
	}
}

// TestLargeData compiles what the compiler alone takes minutes for, and checks the values.
func TestLargeData(t *testing.T) {
	o := newOurs(t)
	var numbers, rows, keyed strings.Builder
	for i := range 50000 {
		fmt.Fprintf(&numbers, "%g,", float64(i)*7.5)
		if i < 10000 {
			fmt.Fprintf(&rows, "{ x = %d, y = %g },\n", i, float64(i)*0.5)
			fmt.Fprintf(&keyed, "k%d = %d,", i, i)
		}
	}
	for _, c := range []struct{ source, want string }{
		{"local t = {" + numbers.String() + "} return #t, t[2], t[50000]", "50000 7.5 374992.5"},
		{"local t = {\n" + rows.String() + "} return #t, t[10000].x, t[10000].y", "10000 9999 4999.5"},
		{"local t = {" + keyed.String() + "} return t.k0, t.k9999", "0 9999"},
		{"local a = 'x' return #(a" + strings.Repeat(" .. a", 30000) + ")", "30001"},
	} {
		if got := results(o, c.source, chunk.Hints{}); got != c.want {
			t.Errorf("%.60s…\n got %s\nwant %s", c.source, got, c.want)
		}
	}
}
