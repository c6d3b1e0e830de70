package lualib

import (
	"math"
	"strings"

	"showrun/runtime/script/chunk"

	lua "github.com/yuin/gopher-lua"
)

// Strings are bytes: lower, upper and the classes know the letters of ASCII only, and leave UTF-8 text whole.

var stringFunctions = []function{
	{"byte", stringByte},
	{"char", stringChar},
	{"find", stringFind},
	{"format", stringFormat},
	{"gmatch", stringGmatch},
	{"gsub", stringGsub},
	{"len", stringLen},
	{"lower", stringLower},
	{"match", stringMatch},
	{"rep", stringRep},
	{"reverse", stringReverse},
	{"sub", stringSub},
	{"upper", stringUpper},
}

// openString makes the string table and the metatable of strings, which scripts cannot change: getmetatable("") gives a
// table that reads like it. In it are the operators for text that is used as a number, which the virtual machine would
// read as Go does: "010" as octal, "1_000" as a number. That of % is in every chunk: see there.
func (lib *library) openString(L *lua.LState) {
	t := lib.module(L, "string", stringFunctions)
	t.RawSetString("gfind", t.RawGetString("gmatch")) // its name before Lua 5.1, which knows both
	meta := L.NewTable()
	meta.RawSetString("__index", t)
	for _, o := range operators {
		meta.RawSetString(o.event, lib.function(L, o.event, func(c call) int { return c.operate(o) }))
	}
	shown, guard := L.NewTable(), L.NewTable()
	visible := L.NewTable()
	visible.RawSetString("__index", t)
	guard.RawSetString("__index", visible)
	guard.RawSetString("__newindex", lib.function(L, "__newindex", func(c call) int {
		c.raise("the metatable of strings cannot be changed; add functions to the table string instead")
		return 0
	}))
	guard.RawSetString("__metatable", lua.LFalse)
	shown.Metatable = guard
	meta.RawSetString("__metatable", shown)
	L.SetMetatable(lua.LString(""), meta)
}

// operator is an arithmetic operation on text.
type operator struct {
	event string
	run   func(x, y float64) float64
}

var operators = []operator{
	{"__add", func(x, y float64) float64 { return x + y }},
	{"__sub", func(x, y float64) float64 { return x - y }},
	{"__mul", func(x, y float64) float64 { return x * y }},
	{"__div", func(x, y float64) float64 { return x / y }},
	{"__pow", math.Pow},
	{"__unm", func(x, _ float64) float64 { return -x }},
}

// operate computes with two operands of which one is a string. One that is something else may have a metamethod.
func (c call) operate(o operator) int {
	x, y := c.L.Get(1), c.L.Get(2)
	if o.event == "__unm" {
		y = x
	}
	a, ok := toNumber(x)
	b, both := toNumber(y)
	if ok && both {
		return c.pushNumber(o.run(a, b))
	}
	for _, v := range []lua.LValue{x, y} {
		if v.Type() == lua.LTString {
			continue
		}
		if meta := c.L.GetMetaField(v, o.event); meta != lua.LNil {
			return c.push(c.apply(meta, x, y))
		}
	}
	c.raise("%s", chunk.ArithmeticError(c.L, x, y))
	return 0
}

// place turns a position of Lua, which counts from the end when it is negative, into one that counts from the start.
// A position before the start becomes 0.
func place(position, length int) int {
	if position < 0 {
		position += length + 1
	}
	return max(position, 0)
}

func stringByte(c call) int {
	s := c.text(1)
	from := place(c.optInteger(2, 1), len(s))
	to := min(place(c.optInteger(3, from), len(s)), len(s))
	from = max(from, 1)
	if from > to {
		return 0
	}
	if to-from >= maxResults {
		c.raise("string slice too long (at most %d bytes)", maxResults)
	}
	for i := from; i <= to; i++ {
		c.pushNumber(float64(s[i-1]))
	}
	return to - from + 1
}

func stringChar(c call) int {
	b := make([]byte, c.L.GetTop())
	for i := range b {
		n := c.integer(i + 1)
		if n < 0 || n > 255 {
			c.argError(i+1, "invalid value")
		}
		b[i] = byte(n)
	}
	return c.pushText(string(b))
}

func stringLen(c call) int { return c.pushNumber(float64(len(c.text(1)))) }

func stringSub(c call) int {
	s := c.text(1)
	from := max(place(c.integer(2), len(s)), 1)
	to := min(place(c.optInteger(3, -1), len(s)), len(s))
	if from > to {
		return c.pushText("")
	}
	return c.pushText(s[from-1 : to])
}

func stringRep(c call) int {
	s, n := c.text(1), c.integer(2)
	if n <= 0 || s == "" {
		return c.pushText("")
	}
	if n > c.lib.MaxString/len(s) {
		c.tooLong()
	}
	return c.pushText(strings.Repeat(s, n))
}

func stringLower(c call) int { return c.mapBytes('A', 'Z') }
func stringUpper(c call) int { return c.mapBytes('a', 'z') }

// mapBytes returns argument 1 with the letters between low and high in the other case.
func (c call) mapBytes(low, high byte) int {
	s := c.text(1)
	c.checkLength(len(s))
	b := []byte(s)
	for i, letter := range b {
		if letter >= low && letter <= high {
			b[i] = letter ^ ('a' - 'A')
		}
	}
	return c.pushText(string(b))
}

func stringReverse(c call) int {
	s := c.text(1)
	c.checkLength(len(s))
	b := make([]byte, len(s))
	for i := range b {
		b[i] = s[len(s)-1-i]
	}
	return c.pushText(string(b))
}
