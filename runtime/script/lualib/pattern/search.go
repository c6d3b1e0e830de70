package pattern

import "strings"

// StepsPerLook is how many steps a Meter lets pass before it looks up.
const StepsPerLook = 1000

// Meter counts steps: pattern items tried at a position, and the like. The zero Meter with a LookUp is ready for use.
type Meter struct {
	// LookUp is called about every StepsPerLook steps with the number of steps since it was called last, and of all. It
	// ends the work by a panic.
	LookUp func(spent, total int)

	steps   int
	pending int // steps since the last look
}

// Spend counts steps.
func (m *Meter) Spend(steps int) {
	m.pending += steps
	if m.pending >= StepsPerLook {
		m.look()
	}
}

// look stays a call of its own so that Spend is small enough to be none.
//
//go:noinline
func (m *Meter) look() {
	spent := m.pending
	m.steps += spent
	m.pending = 0
	m.LookUp(spent, m.steps)
}

// markEnd stands in the place of a capture's end when the capture is a position.
const markEnd = -1

// Search looks for one pattern in one subject. It keeps the captures of the last match it found. They are numbered
// when the pattern is compiled, so a new try simply overwrites what a failed one left.
type Search struct {
	*Pattern
	Meter
	Subject string

	first, last int // the match found
	start, end  [maxCaptures]int
}

// Capture is the part of a match that a capture stands for: its text, or a position in the subject, counted from 1.
type Capture struct {
	Text     string
	Position int // 0: the capture is a text
}

// Find returns where the first match at or after offset from begins and ends, or -1 twice.
func (m *Search) Find(from int) (start, end int) {
	first := &m.items[0]
	skip := first.op == opByte && first.repeat == 0 && !m.anchored
	for s := from; s <= len(m.Subject); s++ {
		if skip {
			offset := strings.IndexByte(m.Subject[s:], first.a)
			if offset < 0 {
				return -1, -1
			}
			s += offset
			m.Spend(offset >> 5)
		}
		if e := m.match(s, 0); e >= 0 {
			m.first, m.last = s, e
			return s, e
		}
		if m.anchored {
			break
		}
	}
	return -1, -1
}

// match tries the items from index i on at position s and returns where the match ends, or -1.
func (m *Search) match(s, i int) int {
	for ; ; i++ {
		m.Spend(1)
		it := &m.items[i]
		switch it.op {
		case opEnd:
			return s
		case opTail:
			if s != len(m.Subject) {
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
			here := s < len(m.Subject) && it.single(m.Subject[s])
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
func (m *Search) longest(s, least, i int) int {
	it := &m.items[i]
	far := s
	if it.op == opAny {
		far = len(m.Subject)
	}
	for far < len(m.Subject) && it.single(m.Subject[far]) {
		far++
	}
	m.Spend((far - s) >> 3) // a byte passed over costs a fraction of an item tried
	for ; far >= least; far-- {
		if e := m.match(far, i+1); e >= 0 {
			return e
		}
	}
	return -1
}

// shortest repeats item i from s on only as often as the items after it require.
func (m *Search) shortest(s, i int) int {
	it := &m.items[i]
	for {
		if e := m.match(s, i+1); e >= 0 {
			return e
		}
		if s >= len(m.Subject) || !it.single(m.Subject[s]) {
			return -1
		}
		s++
	}
}

// repeated reports whether the text of a capture stands at s again, and its length.
func (m *Search) repeated(s int, capture byte) (int, bool) {
	if m.end[capture] == markEnd {
		return 0, false
	}
	text := m.Subject[m.start[capture]:m.end[capture]]
	m.Spend(len(text) >> 5)
	return len(text), strings.HasPrefix(m.Subject[s:], text)
}

// balanced returns the end of the balanced stretch that begins at s, or -1.
func (m *Search) balanced(s int, it *item) int {
	if s >= len(m.Subject) || m.Subject[s] != it.a {
		return -1
	}
	depth := 1
	for e := s + 1; e < len(m.Subject); e++ {
		switch m.Subject[e] {
		case it.b:
			if depth--; depth == 0 {
				m.Spend((e - s) >> 3)
				return e + 1
			}
		case it.a:
			depth++
		}
	}
	m.Spend((len(m.Subject) - s) >> 3)
	return -1
}

// frontier reports whether the set begins at s. Both ends of the subject count as a zero byte.
func (m *Search) frontier(s int, set *byteSet) bool {
	var before, here byte
	if s > 0 {
		before = m.Subject[s-1]
	}
	if s < len(m.Subject) {
		here = m.Subject[s]
	}
	return !set.has(before) && set.has(here)
}

// Capture returns capture i, counted from 0, of the match found last. Without captures in the pattern the whole match
// counts as the first.
func (m *Search) Capture(i int) (Capture, error) {
	switch {
	case i == 0 && m.captures == 0:
		return Capture{Text: m.Subject[m.first:m.last]}, nil
	case i >= m.captures:
		return Capture{}, ErrCaptureIndex
	case m.end[i] == markEnd:
		return Capture{Position: m.start[i] + 1}, nil
	}
	return Capture{Text: m.Subject[m.start[i]:m.end[i]]}, nil
}
