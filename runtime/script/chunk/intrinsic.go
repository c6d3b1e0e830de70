package chunk

import (
	"strings"

	"showrun/runtime/script/lualib/format"

	lua "github.com/yuin/gopher-lua"
)

// maxText is the length in bytes of the longest text that .. builds.
const maxText = 16 << 20

// What repaired programs call, as variables around the chunk that no script can name.
const (
	intrinsicConcat  = "(concat)"
	intrinsicFill    = "(fill)"
	intrinsicGlobals = "(globals)"
)

var intrinsics = []string{intrinsicConcat, intrinsicFill, intrinsicGlobals}

func intrinsic(L *lua.LState, name string) lua.LValue {
	switch name {
	case intrinsicConcat:
		return L.NewFunction(concat)
	case intrinsicFill:
		return L.NewFunction(fill)
	}
	return L.Get(lua.GlobalsIndex)
}

// text converts what .. takes: strings and numbers.
func text(v lua.LValue) (string, bool) {
	switch v := v.(type) {
	case lua.LString:
		return string(v), true
	case lua.LNumber:
		return format.Number(float64(v)), true
	}
	return "", false
}

// concat is a .. b .. c, from right to left.
func concat(L *lua.LState) int {
	n := L.GetTop()
	parts := make([]string, n)
	size := 0
	for i := range parts {
		s, ok := text(L.Get(i + 1))
		if !ok {
			L.Push(concatValues(L, n))
			return 1
		}
		parts[i] = s
		size += len(s)
	}
	checkText(L, size)
	L.Push(lua.LString(strings.Join(parts, "")))
	return 1
}

// concatValues is concat where not all is text.
func concatValues(L *lua.LState, n int) lua.LValue {
	right := L.Get(n)
	for i := n - 1; i >= 1; i-- {
		left := L.Get(i)
		a, ok := text(left)
		b, both := text(right)
		if ok && both {
			checkText(L, len(a)+len(b))
			right = lua.LString(a + b)
			continue
		}
		op := L.GetMetaField(left, "__concat")
		if op == lua.LNil {
			op = L.GetMetaField(right, "__concat")
		}
		if op == lua.LNil {
			culprit, at := left, i-1
			if ok {
				culprit, at = right, i
			}
			raise(L, "attempt to concatenate a "+culprit.Type().String()+" value"+named(L, 1, at))
		}
		L.Push(op)
		L.Push(left)
		L.Push(right)
		L.Call(2, 1)
		right = L.Get(-1)
		L.Pop(1)
	}
	return right
}

func checkText(L *lua.LState, size int) {
	if size > maxText {
		raise(L, "resulting string too large")
	}
}

// raise raises a message at the line of the caller.
func raise(L *lua.LState, message string) { L.Error(lua.LString(L.Where(1)+" "+message), 0) }

// fill is fill(t, n, …): it stores the values after t[n].
func fill(L *lua.LState) int {
	t := L.CheckTable(1)
	n := L.CheckInt(2)
	for i := 3; i <= L.GetTop(); i++ {
		t.RawSetInt(n+i-2, L.Get(i))
	}
	return 0
}
