package lualib

import (
	"fmt"
	"math"
	"strings"

	"showrun/runtime/script/lualib/format"

	lua "github.com/yuin/gopher-lua"
)

// maxInteger bounds what an integer argument becomes: the sum or difference of two still fits an int.
const maxInteger = math.MaxInt >> 2

// call is one call of a library function: the thread it runs on and its name with the module, as in "string.rep".
// Its methods read arguments, numbered from 1, and raise in the words of Lua's auxiliary library.
type call struct {
	L    *lua.LState
	lib  *library
	name string
}

// raise raises a text, preceded by file and line of the innermost Lua function. It does not return.
func (c call) raise(format string, args ...any) {
	c.L.Error(lua.LString(callerPosition(c.L)+fmt.Sprintf(format, args...)), 0)
}

func (c call) argError(n int, text string) {
	c.raise("bad argument #%d to '%s' (%s)", n, c.name[strings.LastIndexByte(c.name, '.')+1:], text)
}

func (c call) typeError(n int, want string) {
	c.argError(n, want+" expected, got "+c.typeName(n))
}

func (c call) typeName(n int) string {
	if n > c.L.GetTop() {
		return "no value"
	}
	return c.L.Get(n).Type().String()
}

// checkAny raises when there is no argument n, not even nil.
func (c call) checkAny(n int) lua.LValue {
	if n > c.L.GetTop() {
		c.argError(n, "value expected")
	}
	return c.L.Get(n)
}

// text reads a string; a number becomes one.
func (c call) text(n int) string {
	s, ok := toText(c.L.Get(n))
	if !ok {
		c.typeError(n, "string")
	}
	return s
}

func (c call) optText(n int, otherwise string) string {
	if c.L.Get(n) == lua.LNil {
		return otherwise
	}
	return c.text(n)
}

// number reads a number; text that reads as one becomes one.
func (c call) number(n int) float64 {
	f, ok := toNumber(c.L.Get(n))
	if !ok {
		c.typeError(n, "number")
	}
	return f
}

func (c call) optNumber(n int, otherwise float64) float64 {
	if c.L.Get(n) == lua.LNil {
		return otherwise
	}
	return c.number(n)
}

// integer reads a number, cuts its fraction off and limits it to ±maxInteger. Not-a-number becomes 0.
func (c call) integer(n int) int { return toInteger(c.number(n)) }

func (c call) optInteger(n, otherwise int) int {
	if c.L.Get(n) == lua.LNil {
		return otherwise
	}
	return c.integer(n)
}

func (c call) table(n int) *lua.LTable {
	t, ok := c.L.Get(n).(*lua.LTable)
	if !ok {
		c.typeError(n, "table")
	}
	return t
}

// push returns values from the function: `return c.push(a, b)`.
func (c call) push(values ...lua.LValue) int {
	for _, v := range values {
		c.L.Push(v)
	}
	return len(values)
}

func (c call) pushText(s string) int {
	c.L.Push(lua.LString(s))
	return 1
}

func (c call) pushNumber(f float64) int {
	c.L.Push(lua.LNumber(f))
	return 1
}

// apply calls a Lua value and returns its first result.
func (c call) apply(fn lua.LValue, args ...lua.LValue) lua.LValue {
	c.L.Push(fn)
	for _, v := range args {
		c.L.Push(v)
	}
	c.L.Call(len(args), 1)
	v := c.L.Get(-1)
	c.L.Pop(1)
	return v
}

// checkLength raises when a string of n bytes is longer than a call may build.
func (c call) checkLength(n int) {
	if n > c.lib.MaxString {
		c.tooLong()
	}
}

func (c call) tooLong() {
	c.raise("%s: resulting string too large (more than %d bytes)", c.name, c.lib.MaxString)
}

// display is the text tostring gives.
func (c call) display(v lua.LValue) string {
	if meta := c.L.GetMetaField(v, "__tostring"); meta != lua.LNil {
		s, ok := toText(c.apply(meta, v))
		if !ok {
			c.raise("'__tostring' must return a string")
		}
		return s
	}
	if s, ok := toText(v); ok {
		return s
	}
	return c.lib.names.of(v)
}

// toText converts what Lua takes as a string: strings and numbers.
func toText(v lua.LValue) (string, bool) {
	switch v := v.(type) {
	case lua.LString:
		return string(v), true
	case lua.LNumber:
		return format.Number(float64(v)), true
	}
	return "", false
}

// toNumber converts what Lua takes as a number: numbers and text that reads as one.
func toNumber(v lua.LValue) (float64, bool) {
	switch v := v.(type) {
	case lua.LNumber:
		return float64(v), true
	case lua.LString:
		return format.ParseNumber(string(v))
	}
	return 0, false
}

func toInteger(f float64) int {
	switch {
	case f != f:
		return 0
	case f >= maxInteger:
		return maxInteger
	case f <= -maxInteger:
		return -maxInteger
	}
	return int(f)
}
