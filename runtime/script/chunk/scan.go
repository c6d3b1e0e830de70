package chunk

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"showrun/runtime/script/lualib/format"
)

// maxBrackets is how many brackets may be in one another: the parser recurses.
const maxBrackets = 200

// token is a word, number, text or sign of a Lua text.
type token struct {
	kind   byte // 'a' word, '1' number, '"' text, or the first byte of a sign
	text   string
	line   int
	at     int // where it begins, in bytes
	start  int // where its line begins
	indent int // of its line, in bytes; -1 when it is not the first of its line
}

// scanner reads tokens.
type scanner struct {
	name, text string
	at         int
	line       int
	start      int // where the line begins
	fresh      bool
	bare       []byte
	comments   []token // those that go up to the end of a line
}

// scan splits a text into tokens. bare is the text with blanks in the place of comments: the scanner of gopher-lua
// takes "--[====" for a long comment that is not closed. Its parser takes { 1, , 2 }, which is refused here.
func scan(text, name string) (tokens, comments []token, bare string) {
	s := &scanner{name: name, text: text, line: 1, fresh: true, bare: []byte(text)}
	depth := 0
	for {
		s.blanks()
		if s.at >= len(text) {
			return tokens, s.comments, string(s.bare)
		}
		t := token{line: s.line, at: s.at, start: s.start, indent: -1}
		if s.fresh {
			t.indent = s.at - s.start
			s.fresh = false
		}
		from := s.at
		t.kind = s.next()
		t.text = text[from:s.at]
		switch t.kind {
		case '(', '{', '[':
			if depth++; depth > maxBrackets {
				s.fail(t.line, s.column(from), "brackets are nested deeper than %d", maxBrackets)
			}
		case ')', '}', ']':
			depth--
		}
		if n := len(tokens); n > 0 && (t.text == "," && tokens[n-1].oneOf(", ; { (") || t.text == ";" && tokens[n-1].oneOf(", {")) {
			s.fail(t.line, s.column(from), "syntax error (a value is missing beside the comma) near '%s'", t.text)
		}
		tokens = append(tokens, t)
	}
}

// column is the column of a place in the line that begins at start, in characters from 1.
func column(text string, start, at int) int { return utf8.RuneCountInString(text[start:at]) + 1 }

func (s *scanner) column(at int) int { return column(s.text, s.start, at) }

func (s *scanner) fail(line, column int, format string, args ...any) {
	panic(&Error{Name: s.name, Line: line, Column: column, Message: fmt.Sprintf(format, args...)})
}

func (s *scanner) peek(n int) byte {
	if s.at+n < len(s.text) {
		return s.text[s.at+n]
	}
	return 0
}

// newline goes over the end of a line, "\r\n" being one.
func (s *scanner) newline() {
	c := s.text[s.at]
	s.at++
	if n := s.peek(0); (n == '\n' || n == '\r') && n != c {
		s.at++
	}
	s.line++
	s.start, s.fresh = s.at, true
}

func (s *scanner) blanks() {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == '\n' || c == '\r':
			s.newline()
		case c == ' ' || c == '\t' || c == '\v' || c == '\f':
			s.bare[s.at] = ' '
			s.at++
		case c == '-' && s.peek(1) == '-':
			s.comment()
		default:
			return
		}
	}
}

func (s *scanner) comment() {
	from := s.at
	s.at += 2
	if level := s.longBracket(); level >= 0 {
		fresh := s.fresh
		s.long(level, "comment")
		s.fresh = fresh && s.fresh
	} else {
		for s.at < len(s.text) && s.text[s.at] != '\n' && s.text[s.at] != '\r' {
			s.at++
		}
		s.comments = append(s.comments, token{text: s.text[from:s.at], at: from})
	}
	for i := from; i < s.at; i++ {
		if c := s.bare[i]; c != '\n' && c != '\r' {
			s.bare[i] = ' '
		}
	}
}

// longBracket is the number of = in a long bracket that opens here; -1 when none does.
func (s *scanner) longBracket() int {
	if s.peek(0) != '[' {
		return -1
	}
	n := 0
	for s.peek(1+n) == '=' {
		n++
	}
	if s.peek(1+n) != '[' {
		return -1
	}
	return n
}

func (s *scanner) long(level int, what string) {
	line, from, start := s.line, s.at, s.start
	s.at += level + 2
	end := "]" + strings.Repeat("=", level) + "]"
	for !strings.HasPrefix(s.text[s.at:], end) {
		switch {
		case s.at >= len(s.text):
			s.fail(line, column(s.text, start, from), "this long %s is not closed; it ends with %s", what, end)
		case s.text[s.at] == '\n' || s.text[s.at] == '\r':
			s.newline()
		default:
			s.at++
		}
	}
	s.at += len(end)
}

// next goes over one token and returns its kind.
func (s *scanner) next() byte {
	c := s.text[s.at]
	switch {
	case isLetter(c):
		s.letters()
		return 'a'
	case isDigit(c) || c == '.' && isDigit(s.peek(1)):
		s.numeral()
		return '1'
	case c == '"' || c == '\'':
		s.quoted(c)
		return '"'
	case s.longBracket() >= 0:
		s.long(s.longBracket(), "text")
		return '"'
	}
	for _, sign := range []string{"...", "..", "==", "~=", "<=", ">=", "::"} {
		if strings.HasPrefix(s.text[s.at:], sign) {
			s.at += len(sign)
			return c
		}
	}
	if strings.IndexByte("+-*/%^#<>=(){}[];:,.", c) < 0 {
		s.strange()
	}
	s.at++
	return c
}

func isLetter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

func (s *scanner) letters() {
	for s.at < len(s.text) && (isLetter(s.text[s.at]) || isDigit(s.text[s.at])) {
		s.at++
	}
}

func (s *scanner) numeral() {
	from := s.at
	for isDigit(s.peek(0)) || s.peek(0) == '.' {
		s.at++
	}
	if c := s.peek(0) | 0x20; c == 'e' {
		s.at++
		if c := s.peek(0); c == '+' || c == '-' {
			s.at++
		}
	}
	s.letters()
	if text := s.text[from:s.at]; !readable(text) {
		s.fail(s.line, s.column(from), "malformed number near '%s'", text)
	}
}

func readable(number string) bool {
	_, ok := format.ParseNumber(number)
	return ok
}

func (s *scanner) quoted(quote byte) {
	line, from, start := s.line, s.at, s.start
	s.at++
	for s.peek(0) != quote || s.at >= len(s.text) {
		switch {
		case s.at >= len(s.text) || s.text[s.at] == '\n' || s.text[s.at] == '\r':
			s.fail(line, column(s.text, start, from), "this text is not closed; a %c is missing at its end", quote)
		case s.text[s.at] != '\\':
			s.at++
		default:
			s.at++
			s.escape()
		}
	}
	s.at++
}

// escape goes over what follows a backslash.
func (s *scanner) escape() {
	c := s.peek(0)
	if c == '\n' || c == '\r' {
		s.newline()
		return
	}
	value, digits := 0, 0
	for ; digits < 3 && isDigit(s.peek(digits)); digits++ {
		value = value*10 + int(s.peek(digits)-'0')
	}
	if value > 255 {
		s.fail(s.line, s.column(s.at-1), "escape sequence too large near '\\%d'; a byte is at most 255", value)
	}
	s.at += max(digits, 1)
}

// quotes are what word processors make of " and '.
const quotes = "“”„‟«»‘’‚‛`´"

// lookalikes are signs that are taken for others, or that nobody sees.
var lookalikes = map[rune]string{
	'−': "minus is -", '–': "minus is -", '—': "minus is -", '×': "times is *", '÷': "divided by is /", '²': "a power is a ^ b",
	'≠': "not equal is ~=", '≤': "it is written <=", '≥': "it is written >=", '…': "it is written ...", '，': "a comma is ,",
	'\u00a0': "it is a space that does not break; put a plain one", '\u2028': "it is the end of a line to some editors only",
	'\u200b': "it is a space without width; take it out", '\ufeff': "it is a mark of byte order; take it out", '\u2009': "it is a narrow space; put a plain one",
}

// foreignSigns are operators of other languages.
var foreignSigns = []struct{ sign, meaning string }{
	{"!=", "not equal is written ~="}, {"&&", "Lua has 'and' for it"}, {"||", "Lua has 'or' for it"}, {"!", "Lua has 'not' for it"},
	{"&", "there is bit.band(a, b); for conditions there is 'and'"}, {"|", "there is bit.bor(a, b); for conditions there is 'or'"},
	{"?", "in place of a ? b : c there is a and b or c"}, {"~", "not equal is ~=, and for conditions there is 'not'"},
}

// strange says what a sign is that Lua does not know.
func (s *scanner) strange() {
	c, size := utf8.DecodeRuneInString(s.text[s.at:])
	column, from := s.column(s.at), s.at
	for from > s.start && isLetter(s.text[from-1]) {
		from--
	}
	for _, f := range foreignSigns {
		if strings.HasPrefix(s.text[s.at:], f.sign) {
			s.fail(s.line, column, "unexpected %s; %s", f.sign, f.meaning)
		}
	}
	switch {
	case c == utf8.RuneError && size <= 1:
		s.fail(s.line, column, "unexpected byte %d (the file is to be saved as UTF-8) near '%s'", s.text[s.at], s.text[s.at:s.at+1])
	case strings.ContainsRune(quotes, c):
		s.fail(s.line, column, "unexpected %c; texts are written in straight quotes: \" or '", c)
	case lookalikes[c] != "":
		s.fail(s.line, column, "unexpected %q (%U); %s", string(c), c, lookalikes[c])
	case unicode.IsLetter(c):
		s.fail(s.line, column, "unexpected %q in '%s'; names are made of a-z, A-Z, 0-9 and _", string(c), s.text[from:s.at]+string(c))
	case c > 127:
		s.fail(s.line, column, "unexpected %q (%U)", string(c), c)
	}
	s.fail(s.line, column, "unexpected %q", string(c))
}
