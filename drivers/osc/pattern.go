package osc

import "strings"

// maxSteps bounds the work of a Match, in characters looked at (PROTOCOL.md ruling 2).
// Real addresses need some dozens.
const maxSteps = 10_000

// Match reports whether an address pattern matches an address as a whole
// (PROTOCOL.md, "Facts"):
//
//	?          any one character
//	*          any characters, also none
//	[a-cx]     a, b, c or x
//	[!a-cx]    any character but those
//	{foo,bar}  one of the words
//
// None of them matches a /, so a pattern has as many parts as what it matches. A
// pattern with a bracket or brace that is not closed matches nothing, and neither
// does one that takes more than 10,000 steps to decide.
func Match(pattern, address string) bool {
	steps := maxSteps
	return match(pattern, address, &steps)
}

func match(p, a string, steps *int) bool {
	for len(p) > 0 {
		if *steps--; *steps < 0 {
			return false
		}
		switch p[0] {
		case '*':
			p = strings.TrimLeft(p, "*")
			for i := 0; ; i++ {
				if match(p, a[i:], steps) {
					return true
				}
				if i == len(a) || a[i] == '/' || *steps < 0 {
					return false
				}
			}
		case '{':
			words, rest, closed := strings.Cut(p[1:], "}")
			if *steps -= len(words); !closed {
				return false
			}
			for word := range strings.SplitSeq(words, ",") {
				if tail, ok := strings.CutPrefix(a, word); ok && !strings.Contains(word, "/") && match(rest, tail, steps) {
					return true
				}
				if *steps--; *steps < 0 {
					return false
				}
			}
			return false
		case '[':
			set, rest, closed := strings.Cut(p[1:], "]")
			*steps -= len(set)
			if !closed || len(a) == 0 || a[0] == '/' || !inSet(set, a[0]) {
				return false
			}
			p, a = rest, a[1:]
		case '?':
			if len(a) == 0 || a[0] == '/' {
				return false
			}
			p, a = p[1:], a[1:]
		default:
			if len(a) == 0 || a[0] != p[0] {
				return false
			}
			p, a = p[1:], a[1:]
		}
	}
	return len(a) == 0
}

// IsPattern reports whether an address of a message is a pattern, which may match several
// addresses.
func IsPattern(address string) bool { return strings.ContainsAny(address, "*?[{") }

// Meets reports whether a message with an address, or with a pattern for addresses, is for
// who listens to an address or to a pattern: whether one of the two matches the other.
func Meets(listened, address string) bool {
	return Match(listened, address) || IsPattern(address) && Match(address, listened)
}

// inSet tells whether a character is in the text between brackets. A - at
// either end of it stands for itself.
func inSet(set string, c byte) bool {
	set, not := strings.CutPrefix(set, "!")
	in := false
	for i := 0; i < len(set); i++ {
		if i+2 < len(set) && set[i+1] == '-' {
			in = in || set[i] <= c && c <= set[i+2]
			i += 2
			continue
		}
		in = in || set[i] == c
	}
	return in != not
}
