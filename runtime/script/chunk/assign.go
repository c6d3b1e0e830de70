package chunk

import (
	"github.com/yuin/gopher-lua/ast"
)

// assign repairs an assignment. The compiler computes the right-hand sides straight into the local variables they are
// for, while the others still need the old values; it also loses the value of "x = a and b", and takes a register
// that is in use for the call in "p = (f(p))". All but a plain assignment therefore goes by new local variables:
//
//	do
//	  local o, k = …  -- tables and keys on the left-hand side, in their order
//	  local v1, v2 = …
//	  b, a = v2, v1   -- one after the other, from last to first, as in Lua 5.1
//	end
func (r *repair) assign(s *ast.AssignStmt, line int) []ast.Stmt {
	if len(s.Lhs) == 1 && len(s.Rhs) == 1 && !r.late(s.Lhs[0], s.Rhs[0]) {
		s.Lhs[0] = r.expr(s.Lhs[0])
		s.Rhs[0] = r.expr(s.Rhs[0])
		if id, ok := s.Lhs[0].(*ast.IdentExpr); !ok || r.plain(id, s.Rhs[0]) {
			r.mark(s, line, nil)
			return []ast.Stmt{s}
		}
		name := "(value)"
		return r.wrapped([]ast.Stmt{r.set([]string{name}, s.Rhs, line), r.store(s.Lhs[0], name, line)}, line)
	}
	r.enter(line)
	defer r.leave()
	var out []ast.Stmt
	hold := func(e ast.Expr) ast.Expr {
		name := r.hidden("left", line)
		out = append(out, r.set([]string{name}, []ast.Expr{e}, line))
		return r.ident(name, line)
	}
	for i, lhs := range s.Lhs {
		s.Lhs[i] = r.expr(lhs)
		if at, ok := s.Lhs[i].(*ast.AttrGetExpr); ok {
			for _, part := range []*ast.Expr{&at.Object, &at.Key} {
				if !r.steady(*part, s.Lhs[i+1:]) {
					*part = hold(*part)
				}
			}
		}
	}
	r.exprs(s.Rhs)
	names := make([]string, max(len(s.Lhs), len(s.Rhs)))
	for i := range names {
		names[i] = r.hidden("right", line)
	}
	out = append(out, r.set(names, s.Rhs, line))
	for i := len(s.Lhs) - 1; i >= 0; i-- {
		out = append(out, r.store(s.Lhs[i], names[i], line))
	}
	return r.wrapped(out, line)
}

// late reports whether the key on the left-hand side is a variable that the value may assign to, by a function in it or
// before it. Lua 5.1 reads the key after that, the compiler before.
func (r *repair) late(lhs, value ast.Expr) bool {
	at, ok := lhs.(*ast.AttrGetExpr)
	if !ok {
		return false
	}
	key, ok := at.Key.(*ast.IdentExpr)
	if !ok {
		return false
	}
	where, v := r.resolve(key.Value, 0)
	return where == local && (v.captured || within(value, isFunction))
}

// plain reports whether the compiler computes e into the variable, if it is a local one, as it should.
func (r *repair) plain(id *ast.IdentExpr, e ast.Expr) bool {
	if where, _ := r.resolve(id.Value, 0); where != local {
		return true
	}
	switch e := e.(type) {
	case *ast.LogicalOpExpr:
		return false
	case *ast.FuncCallExpr:
		e.AdjustRet = false // one value is wanted, which is enough
	case *ast.Comma3Expr:
		e.AdjustRet = false
	}
	return true
}

// steady reports whether a table or key on the left-hand side may be read when it is stored to: a constant, or a local
// variable that the statement does not assign to before that, which is to say after it in the list.
func (r *repair) steady(e ast.Expr, after []ast.Expr) bool {
	switch e := e.(type) {
	case *ast.StringExpr, *ast.NumberExpr, *ast.TrueExpr, *ast.FalseExpr:
		return true
	case *ast.IdentExpr:
		if where, _ := r.resolve(e.Value, 0); where != local {
			return false
		}
		for _, other := range after {
			if id, ok := other.(*ast.IdentExpr); ok && id.Value == e.Value {
				return false
			}
		}
		return true
	}
	return false
}

func (r *repair) set(names []string, values []ast.Expr, line int) ast.Stmt {
	s := &ast.LocalAssignStmt{Names: names, Exprs: values}
	r.mark(s, line, nil)
	return s
}

func (r *repair) store(to ast.Expr, name string, line int) ast.Stmt {
	s := &ast.AssignStmt{Lhs: []ast.Expr{to}, Rhs: []ast.Expr{r.ident(name, line)}}
	r.mark(s, line, nil)
	return s
}

func (r *repair) wrapped(stmts []ast.Stmt, line int) []ast.Stmt {
	d := &ast.DoBlockStmt{Stmts: stmts}
	r.mark(d, line, nil)
	return []ast.Stmt{d}
}

// local repairs a declaration of local variables. The compiler takes "local f = function" for "local function f", in
// which f means the new variable and not what had the name before; with a second variable it does not. The parser gives
// a last line to the latter only.
func (r *repair) local(s *ast.LocalAssignStmt, line int) []ast.Stmt {
	if len(s.Names) == 1 && len(s.Exprs) == 1 && s.LastLine() != 0 {
		r.declare(s.Names[0], line)
		r.exprs(s.Exprs)
		r.mark(s, line, nil)
		return []ast.Stmt{s}
	}
	r.exprs(s.Exprs)
	if len(s.Names) == 1 && len(s.Exprs) == 1 {
		if _, ok := s.Exprs[0].(*ast.FunctionExpr); ok {
			s.Names = append(s.Names, "(second)")
		}
	}
	for _, name := range s.Names {
		r.declare(name, line)
	}
	r.mark(s, line, nil)
	return []ast.Stmt{s}
}
