package lualib

import (
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

// BenchmarkLibrary runs the same small loops on this library and on gopher-lua's own, for comparison.
func BenchmarkLibrary(b *testing.B) {
	for _, c := range []struct{ name, body string }{
		{"find", `local a = ("stage left, universe 12"):find("universe (%d+)")`},
		{"match", `local a, b = ("key = value"):match("^(%w+)%s*=%s*(%w+)$")`},
		{"gsub", `local s = ("one two three four"):gsub("%w+", "<%0>")`},
		{"gmatch", `for w in ("one two three four"):gmatch("%a+") do end`},
		{"format", `local s = ("%s %5.2f %d"):format("level", 3.14159, 200)`},
		{"sort", `local t = {} for i = 1, 50 do t[i] = (i * 37) % 50 end table.sort(t)`},
		{"ipairs", `for i, v in ipairs(list) do end`},
		{"pairs", `for k, v in pairs(list) do end`},
		{"insert", `local t = {} for i = 1, 20 do table.insert(t, i) end`},
		{"floor", `local x = math.floor(3.5)`},
		{"tostring", `local s = tostring(0.25)`},
	} {
		for _, library := range []string{"lualib", "gopher"} {
			b.Run(c.name+"/"+library, func(b *testing.B) {
				L := lua.NewState(lua.Options{SkipOpenLibs: library == "lualib"})
				defer L.Close()
				if library == "lualib" {
					Open(L, Options{})
				}
				fn, err := L.Load(strings.NewReader("list = { 1, 2, 3, 4, 5, 6, 7, 8 } for i = 1, ... do "+c.body+" end"), "bench.lua")
				if err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				L.Push(fn)
				L.Push(lua.LNumber(b.N))
				L.Call(1, 0)
			})
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		L := lua.NewState(lua.Options{SkipOpenLibs: true, RegistrySize: 256, MinimizeStackMemory: true})
		Open(L, Options{})
		L.Close()
	}
}
