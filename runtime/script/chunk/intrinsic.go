package chunk

import (
	"math"
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
	intrinsicModulo  = "(modulo)"
	intrinsicGlobals = "(globals)"
)

var intrinsics = []string{intrinsicConcat, intrinsicFill, intrinsicModulo, intrinsicGlobals}

func intrinsic(L *lua.LState, name string) lua.LValue {
	switch name {
	case intrinsicConcat:
		return L.NewFunction(concat)
	case intrinsicFill:
		return L.NewFunction(fill)
	case intrinsicModulo:
		return L.NewFunction(modulo)
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

// modulo is a % b.
func modulo(L *lua.LState) int {
	x, y := L.Get(1), L.Get(2)
	a, ok := number(x)
	b, both := number(y)
	if ok && both {
		L.Push(lua.LNumber(remainder(a, b)))
		return 1
	}
	for _, v := range []lua.LValue{x, y} {
		if v.Type() == lua.LTString {
			continue
		}
		if op := L.GetMetaField(v, "__mod"); op != lua.LNil {
			L.Push(op)
			L.Push(x)
			L.Push(y)
			L.Call(2, 1)
			return 1
		}
	}
	raise(L, ArithmeticError(L, x, y))
	return 0
}

// remainder is a % b of numbers as Lua 5.1 computes it, which is not exact where a is much larger than b.
func remainder(a, b float64) float64 {
	return a - float64(math.Floor(a/b)*b) // the conversion keeps machines from computing both at one go
}

// number converts what arithmetic takes: numbers, and text that reads as one.
func number(v lua.LValue) (float64, bool) {
	switch v := v.(type) {
	case lua.LNumber:
		return float64(v), true
	case lua.LString:
		return format.ParseNumber(string(v))
	}
	return 0, false
}
