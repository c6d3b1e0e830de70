package lualib

import (
	"math/rand/v2"
	"sort"
	"strconv"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

func TestTable(t *testing.T) {
	check(t, Options{}, []snippet{
		{`local t = { 1, 2, 3 } table.insert(t, 4) table.insert(t, 1, 0) table.insert(t, 3, "x") return table.concat(t, " ")`, "0 1 x 2 3 4"},
		{`local t = {} table.insert(t, 1, "a") table.insert(t, 1, "b") table.insert(t, 5, "far") return #t, t[1], t[5], table.maxn(t)`, "5 | b | far | 5"},
		{`local t = { 1, 2, 3 } return table.remove(t), table.remove(t, 1), table.remove(t), table.remove(t), #t`, "3 | 1 | 2 | nil | 0"},
		{`local t = { 1, 2, 3 } t[3] = nil return table.remove(t), #t, t[2]`, "2 | 1 | nil"},
		{`return select("#", table.remove({})), select("#", table.remove({ 1 }, 3))`, "0 | 0"},
		{`return table.concat({ 1, 0.5, "x" }, ", "), table.concat({ "a", "b", "c" }, "", 2, 3), table.concat({}, "x")`, "1, 0.5, x | bc | "},
		{`local t = table.pack(1, nil, 3, nil) return t.n, #t, table.unpack(t, 1, t.n)`, "4 | 3 | 1 | nil | 3 | nil"},
		{`return unpack({ 1, 2, 3 }, 2), table.unpack({ 1, 2 }), unpack({ [-1] = "a", [0] = "b" }, -1, 1)`, "2 | 1 | a | b | nil"},
		{`return table.getn({ 1, 2 }), table.maxn({ 1, 2, [7.5] = 1, [-1] = 2, x = 3 }), table.maxn({})`, "2 | 7.5 | 0"},

		{`local t = { 3, 1, 2 } table.sort(t) return table.concat(t, " ")`, "1 2 3"},
		{`local t = { "b", "a", "C", "aa" } table.sort(t) return table.concat(t, " ")`, "C a aa b"},
		{`local t = { 3, 1, 2 } table.sort(t, function(a, b) return a > b end) return table.concat(t, " ")`, "3 2 1"},
		{`local mt = { __lt = function(a, b) return a.n < b.n end } local t = {} for i = 1, 5 do t[i] = setmetatable({ n = -i }, mt) end table.sort(t) return t[1].n, t[5].n`, "-5 | -1"},
		{`local t = { 1, 1, 1, 1 } table.sort(t) table.sort(t, nil) table.sort({}) table.sort({ 1 }, error) return #t`, "4"},
		{`table.sort({ 3, 2, 1, 4 }, function() return true end)`, "error: show.lua:1: invalid order function for sorting"},
		{`table.sort({ 1, 1, 1 }, function(a, b) return a <= b end)`, "error: show.lua:1: invalid order function for sorting"},
		{`local n, t = 0, {} for i = 1, 500 do t[i] = i end table.sort(t, function() n = (n * 69 + 5) % 101 return n < 50 end)`, "error: show.lua:1: invalid order function for sorting"},
		{`table.sort({ 1, "x" })`, "error: show.lua:1: attempt to compare string with number"},
		{`table.sort({ {}, {} })`, "error: show.lua:1: attempt to compare two table values"},
		{`table.sort({ 2, 1 }, "x")`, "error: show.lua:1: bad argument #2 to 'sort' (function expected, got string)"},
		{`table.sort({ 3, 2, 1 }, function(a, b) error("no") end)`, "error: show.lua:1: no"},
	})
}

// TestSortRandom sorts lists of many lengths both ways and compares with Go's order.
func TestSortRandom(t *testing.T) {
	L := newState(t, Options{})
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 120 {
		list := L.NewTable()
		want := make([]float64, n)
		for i := range want {
			want[i] = float64(r.IntN(50))
			list.RawSetInt(i+1, lua.LNumber(want[i]))
		}
		sort.Float64s(want)
		var text []string
		for _, f := range want {
			text = append(text, strconv.Itoa(int(f)))
		}
		L.SetGlobal("list", list)
		for _, order := range []string{`table.sort(list)`, `table.sort(list, function(a, b) return a > b end) table.sort(list, function(a, b) return a < b end)`} {
			if got := run(t, L, order+` return table.concat(list, " ")`); got != strings.Join(text, " ") {
				t.Fatalf("%d values, %s: got %s, want %v", n, order, got, text)
			}
		}
	}
}
