package chunk

import (
	"github.com/yuin/gopher-lua/ast"
)

func (r *repair) loopStmt(s ast.Stmt, line int) []ast.Stmt {
	l := &loop{}
	var out []ast.Stmt
	captured := false
	switch s := s.(type) {
	case *ast.WhileStmt:
		out = r.while(s, l, &captured, line)
	case *ast.RepeatStmt:
		out, captured = r.repeat(s, l, line)
	case *ast.NumberForStmt:
		out, captured = r.counting(s, l, line)
	case *ast.GenericForStmt:
		at := r.line(s.Exprs[0])
		out, captured = r.iterating(s, l, line)
		line = at // what it calls is written there
	}
	r.mark(s, line, forNames(s))
	return r.breakOut(out, l, captured, line)
}

// forNames is what goes wrong with the instructions of a loop itself.
func forNames(s ast.Stmt) operands {
	switch s.(type) {
	case *ast.GenericForStmt:
		return operands{{role: iterator}}
	}
	return nil
}

// while decides a condition that is a constant. The compiler follows jumps to jumps, and where the first instruction
// of a loop is a jump, as that of "if false" is, it takes the distance of that jump for the number of a label: the loop
// goes on anywhere.
func (r *repair) while(s *ast.WhileStmt, l *loop, captured *bool, line int) []ast.Stmt {
	s.Condition = r.expr(s.Condition)
	s.Stmts = r.watched(s.Stmts, l, captured, line)
	if value, known := truth(s.Condition); known {
		if !value {
			return nil
		}
		t := &ast.TrueExpr{}
		t.SetLine(s.Condition.Line())
		s.Condition = t
	}
	return []ast.Stmt{s}
}

// watched repairs the body of a loop and reports whether variables in it are captured.
func (r *repair) watched(stmts []ast.Stmt, l *loop, captured *bool, line int) []ast.Stmt {
	b := r.enter(line)
	b.loop = l
	stmts = r.list(stmts)
	r.land(b)
	*captured = b.captured
	r.leave()
	return stmts
}

// repeat keeps the block open for the condition.
func (r *repair) repeat(s *ast.RepeatStmt, l *loop, line int) ([]ast.Stmt, bool) {
	b := r.enter(line)
	b.loop = l
	s.Stmts = r.list(s.Stmts)
	s.Condition = r.expr(s.Condition)
	r.land(b)
	r.leave()
	return []ast.Stmt{s}, b.captured
}

// counting repairs for i = a, b, c: text that reads as a number counts as one, which the virtual machine refuses. All
// three are computed before one of them is refused.
func (r *repair) counting(s *ast.NumberForStmt, l *loop, line int) ([]ast.Stmt, bool) {
	if s.Step == nil {
		s.Step = r.number(1, line)
	}
	around := r.enter(line)
	out := []ast.Stmt{s}
	if settled(s.Limit) && settled(s.Step) {
		s.Init, s.Limit, s.Step = r.expr(s.Init), r.expr(s.Limit), r.expr(s.Step)
	} else {
		set := &ast.LocalAssignStmt{Exprs: []ast.Expr{s.Init, s.Limit, s.Step}}
		r.exprs(set.Exprs)
		single(set.Exprs[2])
		r.mark(set, line, nil)
		for range 3 {
			set.Names = append(set.Names, r.hidden("bound", line))
		}
		s.Init, s.Limit, s.Step = r.ident(set.Names[0], line), r.ident(set.Names[1], line), r.ident(set.Names[2], line)
		out = []ast.Stmt{set, s}
	}
	s.Init, s.Limit, s.Step = r.bound(s.Init, "initial value"), r.bound(s.Limit, "limit"), r.bound(s.Step, "step")
	body := r.enter(line)
	for range 3 {
		r.hidden("for", line)
	}
	body.loop = l
	r.declare(s.Name, line)
	s.Stmts = r.list(s.Stmts)
	r.land(body)
	r.leave()
	r.land(around)
	r.leave()
	return out, body.captured
}

// settled reports whether computing an expression cannot go wrong, nor change anything.
func settled(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.NumberExpr, *ast.StringExpr, *ast.IdentExpr:
		return true
	case *ast.UnaryMinusOpExpr:
		_, constant := e.Expr.(*ast.NumberExpr)
		return constant
	}
	return false
}

// bound makes a number of a repaired bound of a loop by taking 0 from it.
func (r *repair) bound(e ast.Expr, what string) ast.Expr {
	line := r.line(e)
	if _, ok := e.(*ast.NumberExpr); ok {
		return e
	}
	minus := &ast.ArithmeticOpExpr{Operator: "-", Lhs: e, Rhs: r.number(0, line)}
	r.mark(minus, line, operands{{role: bound, name: what}})
	return minus
}

// iterating repairs for … in. The compiler takes the number of loop variables for that of the values it has to set
// up, so that values that are missing are whatever the registers held, and a call in third place is dropped. The three
// values are computed by a local statement; only a single call, or "...", is left as it is.
func (r *repair) iterating(s *ast.GenericForStmt, l *loop, line int) ([]ast.Stmt, bool) {
	r.exprs(s.Exprs)
	around := r.enter(line)
	out := []ast.Stmt{s}
	if len(s.Exprs) != 1 || !isMulti(s.Exprs[0]) {
		set := &ast.LocalAssignStmt{Exprs: s.Exprs}
		r.mark(set, line, nil)
		s.Exprs = nil
		for range 3 {
			name := r.hidden("in", line)
			set.Names = append(set.Names, name)
			s.Exprs = append(s.Exprs, r.ident(name, line))
		}
		out = []ast.Stmt{set, s}
	}
	body := r.enter(line)
	body.loop = l
	for range 3 {
		r.hidden("for", line)
	}
	for _, name := range s.Names {
		r.declare(name, line)
	}
	s.Stmts = r.list(s.Stmts)
	r.land(body)
	r.leave()
	r.land(around)
	r.leave()
	return out, body.captured
}

// leaveLoop repairs break. It puts an instruction in front of it, lest a loop begin with a jump (see while), and keeps
// it in a block of its own so that breakOut can change it.
func (r *repair) leaveLoop(s *ast.BreakStmt, line int) []ast.Stmt {
	for b := r.fn.block; b != nil; b = b.parent {
		if b.loop == nil {
			continue
		}
		r.mark(s, line, nil)
		pause := &ast.LocalAssignStmt{Names: []string{"(pause)"}}
		r.mark(pause, line, nil)
		d := &ast.DoBlockStmt{Stmts: []ast.Stmt{pause, s}}
		r.mark(d, line, nil)
		b.loop.breaks = append(b.loop.breaks, d)
		return []ast.Stmt{d}
	}
	r.fail(line, "break outside of a loop")
	return nil
}

// breakOut makes gotos of the breaks of a loop in which variables are captured: the compiler closes the variables of
// the body of the loop before it leaves by break, but not those of the blocks inside it, which then share a register
// with whatever comes next.
func (r *repair) breakOut(out []ast.Stmt, l *loop, captured bool, line int) []ast.Stmt {
	if len(out) == 1 && (!captured || len(l.breaks) == 0) {
		return out
	}
	if captured && len(l.breaks) > 0 {
		r.hiddens++
		name := "(break " + itoa(r.hiddens) + ")"
		for _, d := range l.breaks {
			g := &ast.GotoStmt{Label: name}
			r.mark(g, r.line(d), nil).close = r.fn.active
			d.Stmts = []ast.Stmt{g}
		}
		end := &ast.LabelStmt{Name: name}
		end.SetLine(line)
		out = append(out, end)
	}
	d := &ast.DoBlockStmt{Stmts: out}
	r.mark(d, line, nil)
	return []ast.Stmt{d}
}
