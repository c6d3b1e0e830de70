// Package pattern finds patterns (Lua 5.1 Reference Manual, section 5.4.1) in strings, by backtracking, with every step
// counted: a search that would take for ever is ended from outside through its Meter.
//
// A pattern is compiled first, so a malformed one is an error wherever the fault stands; "\0" is an ordinary byte.
package pattern

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

// The errors of Compile, in the words of Lua. ErrTooComplex is our own, for patterns beyond the limits.
var (
	ErrEndsWithEscape = errors.New("malformed pattern (ends with '%')")
	ErrMissingBracket = errors.New("malformed pattern (missing ']')")
	ErrBalance        = errors.New("unbalanced pattern")
	ErrFrontier       = errors.New("missing '[' after '%f' in pattern")
	ErrCaptureIndex   = errors.New("invalid capture index")
	ErrCaptureClose   = errors.New("invalid pattern capture")
	ErrCaptureOpen    = errors.New("unfinished capture")
	ErrCaptures       = errors.New("too many captures")
	ErrTooComplex     = errors.New("pattern too complex")
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

// Pattern is a compiled pattern. It never changes.
type Pattern struct {
	items    []item
	anchored bool
	captures int
}

// Anchored reports whether the pattern matches only where the search begins.
func (p *Pattern) Anchored() bool { return p.anchored }

// Captures is the number of captures in the pattern, 32 at most.
func (p *Pattern) Captures() int { return p.captures }

// compiler reads a pattern from left to right.
type compiler struct {
	text        string
	at          int
	out         Pattern
	open        []byte // captures begun and not ended
	closed      [maxCaptures]bool
	repetitions int
}

// Compile compiles a pattern; "%f[set]", which the manual of 5.1 does not mention, is one too. With anchor a leading
// "^" ties the match to the place where the search begins, without it is a byte like others.
func Compile(text string, anchor bool) (*Pattern, error) {
	if len(text) > maxPattern {
		return nil, ErrTooComplex
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
		return nil, ErrCaptureOpen
	}
	if r.repetitions > maxRepetitions {
		return nil, ErrTooComplex
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
			return ErrEndsWithEscape
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
		return ErrCaptures
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
		return ErrCaptureClose
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
		return ErrCaptureIndex
	}
	r.at += 2
	r.emit(item{op: opBack, a: byte(index)})
	return nil
}

func (r *compiler) balance() error {
	if len(r.rest()) < 4 {
		return ErrBalance
	}
	r.emit(item{op: opBalance, a: r.text[r.at+2], b: r.text[r.at+3]})
	r.at += 4
	return nil
}

func (r *compiler) frontier() error {
	r.at += 2
	if !strings.HasPrefix(r.rest(), "[") {
		return ErrFrontier
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
		return nil, ErrMissingBracket
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
