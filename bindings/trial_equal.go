package bindings

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
)

func (t *Trial) equal(c module.Call) int {
	pair := comparison{seen: map[[2]*lua.LTable]bool{}}
	if pair.same(c.Get(1), c.Get(2)) {
		return 0
	}
	got, short := inShort(c.Get(1))
	want, too := inShort(c.Get(2))
	where := ""
	if !short || !too {
		where = pair.where()
	}
	wrong(c, "got %s, expected %s%s", got, want, where)
	return 0
}

// same compares two values, and tables by what they hold.
func same(got, want lua.LValue) bool {
	c := comparison{seen: map[[2]*lua.LTable]bool{}}
	return c.same(got, want)
}

// comparison is one of two values that may hold each other, or themselves.
type comparison struct {
	seen      map[[2]*lua.LTable]bool // compared already, or further out
	path      []lua.LValue            // the keys that lead to the first difference, the innermost first
	got, want lua.LValue              // what is there
}

func (c *comparison) same(got, want lua.LValue) bool {
	g, isTable := got.(*lua.LTable)
	w, toTable := want.(*lua.LTable)
	if !isTable || !toTable {
		c.got, c.want = got, want
		return alike(got, want)
	}
	if g == w || c.seen[[2]*lua.LTable{g, w}] {
		return true
	}
	c.seen[[2]*lua.LTable{g, w}] = true
	for k, v := w.Next(lua.LNil); k != lua.LNil; k, v = w.Next(k) {
		if !c.same(g.RawGet(k), v) {
			c.path = append(c.path, k)
			return false
		}
	}
	for k, v := g.Next(lua.LNil); k != lua.LNil; k, v = g.Next(k) {
		if w.RawGet(k) == lua.LNil {
			c.path, c.got, c.want = append(c.path, k), v, lua.LNil
			return false
		}
	}
	return true
}

// alike compares two values of which one is no table.
func alike(got, want lua.LValue) bool {
	w, isNumber := want.(lua.LNumber)
	g, ok := got.(lua.LNumber)
	return got == want || isNumber && ok && math.Abs(float64(g-w)) < 1e-5
}

// where tells of the first difference within tables.
func (c *comparison) where() string {
	var at strings.Builder
	for _, key := range slices.Backward(c.path) {
		if at.WriteString("[" + written(key) + "]"); at.Len() > longestShown {
			at.WriteString("…")
			break
		}
	}
	return "\nthe first difference is at " + at.String() + ": got " + written(c.got) + ", expected " + written(c.want)
}

// longestShown is about how many bytes of a value are shown.
const longestShown = 200

// written is a value in the text of a failure.
func written(v lua.LValue) string { text, _ := inShort(v); return text }

// inShort is a value in the text of a failure, and whether that is all of it.
func inShort(v lua.LValue) (text string, all bool) {
	s := showing{}
	s.value(v, 0)
	return s.String(), !s.cut
}

// showing is a value that is being written.
type showing struct {
	strings.Builder
	full bool // it is long enough
	cut  bool // there is more of it
}

func (s *showing) value(v lua.LValue, depth int) {
	const deepest = 4
	t, ok := v.(*lua.LTable)
	switch n, isNumber := v.(lua.LNumber); {
	case isNumber:
		s.WriteString(strconv.FormatFloat(float64(n), 'g', 6, 64))
	case !ok:
		s.WriteString(module.Describe(v))
	case depth == deepest:
		s.more()
	default:
		s.WriteString("{ ")
		s.table(t, depth+1)
		s.WriteString(" }")
	}
}

func (s *showing) more() {
	s.WriteString("…")
	s.cut = true
}

// table writes what a table holds: its list, and the rest by their keys.
func (s *showing) table(t *lua.LTable, depth int) {
	separator := ""
	next := func() bool {
		if s.full {
			return false
		}
		s.WriteString(separator)
		separator = ", "
		if s.full = s.Len() > longestShown; s.full {
			s.more()
		}
		return !s.full
	}
	for i := 1; i <= t.Len(); i++ {
		if !next() {
			return
		}
		s.value(t.RawGetInt(i), depth)
	}
	for _, e := range sorted(t) {
		if n, ok := e.key.(lua.LNumber); ok && n >= 1 && int(n) <= t.Len() && n == lua.LNumber(int(n)) {
			continue
		}
		if !next() {
			return
		}
		if name, ok := e.key.(lua.LString); ok {
			s.WriteString(string(name) + " = ")
		} else {
			s.WriteString("[" + written(e.key) + "] = ")
		}
		s.value(e.value, depth)
	}
}

type entry struct{ key, value lua.LValue }

// sorted are the fields of a table, in an order that repeats.
func sorted(t *lua.LTable) (list []entry) {
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		list = append(list, entry{k, v})
	}
	slices.SortStableFunc(list, func(a, b entry) int { return cmp.Compare(a.key.String(), b.key.String()) })
	return list
}
