package lualib

import (
	"testing"

	lua "github.com/yuin/gopher-lua"
)

// gopherCoroutine is gopher-lua's own coroutine module, as a caller of Open gets it.
func gopherCoroutine(L *lua.LState) *lua.LTable {
	lua.OpenCoroutine(L)
	defer L.Pop(1)
	return L.Get(-1).(*lua.LTable)
}

func TestPatterns(t *testing.T) {
	check(t, Options{}, []snippet{
		{`return ("hello world"):find("wor"), ("hello"):find("l", 1, true), ("a.b"):find(".", 1, true)`, "7 | 3 | 2 | 2"},
		{`return ("hello world"):find("(o)( )()")`, "5 | 6 | o |   | 7"},
		{`return ("abc"):find("b", -1), ("abc"):find("", 10), ("abc"):find("", 4)`, "nil | 4 | 4 | 3"},
		{`return ("key = value"):match("^(%w+)%s*=%s*(%w+)$")`, "key | value"},
		{`return ("f(a(b)c)d"):match("%b()"), ("THE (quick) fox"):find("%((%a+)%)")`, "(a(b)c) | 5 | 11 | quick"},
		{`return ("THE (quick) fox"):gsub("%f[%a]%a+", string.lower)`, "the (quick) fox | 3"},
		{`return ("abcabc"):match("(abc)%1"), ("abcabd"):match("(abc)%1")`, "abc | nil"},
		{`return ("x]y"):match("[]]"), ("x-y"):match("[a-]"), ("x^y"):match("[x^]+"), ("a%b"):match("%%")`, "] | - | x^ | %"},
		{`return ("a\0b"):find("\0"), ("a\0b"):find("%z"), ("a\0b"):match("[^\0]+")`, "2 | 2 | a"},
		{`return ("aaa"):match("a-"), ("aaa"):match("a-$"), ("aaab"):match("a-b"), ("aXb"):match("%u?b")`, " | aaa | aaab | Xb"},
		{`return ("^a$"):match("%^a%$"), ("a^"):match("a^"), ("a$b"):match("a$b")`, "^a$ | a^ | a$b"},

		{`return ("hello"):gsub("", "-")`, "-h-e-l-l-o- | 6"},
		{`return ("hello"):gsub("l", { l = "L" }), ("hello"):gsub(".", { h = 1, e = false, l = true and nil })`, "heLLo | 1ello | 5"},
		{`return ("abc"):gsub("%w", "%0%0", 2), ("abc"):gsub("(a)(b)", "%2%1"), ("abc"):gsub("b", "%%")`, "aabbc | bac | a%c | 1"},
		{`return ("abc"):gsub("()", "%1")`, "1a2b3c4 | 4"},
		{`return ("a b"):gsub("%w", function(c) if c == "a" then return 1 end end)`, "1 b | 2"},
		{`return ("$name is $age"):gsub("%$(%w+)", setmetatable({}, { __index = function(_, k) return k:upper() end }))`, "NAME is AGE | 2"},
		{`return ("abc"):gsub("^a", "x"), ("aaa"):gsub("^a", "x"), ("abc"):gsub("b", "x", 0), ("abc"):gsub("b", "x", -1)`, "xbc | xaa | abc | abc | 0"},
		{`return ("abc"):gsub("b", "%")`, "error: show.lua:1: invalid use of '%' in replacement string"},
		{`return ("abc"):gsub("b", error)`, "error: b"},
		{`local inner = ("x"):gsub("x", function() return (("yy"):gsub("y", "z")) end) return inner`, "zz"},

		{`local t = {} for k, v in ("a=1, b=2"):gmatch("(%w+)=(%w+)") do t[#t + 1] = k .. v end return table.concat(t, " ")`, "a1 b2"},
		{`local t = {} for w in ("one two"):gmatch("%a+") do t[#t + 1] = w end return #t, t[2]`, "2 | two"},
		{`local n = 0 for p in ("abc"):gmatch("()") do n = n + p end return n`, "10"},
		{`local n = 0 for w in ("^a^a"):gmatch("^a") do n = n + 1 end return n`, "2"},
		{`local f = ("a"):gmatch("a") return f(), f(), f()`, "a | nil"},

		{`return ("x"):find("[a")`, "error: show.lua:1: malformed pattern (missing ']')"},
		{`return ("x"):find("y[%")`, "error: show.lua:1: malformed pattern (missing ']')"},
		{`return ("x"):find("y%")`, "error: show.lua:1: malformed pattern (ends with '%')"},
		{`return ("x"):find("(y")`, "error: show.lua:1: unfinished capture"},
		{`return ("x"):match("y)")`, "error: show.lua:1: invalid pattern capture"},
		{`return ("x"):find("(y%1)")`, "error: show.lua:1: invalid capture index"},
		{`return ("x"):find("%0")`, "error: show.lua:1: invalid capture index"},
		{`return ("x"):find("%bx")`, "error: show.lua:1: unbalanced pattern"},
		{`return ("x"):find("%fx")`, "error: show.lua:1: missing '[' after '%f' in pattern"},
		{`return ("x"):find(("()"):rep(33))`, "error: show.lua:1: too many captures"},
		{`return select("#", ("x"):find(("()"):rep(32)))`, "34"},
	})
}

// TestKeptPatterns runs more patterns than are kept, so that old ones are compiled again.
func TestKeptPatterns(t *testing.T) {
	check(t, Options{}, []snippet{
		{`for round = 1, 3 do
			for i = 1, 400 do
				local s = "n" .. i
				if s:match("^n(" .. i .. ")$") ~= tostring(i) then return i end
				for w in (s .. "^" .. s):gmatch("^" .. s) do if w ~= "^" .. s then return w end end
			end
		end
		return "same"`, "same"},
	})
}

func TestFormat(t *testing.T) {
	check(t, Options{}, []snippet{
		{`return ("%d %5d|%-5d|%05d|%+d|% d|%.3d"):format(7, 7, 7, 7, 7, 7, 7)`, "7     7|7    |00007|+7| 7|007"},
		{`return ("%u %x %X %#x %o %c%c"):format(7, 255, 255, 255, 8, 79, 75)`, "7 ff FF 0xff 10 OK"},
		{`return ("%x %d"):format(-1, -1), ("%d"):format("12"), ("%d"):format(3.99)`, "ffffffffffffffff -1 | 12 | 3"},
		{`return ("%f %.2f %e %g %G %8.3f|%-8.1f|"):format(1.5, 1.005, 12345.678, 1e20, 1e-10, 2.5, 2.5)`, "1.500000 1.00 1.234568e+04 1e+20 1E-10    2.500|2.5     |"},
		{`return ("%5s|%-5s|%.2s|%s|%s"):format("ab", "ab", "abcd", nil, true)`, "   ab|ab   |ab|nil|true"},
		{`return ("%s %s"):format(1/3, setmetatable({}, { __tostring = function() return "me" end }))`, "0.33333333333333 me"},
		{`return ("%q"):format("a\nb\"c\\d\0\r1")`, `"a\` + "\n" + `b\"c\\d\000\r1"`},
		{`return ("%05s|%5.1s|%%|%c"):format("ab", "xyz", 0)`, "   ab|    x|%|\x00"},
		{`return ("%g %g %5g %05g %E"):format(1/0, -1/0, 0/0, 1/0, 1/0)`, "inf -inf   nan   inf INF"},
		{`return ("%99d"):format(1):len(), ("%.99f"):format(0.1):len(), ("%99.99f"):format(1e308):len()`, "99 | 101 | 409"},
		{`return ("%d"):format(0/0)`, "error: show.lua:1: bad argument #2 to 'format' (number has no integer representation)"},
		{`return ("%d"):format(2^63)`, "error: show.lua:1: bad argument #2 to 'format' (number has no integer representation)"},
		{`return ("%u %d"):format(2^63, -2^63)`, "9223372036854775808 -9223372036854775808"},
		{`return ("%s %s"):format(1)`, "error: show.lua:1: bad argument #3 to 'format' (no value)"},
		{`return ("%a"):format(1)`, "error: show.lua:1: invalid option '%a' to 'format'"},
		{`return ("%5"):format(1)`, "error: show.lua:1: invalid option '%' to 'format'"},
	})
}

func TestBytes(t *testing.T) {
	check(t, Options{}, []snippet{
		{`return ("Über"):lower(), ("straße"):upper(), ("abc"):reverse(), #"é"`, "Über | STRAßE | cba | 2"},
		{`return ("hello"):sub(2, -2), ("hello"):sub(-100, 2), ("hello"):sub(4, 2), ("hello"):sub(0), ("hello"):sub(1e300)`, "ell | he |  | hello | "},
		{`return ("abc"):byte(), ("abc"):byte(-1), ("abc"):byte(10), ("abc"):byte(1, -1)`, "97 | 99 | nil | 97 | 98 | 99"},
		{`return string.char(72, 105), string.char(), pcall(string.char, 256)`, "Hi |  | false | bad argument #1 to 'char' (invalid value)"},
		{`return ("ab"):rep(3), ("ab"):rep(0), ("ab"):rep(-1), (5):rep(2)`, "error: show.lua:1: attempt to index a non-table object(number) with key 'rep'"},
		{`return ("ab"):rep(3), ("ab"):rep(0), ("ab"):rep(-1), string.rep(5, 2), ("x"):rep("3"), ("x"):rep(0/0)`, "ababab |  |  | 55 | xxx | "},
	})
}
