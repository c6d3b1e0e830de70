package chunk

import (
	"fmt"

	"github.com/yuin/gopher-lua/ast"
)

// firstID is the number of the first site. Lines of source are below it: a file has fewer bytes.
const firstID = 1 << 24

// site is a node of the tree that becomes instructions. Its number stands in the place of the line while the compiler
// works, so that afterwards every instruction is known to belong to its node.
type site struct {
	line  int
	close int      // for a goto: the registers from which on upvalues are closed; -1 for others
	names operands // what the operands are called; nil where nothing can go wrong
}

// repair is one pass over the tree of a chunk.
type repair struct {
	name    string
	sites   []*site
	fn      *function
	visible map[string][]*variable // by name, the innermost last
	hiddens int
	locals  map[string]struct{} // names of all variables of the chunk
	depth   int                 // of the expression in hand
}

// Error is what is wrong with a chunk.
type Error struct {
	Name    string // of the chunk
	Line    int    // 0 when it is not known
	Column  int    // in characters from 1; 0 when it is not known
	Message string
}

// Error returns "name:line:column: message".
func (e *Error) Error() string {
	switch {
	case e.Line == 0:
		return e.Name + ": " + e.Message
	case e.Column == 0:
		return fmt.Sprintf("%s:%d: %s", e.Name, e.Line, e.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.Name, e.Line, e.Column, e.Message)
}

func (r *repair) fail(line int, format string, args ...any) {
	panic(&Error{Name: r.name, Line: line, Message: fmt.Sprintf(format, args...)})
}

// line is the line of a node, whether it has become a site or not.
func (r *repair) line(n ast.PositionHolder) int { return r.lineOf(n.Line()) }

func (r *repair) lineOf(number int) int {
	if number >= firstID {
		return r.sites[number-firstID].line
	}
	return number
}

// mark makes a site of a node.
func (r *repair) mark(n ast.PositionHolder, line int, names operands) *site {
	s := &site{line: line, close: -1, names: names}
	n.SetLine(firstID + len(r.sites))
	r.sites = append(r.sites, s)
	return s
}

// chunk repairs a whole chunk. The result is a chunk whose only function is the main function of the given one, with
// the intrinsics as upvalues.
func (r *repair) chunk(stmts []ast.Stmt) []ast.Stmt {
	r.function(0)
	for _, name := range intrinsics {
		r.declare(name, 0)
	}
	main := &ast.FunctionExpr{ParList: &ast.ParList{HasVargs: true}, Stmts: stmts}
	r.body(main, false, 0, 0)
	return []ast.Stmt{
		&ast.LocalAssignStmt{Names: intrinsics},
		&ast.ReturnStmt{Exprs: []ast.Expr{main}},
	}
}

// function begins a function inside the one in hand.
func (r *repair) function(line int) {
	depth := 0
	if r.fn != nil {
		depth = r.fn.depth + 1
	}
	if depth > maxFunctions {
		r.fail(line, "functions are nested deeper than %d", maxFunctions)
	}
	r.fn = &function{parent: r.fn, depth: depth, line: line, upvalues: map[string]bool{}, constants: map[string]struct{}{}}
	r.enter(line)
}

// body repairs a function with its parameters.
func (r *repair) body(f *ast.FunctionExpr, method bool, line, last int) {
	r.mark(f, line, nil)
	f.SetLastLine(last)
	r.function(line)
	r.fn.vararg = f.ParList.HasVargs
	if method {
		r.declare("self", line)
	}
	for _, name := range f.ParList.Names {
		r.declare(name, line)
	}
	if f.ParList.HasVargs {
		r.declare("arg", line).mainArg = r.fn.parent.parent == nil
	}
	f.Stmts = r.list(f.Stmts)
	r.land(r.fn.block)
	r.endFunction()
}

func (r *repair) endFunction() {
	r.leave()
	r.fn = r.fn.parent
}

// scope repairs the statements of a block of their own.
func (r *repair) scope(stmts []ast.Stmt, l *loop) []ast.Stmt {
	if len(stmts) == 0 {
		return stmts
	}
	r.enter(r.line(stmts[0])).loop = l
	stmts = r.list(stmts)
	r.land(r.fn.block)
	r.leave()
	return stmts
}

// list repairs statements in the innermost block.
func (r *repair) list(stmts []ast.Stmt) []ast.Stmt {
	out := make([]ast.Stmt, 0, len(stmts))
	for i, s := range stmts {
		if l, ok := s.(*ast.LabelStmt); ok {
			r.label(l, stmts[i+1:])
		}
		out = append(out, r.stmt(s)...)
	}
	return out
}

func (r *repair) label(l *ast.LabelStmt, rest []ast.Stmt) {
	b := r.fn.block
	if old := b.labels[l.Name]; old != nil {
		r.fail(l.Line(), "label '%s' is already defined on line %d", l.Name, old.line)
	}
	if b.labels == nil {
		b.labels = make(map[string]*label)
	}
	at := &label{line: l.Line(), level: r.fn.active, vars: len(b.vars), last: true}
	for _, s := range rest {
		if _, ok := s.(*ast.LabelStmt); !ok {
			at.last = false
		}
	}
	if at.last {
		at.level = b.base
	}
	b.labels[l.Name] = at
}

// stmt repairs one statement; what takes its place declares the same variables in the innermost block.
func (r *repair) stmt(s ast.Stmt) []ast.Stmt {
	line := s.Line()
	switch s := s.(type) {
	case *ast.AssignStmt:
		return r.assign(s, line)
	case *ast.LocalAssignStmt:
		return r.local(s, line)
	case *ast.FuncCallStmt:
		s.Expr = r.expr(s.Expr)
	case *ast.DoBlockStmt:
		s.Stmts = r.scope(s.Stmts, nil)
	case *ast.IfStmt:
		return r.branch(s, line)
	case *ast.WhileStmt, *ast.RepeatStmt, *ast.NumberForStmt, *ast.GenericForStmt:
		return r.loopStmt(s, line)
	case *ast.FuncDefStmt:
		return r.define(s, line)
	case *ast.ReturnStmt:
		r.exprs(s.Exprs)
	case *ast.BreakStmt:
		return r.leaveLoop(s, line)
	case *ast.GotoStmt:
		at := r.mark(s, line, nil)
		at.close = 0
		b := r.fn.block
		r.fn.jumps = append(r.fn.jumps, &jump{s, line, at, b, len(b.vars)})
		return []ast.Stmt{s}
	}
	r.mark(s, line, nil)
	return []ast.Stmt{s}
}

// define repairs function a.b.c() and function a.b:c().
func (r *repair) define(s *ast.FuncDefStmt, line int) []ast.Stmt {
	method := s.Name.Func == nil
	last := s.Func.LastLine()
	if method {
		names := operands{r.describe(s.Name.Receiver)}
		if at, ok := s.Name.Receiver.(*ast.AttrGetExpr); ok {
			names = append(names, r.describe(at.Object))
		}
		s.Name.Receiver = r.expr(s.Name.Receiver)
		r.mark(s.Name.Receiver, line, names)
		r.constant(s.Name.Method, line)
	} else {
		s.Name.Func = r.expr(s.Name.Func)
	}
	r.body(s.Func, method, r.line(s.Func), last)
	r.mark(s, line, nil)
	return []ast.Stmt{s}
}

// branch repairs if. A condition that is a constant is decided here: see loopStmt.
func (r *repair) branch(s *ast.IfStmt, line int) []ast.Stmt {
	s.Condition = r.expr(s.Condition)
	if value, known := truth(s.Condition); known {
		kept := s.Then
		if !value {
			kept = s.Else
		}
		r.elsewhere(s, kept)
		d := &ast.DoBlockStmt{Stmts: r.scope(kept, nil)}
		r.mark(d, line, nil)
		return []ast.Stmt{d}
	}
	s.Then = r.scope(s.Then, nil)
	s.Else = r.scope(s.Else, nil)
	r.mark(s, line, nil)
	return []ast.Stmt{s}
}

// elsewhere repairs the branch of an if that is never taken, for what is wrong with it.
func (r *repair) elsewhere(s *ast.IfStmt, kept []ast.Stmt) {
	dropped := s.Then
	if len(kept) > 0 && len(s.Then) > 0 && &kept[0] == &s.Then[0] {
		dropped = s.Else
	}
	r.scope(dropped, &loop{})
}
