package bindings

import (
	"fmt"
	"math"
	"sort"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/script"
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

func (c call) fail(format string, args ...any) {
	c.L.RaiseError("%s: %s", c.fn, fmt.Sprintf(format, args...))
}

func (c call) get(i int) lua.LValue { return c.L.Get(c.first + i - 1) }

func (c call) count() int { return c.L.GetTop() - c.first + 1 }

func (c call) none(i int) bool { return c.get(i) == lua.LNil }

// show writes a value for an error text.
func show(v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		if len(v) > 40 {
			v = v[:40] + "…"
		}
		return fmt.Sprintf("%q", string(v))
	case *lua.LTable, *lua.LFunction, *lua.LUserData, *lua.LState:
		return "a " + v.Type().String()
	}
	return v.String()
}

// wrong raises that what should have been something else.
func (c call) wrong(what, want string, got lua.LValue) {
	c.fail("%s must be %s, got %s", what, want, show(got))
}

func (c call) number(i int, what string) float64 {
	return c.asNumber(c.get(i), what)
}

func (c call) asNumber(v lua.LValue, what string) float64 {
	n, ok := v.(lua.LNumber)
	if !ok || math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		c.wrong(what, "a number", v)
	}
	return float64(n)
}

func (c call) integer(i int, what string, lo, hi int) int {
	return c.asInteger(c.get(i), what, lo, hi)
}

func (c call) asInteger(v lua.LValue, what string, lo, hi int) int {
	n, ok := v.(lua.LNumber)
	if !ok || float64(n) != math.Trunc(float64(n)) || float64(n) < float64(lo) || float64(n) > float64(hi) {
		c.wrong(what, fmt.Sprintf("%d-%d", lo, hi), v)
	}
	return int(n)
}

func (c call) str(i int, what string) string { return c.asString(c.get(i), what) }

func (c call) asString(v lua.LValue, what string) string {
	s, ok := v.(lua.LString)
	if !ok || s == "" {
		c.wrong(what, "a string", v)
	}
	return string(s)
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

// options is a table argument with named fields.
type options struct {
	call
	t *lua.LTable
}

// options takes argument i as a table of options; nil is an empty one. A field
// that is not known raises, suggesting the one that may have been meant. With
// list, the array part is left alone.
func (c call) options(i int, list bool, known ...string) options {
	v := c.get(i)
	if v == lua.LNil {
		return options{c, c.L.NewTable()}
	}
	t, ok := v.(*lua.LTable)
	if !ok {
		c.wrong("the argument", "a table of options", v)
	}
	for k, _ := t.Next(lua.LNil); k != lua.LNil; k, _ = t.Next(k) {
		if _, isNumber := k.(lua.LNumber); isNumber && list {
			continue
		}
		if !contains(known, k.String()) {
			c.fail("unknown option %s%s", show(k), suggestion(k.String(), known))
		}
	}
	return options{c, t}
}

func (o options) get(name string) lua.LValue { return o.t.RawGetString(name) }

func (o options) has(name string) bool { return o.get(name) != lua.LNil }

func (o options) str(name, def string) string {
	if !o.has(name) {
		return def
	}
	return o.asString(o.get(name), name)
}

func (o options) integer(name string, def, lo, hi int) int {
	if !o.has(name) {
		return def
	}
	return o.asInteger(o.get(name), name, lo, hi)
}

func (o options) boolean(name string, def bool) bool {
	v := o.get(name)
	if v == lua.LNil {
		return def
	}
	b, ok := v.(lua.LBool)
	if !ok {
		o.wrong(name, "true or false", v)
	}
	return bool(b)
}

// choice takes one of the names given.
func (o options) choice(name, def string, names ...string) string {
	s := o.str(name, def)
	if !contains(names, s) {
		o.fail("%s must be one of %s, got %q%s", name, strings.Join(names, ", "), s, suggestion(s, names))
	}
	return s
}

func contains(names []string, s string) bool {
	for _, n := range names {
		if n == s {
			return true
		}
	}
	return false
}

// suggestion is " (did you mean 'x'?)" for the known name most like s, or "".
func suggestion(s string, known []string) string {
	best, at := "", 3
	sorted := append([]string(nil), known...)
	sort.Strings(sorted)
	for _, k := range sorted {
		if d := distance(s, k); d < at && d < len(k) {
			best, at = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean '%s'?)", best)
}

// distance is the number of letters to insert, delete or replace to make a into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// object makes userdata of a Go value with the methods of class.
func (s *Show) object(L *lua.LState, class string, v any, methods func() *lua.LTable) *lua.LUserData {
	mt, ok := s.metatables[class]
	if !ok {
		mt = methods()
		mt.RawSetString("__metatable", lua.LString(class))
		s.metatables[class] = mt
	}
	ud := L.NewUserData()
	ud.Value = v
	ud.Metatable = mt
	return ud
}

// methods makes a metatable whose objects have the functions given. Property, if
// not nil, is asked first for a name that is no method.
func methods[T any](L *lua.LState, class string, fns map[string]func(c call, v T) int, property func(L *lua.LState, v T, name string) lua.LValue) *lua.LTable {
	index := L.NewTable()
	for name, f := range fns {
		full := class + ":" + name
		index.RawSetString(name, L.NewFunction(func(L *lua.LState) int {
			c := call{L, full, 2}
			return f(c, self[T](c, class))
		}))
	}
	mt := L.NewTable()
	mt.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		name := L.Get(2)
		if v := index.RawGet(name); v != lua.LNil {
			L.Push(v)
			return 1
		}
		if property != nil {
			ud, _ := L.Get(1).(*lua.LUserData)
			if v, ok := ud.Value.(T); ok {
				if p := property(L, v, name.String()); p != nil {
					L.Push(p)
					return 1
				}
			}
		}
		var known []string
		for n := range fns {
			known = append(known, n)
		}
		L.RaiseError("%s has no '%s'%s", class, name.String(), suggestion(name.String(), known))
		return 0
	}))
	mt.RawSetString("__newindex", L.NewFunction(func(L *lua.LState) int {
		L.RaiseError("%s: fields cannot be set (%s)", class, L.Get(2).String())
		return 0
	}))
	mt.RawSetString("__tostring", L.NewFunction(func(L *lua.LState) int {
		if ud, ok := L.Get(1).(*lua.LUserData); ok {
			if v, ok := ud.Value.(fmt.Stringer); ok {
				L.Push(lua.LString(class + " " + v.String()))
				return 1
			}
		}
		L.Push(lua.LString(class))
		return 1
	}))
	return mt
}

// self takes the object a method was called on.
func self[T any](c call, class string) T {
	ud, ok := c.L.Get(1).(*lua.LUserData)
	if ok {
		if v, ok := ud.Value.(T); ok {
			return v
		}
	}
	c.fail("must be called on a %s with a colon, as in x:%s(…)", class, c.fn[strings.LastIndexByte(c.fn, ':')+1:])
	panic("unreachable")
}

// pushHandle returns a registration to the script.
func (s *Show) pushHandle(c call, h *script.Handle) int {
	c.L.Push(s.object(c.L, "handle", h, func() *lua.LTable {
		return methods(c.L, "handle", map[string]func(call, *script.Handle) int{
			"cancel": func(_ call, h *script.Handle) int { h.Cancel(); return 0 },
		}, nil)
	}))
	return 1
}
