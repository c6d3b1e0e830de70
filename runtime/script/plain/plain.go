// Package plain makes Lua values of plain data: of answers of devices, which can be
// written down and must not share anything with a Lua state.
package plain

import (
	lua "github.com/yuin/gopher-lua"
)

// Plain data is nil, bool, float64, string and Table.

// Table is a Lua table as plain data, in the order in which it is filled.
type Table []Pair

// Pair is one entry of a Table. The key is a bool, float64 or string.
type Pair struct {
	Key, Value any
}

// Import makes the Lua value of plain data.
func Import(L *lua.LState, v any) lua.LValue {
	switch v := v.(type) {
	case bool:
		return lua.LBool(v)
	case float64:
		return lua.LNumber(v)
	case string:
		return lua.LString(v)
	case Table:
		t := L.NewTable()
		for _, p := range v {
			t.RawSet(Import(L, p.Key), Import(L, p.Value))
		}
		return t
	}
	return lua.LNil
}
