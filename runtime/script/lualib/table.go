package lualib

import (
	"sort"

	"showrun/runtime/script/lualib/pattern"

	lua "github.com/yuin/gopher-lua"
)

// All table functions are raw: they do not ask metatables. The length of a table is that of its array part.

var tableFunctions = []function{
	{"concat", tableConcat},
	{"foreach", tableForeach},
	{"foreachi", tableForeachi},
	{"getn", tableGetn},
	{"insert", tableInsert},
	{"maxn", tableMaxn},
	{"pack", tablePack},
	{"remove", tableRemove},
	{"sort", tableSort},
	{"unpack", tableUnpack},
}

// rawIndex reads t[i], wherever the table keeps it.
func rawIndex(t *lua.LTable, i int) lua.LValue {
	if v := t.RawGetInt(i); v != lua.LNil {
		return v
	}
	return t.RawGet(lua.LNumber(i))
}

func tableConcat(c call) int {
	t, separator := c.table(1), c.optText(2, "")
	from, to := c.optInteger(3, 1), c.optInteger(4, t.Len())
	m := c.plainMeter()
	var out []byte
	for i := from; i <= to; i++ {
		m.Spend(1)
		v := rawIndex(t, i)
		s, ok := toText(v)
		if !ok {
			c.raise("invalid value (%s) at index %d in table for 'concat'", v.Type(), i)
		}
		if i > from {
			out = append(out, separator...)
		}
		c.checkLength(len(out) + len(s) + len(separator))
		out = append(out, s...)
	}
	return c.pushText(string(out))
}

// tableForeach calls a function with each key and value until it returns something.
func tableForeach(c call) int {
	t, f := c.table(1), c.L.Get(2)
	for key, value := t.Next(lua.LNil); key != lua.LNil; key, value = t.Next(key) {
		if v := c.apply(f, key, value); v != lua.LNil {
			return c.push(v)
		}
	}
	return 0
}

// tableForeachi does the same with the elements from 1 on.
func tableForeachi(c call) int {
	t, f := c.table(1), c.L.Get(2)
	for i, n := 1, t.Len(); i <= n; i++ {
		if v := c.apply(f, lua.LNumber(i), rawIndex(t, i)); v != lua.LNil {
			return c.push(v)
		}
	}
	return 0
}

func tableGetn(c call) int { return c.pushNumber(float64(c.table(1).Len())) }

func tableInsert(c call) int {
	t := c.table(1)
	end := t.Len() + 1
	switch c.L.GetTop() {
	case 2:
		t.RawSetInt(end, c.L.Get(2))
	case 3:
		at := c.integer(2)
		if at < 1 {
			c.argError(2, "position out of bounds")
		}
		if at < end {
			t.Insert(at, c.L.Get(3))
		} else {
			t.RawSetInt(at, c.L.Get(3))
		}
	default:
		c.raise("wrong number of arguments to 'insert'")
	}
	return 0
}

// tableMaxn returns the largest positive number among the keys.
func tableMaxn(c call) int {
	t := c.table(1)
	m := c.plainMeter()
	largest := lua.LNumber(0)
	for key, _ := t.Next(lua.LNil); key != lua.LNil; key, _ = t.Next(key) {
		m.Spend(1)
		if n, ok := key.(lua.LNumber); ok {
			largest = max(largest, n)
		}
	}
	return c.push(largest)
}

func tablePack(c call) int {
	n := c.L.GetTop()
	t := c.L.CreateTable(n, 1)
	for i := 1; i <= n; i++ {
		t.RawSetInt(i, c.L.Get(i))
	}
	t.RawSetString("n", lua.LNumber(n))
	return c.push(t)
}

func tableRemove(c call) int {
	t := c.table(1)
	n := t.Len()
	at := c.optInteger(2, n)
	if at < 1 || at > n {
		return 0
	}
	return c.push(t.Remove(at))
}

func tableUnpack(c call) int {
	t := c.table(1)
	from, to := c.optInteger(2, 1), c.optInteger(3, t.Len())
	if from > to {
		return 0
	}
	if to-from >= maxResults {
		c.raise("too many results to unpack (at most %d)", maxResults)
	}
	for i := from; i <= to; i++ {
		c.L.Push(rawIndex(t, i))
	}
	return to - from + 1
}

// tableSort sorts a copy and writes it back, so a comparison that raises leaves the table as it was.
func tableSort(c call) int {
	t := c.table(1)
	less := c.L.Get(2)
	if less != lua.LNil && less.Type() != lua.LTFunction {
		c.typeError(2, "function")
	}
	list := sorting{c: c, less: less, meter: c.plainMeter(), values: make([]lua.LValue, t.Len())}
	for i := range list.values {
		list.values[i] = t.RawGetInt(i + 1)
	}
	sort.Sort(&list)
	for i := 1; i < len(list.values); i++ {
		if list.Less(i, i-1) {
			c.raise("invalid order function for sorting")
		}
	}
	for i, v := range list.values {
		t.RawSetInt(i+1, v)
	}
	return 0
}

// sorting is a sort.Interface over Lua values.
type sorting struct {
	c      call
	less   lua.LValue // a function, or nil for the operator <
	meter  pattern.Meter
	values []lua.LValue
}

func (s *sorting) Len() int { return len(s.values) }

func (s *sorting) Swap(i, j int) { s.values[i], s.values[j] = s.values[j], s.values[i] }

func (s *sorting) Less(i, j int) bool {
	s.meter.Spend(1)
	a, b := s.values[i], s.values[j]
	if s.less == lua.LNil {
		s.c.comparable(a, b)
		return s.c.L.LessThan(a, b)
	}
	return lua.LVAsBool(s.c.apply(s.less, a, b))
}

// comparable raises when there is no order between two values.
func (c call) comparable(a, b lua.LValue) {
	kind, other := a.Type(), b.Type()
	switch {
	case kind != other:
		c.raise("attempt to compare %s with %s", kind, other)
	case kind != lua.LTNumber && kind != lua.LTString && c.L.GetMetaField(a, "__lt") == lua.LNil:
		c.raise("attempt to compare two %s values", kind)
	}
}
