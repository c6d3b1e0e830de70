package lualib

import (
	"reflect"
	"strings"

	"showrun/runtime/script/lualib/format"

	lua "github.com/yuin/gopher-lua"
)

var baseFunctions = []function{
	{"assert", baseAssert},
	{"collectgarbage", baseCollectGarbage},
	{"error", baseError},
	{"getmetatable", baseGetMetatable},
	{"load", baseLoad},
	{"loadstring", baseLoadString},
	{"next", baseNext},
	{"print", basePrint},
	{"rawequal", baseRawEqual},
	{"rawget", baseRawGet},
	{"rawset", baseRawSet},
	{"select", baseSelect},
	{"setmetatable", baseSetMetatable},
	{"tonumber", baseToNumber},
	{"tostring", baseToString},
	{"type", baseType},
	{"unpack", tableUnpack},
}

func (lib *library) openBase(L *lua.LState) {
	L.SetGlobal("_G", L.Get(lua.GlobalsIndex))
	L.SetGlobal("_VERSION", lua.LString("Lua 5.1"))
	for _, f := range baseFunctions {
		L.SetGlobal(f.name, lib.function(L, f.name, f.run))
	}
	// pairs and ipairs hand out the same iterator every time, and the one of pairs is next.
	next := L.GetGlobal("next")
	L.SetGlobal("pairs", lib.function(L, "pairs", func(c call) int {
		return c.push(next, c.table(1), lua.LNil)
	}))
	following := lib.function(L, "ipairs", baseFollowing)
	L.SetGlobal("ipairs", lib.function(L, "ipairs", func(c call) int {
		return c.push(following, c.table(1), lua.LNumber(0))
	}))
}

// openCoroutine makes the part of the coroutine table that needs no instruction hook, on gopher-lua's own functions.
func (lib *library) openCoroutine(L *lua.LState) {
	lua.OpenCoroutine(L)
	own := L.Get(-1).(*lua.LTable)
	L.Pop(1)
	builtin := func(name string) lua.LGFunction { return own.RawGetString(name).(*lua.LFunction).GFunction }
	resume, status := builtin("resume"), builtin("status")
	onThread := func(f lua.LGFunction) func(c call) int {
		return func(c call) int {
			if c.L.Get(1).Type() != lua.LTThread {
				c.argError(1, "coroutine expected")
			}
			return f(c.L)
		}
	}
	t := lib.module(L, "coroutine", []function{
		{"resume", onThread(resume)},
		{"status", onThread(status)},
	})
	t.RawSetString("yield", own.RawGetString("yield"))
	t.RawSetString("running", own.RawGetString("running"))
}

func baseAssert(c call) int {
	if lua.LVAsBool(c.checkAny(1)) {
		return c.L.GetTop()
	}
	message := c.L.Get(2)
	if message == lua.LNil {
		message = lua.LString("assertion failed!")
	}
	if s, ok := toText(message); ok {
		c.raise("%s", s)
	}
	c.L.Error(message, 0)
	return 0
}

// baseCollectGarbage answers "count" with the memory in use in KiB. A collection is the host's business: asking for one does
// nothing, as does stopping the collector.
func baseCollectGarbage(c call) int {
	switch option := c.optText(1, "collect"); option {
	case "count":
		return c.pushNumber(c.lib.Heap())
	case "collect", "step", "stop", "restart", "setpause", "setstepmul":
		return c.pushNumber(0)
	default:
		c.argError(1, "invalid option '"+option+"'")
	}
	return 0
}

func baseError(c call) int {
	message := c.L.Get(1)
	depth := c.optInteger(2, 1)
	if s, ok := toText(message); ok && depth > 0 {
		if l, ok := stackLevel(c.L, depth); ok && !l.gone(c.L, depth) {
			message = lua.LString(l.position() + s)
		}
	}
	c.L.Error(message, 0)
	return 0
}

func baseGetMetatable(c call) int { return c.push(c.L.GetMetatable(c.checkAny(1))) }

func baseSetMetatable(c call) int {
	t := c.table(1)
	meta := c.L.Get(2)
	if c.L.GetTop() < 2 || meta != lua.LNil && meta.Type() != lua.LTTable {
		c.argError(2, "nil or table expected")
	}
	if old, ok := t.Metatable.(*lua.LTable); ok && old.RawGetString("__metatable") != lua.LNil {
		c.raise("cannot change a protected metatable")
	}
	t.Metatable = meta
	if m, ok := meta.(*lua.LTable); ok && m.RawGetString("__mode") != lua.LNil && !c.lib.weak {
		c.lib.weak = true
		c.lib.Warn(callerPosition(c.L) + "__mode has no effect: a show runs the same every time, so the collector decides nothing in it; take entries out of the table when they are not needed")
	}
	return c.push(t)
}

func baseNext(c call) int {
	t, after := c.table(1), c.L.Get(2)
	if after != lua.LNil && t.RawGet(after) == lua.LNil && foreign(t, after) {
		c.raise("invalid key to 'next'")
	}
	key, value := c.L.Next(t, after)
	if key == lua.LNil {
		return c.push(lua.LNil)
	}
	return c.push(key, value)
}

// foreign reports whether a key, which has no value now, has never been in a table. The table remembers the keys that
// have been taken out, but tells nobody.
func foreign(t *lua.LTable, key lua.LValue) bool {
	fields := reflect.ValueOf(t).Elem()
	if n, ok := key.(lua.LNumber); ok && n >= 1 && n < lua.LNumber(lua.MaxArrayIndex) && n == lua.LNumber(int(n)) {
		return int(n) > fields.FieldByName("array").Len()
	}
	return !fields.FieldByName("k2i").MapIndex(reflect.ValueOf(&key).Elem()).IsValid()
}

// baseFollowing is the iterator of ipairs.
func baseFollowing(c call) int {
	i := c.integer(2) + 1
	v := rawIndex(c.table(1), i)
	if v == lua.LNil {
		return 0
	}
	return c.push(lua.LNumber(i), v)
}

func basePrint(c call) int {
	var b strings.Builder
	for i, top := 1, c.L.GetTop(); i <= top; i++ {
		if i > 1 {
			b.WriteByte('\t')
		}
		s := c.display(c.L.Get(i))
		c.checkLength(b.Len() + len(s) + 1)
		b.WriteString(s)
	}
	c.lib.Print(c.L, b.String())
	return 0
}

func baseRawEqual(c call) int {
	return c.push(lua.LBool(c.L.RawEqual(c.checkAny(1), c.checkAny(2))))
}

func baseRawGet(c call) int { return c.push(c.table(1).RawGet(c.checkAny(2))) }

func baseRawSet(c call) int {
	t, key, value := c.table(1), c.checkAny(2), c.checkAny(3)
	if n, ok := key.(lua.LNumber); ok && n != n {
		c.raise("table index is NaN")
	} else if key == lua.LNil {
		c.raise("table index is nil")
	}
	t.RawSet(key, value)
	return c.push(t)
}

func baseSelect(c call) int {
	top := c.L.GetTop()
	if c.L.Get(1) == lua.LString("#") {
		return c.pushNumber(float64(top - 1))
	}
	n := c.integer(1)
	if n < 0 {
		n += top
	}
	if n < 1 {
		c.argError(1, "index out of range")
	}
	return max(top-n, 0)
}

func baseToNumber(c call) int {
	base := c.optInteger(2, 10)
	if base == 10 {
		if f, ok := toNumber(c.checkAny(1)); ok {
			return c.pushNumber(f)
		}
		return c.push(lua.LNil)
	}
	s := c.text(1)
	if base < 2 || base > 36 {
		c.argError(2, "base out of range")
	}
	if f, ok := format.ParseInBase(s, base); ok {
		return c.pushNumber(f)
	}
	return c.push(lua.LNil)
}

// baseToString returns what a metamethod returns, text or not.
func baseToString(c call) int {
	v := c.checkAny(1)
	if meta := c.L.GetMetaField(v, "__tostring"); meta != lua.LNil {
		return c.push(c.apply(meta, v))
	}
	return c.pushText(c.display(v))
}

func baseType(c call) int { return c.pushText(c.checkAny(1).Type().String()) }
