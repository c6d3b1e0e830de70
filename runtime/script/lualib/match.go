package lualib

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// markEnd stands in the place of a capture's end when the capture is a position.
const markEnd = -1

// matcher looks for one pattern in one subject. It backtracks; the meter ends what would take for ever. Captures are
// numbered when the pattern is compiled, so a new try simply overwrites what a failed one left.
type matcher struct {
	*pattern
	meter
	subject string
	start   [maxCaptures]int
	end     [maxCaptures]int
}

// find returns where the first match at or after from begins and ends, or -1 twice.
func (m *matcher) find(from int) (start, end int) {
	first := &m.items[0]
	skip := first.op == opByte && first.repeat == 0 && !m.anchored
	for s := from; s <= len(m.subject); s++ {
		if skip {
			offset := strings.IndexByte(m.subject[s:], first.a)
			if offset < 0 {
				return -1, -1
			}
			s += offset
			m.spend(offset >> 5)
		}
		if e := m.match(s, 0); e >= 0 {
			return s, e
		}
		if m.anchored {
			break
		}
	}
	return -1, -1
}

// match tries the items from index i on at position s and returns where the match ends, or -1.
func (m *matcher) match(s, i int) int {
	for ; ; i++ {
		m.spend(1)
		it := &m.items[i]
		switch it.op {
		case opEnd:
			return s
		case opTail:
			if s != len(m.subject) {
				return -1
			}
		case opOpen:
			m.start[it.a] = s
		case opClose:
			m.end[it.a] = s
		case opMark:
			m.start[it.a], m.end[it.a] = s, markEnd
		case opBack:
			n, ok := m.repeated(s, it.a)
			if !ok {
				return -1
			}
			s += n
		case opBalance:
			if s = m.balanced(s, it); s < 0 {
				return -1
			}
		case opFrontier:
			if !m.frontier(s, it.set) {
				return -1
			}
		default:
			here := s < len(m.subject) && it.single(m.subject[s])
			switch it.repeat {
			case 0:
				if !here {
					return -1
				}
				s++
			case '?':
				if here {
					if e := m.match(s+1, i+1); e >= 0 {
						return e
					}
				}
			case '-':
				return m.shortest(s, i)
			case '+':
				if !here {
					return -1
				}
				return m.longest(s+1, s+1, i)
			default:
				return m.longest(s, s, i)
			}
		}
	}
}

// longest repeats item i from s on as often as it can and gives back one byte at a time, down to position least.
func (m *matcher) longest(s, least, i int) int {
	it := &m.items[i]
	far := s
	if it.op == opAny {
		far = len(m.subject)
	}
	for far < len(m.subject) && it.single(m.subject[far]) {
		far++
	}
	m.spend((far - s) >> 3) // a byte passed over costs a fraction of an item tried
	for ; far >= least; far-- {
		if e := m.match(far, i+1); e >= 0 {
			return e
		}
	}
	return -1
}

// shortest repeats item i from s on only as often as the items after it require.
func (m *matcher) shortest(s, i int) int {
	it := &m.items[i]
	for {
		if e := m.match(s, i+1); e >= 0 {
			return e
		}
		if s >= len(m.subject) || !it.single(m.subject[s]) {
			return -1
		}
		s++
	}
}

// repeated reports whether the text of a capture stands at s again, and its length.
func (m *matcher) repeated(s int, capture byte) (int, bool) {
	if m.end[capture] == markEnd {
		return 0, false
	}
	text := m.subject[m.start[capture]:m.end[capture]]
	m.spend(len(text) >> 5)
	return len(text), strings.HasPrefix(m.subject[s:], text)
}

// balanced returns the end of the balanced stretch that begins at s, or -1.
func (m *matcher) balanced(s int, it *item) int {
	if s >= len(m.subject) || m.subject[s] != it.a {
		return -1
	}
	depth := 1
	for e := s + 1; e < len(m.subject); e++ {
		switch m.subject[e] {
		case it.b:
			if depth--; depth == 0 {
				m.spend((e - s) >> 3)
				return e + 1
			}
		case it.a:
			depth++
		}
	}
	m.spend((len(m.subject) - s) >> 3)
	return -1
}

// frontier reports whether the set begins at s. Both ends of the subject count as a zero byte.
func (m *matcher) frontier(s int, set *byteSet) bool {
	var before, here byte
	if s > 0 {
		before = m.subject[s-1]
	}
	if s < len(m.subject) {
		here = m.subject[s]
	}
	return !set.has(before) && set.has(here)
}

// capture is the value of capture i of the match from start to end. Without captures the first is the whole match.
func (m *matcher) capture(i, start, end int) lua.LValue {
	switch {
	case i == 0 && m.captures == 0:
		return lua.LString(m.subject[start:end])
	case i >= m.captures:
		m.c.raise("%v", errCaptureIndex)
	case m.end[i] == markEnd:
		return lua.LNumber(m.start[i] + 1)
	}
	return lua.LString(m.subject[m.start[i]:m.end[i]])
}

// captureText is the text of capture i; a position gives its digits.
func (m *matcher) captureText(i, start, end int) string {
	if i < m.captures && m.end[i] != markEnd {
		return m.subject[m.start[i]:m.end[i]]
	}
	text, _ := toText(m.capture(i, start, end))
	return text
}

// pushCaptures pushes all captures and returns their number.
func (m *matcher) pushCaptures(start, end int) int {
	n := max(m.captures, 1)
	for i := range n {
		m.c.L.Push(m.capture(i, start, end))
	}
	return n
}
