package bindings

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

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
		c.wrong("the options", "a table", v)
	}
	n := 0
	if list {
		n = t.Len()
	}
	for k, _ := t.Next(lua.LNil); k != lua.LNil; k, _ = t.Next(k) {
		name, ok := k.(lua.LString)
		switch {
		case inList(k, n) || ok && slices.Contains(known, string(name)):
		case ok:
			c.fail("unknown option '%s'%s", cut(string(name)), suggestion(string(name), known))
		default:
			c.fail("unknown option %s", show(k))
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

// oneOf is "a, b or c" for the names given.
func oneOf(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
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

// distance is the number of letters to insert, delete or replace to make a into
// b. What is far longer than a name is far from every name.
func distance(a, b string) int {
	const longestName = 64
	if len(a) > longestName {
		return len(a)
	}
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
