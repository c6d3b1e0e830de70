package lualib

import (
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"
)

// The utf8 module is that of Lua 5.3, strict as in 5.4: surrogates and overlong forms are invalid.

var utf8Functions = []function{
	{"char", utf8Char},
	{"codepoint", utf8Codepoint},
	{"codes", utf8Codes},
	{"len", utf8Len},
	{"offset", utf8Offset},
}

func (lib *library) openUTF8(L *lua.LState) {
	t := lib.module(L, "utf8", utf8Functions)
	t.RawSetString("charpattern", lua.LString("[\x00-\x7F\xC2-\xF4][\x80-\xBF]*"))
}

// decode reads the character at byte offset at; a size of 0 means there is none or it is invalid.
func decode(s string, at int) (r rune, size int) {
	r, size = utf8.DecodeRuneInString(s[at:])
	if r == utf8.RuneError && size == 1 {
		size = 0
	}
	return r, size
}

func continues(s string, at int) bool { return at < len(s) && !utf8.RuneStart(s[at]) }

func utf8Char(c call) int {
	var b []byte
	for i, top := 1, c.L.GetTop(); i <= top; i++ {
		r := rune(min(max(c.integer(i), -1), utf8.MaxRune+1))
		if !utf8.ValidRune(r) {
			c.argError(i, "value out of range")
		}
		b = utf8.AppendRune(b, r)
	}
	return c.pushText(string(b))
}

func utf8Codepoint(c call) int {
	s := c.text(1)
	from := place(c.optInteger(2, 1), len(s))
	to := place(c.optInteger(3, from), len(s))
	if from < 1 {
		c.argError(2, "out of range")
	}
	if to > len(s) {
		c.argError(3, "out of range")
	}
	if to-from >= maxResults {
		c.raise("string slice too long (at most %d bytes)", maxResults)
	}
	n := 0
	for at := from - 1; at < to; n++ {
		r, size := decode(s, at)
		if size == 0 {
			c.raise("invalid UTF-8 code")
		}
		c.pushNumber(float64(r))
		at += size
	}
	return n
}

// utf8Codes returns an iterator over position and code point of each character.
func utf8Codes(c call) int {
	s := c.text(1)
	at := 0
	return c.push(c.lib.function(c.L, c.name, func(c call) int {
		if at >= len(s) {
			return c.push(lua.LNil)
		}
		r, size := decode(s, at)
		if size == 0 {
			c.raise("invalid UTF-8 code")
		}
		position := at + 1
		at += size
		return c.push(lua.LNumber(position), lua.LNumber(r))
	}))
}

// utf8Len counts the characters that begin between two positions, or returns nil and the position of the first byte
// that is invalid.
func utf8Len(c call) int {
	s := c.text(1)
	from := place(c.optInteger(2, 1), len(s))
	to := place(c.optInteger(3, -1), len(s))
	if from < 1 || from > len(s)+1 {
		c.argError(2, "initial position out of string")
	}
	if to > len(s) {
		c.argError(3, "final position out of string")
	}
	m := c.plainMeter()
	n := 0
	for at := from - 1; at < to; n++ {
		m.Spend(1)
		_, size := decode(s, at)
		if size == 0 {
			return c.push(lua.LNil, lua.LNumber(at+1))
		}
		at += size
	}
	return c.pushNumber(float64(n))
}

// utf8Offset returns the position of the n-th character counted from a position, or nil; with n = 0 that of the
// character the position lies in. The position is the start of the text, or its end for negative n, unless given.
func utf8Offset(c call) int {
	s, n := c.text(1), c.integer(2)
	start := 1
	if n < 0 {
		start = len(s) + 1
	}
	at := place(c.optInteger(3, start), len(s)) - 1
	if at < 0 || at > len(s) {
		c.argError(3, "position out of range")
	}
	if n == 0 {
		for at > 0 && continues(s, at) {
			at--
		}
		return c.pushNumber(float64(at + 1))
	}
	if continues(s, at) {
		c.raise("initial position is a continuation byte")
	}
	for ; n < 0 && at > 0; n++ {
		for at--; at > 0 && continues(s, at); at-- {
		}
	}
	for ; n > 1 && at < len(s); n-- {
		for at++; continues(s, at); at++ {
		}
	}
	if n != 0 && n != 1 {
		return c.push(lua.LNil)
	}
	return c.pushNumber(float64(at + 1))
}
