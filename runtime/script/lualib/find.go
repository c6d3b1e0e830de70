package lualib

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// specials are the bytes that make more than a plain text of a pattern. A closing bracket is none of them: find takes
// ")" on its own for the text it is, though match does not.
const specials = "^$*+?.([%-"

// searchStart reads the third argument of find and match: the offset to begin at.
func (c call) searchStart(length int) int {
	return min(max(place(c.optInteger(3, 1), length)-1, 0), length)
}

// stepsPerCopy is what looking up or copying a piece of a replacement costs, in steps.
const stepsPerCopy = 4

func stringFind(c call) int {
	s, p := c.text(1), c.text(2)
	from := c.searchStart(len(s))
	if lua.LVAsBool(c.L.Get(4)) || !strings.ContainsAny(p, specials) {
		at := strings.Index(s[from:], p)
		if at < 0 {
			return c.push(lua.LNil)
		}
		return c.push(lua.LNumber(from+at+1), lua.LNumber(from+at+len(p)))
	}
	m := matcher{pattern: c.pattern(p, true), meter: c.patternMeter(), subject: s}
	start, end := m.find(from)
	if start < 0 {
		return c.push(lua.LNil)
	}
	c.push(lua.LNumber(start+1), lua.LNumber(end))
	if m.captures == 0 {
		return 2
	}
	return 2 + m.pushCaptures(start, end)
}

func stringMatch(c call) int {
	s, p := c.text(1), c.text(2)
	from := c.searchStart(len(s))
	m := matcher{pattern: c.pattern(p, true), meter: c.patternMeter(), subject: s}
	start, end := m.find(from)
	if start < 0 {
		return c.push(lua.LNil)
	}
	return m.pushCaptures(start, end)
}

// stringGmatch returns an iterator. Each step of it has the whole number of pattern steps to itself.
func stringGmatch(c call) int {
	s, p := c.text(1), c.pattern(c.text(2), false)
	from := 0
	return c.push(c.lib.function(c.L, c.name, func(c call) int {
		m := matcher{pattern: p, meter: c.patternMeter(), subject: s}
		start, end := m.find(from)
		if start < 0 {
			from = len(s) + 1
			return c.push(lua.LNil)
		}
		from = end
		if end == start {
			from++
		}
		return m.pushCaptures(start, end)
	}))
}

func stringGsub(c call) int {
	s, p := c.text(1), c.pattern(c.text(2), true)
	replacement := c.L.Get(3)
	if n, ok := replacement.(lua.LNumber); ok {
		replacement = lua.LString(formatNumber(float64(n)))
	}
	switch replacement.Type() {
	case lua.LTString, lua.LTTable, lua.LTFunction:
	default:
		c.argError(3, "string/function/table expected")
	}
	limit := c.optInteger(4, len(s)+1)
	m := matcher{pattern: p, meter: c.patternMeter(), subject: s}
	var out []byte
	count, copied := 0, 0
	for from := 0; count < limit && from <= len(s); count++ {
		start, end := m.find(from)
		if start < 0 {
			break
		}
		out = m.append(out, s[copied:start])
		out = m.substitute(out, replacement, start, end)
		copied, from = end, end
		if end == start {
			from++
		}
		if m.anchored {
			from = len(s) + 1
		}
	}
	if count == 0 {
		return c.push(lua.LString(s), lua.LNumber(0))
	}
	out = m.append(out, s[copied:])
	return c.push(lua.LString(out), lua.LNumber(count))
}

// append adds text to the result of gsub as far as the length limit allows.
func (m *matcher) append(out []byte, text string) []byte {
	m.c.checkLength(len(out) + len(text))
	return append(out, text...)
}

// substitute appends what replaces the match from start to end.
func (m *matcher) substitute(out []byte, replacement lua.LValue, start, end int) []byte {
	m.spend(stepsPerCopy)
	var value lua.LValue
	switch r := replacement.(type) {
	case lua.LString:
		return m.expand(out, string(r), start, end)
	case *lua.LTable:
		value = m.c.L.GetTable(r, m.capture(0, start, end))
	default:
		m.c.L.Push(r)
		m.c.L.Call(m.pushCaptures(start, end), 1)
		value = m.c.L.Get(-1)
		m.c.L.Pop(1)
	}
	if lua.LVIsFalse(value) {
		return m.append(out, m.subject[start:end])
	}
	text, ok := toText(value)
	if !ok {
		m.c.raise("invalid replacement value (a %s)", value.Type())
	}
	return m.append(out, text)
}

// expand appends a replacement text: %0 stands for the match, %1 to %9 for captures, % and any other byte for the byte.
func (m *matcher) expand(out []byte, text string, start, end int) []byte {
	for {
		m.spend(stepsPerCopy)
		plain, rest, found := strings.Cut(text, "%")
		out = m.append(out, plain)
		if !found {
			return out
		}
		if rest == "" {
			m.c.raise("invalid use of '%%' in replacement string")
		}
		switch b := rest[0]; {
		case b == '0':
			out = m.append(out, m.subject[start:end])
		case b >= '1' && b <= '9':
			out = m.append(out, m.captureText(int(b-'1'), start, end))
		default:
			out = m.append(out, rest[:1])
		}
		text = rest[1:]
	}
}
