package lualib

import "testing"

func TestMath(t *testing.T) {
	check(t, Options{}, []snippet{
		{`return math.huge == 1/0, -math.huge == -1/0, math.pi`, "true | true | 3.1415926535898"},
		{`return math.floor(-1.5), math.ceil(1.2), math.abs(-3), math.max(1, 5, 3), math.min(4, 2), math.max(7)`, "-2 | 2 | 3 | 5 | 2 | 7"},
		{`return math.modf(3.25), select(2, math.modf(-3.25)), math.modf(-1/0)`, "3 | -0.25 | -inf | 0"},
		{`return math.fmod(-7, 3), math.mod(7, 3), math.pow(2, 0.5), math.log10(100), math.ldexp(1, 1e300), math.ldexp(1, -1e300)`, "-1 | 1 | 1.4142135623731 | 2 | inf | 0"},
		{`return math.frexp(10)`, "0.625 | 4"},
		{`return math.sin("x")`, "error: show.lua:1: bad argument #1 to 'sin' (number expected, got string)"},
		{`return math.sqrt("16"), math.max("3", 2)`, "4 | 3"},
		{`return math.max()`, "error: show.lua:1: bad argument #1 to 'max' (number expected, got no value)"},
	})
}

func TestRandom(t *testing.T) {
	const ten = `local t = {} for i = 1, 10 do t[i] = math.random(100) end return table.concat(t, " ")`
	check(t, Options{Seed: 7}, []snippet{
		{ten, "24 27 16 91 69 42 42 66 32 70"},
		{`math.randomseed(42) ` + ten, "51 77 75 27 12 98 56 97 93 2"},
		{`math.randomseed(42) ` + ten, "51 77 75 27 12 98 56 97 93 2"},
		{`for i = 1, 1000 do local r = math.random() if r < 0 or r >= 1 then return r end end return "inside"`, "inside"},
		{`local seen = {} for i = 1, 1000 do local r = math.random(-2, 2) seen[r] = true end local n = 0 for k in pairs(seen) do n = n + 1 end return n, seen[-2], seen[2]`, "5 | true | true"},
		{`return math.random(5, 5), math.random(1), math.random(3.9, 3.1), math.random("2", 2)`, "5 | 1 | 3 | 2"},
		{`local r = math.random(2^53) return r >= 1 and r <= 2^53 and r == math.floor(r)`, "true"},
		{`return math.random(0)`, "error: show.lua:1: bad argument #1 to 'random' (interval is empty)"},
		{`return math.random(2, 1)`, "error: show.lua:1: bad argument #2 to 'random' (interval is empty)"},
		{`return math.random(-2^53, 2^53)`, "error: show.lua:1: bad argument #2 to 'random' (interval is too large)"},
		{`return math.random(0/0)`, "error: show.lua:1: bad argument #1 to 'random' (number has no integer representation)"},
		{`return math.random(1, 1/0)`, "error: show.lua:1: bad argument #2 to 'random' (number has no integer representation)"},
		{`return math.random(1, 2, 3)`, "error: show.lua:1: wrong number of arguments to 'random'"},
		{`return math.random({})`, "error: show.lua:1: bad argument #1 to 'random' (number expected, got table)"},
		{`math.randomseed()`, "error: show.lua:1: bad argument #1 to 'randomseed' (number expected, got no value)"},
	})
}

// TestRandomPerState checks that two states with one seed agree and do not disturb each other.
func TestRandomPerState(t *testing.T) {
	a, b := newState(t, Options{Seed: 3}), newState(t, Options{Seed: 3})
	for range 5 {
		if x, y := run(t, a, `return math.random(1e9)`), run(t, b, `return math.random(1e9)`); x != y {
			t.Fatalf("%s and %s from one seed", x, y)
		}
	}
}

func TestBit(t *testing.T) {
	check(t, Options{}, []snippet{
		{`return bit.tobit(0xffffffff), bit.tobit(0xffffffff + 1), bit.tobit(2^40 + 1234), bit.tobit(-1), bit.tobit("12")`, "-1 | 0 | 1234 | -1 | 12"},
		{`return bit.tobit(1/0), bit.tobit(0/0), bit.tobit(1e300), bit.tobit(2.5), bit.tobit(3.5), bit.tobit(-2^31)`, "0 | 0 | 0 | 2 | 4 | -2147483648"},
		{`return bit.bnot(0), bit.band(0x12345678, 0xff), bit.bor(1, 2, 4, 8), bit.bxor(0xa5a5f0f0, 0xaa55ff00), bit.band(7)`, "-1 | 120 | 15 | 267390960 | 7"},
		{`return bit.lshift(1, 0), bit.lshift(1, 8), bit.lshift(1, 40), bit.rshift(256, 8), bit.rshift(-256, 24), bit.lshift(0x87654321, 12)`, "1 | 256 | 256 | 1 | 255 | 1412567040"},
		{`return bit.arshift(256, 8), bit.arshift(-256, 8), bit.tohex(bit.arshift(0x87654321, 12))`, "1 | -1 | fff87654"},
		{`return bit.tohex(bit.rol(0x12345678, 12)), bit.tohex(bit.ror(0x12345678, 12)), bit.tohex(bit.bswap(0x12345678))`, "45678123 | 67812345 | 78563412"},
		{`return bit.tohex(1), bit.tohex(-1), bit.tohex(-1, -8), bit.tohex(0x21, 4), bit.tohex(0x87654321, 4), bit.tohex(1, 100), bit.tohex(1, 0)`, "00000001 | ffffffff | FFFFFFFF | 0021 | 4321 | 00000001 | "},
		{`return bit.band()`, "error: show.lua:1: bad argument #1 to 'band' (number expected, got no value)"},
		{`return bit.bor(1, {})`, "error: show.lua:1: bad argument #2 to 'bor' (number expected, got table)"},
	})
}

func TestUTF8(t *testing.T) {
	check(t, Options{}, []snippet{
		{`return utf8.char(72, 228, 8364, 128512), utf8.char(), #utf8.char(0)`, "Hä€😀 |  | 1"},
		{`return utf8.char(0xD800)`, "error: show.lua:1: bad argument #1 to 'char' (value out of range)"},
		{`return utf8.char(65, -1)`, "error: show.lua:1: bad argument #2 to 'char' (value out of range)"},
		{`return utf8.char(2^40)`, "error: show.lua:1: bad argument #1 to 'char' (value out of range)"},
		{`return utf8.len("Hä€😀"), utf8.len(""), utf8.len("ä€", 3), utf8.len("ä€", 2)`, "4 | 0 | 1 | nil | 2"},
		{`return utf8.len("a\xffb"), utf8.len("abc", 5)`, "error: show.lua:1: bad argument #2 to 'len' (initial position out of string)"},
		{`return utf8.len("a\255b")`, "nil | 2"},
		{`return utf8.len("abc", 1, 9)`, "error: show.lua:1: bad argument #3 to 'len' (final position out of string)"},
		{`return utf8.codepoint("Hä€", 1, -1)`, "72 | 228 | 8364"},
		{`return utf8.codepoint("a"), utf8.codepoint("€"), pcall(utf8.codepoint, "", 1)`, "97 | 8364 | false | bad argument #3 to 'codepoint' (out of range)"},
		{`return utf8.codepoint("a\255", 1, 2)`, "error: show.lua:1: invalid UTF-8 code"},
		{`local t = {} for p, c in utf8.codes("aä€") do t[#t + 1] = p .. ":" .. c end return table.concat(t, " ")`, "1:97 2:228 4:8364"},
		{`for p, c in utf8.codes("a\192\128") do end`, "error: show.lua:1: invalid UTF-8 code"},
		{`local t = {} for c in ("aä€"):gmatch(utf8.charpattern) do t[#t + 1] = #c end return table.concat(t, " ")`, "1 2 3"},
		{`return utf8.offset("aä€b", 1), utf8.offset("aä€b", 3), utf8.offset("aä€b", 5), utf8.offset("aä€b", 6)`, "1 | 4 | 8 | nil"},
		{`return utf8.offset("aä€b", -1), utf8.offset("aä€b", -4), utf8.offset("aä€b", -5), utf8.offset("aä€b", 0, 5), utf8.offset("aä€b", 2, 4)`, "7 | 1 | nil | 4 | 7"},
		{`return utf8.offset("ä", 1, 2)`, "error: show.lua:1: initial position is a continuation byte"},
		{`return utf8.offset("ä", 1, 9)`, "error: show.lua:1: bad argument #3 to 'offset' (position out of range)"},
	})
}
