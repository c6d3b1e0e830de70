package chunk_test

import (
	"fmt"
)

// condition is one of a statement, often a constant.
func (g *generator) condition(depth int) string {
	switch g.IntN(6) {
	case 0:
		return g.pick("true", "false", "nil", "1", "not 1", "not nil", "\"\"", "0", "{}", "(nil)", "(false)")
	case 1:
		return g.pick("true and ", "false and ", "nil or ", "1 and ", "false or ", "not nil and ", "nil and 1 or ") + g.operand(depth)
	}
	return g.expr(depth)
}

// aside writes a block that runs in a coroutine, or a text that is compiled by itself.
func (g *generator) aside() {
	if g.inText || g.IntN(2) == 0 {
		g.line("t(co(function(p0, ...) tick()")
		if g.IntN(2) == 0 {
			g.line("p0 = coroutine.yield(p0, ...)")
		}
		g.apart([]string{"p0"}, true)
		g.line("end, %s))", g.list(1))
		return
	}
	scopes := g.scopes
	g.scopes, g.inText = [][]string{nil}, true
	g.line("t(pcall(assert(loadstring([=[ tick() local p0 = ...")
	g.apart([]string{"p0"}, true)
	g.scopes, g.inText = scopes, false
	g.line("]=], \"=p\")), %s))", g.list(1))
}

func (g *generator) loop() {
	g.loops++
	defer func() { g.loops-- }()
	switch g.IntN(9) {
	case 0, 1:
		v := fmt.Sprintf("v%d", g.names)
		g.names++
		g.line("for %s = %s, %s%s do tick()", v, g.bound(), g.bound(), g.pick("", "", ", 1", ", 2", ", -1", ", \"2\"", ", 0.5"))
		g.block(v)
		g.line("end")
	case 2:
		g.line("while %s do tick()", g.condition(2))
		g.block()
		g.line("end")
	case 3:
		g.line("while %s do tick() if more() then break end", g.pick("true", "1", "not nil", "not false", "\"\"", "nil or true", "true and 1"))
		g.block()
		g.line("end")
	case 4:
		g.line("while %s do", g.pick("true", "1", "not nil"))
		g.block()
		g.line(" do break end")
		g.line("end")
	case 5:
		g.line("repeat tick()")
		g.scopes = append(g.scopes, nil)
		g.indent++
		g.line("local %s = %s", g.fresh(), g.expr(1))
		g.statement()
		g.indent--
		g.line("until more() or %s", g.condition(2))
		g.scopes = g.scopes[:len(g.scopes)-1]
	case 6:
		g.line("repeat")
		g.block()
		g.line("until %s", g.pick("true", "not false", "1", "not nil"))
	default:
		k, v := fmt.Sprintf("v%d", g.names), fmt.Sprintf("v%d", g.names+1)
		g.names += 2
		source := g.pick("pairs({1, 2, 3})", "ipairs({4, 5})", "next, {7, 8, 9}", "next, {7, 8, x = 1}, nil", "upto, 3, 0", "upto, 2", "count()", "(count())", "upto, two(2, 0)", "unpack({next, {1}})",
			"next, self({5, 6})", "upto, 3, self(0)", "self(next, {4, x = 5})", "next, {6}, nil, 7", "(next), {8}", "ipairs(T)", "coroutine.wrap(function(...) for i = 1, 3 do coroutine.yield(i, ...) end end), 1")
		switch g.IntN(3) {
		case 0:
			g.line("for %s in %s do tick()", k, source)
			g.block(k)
		case 1:
			g.line("for %s, %s in %s do tick()", k, v, source)
			g.block(k, v)
		default:
			g.line("for %s, %s, %s3, %s4 in %s do tick()", k, v, v, v, source)
			g.block(k, v, v+"3", v+"4")
		}
		g.line("end")
	}
}

func (g *generator) bound() string {
	return g.pick("1", "0", "2", "3", "-1", "\"2\"", "\"1\"", "len(T)", "self(1)", "0.5", "1 + 1", "T.n or 2", "\"0x3\"", "\" 2 \"", "-(-2)", "n("+g.variable()+")", "1e999", "-1e999", "\"1e0\"", g.variable())
}
