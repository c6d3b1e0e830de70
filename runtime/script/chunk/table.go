package chunk

import (
	"github.com/yuin/gopher-lua/ast"
)

// Constructors of more fields are split: each piece of them is a function, with constants and registers of its own.
const (
	maxFields   = 200
	pieceFields = 100
	flushFields = 50 // that the compiler stores at one go
)

// table repairs a constructor. The compiler stores the positional values fifty at a time, and goes wrong with what
// follows: a field with a key stores the last fifty again, a call at the end stores over the first ones. It also takes a
// call behind a key for one whose values are all wanted when it comes last, and beyond 25550 values stores them
// anywhere. The constants of a function are looked up one after the other, so that a table of many takes minutes.
func (r *repair) table(e *ast.TableExpr, line int) ast.Expr {
	keyed, positional := 0, 0
	for _, f := range e.Fields {
		if f.Key != nil {
			keyed++
			single(f.Value)
		} else {
			positional++
		}
	}
	tail := len(e.Fields) > 0 && e.Fields[len(e.Fields)-1].Key == nil && isMulti(e.Fields[len(e.Fields)-1].Value)
	if len(e.Fields) > maxFields || positional >= flushFields && (keyed > 0 || tail) {
		return r.pieces(e, tail, line)
	}
	for _, f := range e.Fields {
		r.field(f)
	}
	r.mark(e, line, nil)
	return e
}

func (r *repair) field(f *ast.Field) {
	if f.Key != nil {
		f.Key = r.expr(f.Key)
	}
	f.Value = r.expr(f.Value)
}

// pieces makes a function call of a constructor:
//
//	(function()
//	  local t = {}
//	  fill(t, 0, (function() return v1, v2, … end)());
//	  (function() t.k1 = w1 t.k2 = w2 … end)()
//	  return t
//	end)()
//
// Fields with a key are stored at once, positional ones in groups of fifty, as in Lua: of two that name the same
// element the same one wins.
func (r *repair) pieces(e *ast.TableExpr, tail bool, line int) ast.Expr {
	vararg := false
	for _, f := range e.Fields {
		vararg = vararg || within(f.Key, isVararg) || within(f.Value, isVararg)
	}
	return single(r.inside(vararg, line, func() []ast.Stmt {
		t := r.hidden("table", line)
		empty := &ast.TableExpr{}
		r.mark(empty, line, nil)
		out := []ast.Stmt{r.set([]string{t}, []ast.Expr{empty}, line)}
		stored := 0
		for rest := e.Fields; len(rest) > 0; {
			size, positional := group(rest)
			p := piece{t, rest[:size], vararg, tail && size == len(rest), line}
			if positional == 0 {
				out = append(out, r.keyed(p))
			} else {
				out = append(out, r.positional(p, stored))
			}
			stored += positional
			rest = rest[size:]
		}
		back := &ast.ReturnStmt{Exprs: []ast.Expr{r.ident(t, line)}}
		r.mark(back, line, nil)
		return append(out, back)
	}))
}

// piece is a part of a constructor that becomes a function.
type piece struct {
	table  string // the variable that has it
	fields []*ast.Field
	vararg bool
	tail   bool // the last field has as many values as it likes
	line   int
}

// group counts the fields of the next piece, and the positional ones among them. Either there are none, or they are
// fifty, or all that are left.
func group(fields []*ast.Field) (size, positional int) {
	if size = run(fields); fields[0].Key != nil {
		return size, 0
	}
	for size = 0; size < len(fields) && positional < flushFields; size++ {
		if fields[size].Key == nil {
			positional++
		}
	}
	return size, positional
}

// run counts the fields of one kind that come first.
func run(fields []*ast.Field) int {
	n := 1
	for n < min(len(fields), pieceFields) && (fields[n].Key == nil) == (fields[0].Key == nil) {
		n++
	}
	return n
}

// inside makes a call of a function around statements.
func (r *repair) inside(vararg bool, line int, stmts func() []ast.Stmt) *ast.FuncCallExpr {
	f := &ast.FunctionExpr{ParList: &ast.ParList{HasVargs: vararg}}
	r.mark(f, line, nil)
	f.SetLastLine(line)
	depth := r.depth
	r.depth = 0
	r.function(line)
	if r.fn.vararg = vararg; vararg {
		r.hidden("arg", line)
	}
	f.Stmts = stmts()
	r.endFunction()
	r.depth = depth
	c := &ast.FuncCallExpr{Func: f}
	if vararg {
		all := &ast.Comma3Expr{}
		r.mark(all, line, nil)
		c.Args = []ast.Expr{all}
	}
	r.mark(c, line, nil)
	return c
}

func (r *repair) keyed(p piece) ast.Stmt {
	c := r.inside(p.vararg, p.line, func() []ast.Stmt {
		r.resolve(p.table, p.line)
		var out []ast.Stmt
		for _, f := range p.fields {
			r.field(f)
			to := &ast.AttrGetExpr{Object: r.ident(p.table, p.line), Key: f.Key}
			r.mark(to, r.line(f.Key), nil)
			s := &ast.AssignStmt{Lhs: []ast.Expr{to}, Rhs: []ast.Expr{f.Value}}
			r.mark(s, r.line(f.Key), nil)
			out = append(out, s)
		}
		return out
	})
	return r.callStmt(c, p.line)
}

// positional stores the positional values after the n-th. Those with fields with keys behind them wait in local
// variables.
func (r *repair) positional(p piece, n int) ast.Stmt {
	values := r.inside(p.vararg, p.line, func() []ast.Stmt {
		var out []ast.Stmt
		back := &ast.ReturnStmt{}
		for rest := p.fields; len(rest) > 0; {
			size := run(rest)
			part := piece{p.table, rest[:size], p.vararg, false, p.line}
			if rest = rest[size:]; part.fields[0].Key != nil {
				out = append(out, r.keyed(part))
				continue
			}
			values := r.values(part.fields, !p.tail || len(rest) > 0)
			if len(rest) == 0 {
				back.Exprs = append(back.Exprs, values...)
				break
			}
			names := make([]string, size)
			for i := range names {
				names[i] = r.hidden("field", p.line)
			}
			out = append(out, r.set(names, values, p.line))
			for _, name := range names {
				back.Exprs = append(back.Exprs, r.ident(name, p.line))
			}
		}
		r.mark(back, p.line, nil)
		return append(out, back)
	})
	return r.callStmt(r.intrinsic(intrinsicFill, []ast.Expr{r.ident(p.table, p.line), r.number(float64(n), p.line), values}, p.line), p.line)
}

// values repairs positional fields, each for one value; the last one only when alone.
func (r *repair) values(fields []*ast.Field, alone bool) []ast.Expr {
	list := make([]ast.Expr, len(fields))
	for i, f := range fields {
		r.field(f)
		if list[i] = f.Value; alone || i < len(fields)-1 {
			single(f.Value)
		}
	}
	return list
}

func (r *repair) callStmt(c *ast.FuncCallExpr, line int) ast.Stmt {
	s := &ast.FuncCallStmt{Expr: c}
	r.mark(s, line, nil)
	return s
}
