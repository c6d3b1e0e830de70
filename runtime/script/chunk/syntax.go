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
	e := &Error{Name: name, Line: p.Pos.Line, Column: p.Pos.Column, Message: "syntax error near '" + p.Token + "'"}
	for i, t := range tokens {
		if t.line == p.Pos.Line && (t.text == p.Token || t.kind == '"' && strings.Contains(t.text, p.Token)) {
			e.Column = column(text, t.start, t.at)
			e.Message = found(tokens, i) + " near '" + t.text + "'"
			if t.at-t.start+1 >= p.Pos.Column {
				break
			}
		}
	}
	if strings.HasPrefix(p.Message, "ambiguous") {
		e.Message = p.Message
	}
	return e
}

// found says what is wrong with token i, which is the end of the text when there is none.
func found(tokens []token, i int) string {
	word := "<eof>"
	if i < len(tokens) {
		word = tokens[i].text
	}
	open, early := unclosed(tokens, i)
	hint := ""
	if early != nil {
		hint = fmt.Sprintf("; by its indent, rather '%s' at line %d", early.text, early.line)
	}
	switch {
	case word == "end" && open == nil, word == "until" && open == nil:
		return "there is nothing to close"
	case open == nil:
		return "syntax error"
	case strings.Contains(" <eof> end else elseif until ) } ] ", " "+word+" ") && closer(open.text) != word:
		return fmt.Sprintf("'%s' expected (to close '%s' at line %d%s)", closer(open.text), open.text, open.line, hint)
	case word == "=" && (open.text == "if" || open.text == "while"):
		return "syntax error (to compare is ==)"
	case strings.Contains("({[", open.text) && open.line < tokens[i].line:
		return fmt.Sprintf("syntax error (is '%s' at line %d closed, and a comma between its parts?)", open.text, open.line)
	}
	return "syntax error"
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
