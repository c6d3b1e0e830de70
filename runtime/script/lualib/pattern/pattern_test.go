package pattern

import (
	"fmt"
	"strings"
	"testing"
)

// describe finds a pattern in a subject and writes the match and its captures.
func describe(t testing.TB, subject, text string, from int) string {
	p, err := Compile(text, true)
	if err != nil {
		return err.Error()
	}
	s := Search{Pattern: p, Meter: Meter{LookUp: func(int, int) {}}, Subject: subject}
	start, end := s.Find(from)
	if start < 0 {
		return "none"
	}
	out := fmt.Sprintf("%d-%d", start, end)
	for i := range max(p.Captures(), 1) {
		c, err := s.Capture(i)
		if err != nil {
			t.Fatal(err)
		}
		if c.Position > 0 {
			c.Text = fmt.Sprintf("@%d", c.Position)
		}
		out += " " + c.Text
	}
	if _, err := s.Capture(max(p.Captures(), 1)); err != ErrCaptureIndex {
		t.Errorf("%s: a capture too many gave %v", text, err)
	}
	return out
}

func TestFind(t *testing.T) {
	for _, c := range []struct {
		subject, pattern string
		from             int
		want             string
	}{
		{"hello", "l+", 0, "2-4 ll"}, {"hello", "l-", 0, "0-0 "}, {"hello", "^l", 0, "none"}, {"hello", "^l", 2, "2-3 l"}, {"hello", "o$", 0, "4-5 o"},
		{"a$b", "a$b", 0, "0-3 a$b"}, {"hello", "(h)(.)()", 0, "0-2 h e @3"}, {"hello", "((h)e)", 0, "0-2 he h"}, {"", "", 0, "0-0 "}, {"x", "", 1, "1-1 "},
		{"aab", "a?ab", 0, "0-3 aab"}, {"ab", "a?a?b", 0, "0-2 ab"}, {"aaa", "a-b", 0, "none"}, {"aXaX", "(.)X%1X", 0, "0-4 a"}, {"xx", "()x%1", 0, "none"},
		{"f(a(b)c)(", "%b()", 0, "1-8 (a(b)c)"}, {"((", "%b()", 0, "none"}, {"'x'", "%b''", 0, "0-3 'x'"}, {"THE (fox)", "%f[%l]%l+", 0, "5-8 fox"}, {"ab", "%f[%z]", 0, "2-2 "},
		{"a]b", "[]]", 0, "1-2 ]"}, {"a]b", "[^]]+", 0, "0-1 a"}, {"a-b", "[a-]+", 0, "0-2 a-"}, {"a-b", "[%-b]+", 0, "1-3 -b"}, {"x^", "[x^]+", 0, "0-2 x^"}, {"b]", "[a-%]]", 0, "1-2 ]"},
		{"a\x00b", "\x00", 0, "1-2 \x00"}, {"a\x00b", "%z", 0, "1-2 \x00"}, {"a\x00b", "[^\x00]+", 1, "2-3 b"}, {"é", "[\xc3][\xa9]", 0, "0-2 é"}, {"*+", "*+", 0, "0-1 *"}, {"-", "-", 0, "0-1 -"},
		{"a1 _", "%w+", 0, "0-2 a1"}, {"a1 _", "%W+", 0, "2-4  _"}, {"a1 _", "[%d%s]+", 0, "1-3 1 "}, {"Ab", "%u%l", 0, "0-2 Ab"}, {"\t!", "%c%p", 0, "0-2 \t!"}, {"xfG", "%x+", 0, "1-2 f"},
	} {
		if got := describe(t, c.subject, c.pattern, c.from); got != c.want {
			t.Errorf("%q in %q from %d gave %q, want %q", c.pattern, c.subject, c.from, got, c.want)
		}
	}
}

func TestMalformed(t *testing.T) {
	for text, want := range map[string]error{
		"%": ErrEndsWithEscape, "a%": ErrEndsWithEscape, "[": ErrMissingBracket, "[]": ErrMissingBracket, "[^": ErrMissingBracket, "[^]": ErrMissingBracket,
		"[a": ErrMissingBracket, "[a%": ErrMissingBracket, "[a%]": ErrMissingBracket, "[a-%]": ErrMissingBracket, "%b": ErrBalance, "%bx": ErrBalance,
		"%f": ErrFrontier, "%fa": ErrFrontier, "%f[a": ErrMissingBracket, "%0": ErrCaptureIndex, "%1": ErrCaptureIndex, "(%1)": ErrCaptureIndex,
		"(a)%2": ErrCaptureIndex, ")": ErrCaptureClose, "(a))": ErrCaptureClose, "(": ErrCaptureOpen, "((a)": ErrCaptureOpen,
		strings.Repeat("()", 33): ErrCaptures, strings.Repeat("(", 33): ErrCaptures,
		strings.Repeat("a*", maxRepetitions+1): ErrTooComplex, strings.Repeat("a", maxPattern+1): ErrTooComplex,
	} {
		if _, err := Compile(text, true); err != want {
			t.Errorf("%.20q gave %v, want %v", text, err, want)
		}
	}
	for _, text := range []string{strings.Repeat("()", 32), strings.Repeat("a*", maxRepetitions), strings.Repeat("a", maxPattern), "[%]]", "*", "^", "$", "^$"} {
		if _, err := Compile(text, true); err != nil {
			t.Errorf("%.20q gave %v", text, err)
		}
	}
}

// TestAnchor checks both meanings of "^".
func TestAnchor(t *testing.T) {
	for anchor, want := range map[bool]int{true: -1, false: 1} {
		p, err := Compile("^a", anchor)
		if err != nil {
			t.Fatal(err)
		}
		s := Search{Pattern: p, Meter: Meter{LookUp: func(int, int) {}}, Subject: "x^a"}
		if start, _ := s.Find(0); start != want || p.Anchored() != anchor {
			t.Errorf("with anchor %t: found at %d, anchored %t", anchor, start, p.Anchored())
		}
	}
}

// spent is the panic that ends a search after too many steps.
type spent struct{ steps int }

// bounded finds a pattern with a limit of steps and returns how many it took, the limit and a little more at most.
func bounded(p *Pattern, subject string, limit int) (steps int) {
	s := Search{Pattern: p, Subject: subject}
	s.LookUp = func(_, n int) {
		if n > limit {
			panic(spent{n})
		}
	}
	defer func() {
		if r := recover(); r != nil {
			steps = r.(spent).steps
		}
	}()
	s.Find(0)
	return s.steps + s.pending
}

// TestSteps checks that searches without end are counted as such and that honest ones are cheap.
func TestSteps(t *testing.T) {
	for _, c := range []struct {
		subject, pattern string
		endless          bool
	}{
		{strings.Repeat("a", 26), strings.Repeat("a?", 26) + strings.Repeat("a", 26) + "b", true},
		{strings.Repeat("a", 3000), ".-.-.-b", true},
		{strings.Repeat("a", 3000), ".*.*.*b", true},
		{strings.Repeat("(", 100_000), "%b()", true},
		{strings.Repeat("a", 20_000), "(a*)%1b", true},
		{strings.Repeat("a", 100_000), "^.*$", false},
		{strings.Repeat("a", 1_000_000), "b", false},
		{strings.Repeat("(", 50_000) + strings.Repeat(")", 50_000), "%b()", false},
	} {
		p, err := Compile(c.pattern, true)
		if err != nil {
			t.Fatal(err)
		}
		const limit = 100_000
		if steps := bounded(p, c.subject, limit); steps > limit != c.endless || steps > limit+len(c.subject)/8+StepsPerLook {
			t.Errorf("%.20q took %d steps", c.pattern, steps)
		}
	}
}

// FuzzSearch checks that no pattern makes Compile or Find panic or pass its limit of steps, and that every match lies
// in the subject.
func FuzzSearch(f *testing.F) {
	for _, seed := range [][2]string{
		{"hello world", "(l+)()"}, {"aaaa", "a?a?a?a?aaaa"}, {"f(a(b)c)", "%b()%1"}, {"THE (quick) fox", "%f[%a]%a+%f[^%a]"},
		{"a]b", "[]%]^-]*$"}, {"key = v", "^(%w+)%s-=%s*(.-)$"}, {"x", "(()("}, {"\x00\xff", "[^%z\x80-\xff]"}, {"aXb", "[a-%]]"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, subject, text string) {
		p, err := Compile(text, true)
		if err != nil {
			return
		}
		const limit = 20_000
		if steps := bounded(p, subject, limit); steps > limit+len(subject)/8+StepsPerLook {
			t.Errorf("%d steps", steps)
		} else if steps <= limit {
			describe(t, subject, text, 0)
		}
	})
}
