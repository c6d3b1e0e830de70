package chunk

import (
	"math"
	"strconv"

	"showrun/runtime/script/lualib/format"

	"github.com/yuin/gopher-lua/ast"
)

// Limits of one expression. The compiler folds constants from every level of a chain again; the 200 registers hold the
// operands of a concatenation.
const (
	maxDepth  = 500
	maxConcat = 50
)

func itoa(n int) string { return strconv.Itoa(n) }

// isMulti reports whether an expression may have other than one value.
func isMulti(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		return !e.AdjustRet
	case *ast.Comma3Expr:
		return !e.AdjustRet
	}
	return false
}

// single makes an expression have one value.
func single(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		e.AdjustRet = true
	case *ast.Comma3Expr:
		e.AdjustRet = true
	}
	return e
}

// truth is the truth of an expression, if it is a constant.
func truth(e ast.Expr) (value, known bool) {
	switch e.(type) {
	case *ast.FalseExpr, *ast.NilExpr:
		return false, true
	case *ast.TrueExpr, *ast.NumberExpr, *ast.StringExpr:
		return true, true
	}
	return false, false
}

func (r *repair) exprs(list []ast.Expr) {
	if len(list) > maxLocals {
		r.fail(r.line(list[0]), tooMany, maxLocals)
	}
	for i, e := range list {
		list[i] = r.expr(e)
	}
}

func (r *repair) ident(name string, line int) *ast.IdentExpr {
	id := &ast.IdentExpr{Value: name}
	r.mark(id, line, nil)
	return id
}

// number makes a number that the compiler reads as it is meant.
func (r *repair) number(f float64, line int) ast.Expr {
	text := strconv.FormatFloat(f, 'g', -1, 64)
	r.constant(text, line)
	n := &ast.NumberExpr{Value: text}
	r.mark(n, line, nil)
	if f == 0 && math.Signbit(f) { // 0 and -0 would be one constant
		zero := &ast.StringExpr{Value: "0"}
		r.mark(zero, line, nil)
		minus := &ast.UnaryMinusOpExpr{Expr: zero}
		r.mark(minus, line, nil)
		return minus
	}
	return n
}

// valueOf reads a number that has been repaired.
func valueOf(n *ast.NumberExpr) float64 {
	f, err := strconv.ParseFloat(n.Value, 64)
	if err != nil {
		panic(err) // it is our own
	}
	return f
}

// expr repairs an expression.
func (r *repair) expr(e ast.Expr) ast.Expr {
	line := r.line(e)
	if r.depth++; r.depth > maxDepth {
		r.fail(line, "an expression of more than %d levels; split it into several statements", maxDepth)
	}
	defer func() { r.depth-- }()
	switch e := e.(type) {
	case *ast.NumberExpr:
		return r.literal(e, line)
	case *ast.StringExpr:
		r.constant("\x00"+e.Value, line)
	case *ast.IdentExpr:
		return r.variable(e, line)
	case *ast.Comma3Expr:
		if !r.fn.vararg {
			r.fail(line, "cannot use '...' outside a vararg function")
		}
	case *ast.AttrGetExpr:
		names := operands{r.describe(e.Object)}
		e.Object, e.Key = r.expr(e.Object), r.expr(e.Key)
		r.mark(e, line, names)
		return e
	case *ast.FuncCallExpr:
		return r.call(e, line)
	case *ast.TableExpr:
		return r.table(e, line)
	case *ast.FunctionExpr:
		depth := r.depth
		r.depth = 0
		r.body(e, false, line, e.LastLine())
		r.depth = depth
		return e
	case *ast.LogicalOpExpr:
		return r.logical(e, line)
	case *ast.StringConcatOpExpr:
		return r.concat(e, line)
	case *ast.RelationalOpExpr:
		names := operands{r.describe(e.Lhs), r.describe(e.Rhs)}
		if e.Operator == ">" || e.Operator == ">=" { // they are computed as b < a and b <= a
			names[0], names[1] = names[1], names[0]
		}
		e.Lhs, e.Rhs = r.expr(e.Lhs), r.expr(e.Rhs)
		r.mark(e, line, names)
		return e
	case *ast.ArithmeticOpExpr:
		return r.arithmetic(e, line)
	case *ast.UnaryMinusOpExpr, *ast.UnaryNotOpExpr, *ast.UnaryLenOpExpr:
		return r.unary(e, line)
	}
	r.mark(e, line, nil)
	return e
}

// literal reads a number as Lua does. The compiler takes 0010 for an octal number, and what it cannot read for
// not-a-number.
func (r *repair) literal(e *ast.NumberExpr, line int) ast.Expr {
	f, ok := format.ParseNumber(e.Value)
	if !ok {
		r.fail(line, "malformed number near '%s'", e.Value)
	}
	return r.number(f, line)
}

// variable notes what a name refers to.
func (r *repair) variable(e *ast.IdentExpr, line int) ast.Expr {
	where, v := r.resolve(e.Value, line)
	if where == global || v.mainArg {
		r.constant("\x00"+e.Value, line)
	}
	if v != nil && v.mainArg {
		r.resolve(intrinsicGlobals, line)
		key := &ast.StringExpr{Value: e.Value}
		r.mark(key, line, nil)
		at := &ast.AttrGetExpr{Object: r.ident(intrinsicGlobals, line), Key: key}
		r.mark(at, line, nil)
		return at
	}
	r.mark(e, line, nil)
	return e
}

func (r *repair) call(e *ast.FuncCallExpr, line int) ast.Expr {
	var names operands
	if e.Func != nil {
		names = operands{r.describe(e.Func)}
		e.Func = r.expr(e.Func)
	} else {
		object := r.describe(e.Receiver)
		names = operands{object.field("method", e.Method), object}
		e.Receiver = r.expr(e.Receiver)
		r.constant("\x00"+e.Method, line)
	}
	r.exprs(e.Args)
	r.mark(e, line, names)
	return e
}

// logical folds a constant on the left: see while. An operand that stays alone still has one value.
func (r *repair) logical(e *ast.LogicalOpExpr, line int) ast.Expr {
	e.Lhs, e.Rhs = r.expr(e.Lhs), single(r.expr(e.Rhs))
	r.mark(e, line, nil)
	value, known := truth(e.Lhs)
	switch {
	case !known:
		return e
	case value == (e.Operator == "and"):
		return e.Rhs
	}
	return e.Lhs
}

// arithmetic folds constants as Lua 5.1 does. The compiler does it too, but takes 0 and -0 for the same. a % b becomes a
// call: the virtual machine computes another number where a is large or b has a fraction.
func (r *repair) arithmetic(e *ast.ArithmeticOpExpr, line int) ast.Expr {
	names := operands{r.describe(e.Lhs), r.describe(e.Rhs)}
	e.Lhs, e.Rhs = r.expr(e.Lhs), r.expr(e.Rhs)
	x, ok := e.Lhs.(*ast.NumberExpr)
	y, both := e.Rhs.(*ast.NumberExpr)
	if ok && both {
		if f, ok := fold(e.Operator, valueOf(x), valueOf(y)); ok {
			return r.number(f, line)
		}
	}
	if e.Operator == "%" {
		c := r.intrinsic(intrinsicModulo, []ast.Expr{single(e.Lhs), single(e.Rhs)}, line)
		r.mark(c, line, names)
		return c
	}
	r.mark(e, line, names)
	return e
}

func fold(operator string, a, b float64) (float64, bool) {
	var f float64
	switch operator {
	case "+":
		f = a + b
	case "-":
		f = a - b
	case "*":
		f = a * b
	case "/":
		f = a / b
	case "%":
		f = remainder(a, b)
	case "^":
		f = math.Pow(a, b)
	}
	return f, !math.IsNaN(f) && !math.IsInf(f, 0)
}

func (r *repair) unary(e ast.Expr, line int) ast.Expr {
	var names operands
	switch e := e.(type) {
	case *ast.UnaryMinusOpExpr:
		names = operands{r.describe(e.Expr)}
		e.Expr = r.expr(e.Expr)
		if x, ok := e.Expr.(*ast.NumberExpr); ok {
			return r.number(-valueOf(x), line)
		}
	case *ast.UnaryLenOpExpr:
		names = operands{r.describe(e.Expr)}
		e.Expr = r.expr(e.Expr)
	case *ast.UnaryNotOpExpr:
		e.Expr = r.expr(e.Expr)
		if value, known := truth(e.Expr); known {
			return r.boolean(!value, line)
		}
	}
	r.mark(e, line, names)
	return e
}

func (r *repair) boolean(value bool, line int) ast.Expr {
	var e ast.Expr = &ast.FalseExpr{}
	if value {
		e = &ast.TrueExpr{}
	}
	r.mark(e, line, nil)
	return e
}

// concat makes a call of a chain of concatenations: the virtual machine writes numbers in another way than Lua, and
// builds texts of any length.
func (r *repair) concat(e *ast.StringConcatOpExpr, line int) ast.Expr {
	var parts []ast.Expr
	var names operands
	for {
		names = append(names, r.describe(e.Lhs))
		parts = append(parts, single(r.expr(e.Lhs)))
		next, ok := e.Rhs.(*ast.StringConcatOpExpr)
		if !ok {
			break
		}
		e = next
	}
	names = append(names, r.describe(e.Rhs))
	parts = append(parts, single(r.expr(e.Rhs)))
	return r.joined(parts, names, line)
}

// joined calls the intrinsic with groups that fit into the registers.
func (r *repair) joined(parts []ast.Expr, names operands, line int) ast.Expr {
	for len(parts) > maxConcat {
		var groups []ast.Expr
		var groupNames operands
		for i := 0; i < len(parts); i += maxConcat {
			end := min(i+maxConcat, len(parts))
			groups = append(groups, r.joined(parts[i:end], names[i:end], line))
			groupNames = append(groupNames, operand{})
		}
		parts, names = groups, groupNames
	}
	c := r.intrinsic(intrinsicConcat, parts, line)
	r.mark(c, line, names)
	return c
}

func (r *repair) intrinsic(name string, args []ast.Expr, line int) *ast.FuncCallExpr {
	r.resolve(name, line)
	c := &ast.FuncCallExpr{Func: r.ident(name, line), Args: args, AdjustRet: true}
	r.mark(c, line, nil)
	return c
}
