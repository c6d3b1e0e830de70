package syntax

import (
	"fmt"

	"showrun/runtime/script/chunk"
)

// parser reads the tokens of a text that compiles.
type parser struct {
	file   *File
	tokens []chunk.Token
	n      int
	fn     *Function
	scope  map[string][]*Variable // by name, the innermost last
	blocks [][]*Variable
}

// Parse reads a text that package chunk compiles; the error is that of one which it does not.
func Parse(text, name string) (f *File, err error) {
	tokens, comments, err := chunk.Tokens(text, name)
	if err != nil {
		return nil, err
	}
	f = &File{Name: name, Comments: comments, text: text, lines: []int{0}}
	for i := range len(text) {
		if text[i] == '\n' {
			f.lines = append(f.lines, i+1)
		}
	}
	p := &parser{file: f, tokens: tokens, scope: map[string][]*Variable{}}
	defer func() {
		if e, ok := recover().(wrong); ok {
			line, column := f.Place(int(e))
			f, err = nil, &chunk.Error{Name: name, Line: line, Column: column, Message: "syntax error"}
		}
	}()
	f.Main = &Function{Rest: true}
	p.fn = f.Main
	p.open()
	p.declare("arg", 0).Param = true
	f.Main.Body = p.statements()
	p.close()
	if p.n < len(tokens) {
		panic(wrong(p.at()))
	}
	return f, nil
}

// wrong is a place where something else has to stand.
type wrong int

func (p *parser) at() int {
	if p.n < len(p.tokens) {
		return p.tokens[p.n].At
	}
	return len(p.file.text)
}

func (p *parser) here() At { return At(p.at()) }

// peek is the next token if it is a word or a sign; "" for the end, numbers and texts.
func (p *parser) peek() string {
	if p.n >= len(p.tokens) || p.tokens[p.n].Kind == '"' || p.tokens[p.n].Kind == '1' {
		return ""
	}
	return p.tokens[p.n].Text
}

func (p *parser) take(text string) bool {
	if p.peek() != text {
		return false
	}
	p.n++
	return true
}

func (p *parser) need(text string) {
	if !p.take(text) {
		panic(wrong(p.at()))
	}
}

func (p *parser) word() (string, int) {
	if p.n >= len(p.tokens) || p.tokens[p.n].Kind != 'a' {
		panic(wrong(p.at()))
	}
	t := p.tokens[p.n]
	p.n++
	return t.Text, t.At
}

func (p *parser) open() { p.blocks = append(p.blocks, nil) }

func (p *parser) close() {
	last := len(p.blocks) - 1
	for _, v := range p.blocks[last] {
		p.scope[v.Name] = p.scope[v.Name][:len(p.scope[v.Name])-1]
	}
	p.blocks = p.blocks[:last]
}

func (p *parser) declare(name string, at int) *Variable {
	v := &Variable{Name: name, At: at, Of: p.fn}
	p.add(v)
	return v
}

func (p *parser) add(v *Variable) {
	p.scope[v.Name] = append(p.scope[v.Name], v)
	p.blocks[len(p.blocks)-1] = append(p.blocks[len(p.blocks)-1], v)
}

// body reads the statements of a block of their own up to one of some words, which stays.
func (p *parser) body() []Stmt {
	p.open()
	defer p.close()
	return p.statements()
}

func (p *parser) statements() (list []Stmt) {
	for {
		switch p.peek() {
		case "end", "else", "elseif", "until":
			return list
		case ";":
			p.n++
			continue
		}
		if p.n >= len(p.tokens) {
			return list
		}
		list = append(list, p.statement())
	}
}

func (p *parser) statement() Stmt {
	at := p.here()
	switch word := p.peek(); word {
	case "do":
		p.n++
		b := &Block{at, p.body()}
		p.need("end")
		return b
	case "while":
		p.n++
		l := &Loop{At: at, Cond: p.expr()}
		p.need("do")
		l.Body = p.body()
		p.need("end")
		return l
	case "repeat":
		p.n++
		l := &Loop{At: at, Until: true}
		p.open()
		l.Body = p.statements()
		p.need("until")
		l.Cond = p.expr()
		p.close()
		return l
	case "if":
		return p.branch(at)
	case "for":
		return p.loop(at)
	case "function":
		return p.define(at)
	case "local":
		return p.local(at)
	case "return":
		p.n++
		r := &Return{At: at}
		switch p.peek() {
		case "end", "else", "elseif", "until", ";":
		default:
			if p.n < len(p.tokens) {
				r.Values = p.list()
			}
		}
		p.take(";")
		return r
	case "break":
		p.n++
		return &Jump{At: at}
	case "goto":
		p.n++
		j := &Jump{At: at}
		j.Label, _ = p.word()
		return j
	case "::":
		p.n++
		l := &Label{At: at}
		l.Name, _ = p.word()
		p.need("::")
		return l
	}
	return p.simple(at)
}

func (p *parser) branch(at At) Stmt {
	s := &If{At: at}
	for more := true; more; {
		p.n++ // if or elseif
		s.Conds = append(s.Conds, p.expr())
		p.need("then")
		s.Bodies = append(s.Bodies, p.body())
		more = p.peek() == "elseif"
	}
	if p.take("else") {
		s.Bodies = append(s.Bodies, p.body())
	}
	p.need("end")
	return s
}

func (p *parser) loop(at At) Stmt {
	p.n++
	f := &For{At: at}
	for more := true; more; more = p.take(",") {
		name, where := p.word()
		f.Vars = append(f.Vars, &Variable{Name: name, At: where, Of: p.fn, Param: true})
	}
	if f.Numeric = p.take("="); !f.Numeric {
		p.need("in")
	}
	f.Over = p.list()
	p.need("do")
	p.open()
	for _, v := range f.Vars {
		p.add(v)
	}
	f.Body = p.statements()
	p.close()
	p.need("end")
	return f
}

func (p *parser) define(at At) Stmt {
	p.n++
	name, where := p.word()
	var target Expr = p.name(name, where)
	method := false
	for p.peek() == "." || p.peek() == ":" {
		p.use(target)
		method = p.peek() == ":"
		p.n++
		key, where := p.word()
		target = &Index{At(where), target, &Text{At(where), key}}
	}
	p.set(target)
	return &Assign{at, []Expr{target}, []Expr{p.function(at, method)}}
}

func (p *parser) local(at At) Stmt {
	p.n++
	if p.take("function") {
		name, where := p.word()
		v := p.declare(name, where)
		fn := p.function(at, false)
		v.Value = fn
		return &Local{at, []*Variable{v}, []Expr{fn}}
	}
	s := &Local{At: at}
	for more := true; more; more = p.take(",") {
		name, where := p.word()
		s.Vars = append(s.Vars, &Variable{Name: name, At: where, Of: p.fn})
	}
	if p.take("=") {
		s.Values = p.list()
	}
	for i, v := range s.Vars {
		if i < len(s.Values) {
			v.Value = s.Values[i]
		}
		p.add(v)
	}
	return s
}

// simple is a call or an assignment.
func (p *parser) simple(at At) Stmt {
	e := p.suffixed()
	if call, ok := e.(*Call); ok && p.peek() != "=" && p.peek() != "," {
		return &Do{at, call}
	}
	s := &Assign{At: at, Targets: []Expr{e}}
	for p.take(",") {
		s.Targets = append(s.Targets, p.suffixed())
	}
	p.need("=")
	s.Values = p.list()
	for _, t := range s.Targets {
		if n, ok := t.(*Name); ok && n.Local != nil {
			n.Local.Reads-- // it is not read, as suffixed takes it to be
		}
		p.set(t)
	}
	return s
}

// set notes that something is assigned to.
func (p *parser) set(target Expr) {
	if n, ok := target.(*Name); ok && n.Local != nil {
		n.Local.Sets++
	}
}

// use notes that something is read.
func (p *parser) use(e Expr) {
	if n, ok := e.(*Name); ok && n.Local != nil {
		n.Local.Reads++
	}
}

func (p *parser) name(name string, at int) *Name {
	n := &Name{At: At(at), Name: name}
	if all := p.scope[name]; len(all) > 0 {
		n.Local = all[len(all)-1]
	}
	return n
}

func (p *parser) list() (list []Expr) {
	for more := true; more; more = p.take(",") {
		list = append(list, p.expr())
	}
	return list
}

// String names a place, as in "show.lua:3:7".
func (f *File) String(at int) string {
	line, column := f.Place(at)
	return fmt.Sprintf("%s:%d:%d", f.Name, line, column)
}
