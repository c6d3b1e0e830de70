package lualib

import (
	"errors"
	"strings"
	"testing"

	"showrun/runtime/script/chunk"

	lua "github.com/yuin/gopher-lua"
)

// newState opens a state with the library, a pcall on a thread of its own, and room for the largest result lists.
func newState(t testing.TB, o Options) *lua.LState {
	L := lua.NewState(lua.Options{
		SkipOpenLibs: true, RegistrySize: 128, RegistryMaxSize: 1 << 18, RegistryGrowStep: 8192, MinimizeStackMemory: true,
	})
	t.Cleanup(L.Close)
	Open(L, o)
	L.SetGlobal("pcall", L.NewFunction(func(L *lua.LState) int {
		thread, _ := L.NewThread()
		args := []lua.LValue{}
		for i := 2; i <= L.GetTop(); i++ {
			args = append(args, L.Get(i))
		}
		if err := thread.CallByParam(lua.P{Fn: L.Get(1), NRet: lua.MultRet, Protect: true}, args...); err != nil {
			if api, ok := err.(*lua.ApiError); ok && api.Type == lua.ApiErrorPanic {
				t.Errorf("a Go panic reached Lua: %v", api)
			}
			L.Push(lua.LFalse)
			L.Push(err.(*lua.ApiError).Object)
			return 2
		}
		L.Push(lua.LTrue)
		n := thread.GetTop()
		for i := 1; i <= n; i++ {
			L.Push(thread.Get(i))
		}
		return n + 1
	}))
	return L
}

// run runs a chunk and returns its results as print would show them, or "error: " and the message.
func run(t testing.TB, L *lua.LState, source string) string {
	t.Helper()
	compiled, err := chunk.Compile(source, "show.lua")
	if err != nil {
		t.Fatalf("%s\n%v", source, err)
	}
	fn := compiled.Function(L)
	defer L.SetTop(L.GetTop())
	top := L.GetTop()
	L.Push(fn)
	if err := L.PCall(0, lua.MultRet, nil); err != nil {
		api := err.(*lua.ApiError)
		if api.Type != lua.ApiErrorRun {
			t.Fatalf("%s\n%v", source, err)
		}
		return "error: " + api.Object.String()
	}
	var results []string
	shown := call{L: L, lib: &library{names: names{numbers: map[any]uint64{}}}}
	for i := top + 1; i <= L.GetTop(); i++ {
		results = append(results, shown.display(L.Get(i)))
	}
	return strings.Join(results, " | ")
}

type snippet struct{ source, want string }

func check(t *testing.T, o Options, snippets []snippet) {
	t.Helper()
	L := newState(t, o)
	for _, s := range snippets {
		if got := run(t, L, s.source); got != s.want {
			t.Errorf("%s\n got %s\nwant %s", s.source, got, s.want)
		}
	}
}

func TestGlobals(t *testing.T) {
	check(t, Options{}, []snippet{
		{`local names = {} for k in pairs(_G) do names[#names + 1] = k end return table.concat(names, " ")`,
			"_G _VERSION assert collectgarbage error getmetatable load loadstring next print rawequal rawget rawset " +
				"select setmetatable tonumber tostring type unpack pairs ipairs coroutine string table math os debug " +
				"utf8 bit pcall"},
		{`local n = {} for k in pairs(coroutine) do n[#n + 1] = k end return table.concat(n, " ")`, "resume status yield running"},
		{`local n = {} for k in pairs(os) do n[#n + 1] = k end return table.concat(n, " ")`, "clock date difftime getenv time"},
		{`local n = {} for k in pairs(debug) do n[#n + 1] = k end return table.concat(n, " ")`, "traceback"},
		{`return _VERSION, _G._G == _G, io, require, dofile, loadfile, setfenv, string.dump`,
			"Lua 5.1 | true | nil | nil | nil | nil | nil | nil"},
	})
}

func TestOutsideWorld(t *testing.T) {
	var printed []string
	o := Options{
		Print: func(_ *lua.LState, text string) { printed = append(printed, text) },
		Getenv: func(name string) (string, bool) {
			return "value of " + name, name != "NONE"
		},
		Now:   func() float64 { return 1700000000.9 },
		Clock: func() float64 { return 1.5 },
		Heap:  func() float64 { return 640 },
	}
	check(t, o, []snippet{
		{`print() print("a", 1, nil, true) print(setmetatable({}, { __tostring = function() return "me" end }))`, ""},
		{`print(setmetatable({}, { __tostring = function() return {} end }))`, "error: show.lua:1: '__tostring' must return a string"},
		{`return os.getenv("HOME"), os.getenv("NONE"), os.time(), os.clock(), os.date("!%Y"), collectgarbage("count")`, "value of HOME | nil | 1700000000 | 1.5 | 2023 | 640"},
		{`return os.getenv()`, "error: show.lua:1: bad argument #1 to 'getenv' (string expected, got no value)"},
	})
	if got, want := strings.Join(printed, "\n"), "\na\t1\tnil\ttrue\nme"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	check(t, Options{}, []snippet{
		{`print("nobody listens") return os.time(), os.clock(), os.getenv("HOME"), os.date("%F")`, "0 | 0 | nil | 1970-01-01"},
	})
}

// TestHostile runs calls that would take minutes or gigabytes in gopher-lua's own library. Each must end with an error
// that names the function; that the test ends at all is the point.
func TestHostile(t *testing.T) {
	check(t, Options{MaxSteps: 200_000, MaxString: 1 << 20}, []snippet{
		{`return ("a"):rep(26):find(("a?"):rep(26) .. ("a"):rep(26) .. "b")`, "error: show.lua:1: string.find: pattern too complex (gave up after 200000 steps)"},
		{`return ("a"):rep(3000):find(".-.-.-b")`, "error: show.lua:1: string.find: pattern too complex (gave up after 200000 steps)"},
		{`return ("a"):rep(30000):match("(.-)(.-)%1%2$b")`, "error: show.lua:1: string.match: pattern too complex (gave up after 200000 steps)"},
		{`for w in ("a"):rep(10000):gmatch(".*.*.*b") do end`, "error: show.lua:1: string.gmatch: pattern too complex (gave up after 200000 steps)"},
		{`return ("a"):rep(100000):gsub(".*b", "")`, "error: show.lua:1: string.gsub: pattern too complex (gave up after 200000 steps)"},
		{`return (("("):rep(1e6)):find("%b()")`, "error: show.lua:1: string.find: pattern too complex (gave up after 200000 steps)"},
		{`return ("x"):rep(1e6):gsub("()", "%0" .. ("x"):rep(9000))`, "error: show.lua:1: string.gsub: resulting string too large (more than 1048576 bytes)"},
		{`return ("x"):rep(1e6):gsub("(y*)", ("%1"):rep(1e5))`, "error: show.lua:1: string.gsub: pattern too complex (gave up after 200000 steps)"},
		{`return ("x"):find(("a?"):rep(1e5))`, "error: show.lua:1: string.find: pattern too complex"},
		{`return ("x"):find(("x*"):rep(2000))`, "error: show.lua:1: string.find: pattern too complex"},
		{`return ("x"):rep(1e6):gsub("x", { x = ("y"):rep(1e5) })`, "error: show.lua:1: string.gsub: resulting string too large (more than 1048576 bytes)"},
		{`return ("x"):rep(1e10)`, "error: show.lua:1: string.rep: resulting string too large (more than 1048576 bytes)"},
		{`return ("x"):rep(1e300)`, "error: show.lua:1: string.rep: resulting string too large (more than 1048576 bytes)"},
		{`return #(""):rep(1e300)`, "0"},
		{`return ("%2000000000d"):format(1)`, "error: show.lua:1: invalid format (width or precision too long)"},
		{`return ("%.2000000000f"):format(1)`, "error: show.lua:1: invalid format (width or precision too long)"},
		{`local s = ("x"):rep(2^19) return ("%s%s%s"):format(s, s, s)`, "error: show.lua:1: string.format: resulting string too large (more than 1048576 bytes)"},
		{`local t = {} for i = 1, 40 do t[i] = ("x"):rep(2^20) end return table.concat(t)`, "error: show.lua:1: table.concat: resulting string too large (more than 1048576 bytes)"},
		{`return table.concat({1, 2, 3}, ("x"):rep(2^20))`, "error: show.lua:1: table.concat: resulting string too large (more than 1048576 bytes)"},
		{`return table.concat({}, "", 1, 1e300)`, "error: show.lua:1: invalid value (nil) at index 1 in table for 'concat'"},
		{`return unpack({}, 1, 1e9)`, "error: show.lua:1: too many results to unpack (at most 8000)"},
		{`return unpack({}, -1e300, 1e300)`, "error: show.lua:1: too many results to unpack (at most 8000)"},
		{`return table.unpack({}, 1, 8001)`, "error: show.lua:1: too many results to unpack (at most 8000)"},
		{`return select("#", unpack({}, 1, 8000))`, "8000"},
		{`return ("x"):rep(9000):byte(1, -1)`, "error: show.lua:1: string slice too long (at most 8000 bytes)"},
		{`return utf8.codepoint(("x"):rep(9000), 1, -1)`, "error: show.lua:1: string slice too long (at most 8000 bytes)"},
		{`return #os.date(("%c"):rep(2^18))`, "error: show.lua:1: os.date: resulting string too large (more than 1048576 bytes)"},
		{`return load(("x = 1 "):rep(100000))`, "error: show.lua:1: load: chunk too large (600000 bytes, at most 524288)"},
		{`local t = loadstring("return {" .. ("1.5,"):rep(50000) .. "}")() return #t, t[50000]`, "50000 | 1.5"},
		{`return load(function() return "x = 1 " end)`, "error: show.lua:1: load: chunk too large (524292 bytes, at most 524288)"},
		{`return table.insert({}, -1e300, 1)`, "error: show.lua:1: bad argument #2 to 'insert' (position out of bounds)"},
		{`local s = ("x"):rep(2^20) s = s .. s return s:upper()`, "error: show.lua:1: string.upper: resulting string too large (more than 1048576 bytes)"},
		{`local s = ("x"):rep(2^20) s = s .. s return s:reverse()`, "error: show.lua:1: string.reverse: resulting string too large (more than 1048576 bytes)"},
		{`local s = ("x"):rep(2^20) print(s)`, "error: show.lua:1: print: resulting string too large (more than 1048576 bytes)"},
	})
}

// TestDefaultLimits runs into the limits that hold without options.
func TestDefaultLimits(t *testing.T) {
	check(t, Options{}, []snippet{
		{`return ("a"):rep(3000):find(".-.-.-b")`, "error: show.lua:1: string.find: pattern too complex (gave up after 10000000 steps)"},
		{`return ("x"):rep(2^24 + 1)`, "error: show.lua:1: string.rep: resulting string too large (more than 16777216 bytes)"},
		{`return #("x"):rep(2^24)`, "16777216"},
	})
}

// TestLinear runs large but honest calls to their end.
func TestLinear(t *testing.T) {
	check(t, Options{}, []snippet{
		{`local s, n = ("a"):rep(80000):gsub(".", "%0%0") return #s, n`, "160000 | 80000"},
		{`local s, n = ("a"):rep(1e6):gsub("b", "x") return #s, n`, "1000000 | 0"},
		{`return ("a"):rep(2^24):match("^.*$") == ("a"):rep(2^24)`, "true"},
		{`local n = 0 for w in ("word "):rep(50000):gmatch("%a+") do n = n + 1 end return n`, "50000"},
		{`return (("("):rep(5e5) .. (")"):rep(5e5)):find("%b()")`, "1 | 1000000"},
		{`return (("a"):rep(1e6) .. "b"):find("b"), (("a"):rep(1e6) .. "b"):find("[b]")`, "1000001 | 1000001 | 1000001"},
		{`local t = {} for i = 1, 20000 do t[i] = i end return #table.concat(t, ",")`, "108893"},
	})
}

// TestStopped interrupts every kind of long call once it has asked a few times.
func TestStopped(t *testing.T) {
	asked := 0
	L := newState(t, Options{Spent: func(int) error {
		if asked++; asked > 5 {
			return errors.New("interrupted")
		}
		return nil
	}})
	for _, source := range []string{
		`return ("a"):rep(3000):find(".-.-.-b")`,
		`for w in ("a"):rep(30000):gmatch(".-.-b") do end`,
		`return ("a"):rep(30000):gsub(".", "b")`,
		`local t = {} for i = 1, 20000 do t[i] = i end return table.concat(t)`,
		`local t = {} for i = 1, 20000 do t[i] = -i end table.sort(t)`,
		`local t = {} for i = 1, 20000 do t[i] = i end table.sort(t, function(a, b) return a > b end)`,
		`local t = {} for i = 1, 20000 do t[i] = i end return table.maxn(t)`,
		`return utf8.len(("a"):rep(20000))`,
	} {
		asked = 0
		if got, want := run(t, L, source), "error: show.lua:1: interrupted"; got != want {
			t.Errorf("%s\n got %s\nwant %s", source, got, want)
		}
	}
}

// TestPolling checks how often a long call asks whether to stop: about every thousand steps.
func TestPolling(t *testing.T) {
	asked := 0
	L := newState(t, Options{MaxSteps: 1_000_000, Spent: func(int) error { asked++; return nil }})
	run(t, L, `list = {} for i = 1, 20000 do list[i] = "x" end text = ("x"):rep(20000)`)
	for _, c := range []struct {
		source string
		times  int
	}{
		{`return table.maxn(list)`, 20},
		{`return #table.concat(list)`, 20},
		{`return utf8.len(text)`, 20},
		{`return text:find("x-y$")`, 1000},
		{`return text:find("y", 1, true)`, 0},
	} {
		asked = 0
		run(t, L, c.source)
		if asked < c.times*9/10 || asked > c.times*11/10 {
			t.Errorf("%s asked %d times, expected about %d", c.source, asked, c.times)
		}
	}
}

// TestInterruptedSortLeavesTable checks that a sort that raises has changed nothing.
func TestInterruptedSortLeavesTable(t *testing.T) {
	check(t, Options{}, []snippet{
		{`local t, n = { 5, 3, 1, 4, 2 }, 0
		local ok, e = pcall(table.sort, t, function(a, b) n = n + 1 if n > 3 then error("no", 0) end return a < b end)
		return ok, e, table.concat(t, " ")`, "false | no | 5 3 1 4 2"},
	})
}
