package module

import (
	"fmt"
	"math"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/script"
)

// Class is what scripts can do with objects that stand for a T.
type Class[T any] struct {
	Methods    map[string]func(c Call, v T) int
	Properties map[string]func(v T) lua.LValue

	// Item returns v[i], and Length #v, if the class has them. i counts from 1
	// and is at most the length.
	Item   func(L *lua.LState, v T, i int) lua.LValue
	Length func(v T) int

	// Level, if the class has it, tells how scripts read and set the level that a key
	// calls, as in x:get(1) and x:set(1, 255); "" for a key that calls none.
	Level func(v T, key lua.LValue) (get, set string)
}

// methodsField and propertiesField are where a metatable keeps the methods and the names of
// the properties; scripts do not get at it.
const (
	methodsField    = "methods"
	propertiesField = "properties"
)

// metatable makes the metatable of a class.
func metatable[T any](L *lua.LState, class string, cl Class[T]) *lua.LTable {
	index, properties := L.NewTable(), L.NewTable()
	var known []string
	for name, f := range cl.Methods {
		full := class + ":" + name
		index.RawSetString(name, L.NewFunction(func(L *lua.LState) int {
			c := Call{L, full, 2}
			return f(c, self[T](c, class))
		}))
		known = append(known, name)
	}
	for name := range cl.Properties {
		properties.RawSetString(name, lua.LTrue)
		known = append(known, name)
	}
	slices.Sort(known)
	level := cl.Level
	if level == nil {
		level = func(T, lua.LValue) (get, set string) { return "", "" }
	}
	mt := L.NewTable()
	mt.RawSetString("__metatable", lua.LString(class))
	mt.RawSetString(methodsField, index)
	mt.RawSetString(propertiesField, properties)
	mt.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		v := L.CheckUserData(1).Value.(T)
		if i, ok := L.Get(2).(lua.LNumber); ok && cl.Item != nil {
			L.Push(cl.at(L, v, float64(i)))
			return 1
		}
		name := L.Get(2).String()
		if m := index.RawGetString(name); m != lua.LNil {
			L.Push(m)
			return 1
		}
		if p := cl.Properties[name]; p != nil {
			L.Push(p(v))
			return 1
		}
		if get, _ := level(v, L.Get(2)); get != "" {
			L.RaiseError("%s has no '%s'; a level is read with %s", class, Cut(name), get)
		}
		L.RaiseError("%s has no '%s'%s", class, Cut(name), Hint(name, "it has", known))
		return 0
	}))
	mt.RawSetString("__newindex", L.NewFunction(func(L *lua.LState) int {
		text := ""
		if _, set := level(L.CheckUserData(1).Value.(T), L.Get(2)); set != "" {
			text = "; a level is set with " + set
		}
		L.RaiseError("%s: fields cannot be set ('%s')%s", class, Cut(L.Get(2).String()), text)
		return 0
	}))
	mt.RawSetString("__tostring", L.NewFunction(func(L *lua.LState) int {
		text := class
		if v, ok := L.CheckUserData(1).Value.(fmt.Stringer); ok {
			text = strings.TrimSpace(text + " " + v.String())
		}
		L.Push(lua.LString(text))
		return 1
	}))
	if cl.Length != nil {
		mt.RawSetString("__len", L.NewFunction(func(L *lua.LState) int {
			L.Push(lua.LNumber(cl.Length(L.CheckUserData(1).Value.(T))))
			return 1
		}))
	}
	return mt
}

// at is v[i]; nil where there is nothing.
func (cl Class[T]) at(L *lua.LState, v T, i float64) lua.LValue {
	if !(i >= 1 && i <= float64(cl.Length(v))) || i != math.Trunc(i) {
		return lua.LNil
	}
	return cl.Item(L, v, int(i))
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

// Method finds a method of an object, nil if it has none of that name.
func Method(ud *lua.LUserData, name string) *lua.LFunction {
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
func self[T any](c Call, class string) T {
	if ud, ok := c.L.Get(1).(*lua.LUserData); ok && className(ud) == class {
		return ud.Value.(T)
	}
	c.Fail("must be called on a %s with a colon, as in x:%s(…)", class, c.Fn[strings.LastIndexByte(c.Fn, ':')+1:])
	panic("unreachable")
}

// Object makes an object of a Go value. classOf is called for the first of a
// class.
func Object[T any](s *Load, L *lua.LState, name string, v T, classOf func() Class[T]) *lua.LUserData {
	mt, ok := s.metatables[name]
	if !ok {
		mt = metatable(L, name, classOf())
		s.metatables[name] = mt
	}
	ud := L.NewUserData()
	ud.Value = v
	ud.Metatable = mt
	return ud
}

// OneObject is Object, but returns the same one for the same value every time,
// so that scripts can compare it and use it as a key.
func OneObject[T comparable](s *Load, L *lua.LState, name string, v T, classOf func() Class[T]) *lua.LUserData {
	ud, ok := s.objects[v]
	if !ok {
		ud = Object(s, L, name, v, classOf)
		s.objects[v] = ud
	}
	return ud
}

// Registration is what a handle takes back.
type Registration interface{ Cancel() }

// OnEvent has argument 2 called back at the event that argument 1 names, one of
// events, and returns the handle. topic is where an event is reported.
func (s *Load) OnEvent(c Call, events []string, topic func(event string) string, args script.Args) int {
	event := c.Word(1, "the event", events)
	return s.PushHandle(c, s.G.On(c.Fn+" "+event, c.Function(2, "the callback"), args, topic(event)))
}

// PushHandle returns a Registration to the script.
func (s *Load) PushHandle(c Call, r Registration) int {
	c.L.Push(Object(s, c.L, "handle", r, func() Class[Registration] {
		return Class[Registration]{Methods: map[string]func(Call, Registration) int{
			"cancel": func(_ Call, r Registration) int { r.Cancel(); return 0 },
		}}
	}))
	return 1
}
