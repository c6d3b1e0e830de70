package lualib

import (
	"strconv"
	"strings"

	"showrun/runtime/script/lualib/format"
	"showrun/runtime/script/lualib/pattern"

	lua "github.com/yuin/gopher-lua"
)

// specials are the bytes that make more than a plain text of a pattern. A closing bracket is none of them: find takes
// ")" on its own for the text it is, though match does not.
const specials = "^$*+?.([%-"

// stepsPerCopy is what looking up or copying a piece of a replacement costs, in steps.
const stepsPerCopy = 4

// Compiled patterns are kept for the next call: short ones, and only so many.
const (
	maxKeptPatterns = 256
	maxKeptPattern  = 256 // bytes
)

// patternKey tells patterns apart: in gmatch "^" is an ordinary byte.
type patternKey struct {
	text   string
	anchor bool
}

// pattern compiles argument n, or finds it among the patterns kept. A malformed pattern raises.
func (c call) pattern(n int, anchor bool) *pattern.Pattern {
	key := patternKey{c.text(n), anchor}
	if p := c.lib.patterns[key]; p != nil {
		return p
	}
	p, err := pattern.Compile(key.text, anchor)
	if err == pattern.ErrTooComplex {
		c.raise("%s: %v", c.name, err)
	} else if err != nil {
		c.raise("%v", err)
	}
	if len(key.text) <= maxKeptPattern {
		if len(c.lib.patterns) >= maxKeptPatterns {
			clear(c.lib.patterns)
		}
		c.lib.patterns[key] = p
	}
	return p
}

// matcher is a search on behalf of a call.
type matcher struct {
	c call
	pattern.Search
}

func (c call) matcher(subject string, p *pattern.Pattern) matcher {
	return matcher{c, pattern.Search{Pattern: p, Meter: c.patternMeter(), Subject: subject}}
}

// capture is the value of capture i of the match found last, counted from 0.
func (m *matcher) capture(i int) lua.LValue {
	found, err := m.Capture(i)
	if err != nil {
		m.c.raise("%v", err)
	}
	if found.Position > 0 {
		return lua.LNumber(found.Position)
	}
	return lua.LString(found.Text)
}

// pushCaptures pushes all captures and returns their number.
func (m *matcher) pushCaptures() int {
	n := max(m.Captures(), 1)
	for i := range n {
		m.c.L.Push(m.capture(i))
	}
	return n
}

// searchStart reads the third argument of find and match: the offset to begin at.
func (c call) searchStart(length int) int {
	return min(max(place(c.optInteger(3, 1), length)-1, 0), length)
}

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
	m := c.matcher(s, c.pattern(2, true))
	start, end := m.Find(from)
	if start < 0 {
		return c.push(lua.LNil)
	}
	c.push(lua.LNumber(start+1), lua.LNumber(end))
	if m.Captures() == 0 {
		return 2
	}
	return 2 + m.pushCaptures()
}

func stringMatch(c call) int {
	s, p := c.text(1), c.pattern(2, true)
	m := c.matcher(s, p)
	if start, _ := m.Find(c.searchStart(len(s))); start < 0 {
		return c.push(lua.LNil)
	}
	return m.pushCaptures()
}

// stringGmatch returns an iterator. Each step of it has the whole number of pattern steps to itself.
func stringGmatch(c call) int {
	s, p := c.text(1), c.pattern(2, false)
	from := 0
	return c.push(c.lib.function(c.L, c.name, func(c call) int {
		if from > len(s) {
			return 0
		}
		m := c.matcher(s, p)
		start, end := m.Find(from)
		if start < 0 {
			from = len(s) + 1
			return 0
		}
		from = end
		if end == start {
			from++
		}
		return m.pushCaptures()
	}))
}

func stringGsub(c call) int {
	s, p := c.text(1), c.pattern(2, true)
	replacement := c.L.Get(3)
	if n, ok := replacement.(lua.LNumber); ok {
		replacement = lua.LString(format.Number(float64(n)))
	}
	switch replacement.Type() {
	case lua.LTString, lua.LTTable, lua.LTFunction:
	default:
		c.argError(3, "string/function/table expected")
	}
	limit := c.optInteger(4, len(s)+1)
	m := c.matcher(s, p)
	var out []byte
	count, copied := 0, 0
	for from := 0; count < limit && from <= len(s); count++ {
		start, end := m.Find(from)
		if start < 0 {
			break
		}
		out = m.append(out, s[copied:start])
		out = m.substitute(out, replacement, s[start:end])
		copied, from = end, end
		if end == start {
			from++
		}
		if m.Anchored() {
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

// substitute appends what replaces the text of a match.
func (m *matcher) substitute(out []byte, replacement lua.LValue, match string) []byte {
	if text, ok := replacement.(lua.LString); ok {
		return m.expand(out, string(text), match)
	}
	m.Spend(stepsPerCopy)
	var value lua.LValue
	switch r := replacement.(type) {
	case *lua.LTable:
		value = m.c.L.GetTable(r, m.capture(0))
	default:
		m.c.L.Push(r)
		m.c.L.Call(m.pushCaptures(), 1)
		value = m.c.L.Get(-1)
		m.c.L.Pop(1)
	}
	if lua.LVIsFalse(value) {
		return m.append(out, match)
	}
	text, ok := toText(value)
	if !ok {
		m.c.raise("invalid replacement value (a %s)", value.Type())
	}
	return m.append(out, text)
}

// expand appends a replacement text: %0 stands for the match, %1 to %9 for captures, % and any other byte for the byte.
func (m *matcher) expand(out []byte, text, match string) []byte {
	for {
		m.Spend(stepsPerCopy)
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
			out = m.append(out, match)
		case b >= '1' && b <= '9':
			capture, err := m.Capture(int(b - '1'))
			if err != nil {
				m.c.raise("%v", err)
			}
			if capture.Position > 0 {
				capture.Text = strconv.Itoa(capture.Position)
			}
			out = m.append(out, capture.Text)
		default:
			out = m.append(out, rest[:1])
		}
		text = rest[1:]
	}
}
