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
	message := strings.TrimSpace(p.Message)
	if message == "parse error" {
		message = "syntax error"
	}
	if p.Pos.Line == parse.EOF {
		e := &Error{Name: name, Line: strings.Count(strings.TrimRight(text, "\r\n"), "\n") + 1}
		open, early := unclosed(tokens, len(tokens))
		e.Message = message + " near <eof>"
		if open != nil {
			e.Message = fmt.Sprintf("'%s' expected near <eof>, to close the '%s' of line %d", closer(open.text), open.text, open.line)
		}
		if early != nil {
			e.Message += fmt.Sprintf(", by its indent that of line %d: '%s'", early.line, early.text)
		}
		return e
	}
	e := &Error{Name: name, Line: p.Pos.Line, Column: p.Pos.Column, Message: fmt.Sprintf("%s near '%s'", message, p.Token)}
	i := len(tokens)
	for n, t := range tokens {
		if t.line == p.Pos.Line && t.text == p.Token {
			i = n
			if e.Column = column(text, t.start, t.at); t.at-t.start+1 >= p.Pos.Column {
				break
			}
		}
	}
	if i == len(tokens) {
		return e
	}
	open, early := unclosed(tokens, i)
	switch p.Token {
	case "end", "else", "elseif", "until":
		if open == nil {
			e.Message = fmt.Sprintf("'%s' without anything to close", p.Token)
		} else if closer(open.text) != p.Token {
			e.Message = fmt.Sprintf("'%s' expected near '%s', to close the '%s' of line %d", closer(open.text), p.Token, open.text, open.line)
		}
	case ")", "}", "]":
		if open != nil && closer(open.text) != p.Token {
			e.Message = fmt.Sprintf("'%s' expected near '%s', to close the '%s' of line %d", closer(open.text), p.Token, open.text, open.line)
		}
	case "=":
		if i > 0 && open != nil && (open.text == "if" || open.text == "while") {
			e.Message += "; to compare is =="
		}
	default:
		if open != nil && strings.Contains("({[", open.text) && open.line < p.Pos.Line {
			e.Message += fmt.Sprintf("; is the '%s' of line %d closed, and is there a comma between its parts?", open.text, open.line)
		}
	}
	if early != nil {
		e.Message += fmt.Sprintf("; by its indent the '%s' of line %d is not closed", early.text, early.line)
	}
	return e
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
	indent int  // of its line
	done   bool // for a loop: its do has been there
}

// unclosed finds the innermost block or bracket that is open before token end, and the first one whose closing word
// stands further to the left than itself, which is rather that of a block around it.
func unclosed(tokens []token, end int) (open, early *token) {
	var stack []opener
	indent := 0
	for i := range tokens[:end] {
		t := &tokens[i]
		if t.indent >= 0 {
			indent = t.indent
		}
		n := len(stack)
		switch t.text {
		case "do":
			if n > 0 && (stack[n-1].text == "for" || stack[n-1].text == "while") && !stack[n-1].done {
				stack[n-1].done = true
				continue
			}
			stack = append(stack, opener{t, indent, false})
		case "function", "if", "for", "while", "repeat", "(", "{", "[":
			stack = append(stack, opener{t, indent, false})
		case "end", "until", ")", "}", "]":
			if n == 0 {
				continue
			}
			if t.indent >= 0 && t.indent < stack[n-1].indent && early == nil {
				early = stack[n-1].token
			}
			stack = stack[:n-1]
		}
	}
	if n := len(stack); n > 0 {
		open = stack[n-1].token
	}
	return open, early
}
