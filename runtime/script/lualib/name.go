package lualib

import (
	"fmt"
	"weak"

	lua "github.com/yuin/gopher-lua"
)

// names numbers the tables, functions and the like that a script prints, in the order in which it does. The reference
// implementation shows addresses in their place, which are others in every run.
type names struct {
	numbers map[any]uint64 // by weak pointer
	last    uint64
	sweepAt int // the size of numbers at which those that are gone are forgotten
}

// of is the text tostring gives for a value of a type that is compared by identity.
func (n *names) of(v lua.LValue) string {
	var key any
	switch v := v.(type) {
	case *lua.LTable:
		key = weak.Make(v)
	case *lua.LFunction:
		key = weak.Make(v)
	case *lua.LUserData:
		key = weak.Make(v)
	case *lua.LState:
		key = weak.Make(v)
	default:
		return v.String()
	}
	number, ok := n.numbers[key]
	if !ok {
		n.sweep()
		n.last++
		number = n.last
		n.numbers[key] = number
	}
	return fmt.Sprintf("%s: 0x%08x", v.Type(), number)
}

// sweep forgets what is gone whenever the list has doubled.
func (n *names) sweep() {
	if len(n.numbers) < n.sweepAt {
		return
	}
	for key := range n.numbers {
		if gone(key) {
			delete(n.numbers, key)
		}
	}
	n.sweepAt = max(1000, 2*len(n.numbers))
}

func gone(key any) bool {
	switch p := key.(type) {
	case weak.Pointer[lua.LTable]:
		return p.Value() == nil
	case weak.Pointer[lua.LFunction]:
		return p.Value() == nil
	case weak.Pointer[lua.LUserData]:
		return p.Value() == nil
	case weak.Pointer[lua.LState]:
		return p.Value() == nil
	}
	return true
}
