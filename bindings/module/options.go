package module

import (
	"fmt"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/patch"
)

// Options is a table argument with named fields.
type Options struct {
	Call
	T *lua.LTable
}

// Options takes argument i as a table of options; nil is an empty one. A field
// that is not known raises, suggesting the one that may have been meant. With
// list, the array part is left alone.
func (c Call) Options(i int, list bool, known ...string) Options {
	v := c.Get(i)
	if v == lua.LNil {
		return Options{c, c.L.CreateTable(0, 0)}
	}
	t, ok := v.(*lua.LTable)
	if !ok {
		c.Wrong("the options", fmt.Sprintf("a table such as { %s = … }", known[0]), v)
	}
	n := 0
	if list {
		n = t.Len()
	}
	c.fields(t, n, "", known)
	return Options{c, t}
}

// fields raises for a key of t, other than those of a list of length n, that is not known;
// where says where else than in the options that is.
func (c Call) fields(t *lua.LTable, n int, where string, known []string) {
	for k, _ := t.Next(lua.LNil); k != lua.LNil; k, _ = t.Next(k) {
		name, ok := k.(lua.LString)
		switch {
		case inList(k, n) || ok && slices.Contains(known, string(name)):
		case ok:
			c.Fail("unknown option '%s'%s%s", Cut(string(name)), where, Hint(string(name), "it takes", known))
		default:
			c.Fail("unknown option %s%s; it takes %s", Describe(k), where, all(known))
		}
	}
}

// Fields takes a table in an option, called what in errors, which has certain fields only.
func (c Call) Fields(v lua.LValue, what, example string, known []string) *lua.LTable {
	t, ok := v.(*lua.LTable)
	if !ok {
		c.Wrong(what, "a table, as in "+example, v)
	}
	c.fields(t, 0, " in "+what, known)
	return t
}

// Get returns a field, nil if it is not there.
func (o Options) Get(name string) lua.LValue { return o.T.RawGetString(name) }

// Has tells whether a field is there.
func (o Options) Has(name string) bool { return o.Get(name) != lua.LNil }

// Str takes a string, def if it is not there.
func (o Options) Str(name, def string) string {
	if !o.Has(name) {
		return def
	}
	return o.AsString(o.Get(name), name)
}

// Integer takes a whole number from lo to hi, def if it is not there.
func (o Options) Integer(name string, def, lo, hi int) int {
	if !o.Has(name) {
		return def
	}
	return o.AsInteger(o.Get(name), name, lo, hi)
}

// Level takes a level, def if it is not there.
func (o Options) Level(name string, def float64) float64 {
	if !o.Has(name) {
		return def
	}
	return o.Call.Level(o.Get(name), name)
}

// Ratio takes a number from 0 to most, def if it is not there.
func (o Options) Ratio(name string, def, most float64) float64 {
	if !o.Has(name) {
		return def
	}
	n, ok := o.Get(name).(lua.LNumber)
	if !ok || !(float64(n) >= 0 && float64(n) <= most) {
		o.WrongNumber(name, fmt.Sprintf("0-%g", most), o.Get(name))
	}
	return float64(n)
}

// Bool takes true or false, which is also the default.
func (o Options) Bool(name string) bool {
	v := o.Get(name)
	if v != lua.LNil && v != lua.LTrue && v != lua.LFalse {
		o.Wrong(name, "true or false", v)
	}
	return v == lua.LTrue
}

// Function takes a function.
func (o Options) Function(name string) *lua.LFunction {
	fn, ok := o.Get(name).(*lua.LFunction)
	if !ok {
		o.Wrong(name, "a function", o.Get(name))
	}
	return fn
}

// Choice takes one of some words, the first if it is not there.
func (o Options) Choice(name string, words []string) string {
	if !o.Has(name) {
		return words[0]
	}
	return o.asWord(o.Get(name), name, words)
}

// Host takes the name or the address of a machine; this one if it is not there.
func (o Options) Host() string {
	host := o.Str("host", "127.0.0.1")
	name, port, found := strings.Cut(host, ":")
	if found && name != "" && !strings.Contains(port, ":") { // which is in addresses of IPv6
		o.Wrong("host", "a name or an address alone, beside port = "+port, o.Get("host"))
	}
	return host
}

// OneOf is "a, b or c" for the names given.
func OneOf(names []string) string { return enumerate(names, "or") }

// all is "a, b and c" for the names given.
func all(names []string) string { return enumerate(names, "and") }

func enumerate(names []string, last string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	n := len(names) - 1
	return strings.Join(names[:n], ", ") + " " + last + " " + names[n]
}

// Hint helps somebody who wrote s: with the known name most like it, or else, after
// some words, with all there are.
func Hint(s, words string, known []string) string {
	if text := suggestion(s, known); text != "" || len(known) == 0 {
		return text
	}
	return "; " + words + " " + all(known)
}

// suggestion is " (did you mean 'x'?)" for the known name most like s, or "".
func suggestion(s string, known []string) string {
	best := patch.Closest(s, slices.Sorted(slices.Values(known)))
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean '%s'?)", best)
}
