package chunk

import (
	"fmt"
	"strings"
)

// spot is the token at which a text stops to be Lua, and what is around it.
type spot struct {
	tokens []token
	i      int
	open   *opener // the innermost block or bracket that is open; nil when none is
}

// at is the token n places after the one in hand, an empty one beyond the ends of the text.
func (s spot) at(n int) token {
	if i := s.i + n; i >= 0 && i < len(s.tokens) {
		return s.tokens[i]
	}
	return token{}
}

// joined reports whether the token n places after the one in hand follows the one before it without a blank.
func (s spot) joined(n int) bool {
	return s.at(n).at == s.at(n-1).at+len(s.at(n-1).text) && s.at(n-1).text != ""
}

const keywords = " and break do else elseif end false for function goto if in local nil not or repeat return then true until while "

func (t token) oneOf(words string) bool {
	return t.text != "" && t.kind != '"' && strings.Contains(" "+words+" ", " "+t.text+" ")
}

func (t token) keyword() bool { return t.oneOf(keywords) }
func (t token) name() bool    { return t.kind == 'a' && !t.keyword() }

// ends and begins report whether a value can end or begin with the token.
func (t token) ends() bool {
	return t.name() || t.kind == '1' || t.kind == '"' || t.oneOf(") } ] nil true false end ...")
}

func (t token) begins() bool {
	return t.name() || t.kind == '1' || t.kind == '"' || t.oneOf("{ nil true false function not # ...")
}

// mistakes are what people write, the likelier guesses first. Each returns what to write; "" when it is not that.
var mistakes = []func(s spot) string{
	operators, comments, keywordAsName, assignment, headers, foreignWords, functions, declarations, commas, values, statements,
}

// mistake says what was probably meant.
func mistake(s spot) string {
	for _, guess := range mistakes {
		if what := guess(s); what != "" {
			return what
		}
	}
	return ""
}

// operators are those of other languages, from two signs of Lua.
func operators(s spot) string {
	prev, cur, next := s.at(-1), s.at(0), s.at(1)
	if s.joined(1) && cur.oneOf("+ - * / % ^ ..") && next.text == "=" {
		x := "x"
		if prev.name() {
			x = prev.text
		}
		return fmt.Sprintf("there is no %s=; write %s = %s %s …", cur.text, x, x, cur.text)
	}
	pair := ""
	if s.joined(0) {
		pair = prev.text + cur.text
	}
	if s.joined(1) && cur.text+next.text == "++" {
		pair = "++"
	}
	switch pair {
	case "++":
		return "there is no ++; write x = x + 1"
	case "===":
		return "to compare is =="
	case "<>":
		return "not equal is ~="
	case "**":
		return "a power is a ^ b"
	case "<<", ">>":
		return "there are bit.lshift and bit.rshift"
	case "=>", "->":
		return "a function is function(x) … end"
	}
	return ""
}

func comments(s spot) string {
	switch cur := s.at(0).text; {
	case cur == "/" && (s.joined(1) && s.at(1).text == "/" || s.joined(0) && s.at(-1).text == "/"):
		return "a comment begins with --; math.floor(a / b) divides without a rest"
	case cur == "/" && s.joined(1) && s.at(1).text == "*":
		return "a comment of several lines is --[[ … ]]"
	case cur == "#" && s.at(0).indent >= 0 && !s.at(-1).oneOf("= ( { , + - * / .. == ~="):
		return "a comment begins with --"
	}
	return ""
}

// keywordAsName is the name of a variable or field that is a word of the language.
func keywordAsName(s spot) string {
	prev, cur, next := s.at(-1), s.at(0), s.at(1)
	if prev.text == "function" && cur.oneOf("= ,") {
		cur = prev
	} else if !cur.keyword() {
		return ""
	} else if prev.oneOf(". :") {
		return fmt.Sprintf("'%s' is a word of the language; as a field it is written [%q]", cur.text, cur.text)
	} else if !prev.oneOf("local for function goto") && (next.text != "=" || s.at(2).text == "=") {
		return ""
	} else if cur.text == "function" && prev.text == "local" {
		return ""
	}
	return fmt.Sprintf("'%s' is a word of the language and no name", cur.text)
}

// assignment is = in the place of ==, or to what is no variable.
func assignment(s spot) string {
	if s.at(0).text != "=" {
		return ""
	}
	for n := -1; s.at(n).text != "" && s.at(n).line == s.at(0).line && !s.at(n).oneOf("then do {"); n-- {
		if s.at(n).oneOf("if elseif while until and or not return") {
			return "to compare is =="
		}
	}
	switch prev := s.at(-1); {
	case prev.kind == '"' && s.open != nil && s.open.text == "{":
		return fmt.Sprintf("a text as a key is [%s] = …", prev.text)
	case prev.text == ")" && (s.open == nil || s.open.text != "("):
		return "what a call returns cannot be assigned to"
	}
	return ""
}

// headers are those of loops and conditions.
func headers(s spot) string {
	cur := s.at(0)
	if s.open == nil || s.open.done {
		return ""
	}
	word := map[string]string{"if": "then", "while": "do", "for": "do"}[s.open.text]
	switch {
	case word == "":
		return ""
	case s.open.text == "for" && cur.text == ";":
		return "a loop that counts is for i = 1, 10 do … end"
	case s.open.text == "for" && cur.text == "do" && s.at(-2).text == "=":
		return "the limit is missing, as in for i = 1, 10 do"
	case cur.text == "{":
		return fmt.Sprintf("blocks have no braces; this one begins with '%s' and ends with 'end'", word)
	case s.at(-1).ends() && (cur.indent >= 0 || cur.name() || cur.text == ":"):
		return fmt.Sprintf("is '%s' missing for '%s' at line %d?", word, s.open.text, s.open.line)
	}
	return ""
}

// foreign are words of other languages in front of what is no Lua.
var foreign = map[string]string{
	"var": "a variable is declared with local", "let": "a variable is declared with local", "const": "a variable is declared with local",
	"def": "a function is function f(x) … end", "func": "a function is function f(x) … end", "fn": "a function is function f(x) … end",
	"elif": "it is written elseif", "elsif": "it is written elseif", "elsefi": "it is written elseif",
	"import": "a module is read with require", "from": "a module is read with require", "include": "a module is read with require",
	"class": "there are no classes; a table can be one", "switch": "there is no switch; use if and elseif", "case": "there is no switch; use if and elseif",
	"try": "errors are caught with pcall", "catch": "errors are caught with pcall", "new": "objects are made by a call, without new",
	"foreach":  "a loop over a table is for k, v in pairs(t) do … end",
	"continue": "there is no continue; goto next leads to ::next:: before the end of the loop",
}

func foreignWords(s spot) string {
	if prev := s.at(-1); prev.name() && (!s.joined(0) || s.at(0).text == "") {
		return foreign[prev.text]
	}
	return ""
}

func functions(s spot) string {
	prev, cur := s.at(-1), s.at(0)
	head := s.open != nil && s.open.text == "(" && s.open.of == "function"
	switch {
	case prev.text == "function" && cur.text == "(":
		return "a function that is a statement has a name"
	case prev.text == "function" && cur.name():
		return "a function in an expression has no name"
	case s.at(-2).text == "function" && prev.name() && cur.name():
		return fmt.Sprintf("parameters stand in brackets, as in function %s(%s)", prev.text, cur.text)
	case head && cur.text != ")" && !cur.keyword():
		return "parameters are names"
	case cur.oneOf("{ :") && prev.text == ")" && s.open != nil && s.open.text == "function":
		return "the body of a function begins after the bracket and ends with 'end'"
	}
	return ""
}

func declarations(s spot) string {
	if s.at(-2).text != "local" || !s.at(-1).name() {
		return ""
	}
	switch s.at(0).text {
	case ".", "[":
		return "only a name is local; a field is assigned without it"
	case ":":
		return "variables have no types"
	case "<":
		return "there are no attributes of variables"
	}
	return ""
}

// commas are those between the parts of a table or call, and what is in their place.
func commas(s spot) string {
	prev, cur := s.at(-1), s.at(0)
	if s.open == nil || !s.open.oneOf("( { [") {
		return ""
	}
	in := s.open.text
	switch {
	case in == "[" && cur.text == "=":
		return fmt.Sprintf("is '[' at line %d closed?", s.open.line)
	case in == "{" && prev.text == ":":
		return "a field of a table is x = 1"
	case in == "{" && cur.text == ":" && prev.kind == '"':
		return fmt.Sprintf("a text as a key is [%s] = …", prev.text)
	case cur.text == "," || prev.text == "," && cur.oneOf(") }"):
		return "a value is missing beside the comma"
	case cur.begins() && prev.ends(), s.open.line < cur.line && cur.kind == 'a':
		return fmt.Sprintf("is '%s' at line %d closed, and a comma between its parts?", in, s.open.line)
	}
	return ""
}

// values are missing after what needs one.
func values(s spot) string {
	if prev := s.at(-1); prev.oneOf("= + - * / % ^ .. == ~= < > <= >= and or not # return") && !s.at(0).begins() {
		return fmt.Sprintf("a value is missing after '%s'", prev.text)
	}
	return ""
}

// statements are values that stand alone.
func statements(s spot) string {
	cur, n := s.at(0), -1
	for s.at(n-1).oneOf(". :") && s.at(n).name() {
		n -= 2
	}
	first := s.at(n)
	if begins := s.at(n-1).text == "" || first.indent >= 0 || s.at(n-1).oneOf("then do else repeat ;"); first.name() && begins {
		switch {
		case s.at(-2).text == ":":
			return "a method is called, as in a:b()"
		case cur.begins() && cur.line == first.line:
			return fmt.Sprintf("a call has brackets, as in %s(…)", first.text)
		}
		return "a statement assigns a value or calls a function"
	}
	for n := -1; s.at(n).text != "" && !s.at(n).oneOf("then do else end function ; repeat"); n-- {
		if s.at(n).text == "return" {
			return "return is the last statement of its block"
		}
	}
	if cur.kind == '1' || cur.kind == '"' {
		return "a statement assigns a value or calls a function"
	}
	return ""
}
