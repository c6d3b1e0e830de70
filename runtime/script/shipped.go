package script

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// openAccuse makes what the library that comes with the runtime raises its errors with. It
// is the second value that the file of a module gets; the first is the name of the module.
//
// An error blames the line that called into the library, however deep inside it was found
// out, so that it reads as those of the modules in Go do.
func (g *Generation) openAccuse() {
	g.accuse = g.L.NewFunction(func(L *lua.LState) int {
		message := L.CheckString(1)
		if where := g.outside(L); where != "" {
			message = where + " " + message
		}
		L.Error(lua.LString(message), 0)
		return 0
	})
}

// origin is the file:line to name for what runs fn: where fn begins, or, if that is in the
// library, the line of the show that it runs for.
func (g *Generation) origin(fn *lua.LFunction) string {
	if g.current != nil && !fn.IsG && g.shipped[fn.Proto.SourceName] {
		if where := g.outside(g.L.G.CurrentThread); where != "" {
			return strings.TrimSuffix(where, ":")
		}
		return g.current.origin
	}
	return definedAt(fn)
}

// entrances makes the functions of a module that comes with the runtime ones that keep the
// place of their caller, as those in Go do: what returns f() is to blame for a mistake in
// that call, and not what called it.
func entrances(L *lua.LState, module lua.LValue) lua.LValue {
	switch v := module.(type) {
	case *lua.LFunction:
		return entrance(L, v)
	case *lua.LTable:
		v.ForEach(func(name, field lua.LValue) {
			if fn, ok := field.(*lua.LFunction); ok {
				v.RawSet(name, entrance(L, fn))
			}
		})
	}
	return module
}

func entrance(L *lua.LState, fn *lua.LFunction) *lua.LFunction {
	if fn.IsG {
		return fn
	}
	return L.NewFunction(func(L *lua.LState) int {
		L.Insert(fn, 1)
		L.Call(L.GetTop()-1, lua.MultRet)
		return L.GetTop()
	})
}
