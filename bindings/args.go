package bindings

import (
	"fmt"
	"math"
	"sort"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"
)

// call checks the arguments of one call of a Lua function. Everything wrong with
// them is raised at the caller's line with the name of the function.
type call struct {
	L     *lua.LState
	fn    string
	first int // stack index of argument 1; 2 for methods
}

// function makes a Lua function of f, called name in errors.
func function(L *lua.LState, name string, f func(c call) int) *lua.LFunction {
	return L.NewFunction(func(L *lua.LState) int { return f(call{L, name, 1}) })
}

// functions puts Lua functions into the table of a module, in the order of their
// names so that pairs over it repeats.
func functions(L *lua.LState, m *lua.LTable, module string, fns map[string]func(c call) int) {
	names := make([]string, 0, len(fns))
	for name := range fns {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		m.RawSetString(name, function(L, module+"."+name, fns[name]))
	}
}

func (c call) fail(format string, args ...any) {
	text := fmt.Sprintf("%s: %s", c.fn, fmt.Sprintf(format, args...))
	if c.L.Where(1) == "" { // called by pcall itself, so there is no line
		c.L.Error(lua.LString(text), 0)
	}
	c.L.RaiseError("%s", text)
}

func (c call) get(i int) lua.LValue { return c.L.Get(c.first + i - 1) }

func (c call) count() int { return c.L.GetTop() - c.first + 1 }

func (c call) none(i int) bool { return c.get(i) == lua.LNil }

// cut shortens a text for an error.
func cut(s string) string {
	const longest = 40
	if len(s) <= longest {
		return s
	}
	end := longest
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

// show writes a value for an error text.
func show(v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		return fmt.Sprintf("%q", cut(string(v)))
	case *lua.LUserData:
		if class := className(v); class != "" {
			return "a " + class
		}
		return "a userdata"
	case *lua.LTable, *lua.LFunction, *lua.LState:
		return "a " + v.Type().String()
	}
	return v.String()
}

// wrong raises that what should have been something else.
func (c call) wrong(what, want string, got lua.LValue) {
	c.fail("%s must be %s, got %s", what, want, show(got))
}

func (c call) number(i int, what string) float64 {
	n, ok := c.get(i).(lua.LNumber)
	if !ok || math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		c.wrong(what, "a number", c.get(i))
	}
	return float64(n)
}

func (c call) integer(i int, what string, lo, hi int) int {
	return c.asInteger(c.get(i), what, lo, hi)
}

func (c call) asInteger(v lua.LValue, what string, lo, hi int) int {
	n, ok := v.(lua.LNumber)
	if ok && float64(n) >= float64(lo) && float64(n) <= float64(hi) {
		if float64(n) == math.Trunc(float64(n)) {
			return int(n)
		}
		c.wrong(what, fmt.Sprintf("a whole number %d-%d", lo, hi), v)
	}
	c.wrong(what, fmt.Sprintf("%d-%d", lo, hi), v)
	return 0
}

func (c call) str(i int, what string) string { return c.asString(c.get(i), what) }

func (c call) asString(v lua.LValue, what string) string {
	s, ok := v.(lua.LString)
	switch {
	case !ok:
		c.wrong(what, "a string", v)
	case s == "":
		c.fail("%s must not be empty", what)
	}
	return string(s)
}

// names takes a list of strings; item says what one of them is.
func (c call) names(v lua.LValue, what, item string) []string {
	t, ok := v.(*lua.LTable)
	if !ok {
		c.wrong(what, "a list of names", v)
	}
	n := t.Len()
	if n == 0 {
		c.fail("%s must be a list with at least one name", what)
	}
	c.onlyList(t, n, what)
	names := make([]string, n)
	for i := range names {
		names[i] = c.asString(t.RawGetInt(i+1), fmt.Sprintf("%s %d", item, i+1))
	}
	return names
}

// onlyList raises for the first key of t that is not in its list of length n.
func (c call) onlyList(t *lua.LTable, n int, what string) {
	for k, _ := t.Next(lua.LNil); k != lua.LNil; k, _ = t.Next(k) {
		if !inList(k, n) {
			c.fail("%s must be a list, but it has the key %s as well", what, show(k))
		}
	}
}

// inList tells whether k is the place of an element in a list of length n.
func inList(k lua.LValue, n int) bool {
	i, ok := k.(lua.LNumber)
	return ok && i >= 1 && float64(i) <= float64(n) && float64(i) == math.Trunc(float64(i))
}

func (c call) function(i int, what string) *lua.LFunction {
	fn, ok := c.get(i).(*lua.LFunction)
	if !ok {
		c.wrong(what, "a function", c.get(i))
	}
	return fn
}

func (c call) level(v lua.LValue, what string) float64 {
	const slack = 1e-6 // of computed levels
	n, ok := v.(lua.LNumber)
	if !ok || !(n >= -slack && n <= 255+slack) {
		c.wrong(what, "a level 0-255", v)
	}
	return min(max(float64(n), 0), 255)
}
