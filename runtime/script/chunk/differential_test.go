package chunk_test

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"showrun/runtime/raced"
	"showrun/runtime/script/chunk"
	"showrun/runtime/script/lualib"

	lua "github.com/yuin/gopher-lua"
)

var (
	programs = flag.Int("programs", raced.Of(600, 100), "how many programs the differential test generates")
	seed     = flag.Uint64("seed", 51, "the seed of the first program")
)

// batch is how many programs one process of lua5.1 runs.
const batch = 1000

// world is what programs find: a trace of what they show, and functions that end what would not end.
const world = `
local shown, budget
explain = explain or function() end
local function show(v, depth)
  if type(v) == "table" then
    if depth > 2 then return "{..}" end
    local parts = {}
    for i = 1, 3 do parts[i] = show(rawget(v, i), depth + 1) end
    for _, k in ipairs{"x", "y", "n", 49, 50, 51, 52, 99, 100, 101, 102, 120, 121} do
      local e = rawget(v, k)
      if e ~= nil then parts[#parts + 1] = tostring(k) .. "=" .. show(e, depth + 1) end
    end
    return "{" .. table.concat(parts, ",") .. "}"
  elseif type(v) == "function" then return "function"
  elseif v ~= v then return "nan"
  elseif v == 0 then return "0" end
  return type(v):sub(1, 1) .. tostring(v)
end
function t(...)
  if #shown > 300 then error("enough", 0) end
  local parts = {}
  for i = 1, select("#", ...) do parts[i] = show((select(i, ...)), 0) end
  shown[#shown + 1] = table.concat(parts, " ")
end
function tick() budget = budget - 1 if budget < 0 then error("budget", 0) end end
function more() budget = budget - 50 return budget % 3 == 0 end
function self(...) return ... end
function two(a, b) return b, a end
function none() end
function len(v) if type(v) ~= "table" then return 0 end local i = 0 while rawget(v, i + 1) ~= nil do i = i + 1 end return i end
function pack(...) return {n = select("#", ...), ...} end
function key(v) if v == nil or v ~= v then return 1 end return v end
function n(v) v = tonumber(v) or 1 return v == 0 and 0 or v end
function s(v) if type(v) == "string" then return #v > 2000 and "long" or v elseif type(v) == "number" and v == v and v ~= 0 and v * 0 == 0 then return v end return type(v) end
function try(f, ...) tick() budget = budget - 30 if type(f) ~= "function" then return f end local ok, a, b = pcall(f, ...) if not ok then a = tostring(a):match("attempt to %w+") or a end return a, b end
function co(f, ...)
  local c = coroutine.create(function(...) explain() return f(...) end)
  local ok, a, b = coroutine.resume(c, ...)
  while coroutine.status(c) == "suspended" do tick() ok, a, b = coroutine.resume(c, b, "again") end
  return ok, a, b
end
function upto(limit, i) i = (i or 0) + 1 if i <= limit then return i, i * i end end
function count() local i = 0 return function() i = i + 1 if i < 4 then return i end end end
local base = {}
function play(program)
  for k in pairs(_G) do if not base[k] then _G[k] = nil end end
  shown, budget = {}, 500
  g1, g2, g3 = 1, "g", nil
  T = {1, 2, x = 3, sub = {x = 4}}
  local ok, e
  if type(program) == "string" then ok, e = false, program else ok, e = pcall(program, 5, "six") end
  if not ok then shown[#shown + 1] = "! " .. tostring(e) end
  return table.concat(shown, "\1")
end
for k in pairs(_G) do base[k] = true end
`

// ours runs programs as a show would.
type ours struct {
	L    *lua.LState
	play lua.LValue
}

func newOurs(t testing.TB) *ours {
	L := lua.NewState(lua.Options{SkipOpenLibs: true, RegistrySize: 256, RegistryMaxSize: 1 << 18, RegistryGrowStep: 64, CallStackSize: 2000, MinimizeStackMemory: true})
	t.Cleanup(L.Close)
	lualib.Open(L, lualib.Options{})
	L.SetGlobal("pcall", L.NewFunction(pcall))
	L.SetGlobal("explain", L.NewFunction(chunk.Explaining(chunk.Hints{})))
	lua.OpenCoroutine(L)
	L.SetGlobal("coroutine", L.Get(-1))
	L.Pop(1)
	o := &ours{L: L}
	main, err := chunk.Compile(world, "world")
	if err != nil {
		t.Fatal(err)
	}
	L.Push(main.Function(L))
	L.Call(0, 0)
	o.play = L.GetGlobal("play")
	return o
}

// pcall runs on a thread of its own, as that of the host.
func pcall(L *lua.LState) int {
	th, _ := L.NewThread()
	th.Push(th.NewFunction(chunk.Explained(chunk.Hints{})))
	for i := 1; i <= L.GetTop(); i++ {
		th.Push(L.Get(i))
	}
	if err := th.PCall(L.GetTop(), lua.MultRet, nil); err != nil {
		L.Push(lua.LFalse)
		if api := err.(*lua.ApiError); api.Object != nil {
			L.Push(api.Object)
		} else {
			L.Push(lua.LString(err.Error()))
		}
		return 2
	}
	L.Push(lua.LTrue)
	for i := 1; i <= th.GetTop(); i++ {
		L.Push(th.Get(i))
	}
	return th.GetTop() + 1
}

func (o *ours) run(source string) string {
	var program lua.LValue
	if c, err := chunk.Compile(source, "p"); err != nil {
		program = lua.LString(err.Error())
	} else {
		program = c.Function(o.L)
	}
	if err := o.L.CallByParam(lua.P{Fn: o.play, NRet: 1, Protect: true}, program); err != nil {
		return "?? " + err.Error()
	}
	defer o.L.Pop(1)
	return lua.LVAsString(o.L.Get(-1))
}

// reference runs programs in one process of lua5.1.
func reference(t testing.TB, binary string, sources []string) []string {
	var in bytes.Buffer
	in.WriteString(world)
	in.WriteString("local function p(source) local f, e = loadstring(source, '=p') io.write((play(f or e):gsub('\\n', ' ')), '\\n') end\n")
	for _, s := range sources {
		fmt.Fprintf(&in, "p[==[%s]==]\n", s)
	}
	cmd := exec.Command(binary, "-")
	cmd.Stdin = &in
	cmd.Env = []string{"LC_ALL=C"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out[max(0, len(out)-500):])
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}

var (
	namedFirst = regexp.MustCompile(`attempt to (index|call|perform arithmetic on|concatenate|get length of) (global|local|upvalue|field|method) '([^']*)' \(a (\w+) value\)`)
	trailing   = regexp.MustCompile(` with key '[^']*'| \((global|local|upvalue|field|method) '[^']*'\)`)
	advice     = regexp.MustCompile(`; did you mean .*?\?`)
)

// level takes off what the two may tell differently: the names in errors, and the signs of zero and not-a-number.
func level(trace string) string {
	trace = strings.NewReplacer("-nan", "nan", "-0", "0").Replace(trace)
	trace = namedFirst.ReplaceAllString(trace, "attempt to $1 a $4 value ($2 '$3')")
	return advice.ReplaceAllString(trailing.ReplaceAllString(trace, ""), "")
}

func differs(want, got string) bool {
	return level(want) != level(strings.ReplaceAll(got, "\n", " "))
}

// shrink takes lines away from a program as long as the two differ.
func shrink(t testing.TB, binary string, o *ours, lines []string) []string {
	for size := len(lines) / 2; size > 0; {
		var tries [][]string
		var sources []string
		for i := 0; i+size <= len(lines); i++ {
			shorter := append(append([]string{}, lines[:i]...), lines[i+size:]...)
			tries = append(tries, shorter)
			sources = append(sources, strings.Join(shorter, "\n"))
		}
		found := false
		for i, want := range reference(t, binary, sources) {
			if !strings.Contains(want, " near ") && differs(want, o.run(sources[i])) {
				lines, found = tries[i], true
				break
			}
		}
		if !found {
			size /= 2
		}
		size = min(size, len(lines))
	}
	return lines
}

func TestComputesWhatLuaDoes(t *testing.T) {
	binary, err := exec.LookPath("lua5.1")
	if err != nil {
		t.Skip("no lua5.1 in PATH (Debian package lua5.1): nothing to compare with")
	}
	o := newOurs(t)
	failed, errors := 0, 0
	for first := 0; first < *programs && failed < 5; first += batch {
		var all [][]string
		var sources []string
		for i := range min(batch, *programs-first) {
			g := &generator{Rand: rand.New(rand.NewPCG(*seed, uint64(first+i)))}
			lines := g.program()
			all = append(all, lines)
			sources = append(sources, strings.Join(lines, "\n"))
		}
		for i, want := range reference(t, binary, sources) {
			if strings.Contains(want, "! ") {
				errors++
			}
			got := o.run(sources[i])
			if !differs(want, got) {
				continue
			}
			lines := shrink(t, binary, o, all[i])
			source := strings.Join(lines, "\n")
			t.Errorf("program %d:\n%s\nlua5.1 %q\n  ours %q", first+i, source, reference(t, binary, []string{source})[0], o.run(source))
			if failed++; failed == 5 {
				break
			}
		}
	}
	t.Logf("%d programs, %d of them with an error", *programs, errors)
}
