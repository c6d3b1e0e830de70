package wire

import (
	"bytes"
	"encoding/json"
	"iter"
	"unicode/utf8"
)

// The functions here walk JSON that json.Valid has accepted, so they need no
// errors of their own and never read past the end.

// space returns the first position from i on that is not white space.
func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// skipText returns the position after the string that begins at i.
func skipText(b []byte, i int) int {
	for i++; b[i] != '"'; i++ {
		if b[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// skip returns the position after the value that begins at i.
func skip(b []byte, i int) int {
	depth := 0
	for {
		switch b[i] {
		case '"':
			i = skipText(b, i)
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case ',', ':', ' ', '\t', '\n', '\r':
			i++ // inside of a list only
		default: // a number or a word
			for i < len(b) && bytes.IndexByte([]byte(",]} \t\n\r"), b[i]) < 0 {
				i++
			}
		}
		if depth == 0 {
			return i
		}
	}
}

// members gives the keys, with quotes, and values of an object.
func members(b []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		for i := space(b, 1); b[i] != '}'; {
			end := skipText(b, i)
			key := b[i:end]
			i = space(b, space(b, end)+1) // after the colon
			end = skip(b, i)
			if !yield(key, b[i:end]) {
				return
			}
			if i = space(b, end); b[i] == ',' {
				i = space(b, i+1)
			}
		}
	}
}

// elements gives the values of an array.
func elements(b []byte) iter.Seq[[]byte] {
	return func(yield func(value []byte) bool) {
		for i := space(b, 1); b[i] != ']'; {
			end := skip(b, i)
			if !yield(b[i:end]) {
				return
			}
			if i = space(b, end); b[i] == ',' {
				i = space(b, i+1)
			}
		}
	}
}

// rawText reads a string value, in place when it can.
func rawText(raw []byte) ([]byte, bool) {
	if len(raw) < 2 || raw[0] != '"' {
		return nil, false
	}
	inner := raw[1 : len(raw)-1]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return inner, true
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return nil, false
	}
	return []byte(s), true
}

// text reads a string value.
func text(raw []byte) (string, bool) {
	b, ok := rawText(raw)
	return string(b), ok
}

// integer reads a number without fraction and exponent.
func integer(raw []byte) (int, bool) {
	digits, negative := bytes.CutPrefix(raw, []byte("-"))
	if len(digits) == 0 {
		return 0, false
	}
	var n int64
	for _, d := range digits {
		if d < '0' || d > '9' {
			return 0, false
		}
		if n = n*10 + int64(d-'0'); n > maxNumber {
			return 0, false
		}
	}
	if negative {
		n = -n
	}
	return int(n), true
}
