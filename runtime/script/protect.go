package script

import (
	lua "github.com/yuin/gopher-lua"
)

// newThread makes a Lua thread that carries the hook. NewThread would derive a
// child of the parent's context, which hides the hook, so the context is taken
// off for the moment and set on both.
func (g *Generation) newThread() *lua.LState {
	ctx := g.L.RemoveContext()
	th, _ := g.L.NewThread()
	if ctx != nil {
		g.L.SetContext(ctx)
	}
	th.SetContext(&g.hook)
	return th
}

// spareThread returns a pooled thread for one protected call.
func (g *Generation) spareThread() *lua.LState {
	if n := len(g.spare); n > 0 {
		th := g.spare[n-1]
		g.spare = g.spare[:n-1]
		return th
	}
	return g.newThread()
}

// recycle keeps a thread whose call ended without an error. One that caught an
// error is dropped: its closed upvalues must not meet other calls.
func (g *Generation) recycle(th *lua.LState) {
	if len(g.spare) < 64 {
		th.SetTop(0)
		g.spare = append(g.spare, th)
	}
}

// openProtected installs pcall, xpcall, coroutine.create and coroutine.wrap.
//
// gopher-lua's own pcall closes the upvalues of every frame still alive when it
// catches an error, so shared locals come apart. Here each protected call runs
// on a thread of its own, without an error function; an error then closes only
// that thread's upvalues. The coroutine functions are replaced so that new
// threads carry the hook.
func (g *Generation) openProtected() {
	L := g.L
	L.SetGlobal("pcall", L.NewFunction(func(L *lua.LState) int { return g.pcall(L, nil, 2) }))
	L.SetGlobal("xpcall", L.NewFunction(func(L *lua.LState) int { return g.pcall(L, L.CheckFunction(2), 3) }))

	co := L.GetGlobal("coroutine").(*lua.LTable)
	L.Push(L.NewFunction(lua.OpenCoroutine))
	L.Call(0, 1)
	std := L.CheckTable(-1)
	L.Pop(1)
	create := L.GetField(std, "create").(*lua.LFunction).GFunction
	wrap := L.GetField(std, "wrap").(*lua.LFunction).GFunction
	hooked := func(f lua.LGFunction, thread func(*lua.LState) *lua.LState) *lua.LFunction {
		return L.NewFunction(func(L *lua.LState) int {
			ctx := L.RemoveContext()
			n := f(L)
			L.SetContext(ctx)
			thread(L).SetContext(ctx)
			return n
		})
	}
	L.SetField(co, "create", hooked(create, func(L *lua.LState) *lua.LState { return L.Get(-1).(*lua.LState) }))
	L.SetField(co, "wrap", hooked(wrap, func(L *lua.LState) *lua.LState {
		return L.Get(-1).(*lua.LFunction).Upvalues[0].Value().(*lua.LState)
	}))
}

// pcall calls argument 1 with the arguments from first on, on its own thread.
// onError, when not nil, turns the error value into what is returned after
// false.
func (g *Generation) pcall(L *lua.LState, onError *lua.LFunction, first int) int {
	fn := L.CheckAny(1)
	th := g.spareThread()
	n := L.GetTop()
	th.Push(fn)
	for i := first; i <= n; i++ {
		th.Push(L.Get(i))
	}
	current := L.G.CurrentThread
	L.G.CurrentThread = th
	err := th.PCall(max(n-first+1, 0), lua.MultRet, nil)
	L.G.CurrentThread = current
	if g.hook.stopped() {
		// A stop is not for the script to catch.
		L.RaiseError("%s", g.hook.Err())
	}
	if err == nil {
		L.Push(lua.LTrue)
		k := th.GetTop()
		for i := 1; i <= k; i++ {
			L.Push(th.Get(i))
		}
		g.recycle(th)
		return k + 1
	}
	value := errorValue(err)
	L.Push(lua.LFalse)
	if onError == nil {
		L.Push(value)
		return 2
	}
	top := L.GetTop()
	L.Push(onError)
	L.Push(value)
	L.Call(1, lua.MultRet)
	return 1 + L.GetTop() - top
}
