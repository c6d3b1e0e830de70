package script

import (
	"showrun/runtime/script/chunk"

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

// openProtected installs pcall, xpcall and module coroutine but for yield.
//
// gopher-lua's own pcall closes the upvalues of every frame still alive when it
// catches an error, so shared locals come apart. Here each protected call runs
// on a thread of its own, without an error function; an error then closes only
// that thread's upvalues. The coroutine functions are replaced so that new
// threads carry the hook, and so that only what is suspended can be resumed.
func (g *Generation) openProtected() {
	L := g.L
	g.bottom = L.NewFunction(chunk.Explained(g.hints()))
	start := g.coroutineStart()
	L.SetGlobal("pcall", L.NewFunction(func(L *lua.LState) int { return g.pcall(L, nil, 2) }))
	L.SetGlobal("xpcall", L.NewFunction(func(L *lua.LState) int {
		onError, ok := L.Get(2).(*lua.LFunction)
		if !ok {
			argError(L, 2, "xpcall", "function expected, got "+typeName(L, 2))
		}
		return g.pcall(L, onError, 3)
	}))

	co := L.GetGlobal("coroutine").(*lua.LTable)
	L.Push(L.NewFunction(lua.OpenCoroutine))
	L.Call(0, 1)
	std := L.CheckTable(-1)
	L.Pop(1)
	create := L.GetField(std, "create").(*lua.LFunction).GFunction
	wrap := L.GetField(std, "wrap").(*lua.LFunction).GFunction
	hooked := func(L *lua.LState, name string, f lua.LGFunction) int {
		if _, ok := L.Get(1).(*lua.LFunction); !ok {
			argError(L, 1, name, "function expected, got "+typeName(L, 1))
		}
		ctx := L.RemoveContext()
		start(L)
		n := f(L)
		L.SetContext(ctx)
		return n
	}
	L.SetField(co, "create", L.NewFunction(func(L *lua.LState) int {
		n := hooked(L, "create", create)
		L.Get(-1).(*lua.LState).SetContext(&g.hook)
		return n
	}))
	L.SetField(co, "wrap", L.NewFunction(func(L *lua.LState) int {
		hooked(L, "wrap", wrap)
		fn := L.Get(-1).(*lua.LFunction)
		th := fn.Upvalues[0].Value().(*lua.LState)
		th.SetContext(&g.hook)
		L.Pop(1)
		L.Push(L.NewClosure(func(L *lua.LState) int {
			if why := g.enter(th); why != "" {
				raise(L, why)
			}
			defer g.leave(th)
			return fn.GFunction(L)
		}, th))
		return 1
	}))
	resume := L.GetField(std, "resume").(*lua.LFunction).GFunction
	L.SetField(co, "resume", L.NewFunction(func(L *lua.LState) int {
		th := coroutineArgument(L, "resume")
		if why := g.enter(th); why != "" {
			L.Push(lua.LFalse)
			L.Push(lua.LString(why))
			return 2
		}
		defer g.leave(th)
		return resume(L)
	}))
	status := L.GetField(std, "status").(*lua.LFunction).GFunction
	L.SetField(co, "status", L.NewFunction(func(L *lua.LState) int {
		th := coroutineArgument(L, "status")
		if t := g.entered[th]; t != nil {
			state := lua.LString("normal")
			if t == g.current && t.coroutines[len(t.coroutines)-1] == th {
				state = "running"
			}
			L.Push(state)
			return 1
		}
		return status(L)
	}))
	L.SetField(co, "running", L.NewFunction(func(L *lua.LState) int {
		if t := g.current; t != nil && len(t.coroutines) > 0 {
			L.Push(t.coroutines[len(t.coroutines)-1])
		} else {
			L.Push(lua.LNil)
		}
		return 1
	}))
}

// coroutineStart returns what puts a function in the place of argument 1 that
// calls it, and whose errors say what they mean. A function of Go stays.
func (g *Generation) coroutineStart() func(L *lua.LState) {
	c, err := chunk.Compile("local explain, f = ... return function(...) explain() return f(...) end", "coroutine")
	if err != nil {
		panic(err) // it is our own
	}
	around := c.Function(g.L)
	explain := g.L.NewFunction(chunk.Explaining(g.hints()))
	return func(L *lua.LState) {
		if f := L.CheckFunction(1); !f.IsG {
			L.Push(around)
			L.Push(explain)
			L.Push(f)
			L.Call(2, 1)
			L.Replace(1, L.Get(-1))
			L.SetTop(1)
		}
	}
}

// maxNesting is how deep protected calls and coroutines may stand in one another.
// Each brings a Lua stack of its own, and all of them share one Go stack.
const maxNesting = 100

// enter notes that the running task resumes a coroutine. It returns why that is
// not possible: the coroutine is in the middle of something, also when that is a
// wait of another task. The interpreter would run it regardless.
func (g *Generation) enter(th *lua.LState) (why string) {
	t := g.current
	switch {
	case g.entered[th] == t && t.coroutines[len(t.coroutines)-1] == th:
		return "cannot resume running coroutine"
	case g.entered[th] != nil:
		return "cannot resume normal coroutine"
	case th.Dead:
		return "cannot resume dead coroutine"
	case t.nesting >= maxNesting:
		return "stack overflow: coroutines and protected calls nested too deep"
	}
	t.nesting++
	t.coroutines = append(t.coroutines, th)
	g.entered[th] = t
	return ""
}

func (g *Generation) leave(th *lua.LState) {
	t := g.entered[th]
	delete(g.entered, th)
	t.nesting--
	t.coroutines = t.coroutines[:len(t.coroutines)-1]
}

// pcall calls argument 1 with the arguments from first on, on its own thread.
// onError, when not nil, turns the error value into what is returned after
// false; it runs where the error was raised, and an error in it is returned.
func (g *Generation) pcall(L *lua.LState, onError *lua.LFunction, first int) int {
	if L.GetTop() == 0 {
		argError(L, 1, "pcall", "value expected")
	}
	fn, t := L.Get(1), g.current
	if t.nesting >= maxNesting {
		raise(L, "stack overflow: coroutines and protected calls nested too deep")
	}
	t.nesting++
	defer func() { t.nesting-- }()
	th, bottom, handled := g.spareThread(), g.bottom, false
	if onError != nil {
		bottom = g.L.NewFunction(chunk.Handled(g.hints(), func(L *lua.LState, value lua.LValue) lua.LValue {
			if handled = true; g.hook.stopped != nil {
				return value
			}
			L.Push(onError)
			L.Push(value)
			L.Call(1, 1)
			return L.Get(-1)
		}))
	}
	n := L.GetTop()
	th.Push(bottom)
	th.Push(fn)
	for i := first; i <= n; i++ {
		th.Push(L.Get(i))
	}
	current := L.G.CurrentThread
	L.G.CurrentThread = th
	err := th.PCall(1+max(n-first+1, 0), lua.MultRet, nil)
	L.G.CurrentThread = current
	if g.hook.stopped != nil {
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
	if onError != nil && !handled { // there was no room left for it
		value, _ = g.protected(L, onError, value)
	}
	L.Push(lua.LFalse)
	L.Push(value)
	return 2
}

// try calls a function for the library, without arguments.
func (g *Generation) try(L *lua.LState, fn *lua.LFunction) (result lua.LValue, ok bool) {
	return g.protected(L, fn)
}

// protected calls a function on a thread of its own for one result, or what it
// raised.
func (g *Generation) protected(L *lua.LState, fn *lua.LFunction, args ...lua.LValue) (result lua.LValue, ok bool) {
	th := g.spareThread()
	current := L.G.CurrentThread
	L.G.CurrentThread = th
	err := th.CallByParam(lua.P{Fn: g.bottom, NRet: 1, Protect: true}, append([]lua.LValue{fn}, args...)...)
	L.G.CurrentThread = current
	if g.hook.stopped != nil {
		L.RaiseError("%s", g.hook.Err())
	}
	if err != nil {
		return errorValue(err), false
	}
	result = th.Get(-1)
	g.recycle(th)
	return result, true
}

// keepSortFromWaiting makes waiting raise inside a comparator of table.sort.
func (g *Generation) keepSortFromWaiting() {
	tbl := g.L.GetGlobal("table").(*lua.LTable)
	sortFn := g.L.GetField(tbl, "sort").(*lua.LFunction).GFunction
	g.L.SetField(tbl, "sort", g.L.NewFunction(func(L *lua.LState) (n int) {
		g.NoWait("inside the comparator of table.sort", func() { n = sortFn(L) })
		return n
	}))
}
