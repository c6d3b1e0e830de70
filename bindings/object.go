package bindings

import (
	"fmt"
	"math"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// class is what scripts can do with objects that stand for a T.
type class[T any] struct {
	name       string // in errors, such as "stage.fixture"
	methods    map[string]func(c call, v T) int
	properties map[string]func(v T) lua.LValue

	// item returns v[i], and length #v, if the class has them. i counts from 1
	// and is at most the length.
	item   func(L *lua.LState, v T, i int) lua.LValue
	length func(v T) int
}

// methodsField is where a metatable keeps the methods; scripts do not get at it.
const methodsField = "methods"

// metatable makes the metatable of a class.
func metatable[T any](L *lua.LState, cl class[T]) *lua.LTable {
	index := L.NewTable()
	var known []string
	for name, f := range cl.methods {
		full := cl.name + ":" + name
		index.RawSetString(name, L.NewFunction(func(L *lua.LState) int {
			c := call{L, full, 2}
			return f(c, self[T](c, cl.name))
		}))
		known = append(known, name)
	}
	for name := range cl.properties {
		known = append(known, name)
	}
	mt := L.NewTable()
	mt.RawSetString("__metatable", lua.LString(cl.name))
	mt.RawSetString(methodsField, index)
	mt.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		v := L.CheckUserData(1).Value.(T)
		if i, ok := L.Get(2).(lua.LNumber); ok && cl.item != nil {
			L.Push(cl.at(L, v, float64(i)))
			return 1
		}
		name := L.Get(2).String()
		if m := index.RawGetString(name); m != lua.LNil {
			L.Push(m)
			return 1
		}
		if p := cl.properties[name]; p != nil {
			L.Push(p(v))
			return 1
		}
		L.RaiseError("%s has no '%s'%s", cl.name, cut(name), suggestion(name, known))
		return 0
	}))
	mt.RawSetString("__newindex", L.NewFunction(func(L *lua.LState) int {
		L.RaiseError("%s: fields cannot be set ('%s')", cl.name, cut(L.Get(2).String()))
		return 0
	}))
	mt.RawSetString("__tostring", L.NewFunction(func(L *lua.LState) int {
		text := cl.name
		if v, ok := L.CheckUserData(1).Value.(fmt.Stringer); ok {
			text = strings.TrimSpace(text + " " + v.String())
		}
		L.Push(lua.LString(text))
		return 1
	}))
	if cl.length != nil {
		mt.RawSetString("__len", L.NewFunction(func(L *lua.LState) int {
			L.Push(lua.LNumber(cl.length(L.CheckUserData(1).Value.(T))))
			return 1
		}))
	}
	return mt
}

// at is v[i]; nil where there is nothing.
func (cl class[T]) at(L *lua.LState, v T, i float64) lua.LValue {
	if !(i >= 1 && i <= float64(cl.length(v))) || i != math.Trunc(i) {
		return lua.LNil
	}
	return cl.item(L, v, int(i))
}

// className is the name of an object's class, "" if it is none of ours.
func className(ud *lua.LUserData) string {
	mt, ok := ud.Metatable.(*lua.LTable)
	if !ok {
		return ""
	}
	name, _ := mt.RawGetString("__metatable").(lua.LString)
	return string(name)
}

// method finds a method of an object, nil if it has none of that name.
func method(ud *lua.LUserData, name string) *lua.LFunction {
	mt, ok := ud.Metatable.(*lua.LTable)
	if !ok {
		return nil
	}
	index, ok := mt.RawGetString(methodsField).(*lua.LTable)
	if !ok {
		return nil
	}
	fn, _ := index.RawGetString(name).(*lua.LFunction)
	return fn
}

// self takes the object a method was called on.
func self[T any](c call, class string) T {
	if ud, ok := c.L.Get(1).(*lua.LUserData); ok && className(ud) == class {
		return ud.Value.(T)
	}
	c.fail("must be called on a %s with a colon, as in x:%s(…)", class, c.fn[strings.LastIndexByte(c.fn, ':')+1:])
	panic("unreachable")
}

// object makes an object of a Go value. classOf is called for the first of a
// class.
func object[T any](s *Show, L *lua.LState, name string, v T, classOf func() class[T]) *lua.LUserData {
	mt, ok := s.metatables[name]
	if !ok {
		cl := classOf()
		cl.name = name
		mt = metatable(L, cl)
		s.metatables[name] = mt
	}
	ud := L.NewUserData()
	ud.Value = v
	ud.Metatable = mt
	return ud
}

// oneObject is object, but returns the same one for the same value every time,
// so that scripts can compare it and use it as a key.
func oneObject[T comparable](s *Show, L *lua.LState, name string, v T, classOf func() class[T]) *lua.LUserData {
	ud, ok := s.objects[v]
	if !ok {
		ud = object(s, L, name, v, classOf)
		s.objects[v] = ud
	}
	return ud
}

// registration is what a handle takes back.
type registration interface{ Cancel() }

// pushHandle returns a registration to the script.
func (s *Show) pushHandle(c call, r registration) int {
	c.L.Push(object(s, c.L, "handle", r, func() class[registration] {
		return class[registration]{methods: map[string]func(call, registration) int{
			"cancel": func(_ call, r registration) int { r.Cancel(); return 0 },
		}}
	}))
	return 1
}
