// Package plain copies Lua values into Go values that outlive the Lua state, and
// back: what a show keeps across reloads.
package plain

import (
	"fmt"
	"math"
	"reflect"

	lua "github.com/yuin/gopher-lua"
)

// Plain data is what survives a reload: nil, bool, float64, string and Table.

// Table is a Lua table as plain data, in the order of pairs.
type Table []Pair

// Pair is one entry of a Table. The key is a bool, float64 or string.
type Pair struct {
	Key, Value any
}

const (
	maxDepth   = 32      // tables in tables
	maxEntries = 100_000 // of all tables together
)

// Export copies a Lua value into plain data. name says what the value is called
// in the error, which names the key that holds something else.
func Export(v lua.LValue, name string) (any, error) {
	n := 0
	return export(v, name, 0, &n)
}

func export(v lua.LValue, name string, depth int, n *int) (any, error) {
	switch v := v.(type) {
	case *lua.LNilType:
		return nil, nil
	case lua.LBool:
		return bool(v), nil
	case lua.LNumber:
		return float64(v), nil
	case lua.LString:
		return string(v), nil
	case *lua.LTable:
		if depth == maxDepth {
			return nil, fmt.Errorf("%s: tables nested deeper than %d, or a table that holds itself", name, maxDepth)
		}
		t := Table{}
		for k, val := v.Next(lua.LNil); k != lua.LNil; k, val = v.Next(k) {
			if *n++; *n > maxEntries {
				return nil, fmt.Errorf("%s: more than %d entries", name, maxEntries)
			}
			key, err := export(k, name, maxDepth, n)
			if err != nil {
				return nil, fmt.Errorf("%s: a key is a %s; keys must be strings, numbers or booleans", name, k.Type())
			}
			field, err := export(val, fmt.Sprintf("%s.%v", name, k), depth+1, n)
			if err != nil {
				return nil, err
			}
			t = append(t, Pair{key, field})
		}
		return t, nil
	}
	return nil, fmt.Errorf("%s: a %s cannot be kept; strings, numbers, booleans and tables of them can", name, v.Type())
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

// Merge brings the state a new generation made of snapshot up to date: what
// it left alone takes the newest value, what it changed stays changed.
func Merge(snapshot, made, newest Table) Table {
	before, latest, seen := snapshot.index(), newest.index(), made.index()
	var out Table
	for _, p := range made {
		if same(p.Value, before[p.Key]) {
			if v := latest[p.Key]; v != nil {
				out = append(out, Pair{p.Key, v})
			}
			continue
		}
		out = append(out, p)
	}
	for _, p := range newest {
		if seen[p.Key] == nil && before[p.Key] == nil {
			out = append(out, p)
		}
	}
	return out
}

func (t Table) index() map[any]any {
	m := make(map[any]any, len(t))
	for _, p := range t {
		m[p.Key] = p.Value
	}
	return m
}

// same compares plain data; NaN equals itself.
func same(a, b any) bool {
	if x, ok := a.(float64); ok {
		y, ok := b.(float64)
		return ok && (x == y || math.IsNaN(x) && math.IsNaN(y))
	}
	return reflect.DeepEqual(a, b)
}
