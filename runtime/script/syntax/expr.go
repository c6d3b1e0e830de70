package syntax

import (
	"strings"

	"showrun/runtime/script/lualib/format"
)

// priority is how strongly operators hold what is on their left and on their right.
var priority = map[string][2]int{
	"or": {1, 1}, "and": {2, 2}, "<": {3, 3}, ">": {3, 3}, "<=": {3, 3}, ">=": {3, 3}, "~=": {3, 3}, "==": {3, 3},
	"..": {5, 4}, "+": {6, 6}, "-": {6, 6}, "*": {7, 7}, "/": {7, 7}, "%": {7, 7}, "^": {10, 9},
}

const unaryPriority = 8

func (p *parser) expr() Expr { return p.binary(0) }

func (p *parser) binary(limit int) Expr {
	at := p.here()
	var left Expr
	switch op := p.peek(); op {
	case "not", "-", "#":
		p.n++
		left = &Unary{at, op, p.binary(unaryPriority)}
	default:
		left = p.operand(at)
	}
	for {
		op := p.peek()
		holds, ok := priority[op]
		if !ok || holds[0] <= limit {
			return left
		}
		p.n++
		left = &Binary{at, op, left, p.binary(holds[1])}
	}
}

func (p *parser) operand(at At) Expr {
	if p.n >= len(p.tokens) {
		panic(wrong(p.at()))
	}
	switch t := p.tokens[p.n]; t.Kind {
	case '1':
		p.n++
		f, _ := format.ParseNumber(t.Text)
		return &Number{at, f}
	case '"':
		p.n++
		return &Text{at, unquote(t.Text)}
	}
	switch word := p.peek(); word {
	case "nil", "true", "false":
		p.n++
		return &Constant{at, word}
	case "...":
		p.n++
		return &Rest{at}
	case "{":
		return p.table(at)
	case "function":
		p.n++
		return p.function(at, false)
	}
	return p.suffixed()
}

func (p *parser) function(at At, method bool) *Function {
	fn := &Function{At: at, In: p.fn}
	p.fn = fn
	p.open()
	param := func(name string, at int) {
		v := p.declare(name, at)
		v.Param = true
		fn.Params = append(fn.Params, v)
	}
	if method {
		param("self", int(at))
	}
	p.need("(")
	for !p.take(")") {
		if p.take("...") {
			fn.Rest = true
			p.declare("arg", int(at)).Param = true
		} else {
			param(p.word())
		}
		p.take(",")
	}
	fn.Body = p.statements()
	p.need("end")
	p.close()
	p.fn = fn.In
	return fn
}

func (p *parser) table(at At) Expr {
	t := &Table{At: at}
	p.need("{")
	for !p.take("}") {
		var f Field
		switch {
		case p.take("["):
			f.Key = p.expr()
			p.need("]")
			p.need("=")
		case p.n+1 < len(p.tokens) && p.tokens[p.n].Kind == 'a' && p.tokens[p.n+1].Text == "=":
			word, where := p.word()
			f.Key = &Text{At(where), word}
			p.need("=")
		}
		f.Value = p.expr()
		t.Fields = append(t.Fields, f)
		if !p.take(",") {
			p.take(";")
		}
	}
	return t
}

// suffixed is a name or something in brackets, with what is behind it.
func (p *parser) suffixed() Expr {
	at := p.here()
	var e Expr
	if p.take("(") {
		e = &Unary{at, "(", p.expr()}
		p.need(")")
	} else {
		n := p.name(p.word())
		p.use(n)
		e = n
	}
	for {
		switch p.peek() {
		case ".":
			p.n++
			word, where := p.word()
			e = &Index{At(where), e, &Text{At(where), word}}
		case "[":
			where := p.here()
			p.n++
			e = &Index{where, e, p.expr()}
			p.need("]")
		case ":":
			p.n++
			word, where := p.word()
			e = p.call(&Call{At: at, Func: e, Method: word, NameAt: where})
		case "(", "{":
			e = p.call(&Call{At: at, Func: e, NameAt: e.Place()})
		default:
			if p.n >= len(p.tokens) || p.tokens[p.n].Kind != '"' {
				return e
			}
			e = p.call(&Call{At: at, Func: e, NameAt: e.Place()})
		}
	}
}

func (p *parser) call(c *Call) Expr {
	c.Args = p.args()
	c.End = p.tokens[p.n-1].At
	return c
}

func (p *parser) args() (list []Expr) {
	at := p.here()
	switch {
	case p.take("("):
		if !p.take(")") {
			list = p.list()
			p.need(")")
		}
		return list
	case p.peek() == "{":
		return []Expr{p.table(at)}
	case p.n < len(p.tokens) && p.tokens[p.n].Kind == '"':
		return []Expr{p.operand(at)}
	}
	panic(wrong(p.at()))
}

// unquote is what a text in quotes or long brackets means.
func unquote(s string) string {
	if s[0] == '[' {
		n := strings.IndexByte(s[1:], '[') + 2
		s = strings.TrimPrefix(strings.TrimPrefix(s[n:len(s)-n], "\r"), "\n")
		return s
	}
	s = s[1 : len(s)-1]
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		i++
		value, digits := 0, 0
		for ; digits < 3 && i+digits < len(s) && s[i+digits] >= '0' && s[i+digits] <= '9'; digits++ {
			value = value*10 + int(s[i+digits]-'0')
		}
		switch at := strings.IndexByte("abfnrtv", s[i]); {
		case digits > 0:
			b.WriteByte(byte(value))
			i += digits - 1
		case at >= 0:
			b.WriteByte("\a\b\f\n\r\t\v"[at])
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
