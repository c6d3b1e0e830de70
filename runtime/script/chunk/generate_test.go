package chunk_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// generator writes random programs that end by themselves. Each statement is a line, or a block of lines.
type generator struct {
	*rand.Rand
	lines  []string
	indent int
	scopes [][]string // variables in scope, functions apart
	loops  int        // loops around the place in the innermost function
	vararg bool
	inText bool // which the program compiles
	names  int
	size   int // statements left
}

func (g *generator) pick(list ...string) string { return list[g.IntN(len(list))] }

func (g *generator) line(format string, args ...any) {
	g.lines = append(g.lines, strings.Repeat(" ", g.indent)+fmt.Sprintf(format, args...))
}

func (g *generator) program() []string {
	g.size = 4 + g.IntN(14)
	g.scopes = [][]string{nil}
	g.vararg = true
	for range 1 + g.IntN(4) {
		g.line("local %s = %s", g.fresh(), g.constant())
	}
	for g.size > 0 {
		g.statement()
	}
	g.line("t(%s)", strings.Join(append(g.visible(), "g1", "g2", "T.x", "T[1]"), ", "))
	return g.lines
}

// fresh declares a variable; some hide one of the same name.
func (g *generator) fresh() string {
	name := fmt.Sprintf("v%d", g.names)
	if all := g.visible(); len(all) > 0 && g.IntN(8) == 0 {
		name = all[g.IntN(len(all))]
	} else {
		g.names++
	}
	g.scopes[len(g.scopes)-1] = append(g.scopes[len(g.scopes)-1], name)
	return name
}

func (g *generator) visible() []string {
	var all []string
	for _, s := range g.scopes {
		all = append(all, s...)
	}
	return all[max(0, len(all)-12):]
}

func (g *generator) variable() string {
	all := g.visible()
	if len(all) == 0 || g.IntN(10) == 0 {
		return g.pick("g1", "g2", "g3")
	}
	return all[g.IntN(len(all))]
}

func (g *generator) block(declare ...string) {
	g.scopes = append(g.scopes, declare)
	g.indent++
	for range g.IntN(4) {
		g.statement()
	}
	if g.loops > 0 && g.IntN(6) == 0 {
		g.line("%s", g.pick("do break end", "if "+g.expr(1)+" then break end"))
	} else if g.IntN(12) == 0 {
		g.line("do return %s end", g.list(1))
	}
	g.indent--
	g.scopes = g.scopes[:len(g.scopes)-1]
}

func (g *generator) list(depth int) string {
	n := 1 + g.IntN(3)
	parts := make([]string, n)
	for i := range parts {
		parts[i] = g.expr(depth)
	}
	return strings.Join(parts, ", ")
}

func (g *generator) target() string {
	switch g.IntN(10) {
	case 0:
		return g.pick("T.x", "T.y", "T[1]", "T[2]", "T.sub.x", "T.sub[1]", "T[\"1\"]", "T[1 + 1]", "_G.g1", "_G[\"g2\"]")
	case 1:
		return g.pick("T[", "T.sub[") + g.variable() + " or 1]"
	case 2:
		return "T[key(" + g.variable() + ")]"
	case 3:
		return g.pick("self(T)", "two(1, T)", "self(T, 1).sub") + g.pick(".x", ".y", "[self(1)]", "[two(1, \"x\")]", "[key("+g.variable()+")]")
	case 4:
		return "T[key(" + g.changing(g.variable()) + ")]"
	}
	return g.variable()
}

// changing is a call that assigns to a variable in the middle of an expression. A local one only where its value is read
// in one place: Lua 5.1 reads v in "((x or 1) and v) == f()" after the call, and in "(x and v) == f()" before.
func (g *generator) changing(variable string) string {
	was := g.vararg
	g.vararg = false
	defer func() { g.vararg = was }()
	return fmt.Sprintf("(function() %s = %s return %s end)()", variable, g.simple(), g.simple())
}

func (g *generator) statement() {
	g.size--
	if g.indent > 5 {
		g.line("t(%s)", g.list(1))
		return
	}
	switch g.IntN(28) {
	case 0, 1:
		values := g.list(2)
		names := []string{g.fresh()}
		for range g.IntN(3) {
			names = append(names, g.fresh())
		}
		if g.IntN(8) == 0 {
			g.line("local %s", strings.Join(names, ", "))
		} else {
			g.line("local %s = %s", strings.Join(names, ", "), values)
		}
	case 2, 3, 4:
		g.line("%s = %s", g.target(), g.expr(3))
	case 5, 6, 7:
		targets := []string{g.target(), g.target()}
		for range g.IntN(3) {
			targets = append(targets, g.target())
		}
		values := g.list(2)
		if g.IntN(3) == 0 { // they take turns
			values = strings.Join(append(append([]string{}, targets[1:]...), targets[0]), ", ")
		}
		g.line("%s = %s", strings.Join(targets, ", "), values)
	case 8, 9:
		g.line("if %s then", g.condition(3))
		g.block()
		for range g.IntN(2) {
			g.line("elseif %s then", g.condition(2))
			g.block()
		}
		if g.IntN(2) == 0 {
			g.line("else")
			g.block()
		}
		g.line("end")
	case 10:
		g.line("do")
		g.block()
		g.line("end")
	case 11, 12, 13, 14:
		g.loop()
	case 15, 16:
		g.function()
	case 17:
		g.closures()
	case 18:
		g.line("T = %s", g.constructor(2))
		g.line("T.sub = T.sub or {}")
	case 19:
		g.line("%s", g.callStatement())
	case 20:
		g.line("local w = {} for i = 1, 3 do local k = i; w[k] = self((function() k = k + 1 return %s end)()) end t(w)", g.constant())
	case 21:
		g.aside()
	default:
		g.line("t(%s)", g.list(3))
	}
}

// apart writes a function body.
func (g *generator) apart(params []string, vararg bool) {
	loops, was := g.loops, g.vararg
	g.loops, g.vararg = 0, vararg
	g.block(params...)
	g.indent++
	g.scopes = append(g.scopes, params)
	if g.IntN(4) > 0 {
		g.line("return %s", g.list(2))
	}
	g.scopes = g.scopes[:len(g.scopes)-1]
	g.indent--
	g.loops, g.vararg = loops, was
}

func (g *generator) function() {
	params := []string{}
	for i := range g.IntN(4) {
		params = append(params, fmt.Sprintf("p%d", i))
	}
	shown := append([]string{}, params...)
	vararg := g.IntN(3) == 0
	if vararg {
		shown = append(shown, "...")
	}
	args := strings.Join(shown, ", ")
	switch g.IntN(5) {
	case 0:
		name := g.fresh()
		g.line("local function %s(%s) tick()", name, args)
		g.apart(params, vararg)
		g.line("end")
		g.line("t(pcall(%s, %s))", name, g.list(1))
	case 1:
		// the name still means what it did
		old := g.variable()
		g.line("local %s = function(%s) tick()", old, args)
		g.apart(params, vararg)
		g.line("end")
		g.scopes[len(g.scopes)-1] = append(g.scopes[len(g.scopes)-1], old)
		g.line("t(pcall(%s, %s))", old, g.list(1))
	case 2:
		g.line("function T:m(%s) tick()", args)
		g.apart(append(params, "self"), vararg)
		g.line("end")
		g.line("t(pcall(T.m, T, %s))", g.list(1))
	case 3:
		g.line("function %s(%s) tick()", g.pick("g1", "T.f", "T.sub.f"), args)
		g.apart(params, vararg)
		g.line("end")
	default:
		g.line("t(pcall(function(%s) tick()", args)
		g.apart(params, vararg)
		g.line("end, %s))", g.list(1))
	}
}

// closures makes functions in a loop that share or do not share a variable.
func (g *generator) closures() {
	v, fs := fmt.Sprintf("v%d", g.names), fmt.Sprintf("v%d", g.names+1)
	g.names += 2
	g.line("local %s = {}", fs)
	g.scopes[len(g.scopes)-1] = append(g.scopes[len(g.scopes)-1], fs)
	head := g.pick("for "+v+" = 1, 3 do", "for _, "+v+" in ipairs{4, 5, 6} do", "while not more() do local "+v+" = len("+fs+")", "repeat local "+v+" = len("+fs+")")
	g.line("%s tick()", head)
	g.loops++
	g.indent++
	open := g.IntN(2) == 0
	if open {
		g.line("%s", g.pick("do", "if "+v+" then", "for _ = 1, 2 do"))
	}
	g.line("local u = %s", g.pick(v, "{"+v+"}", v+" and 1"))
	was := g.vararg
	g.vararg = false
	g.line("%s[len(%s) + 1] = function(x) %s = (%s) or x; u = x or u; return %s, u end", fs, fs, v, g.expr(1), v)
	g.vararg = was
	if g.IntN(2) == 0 {
		g.line("if %s then break end", g.expr(1))
	}
	if open {
		g.line("end")
	}
	g.scopes = append(g.scopes, []string{v})
	g.statement()
	g.scopes = g.scopes[:len(g.scopes)-1]
	g.indent--
	g.loops--
	if strings.HasPrefix(head, "repeat") {
		g.line("until more() or len(%s) > 3", fs)
	} else {
		g.line("end")
	}
	g.line("for _, f in ipairs(%s) do t(f(_)) t(f()) end", fs)
}

func (g *generator) constant() string {
	return g.pick("nil", "true", "false", "0", "1", "2", "3", "10", "0.5", "-1", "1e2", "0x10", "007", "\"\"", "\"a\"", "\"10\"", "\"010\"", "'0x10'", "\" 5 \"", "{}", "{1, 2}", "1e999", ".5", "5.", "3e+2", "25e-1", "0xA", "'\\65\\\"\\\\'", "[[x]]", "1e15", "2^53", "1e100")
}

func (g *generator) simple() string {
	switch g.IntN(6) {
	case 0:
		return g.constant()
	case 1:
		return g.pick("T.x", "T.y", "T[1]", "T[2]", "T.sub.x", "T.n", "len(T)", "#\"abc\"", "#{1, 2, 3}", "T[\"1\"]", "_G.g1", "(\"ab\"):rep(2)", "(\"x\"):len()", "#(\"ab\" .. 1)", "1 .. 2")
	case 2:
		if g.vararg {
			return g.pick("...", "(...)", "(select('#', ...))", "select(2, ...)")
		}
	}
	return g.variable()
}

func (g *generator) call(depth int) string {
	f := g.pick("self", "two", "none", "self", "pack", "T.f", "T:m", "try", "g1", "more", "changing")
	if f == "more" {
		return g.pick("select(-1, "+g.list(depth-1)+", 1)", "unpack({"+g.simple()+" or 1, 2, 3}, 2)", "pack(unpack({1, 2}), "+g.simple()+")", "self(tostring(n("+g.simple()+")) .. \"x\")", "tonumber("+g.constant()+")")
	} else if f == "changing" {
		return g.changing(g.pick("g1", "g2", "T.x", "T.n"))
	}
	if f == "T.f" || f == "T:m" || f == "g1" {
		return fmt.Sprintf("try(function(...) return %s(...) end, %s)", f, g.list(depth-1))
	}
	if g.IntN(6) == 0 && f != "try" {
		return f + g.pick("{}", "\"s\"", "{1, two(1, 2)}", "()")
	}
	return fmt.Sprintf("%s(%s)", f, g.list(depth-1))
}

// callStatement never begins with a bracket, which could belong to the line before.
func (g *generator) callStatement() string {
	c := g.call(2)
	if c[0] == '(' {
		c = "local _ = " + c
	}
	return c
}

func (g *generator) expr(depth int) string {
	if depth <= 0 {
		return g.simple()
	}
	switch g.IntN(22) {
	case 0, 1, 2, 3:
		return fmt.Sprintf("%s %s %s", g.operand(depth), g.pick("and", "or"), g.operand(depth))
	case 4:
		return fmt.Sprintf("%s and %s or %s", g.operand(depth), g.operand(depth), g.operand(depth))
	case 5:
		return fmt.Sprintf("(%s or %s) and %s", g.operand(depth), g.operand(depth), g.operand(depth))
	case 6:
		return "not " + g.operand(depth)
	case 7:
		return fmt.Sprintf("%s %s %s", g.operand(depth), g.pick("==", "~="), g.operand(depth))
	case 8:
		return fmt.Sprintf("n(%s) %s n(%s)", g.expr(depth-1), g.pick("<", "<=", ">", ">=", "=="), g.expr(depth-1))
	case 9:
		return fmt.Sprintf("n(%s) %s n(%s)", g.expr(depth-1), g.pick("+", "-", "*"), g.expr(depth-1))
	case 10:
		return fmt.Sprintf("%s %s %s", g.number(depth), g.pick("+", "-", "*", "%", "/", "^ 2 +"), g.pick("2", "3", "-1", "\"2\"", "0.5", "(1 + 2)", "-(2)"))
	case 11:
		return fmt.Sprintf("s(%s) .. %s .. s(%s)", g.expr(depth-1), g.pick("\"-\"", "1", "0.5", "1/3", "1e15", "2^53", "\"\""), g.expr(depth-1))
	case 12, 13:
		return g.call(depth)
	case 14:
		return "(" + g.call(depth) + ")"
	case 15:
		return g.constructor(depth)
	case 16:
		return fmt.Sprintf("(function(...) return %s end)(%s)", g.inner(depth), g.list(depth-1))
	case 17:
		return g.pick("-", "not not ", "not ", "-") + g.pick("n("+g.expr(depth-1)+")", "(1)", "\"3\"")
	case 18:
		if g.IntN(3) > 0 {
			return "s(" + g.operand(depth) + ")" + g.pick(" .. \"x\"", " .. 1")
		}
		return g.operand(depth) + g.pick(" + 1", " .. \"x\"", " < 1", "")
	case 19:
		return fmt.Sprintf("try(function(...) return %s %s %s end, %s)", g.operand(depth-1), g.pick("<", "<=", ">", ">=", "+", "%"), g.operand(depth-1), g.simple())
	case 20:
		return fmt.Sprintf("n(%s) %s n(%s)", g.expr(depth-1), g.pick("%", "/", "%"), g.expr(depth-1))
	}
	return g.simple()
}

// inner is an expression inside a vararg function.
func (g *generator) inner(depth int) string {
	was := g.vararg
	g.vararg = true
	defer func() { g.vararg = was }()
	return g.list(depth - 1)
}

func (g *generator) number(depth int) string {
	return g.pick("n("+g.expr(depth-1)+")", "5", "\"7\"", "\"0x1F\"", "-3", "1e3", "\"1e2\"", "0010")
}

func (g *generator) operand(depth int) string {
	e := g.expr(depth - 1)
	if g.IntN(4) == 0 || strings.ContainsAny(e, " ") && !strings.HasSuffix(e, ")") {
		return "(" + e + ")"
	}
	if strings.Contains(e, " and ") || strings.Contains(e, " or ") || strings.Contains(e, "=") || strings.Contains(e, "<") || strings.Contains(e, "..") {
		return "(" + e + ")"
	}
	return e
}

func (g *generator) constructor(depth int) string {
	n := g.IntN(5)
	if g.IntN(25) == 0 {
		n = g.pickInt(49, 50, 51, 100, 101, 120)
	}
	big := n > 10
	var fields []string
	for i := range n {
		switch {
		case big && i < n-2:
			fields = append(fields, fmt.Sprint(i))
		case g.IntN(3) == 0:
			fields = append(fields, fmt.Sprintf("%s = %s", g.pick("x", "y", "n", "[1]", "[\"x\"]", "[key(1)]"), g.expr(depth-1)))
		default:
			fields = append(fields, g.expr(depth-1))
		}
	}
	if g.IntN(4) == 0 {
		fields = append(fields, g.pick("two(1, 2)", "x = two(1, 2)", "(two(1, 2))", "[3] = self(1)"))
	}
	if len(fields) > 0 && g.IntN(4) == 0 {
		fields = append(fields, "")
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

func (g *generator) pickInt(list ...int) int { return list[g.IntN(len(list))] }
