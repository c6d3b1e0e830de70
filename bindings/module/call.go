package module

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"
)

// Call checks the arguments of one call of a Lua function. Everything wrong with
// them is raised at the caller's line with the name of the function.
type Call struct {
	L     *lua.LState
	Fn    string
	First int // stack index of argument 1; 2 for methods
}

// Function makes a Lua function of f, called name in errors.
func Function(L *lua.LState, name string, f func(c Call) int) *lua.LFunction {
	return L.NewFunction(func(L *lua.LState) int { return f(Call{L, name, 1}) })
}

// Functions puts Lua functions into the table of a module, in the order of their
// names so that pairs over it repeats. A call with a colon, which passes the module
// first, is the same as one with a dot.
func Functions(L *lua.LState, m *lua.LTable, module string, fns map[string]func(c Call) int) {
	names := make([]string, 0, len(fns))
	for name := range fns {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		m.RawSetString(name, Function(L, module+"."+name, func(c Call) int {
			if c.Get(1) == lua.LValue(m) {
				c.First++
			}
			return fns[name](c)
		}))
	}
}

// Fail raises an error at the caller's line.
func (c Call) Fail(format string, args ...any) {
	text := strings.TrimPrefix(fmt.Sprintf("%s: %s", c.Fn, fmt.Sprintf(format, args...)), ": ")
	level := 1
	for c.L.Where(level) == "[G]:" {
		level++
	}
	if c.L.Where(level) == "" { // called by pcall itself, so there is no line
		c.L.Error(lua.LString(text), 0)
	}
	c.L.RaiseError("%s", text)
}

// Get returns argument i, counted from 1; nil if there are fewer.
func (c Call) Get(i int) lua.LValue { return c.L.Get(c.First + i - 1) }

// Count is the number of arguments.
func (c Call) Count() int { return c.L.GetTop() - c.First + 1 }

// None tells whether argument i is nil or missing.
func (c Call) None(i int) bool { return c.Get(i) == lua.LNil }

// Cut shortens a text for an error.
func Cut(s string) string {
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

// Describe writes a value for an error text.
func Describe(v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		return fmt.Sprintf("%q", Cut(string(v)))
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

// Wrong raises that what should have been something else.
func (c Call) Wrong(what, want string, got lua.LValue) {
	c.Fail("%s must be %s, got %s", what, want, Describe(got))
}

// WrongNumber is Wrong for what should have been a number.
func (c Call) WrongNumber(what, want string, got lua.LValue) {
	hint := ""
	if s, ok := got.(lua.LString); ok {
		if _, err := strconv.ParseFloat(string(s), 64); err == nil {
			hint = "; a number stands without quotes"
		}
	}
	c.Fail("%s must be %s, got %s%s", what, want, Describe(got), hint)
}

// Number takes a finite number.
func (c Call) Number(i int, what string) float64 {
	n, ok := c.Get(i).(lua.LNumber)
	if !ok || math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		c.WrongNumber(what, "a number", c.Get(i))
	}
	return float64(n)
}

// Integer takes a whole number from lo to hi.
func (c Call) Integer(i int, what string, lo, hi int) int {
	return c.AsInteger(c.Get(i), what, lo, hi)
}

// AsInteger is Integer for a value that is not an argument itself.
func (c Call) AsInteger(v lua.LValue, what string, lo, hi int) int {
	n, ok := v.(lua.LNumber)
	if ok && float64(n) >= float64(lo) && float64(n) <= float64(hi) {
		if float64(n) == math.Trunc(float64(n)) {
			return int(n)
		}
		c.Wrong(what, fmt.Sprintf("a whole number %d-%d", lo, hi), v)
	}
	c.WrongNumber(what, fmt.Sprintf("%d-%d", lo, hi), v)
	return 0
}

// Str takes a string that is not empty.
func (c Call) Str(i int, what string) string { return c.AsString(c.Get(i), what) }

// AsString is Str for a value that is not an argument itself.
func (c Call) AsString(v lua.LValue, what string) string {
	s, ok := v.(lua.LString)
	switch {
	case !ok:
		c.Wrong(what, "a string", v)
	case s == "":
		c.Fail("%s must not be empty", what)
	}
	return string(s)
}

// Names takes a list of strings; item says what one of them is.
func (c Call) Names(v lua.LValue, what, item string) []string {
	t, ok := v.(*lua.LTable)
	if !ok {
		c.Wrong(what, `a list of names, as in { "a", "b" }`, v)
	}
	n := t.Len()
	if n == 0 {
		c.Fail("%s must be a list with at least one name", what)
	}
	c.OnlyList(t, n, what)
	names := make([]string, n)
	for i := range names {
		names[i] = c.AsString(t.RawGetInt(i+1), fmt.Sprintf("%s %d", item, i+1))
	}
	return names
}

// OnlyList raises for the first key of t that is not in its list of length n.
func (c Call) OnlyList(t *lua.LTable, n int, what string) {
	for k, _ := t.Next(lua.LNil); k != lua.LNil; k, _ = t.Next(k) {
		if !inList(k, n) {
			c.Fail("%s must be a list, but it has the key %s as well", what, Describe(k))
		}
	}
}

// inList tells whether k is the place of an element in a list of length n.
func inList(k lua.LValue, n int) bool {
	i, ok := k.(lua.LNumber)
	return ok && i >= 1 && float64(i) <= float64(n) && float64(i) == math.Trunc(float64(i))
}

// Word takes argument i as one of some words.
func (c Call) Word(i int, what string, words []string) string {
	return c.asWord(c.Get(i), what, words)
}

func (c Call) asWord(v lua.LValue, what string, words []string) string {
	word, ok := v.(lua.LString)
	switch {
	case !ok:
		c.Wrong(what, OneOf(words), v)
	case !slices.Contains(words, string(word)):
		c.Fail("%s must be %s, got %s%s", what, OneOf(words), Describe(v), suggestion(string(word), words))
	}
	return string(word)
}

// Function takes a function.
func (c Call) Function(i int, what string) *lua.LFunction {
	fn, ok := c.Get(i).(*lua.LFunction)
	switch {
	case !ok && c.None(i):
		c.Fail("%s must be a function, got nil; was it called where it should be passed, as f() for f?", what)
	case !ok:
		c.Wrong(what, "a function", c.Get(i))
	}
	return fn
}

// Level takes a level, 0-255 or as in "50%".
func (c Call) Level(v lua.LValue, what string) float64 {
	const slack = 1e-6 // of computed levels
	if l, ok := c.Percent(v, what); ok {
		return l
	}
	n, ok := v.(lua.LNumber)
	if !ok || !(n >= -slack && n <= 255+slack) {
		c.WrongNumber(what, "a number 0-255", v)
	}
	return min(max(float64(n), 0), 255)
}

// Percent takes a level such as "50%"; false for what does not end so.
func (c Call) Percent(v lua.LValue, what string) (float64, bool) {
	text, ok := v.(lua.LString)
	number, found := strings.CutSuffix(string(text), "%")
	if !ok || !found {
		return 0, false
	}
	p, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !(p >= 0 && p <= 100) {
		c.Wrong(what, `a number 0-255, or a text "0%"-"100%"`, v)
	}
	return p / 100 * 255, true
}
