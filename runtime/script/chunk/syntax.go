package chunk

import (
	"errors"
	"fmt"
	"strings"

	"github.com/yuin/gopher-lua/parse"
)

// syntaxError says what the parser found, and where the block begins that is not closed.
func syntaxError(name, text string, tokens []token, err error) error {
	var p *parse.Error
	if !errors.As(err, &p) {
		return &Error{Name: name, Message: err.Error()}
	}
	if p.Pos.Line == parse.EOF {
		lines := strings.Count(strings.TrimRight(text, "\r\n"), "\n") + 1
		return &Error{Name: name, Line: lines, Message: found(tokens, len(tokens)) + " near '<eof>'"}
	}
	i, end := 0, lineStart(text, p.Pos.Line)+p.Pos.Column
	for i < len(tokens)-1 && tokens[i].at+len(tokens[i].text) < end {
		i++
	}
	t := tokens[i]
	e := &Error{Name: name, Line: t.line, Column: column(text, t.start, t.at), Message: found(tokens, i) + " near '" + t.text + "'"}
	if strings.HasPrefix(p.Message, "ambiguous") {
		e.Message = p.Message
	}
	return e
}

// lineStart is where a line begins, in bytes.
func lineStart(text string, line int) int {
	s := &scanner{text: text, line: 1}
	for s.at < len(text) && s.line < line {
		if c := text[s.at]; c == '\n' || c == '\r' {
			s.newline()
		} else {
			s.at++
		}
	}
	return s.at
}

// found says what is wrong with token i, which is the end of the text when there is none.
func found(tokens []token, i int) string {
	word := "<eof>"
	if i < len(tokens) {
		word = tokens[i].text
	}
	open, early := unclosed(tokens, i)
	s := spot{tokens, i, open}
	if what := keywordAsName(s); what != "" {
		return "syntax error (" + what + ")"
	}
	switch {
	case word == "end" && open == nil, word == "until" && open == nil:
		return "there is nothing to close"
	case open != nil && closer(open.text) != word && open.done && strings.Contains(open.ending(), " "+word+" "), open != nil && word == "<eof>":
		return fmt.Sprintf("'%s' expected (to close '%s' at line %d%s)", closer(open.text), open.text, open.line, instead(tokens, open, early))
	}
	if what := mistake(s); what != "" {
		return "syntax error (" + what + ")"
	}
	return "syntax error"
}

// instead guesses which block is rather not closed.
func instead(tokens []token, open *opener, early *token) string {
	for i := 1; i < len(tokens); i++ {
		if t := tokens[i]; t.text == "if" && tokens[i-1].text == "else" && tokens[i-1].line == t.line && t.line >= open.line && open.text == "if" {
			return fmt.Sprintf("; is 'else if' at line %d one word, elseif?", t.line)
		}
	}
	if early != nil {
		return fmt.Sprintf("; by its indent, rather '%s' at line %d", early.text, early.line)
	}
	return ""
}

func closer(opener string) string {
	switch opener {
	case "(":
		return ")"
	case "{":
		return "}"
	case "[":
		return "]"
	case "repeat":
		return "until"
	}
	return "end"
}

// opener is a word or bracket that something has to close.
type opener struct {
	*token
	of     string // the word or sign before it, but for a name between them
	indent int    // of its line
	done   bool   // its head is complete: then or do has been there, where one has to be
}

// unclosed finds the innermost block or bracket that is open before token end, and the first one whose closing word
// stands further to the left than itself, which is rather that of a block around it.
func unclosed(tokens []token, end int) (open *opener, early *token) {
	var stack []opener
	indent := 0
	for i := range tokens[:end] {
		t := &tokens[i]
		if t.indent >= 0 {
			indent = t.indent
		}
		n := len(stack)
		switch t.text {
		case "then", "do":
			if n > 0 && stack[n-1].oneOf("if for while") && !stack[n-1].done {
				stack[n-1].done = true
			} else if t.text == "do" {
				stack = append(stack, opener{t, "", indent, true})
			}
		case "elseif":
			if n > 0 {
				stack[n-1].done = false
			}
		case "if", "for", "while":
			stack = append(stack, opener{t, "", indent, false})
		case "function", "repeat", "(", "{", "[":
			stack = append(stack, opener{t, before(tokens, i), indent, true})
		case "end", "until", ")", "}", "]":
			if n == 0 || i > 0 && tokens[i-1].oneOf(". :") {
				continue
			}
			if t.indent >= 0 && t.indent < stack[n-1].indent && early == nil {
				early = stack[n-1].token
			}
			stack = stack[:n-1]
		}
	}
	if n := len(stack); n > 0 {
		open = &stack[n-1]
	}
	return open, early
}

// ending are the words that cannot stand inside.
func (o *opener) ending() string {
	if o.oneOf("( { [") {
		return " end else elseif until then do ) } ] "
	}
	return " end else elseif until ) } ] "
}

// before is the word or sign in front of token i and of the name that is there, if any.
func before(tokens []token, i int) string {
	for i--; i >= 0; i-- {
		if t := tokens[i]; !t.name() && !t.oneOf(". :") {
			return t.text
		}
	}
	return ""
}
