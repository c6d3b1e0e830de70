package chunk

import (
	"slices"

	"github.com/yuin/gopher-lua/ast"
)

func isVararg(e ast.Expr) bool   { _, ok := e.(*ast.Comma3Expr); return ok }
func isFunction(e ast.Expr) bool { _, ok := e.(*ast.FunctionExpr); return ok }

// within reports whether an expression is of a kind, or a part of it is. What is inside a function is no part of it.
func within(e ast.Expr, is func(ast.Expr) bool) bool {
	any := func(parts ...ast.Expr) bool {
		return slices.ContainsFunc(parts, func(part ast.Expr) bool { return within(part, is) })
	}
	if e == nil || is(e) {
		return e != nil
	}
	switch e := e.(type) {
	case *ast.AttrGetExpr:
		return any(e.Object, e.Key)
	case *ast.FuncCallExpr:
		return any(e.Func, e.Receiver) || any(e.Args...)
	case *ast.TableExpr:
		return slices.ContainsFunc(e.Fields, func(f *ast.Field) bool { return any(f.Key, f.Value) })
	case *ast.LogicalOpExpr:
		return any(e.Lhs, e.Rhs)
	case *ast.RelationalOpExpr:
		return any(e.Lhs, e.Rhs)
	case *ast.StringConcatOpExpr:
		return any(e.Lhs, e.Rhs)
	case *ast.ArithmeticOpExpr:
		return any(e.Lhs, e.Rhs)
	case *ast.UnaryMinusOpExpr:
		return any(e.Expr)
	case *ast.UnaryNotOpExpr:
		return any(e.Expr)
	case *ast.UnaryLenOpExpr:
		return any(e.Expr)
	}
	return false
}
