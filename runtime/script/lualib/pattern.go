package lualib

import (
	"errors"
	"strings"
)

// Limits of a pattern. The matcher recurses once per repetition, so their number is the depth of its stack.
const (
	maxCaptures    = 32
	maxRepetitions = 1000
	maxPattern     = 1 << 16 // bytes
)

// Compiled patterns are kept for the next call: short ones, and only so many.
const (
	maxKeptPatterns = 256
	maxKeptPattern  = 256 // bytes
)

var (
	errEndsWithEscape = errors.New("malformed pattern (ends with '%')")
	errMissingBracket = errors.New("malformed pattern (missing ']')")
	errBalance        = errors.New("unbalanced pattern")
	errFrontier       = errors.New("missing '[' after '%f' in pattern")
	errCaptureIndex   = errors.New("invalid capture index")
	errCaptureClose   = errors.New("invalid pattern capture")
	errCaptureOpen    = errors.New("unfinished capture")
	errCaptures       = errors.New("too many captures")
	errTooComplex     = errors.New("pattern too complex")
)

// opcode is what an item of a pattern asks for at a position of the subject.
type opcode byte

const (
	opEnd      opcode = iota // nothing: the whole pattern has matched
	opByte                   // this byte
	opAny                    // any byte
	opSet                    // a byte of the set
	opOpen                   // nothing: a capture begins
	opClose                  // nothing: it ends
	opMark                   // nothing: a position capture, "()"
	opBack                   // the text of an earlier capture, "%1"
	opBalance                // a balanced stretch, "%bxy"
	opFrontier               // nothing: a byte of the set after one that is not, "%f[set]"
	opTail                   // nothing: the end of the subject, "$"
)

// item is one step of a compiled pattern.
type item struct {
	op     opcode
	repeat byte // '*', '+', '-' or '?' after a single byte, else 0
	a, b   byte // opByte: a; opBalance: a opens and b closes; captures: a is the index
	set    *byteSet
}

// single reports whether the item is one for a single byte, and b is such a byte.
func (it *item) single(b byte) bool {
	switch it.op {
	case opByte:
		return it.a == b
	case opSet:
		return it.set.has(b)
	}
	return it.op == opAny
}

// pattern is a compiled Lua pattern. It never changes.
type pattern struct {
	items    []item
	anchored bool // begins with "^"
	captures int
}

// patternKey tells patterns apart: in gmatch "^" is an ordinary byte.
type patternKey struct {
	text   string
	anchor bool
}

// pattern compiles the text, or finds it among the patterns kept. A malformed pattern raises.
func (c call) pattern(text string, anchor bool) *pattern {
	key := patternKey{text, anchor}
	if p := c.lib.patterns[key]; p != nil {
		return p
	}
	p, err := compilePattern(text, anchor)
	if err == errTooComplex {
		c.raise("%s: %v", c.name, err)
	} else if err != nil {
		c.raise("%v", err)
	}
	if len(text) <= maxKeptPattern {
		if len(c.lib.patterns) >= maxKeptPatterns {
			clear(c.lib.patterns)
		}
		c.lib.patterns[key] = p
	}
	return p
}

// compiler reads a pattern from left to right.
type compiler struct {
	text        string
	at          int
	out         pattern
	open        []byte // captures begun and not ended
	closed      [maxCaptures]bool
	repetitions int
}

// compilePattern compiles a pattern of section 5.4.1 of the Lua 5.1 manual, with the frontier pattern "%f[set]" that
// the 5.1 implementation has too. With anchor a leading "^" ties the match to its starting place.
func compilePattern(text string, anchor bool) (*pattern, error) {
	if len(text) > maxPattern {
		return nil, errTooComplex
	}
	r := compiler{text: text}
	if anchor && strings.HasPrefix(text, "^") {
		r.out.anchored = true
		r.at = 1
	}
	for r.at < len(r.text) {
		if err := r.item(); err != nil {
			return nil, err
		}
	}
	if len(r.open) > 0 {
		return nil, errCaptureOpen
	}
	if r.repetitions > maxRepetitions {
		return nil, errTooComplex
	}
	r.emit(item{op: opEnd})
	return &r.out, nil
}

func (r *compiler) emit(it item) { r.out.items = append(r.out.items, it) }

// rest returns what is left of the text.
func (r *compiler) rest() string { return r.text[r.at:] }

// item compiles the next item.
func (r *compiler) item() error {
	b := r.text[r.at]
	switch {
	case b == '(':
		return r.openCapture()
	case b == ')':
		return r.closeCapture()
	case b == '$' && r.at+1 == len(r.text):
		r.at++
		r.emit(item{op: opTail})
		return nil
	case b == '%':
		if len(r.rest()) < 2 {
			return errEndsWithEscape
		}
		switch next := r.text[r.at+1]; {
		case next == 'b':
			return r.balance()
		case next == 'f':
			return r.frontier()
		case next >= '0' && next <= '9':
			return r.back(next)
		}
	}
	it, err := r.oneByte()
	if err != nil {
		return err
	}
	if r.at < len(r.text) && strings.IndexByte("*+-?", r.text[r.at]) >= 0 {
		it.repeat = r.text[r.at]
		r.at++
		r.repetitions++
	}
	r.emit(it)
	return nil
}

func (r *compiler) openCapture() error {
	if r.out.captures == maxCaptures {
		return errCaptures
	}
	index := byte(r.out.captures)
	r.out.captures++
	if strings.HasPrefix(r.rest(), "()") {
		r.at += 2
		r.closed[index] = true
		r.emit(item{op: opMark, a: index})
		return nil
	}
	r.at++
	r.open = append(r.open, index)
	r.emit(item{op: opOpen, a: index})
	return nil
}

// closeCapture ends the capture begun last.
func (r *compiler) closeCapture() error {
	if len(r.open) == 0 {
		return errCaptureClose
	}
	index := r.open[len(r.open)-1]
	r.open = r.open[:len(r.open)-1]
	r.closed[index] = true
	r.at++
	r.emit(item{op: opClose, a: index})
	return nil
}

func (r *compiler) back(digit byte) error {
	index := int(digit) - '1'
	if index < 0 || index >= r.out.captures || !r.closed[index] {
		return errCaptureIndex
	}
	r.at += 2
	r.emit(item{op: opBack, a: byte(index)})
	return nil
}

func (r *compiler) balance() error {
	if len(r.rest()) < 4 {
		return errBalance
	}
	r.emit(item{op: opBalance, a: r.text[r.at+2], b: r.text[r.at+3]})
	r.at += 4
	return nil
}

func (r *compiler) frontier() error {
	r.at += 2
	if !strings.HasPrefix(r.rest(), "[") {
		return errFrontier
	}
	set, err := r.bracket()
	r.emit(item{op: opFrontier, set: set})
	return err
}

// oneByte compiles what stands for a single byte.
func (r *compiler) oneByte() (item, error) {
	switch b := r.text[r.at]; b {
	case '[':
		set, err := r.bracket()
		return item{op: opSet, set: set}, err
	case '%':
		escaped := r.text[r.at+1]
		r.at += 2
		if set := classes[escaped]; set != nil {
			return item{op: opSet, set: set}, nil
		}
		return item{op: opByte, a: escaped}, nil
	case '.':
		r.at++
		return item{op: opAny}, nil
	default:
		r.at++
		return item{op: opByte, a: b}, nil
	}
}

// bracket compiles "[set]". The first byte of a set never ends it, so "[]]" holds a bracket; a "-" at either end
// stands for itself.
func (r *compiler) bracket() (*byteSet, error) {
	at := r.at + 1
	complement := strings.HasPrefix(r.text[at:], "^")
	if complement {
		at++
	}
	end := at
	for end == at || end < len(r.text) && r.text[end] != ']' {
		if strings.HasPrefix(r.text[end:], "%") {
			end++
		}
		end++
	}
	if end >= len(r.text) {
		return nil, errMissingBracket
	}
	r.at = end + 1
	set := &byteSet{}
	for ; at < end; at++ {
		switch b := r.text[at]; {
		case b == '%':
			at++
			set.addEscaped(r.text[at])
		case at+2 < end && r.text[at+1] == '-':
			set.addRange(b, r.text[at+2])
			at += 2
		default:
			set.addRange(b, b)
		}
	}
	if complement {
		set.invert()
	}
	return set, nil
}
