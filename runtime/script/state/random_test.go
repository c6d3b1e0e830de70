package state

import (
	"fmt"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/raced"
)

// play changes a state at random: it makes tables, moves, swaps, shares and drops them, and
// counts in them, in lists and by names. Each table has a number of its own in id.
const play = `
function random(n) seed = seed * 16807 % 2147483647 return seed % n + 1 end
function reach(root)
	local list, seen = {}, {}
	local function walk(t)
		if seen[t] then return end
		seen[t] = true list[#list + 1] = t
		local keys = {}
		for k, v in pairs(t) do if type(v) == "table" then keys[#keys + 1] = k end end
		table.sort(keys, function(a, b) return type(a) .. tostring(a) < type(b) .. tostring(b) end)
		for _, k in ipairs(keys) do walk(t[k]) end
	end
	walk(root)
	return list
end
local function key() return random(2) == 1 and "k" .. random(4) or random(4) end
function play(n)
	for _ = 1, n do
		local all = reach(s)
		local t, u = all[random(#all)], all[random(#all)]
		local what, k, l = random(8), key(), key()
		if what <= 2 then ids = ids + 1 t[k] = { id = ids, n = 0 }
		elseif what == 3 then t[k], u[l] = u[l], t[k]
		elseif what == 4 then t[k] = u
		elseif what == 5 then t[k] = nil
		elseif what == 6 then table.insert(t, random(100))
		elseif what == 7 then table.remove(t)
		else t.n = (t.n or 0) + 1 end
	end
end
function show()
	local text, names, all = {}, {}, reach(s)
	for _, t in ipairs(all) do
		local list = {}
		for k, v in pairs(t) do list[#list + 1] = type(k) .. k .. "=" .. (type(v) == "table" and "#" .. v.id or tostring(v)) end
		table.sort(list)
		text[#text + 1] = table.concat(list, " ")
	end
	return table.concat(text, "\n")
end`

// TestRandomStates plays with states, once through and once with reloads in between, some
// of which come to nothing: both end the same, and what a generation holds on to since its
// top level is what is in the state.
func TestRandomStates(t *testing.T) {
	for seed := 1; seed <= raced.Of(10, 1); seed++ {
		begin := fmt.Sprintf("%s\nseed, ids, s = %d00, 1, { id = 1 }", play, seed)
		do := func(L *lua.LState, text string) {
			t.Helper()
			if err := L.DoString(text); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		shown := func(L *lua.LState) string { do(L, "text = show()"); return L.GetGlobal("text").String() }
		root := func(L *lua.LState) *lua.LTable { return L.GetGlobal("s").(*lua.LTable) }
		once, live := lua.NewState(), lua.NewState()
		do(once, begin)
		do(live, begin)
		for round := range 8 {
			both := func(text string) { do(once, text); do(live, text) }
			both("play(30)")
			p := Take(root(live))
			next := lua.NewState()
			next.SetGlobal("s", p.Copy(next))
			do(next, play+"\nheld = {} for _, t in ipairs(reach(s)) do held[t.id] = t end")
			p.Compare(root(next))
			both("play(10)") // while the next one loads
			if round%3 == 1 {
				next.Close() // it does not load
				continue
			}
			if errs := p.Settle(root(live)); errs != nil {
				t.Fatalf("seed %d: %v", seed, errs)
			}
			next.SetGlobal("seed", live.GetGlobal("seed"))
			next.SetGlobal("ids", live.GetGlobal("ids"))
			live.Close()
			live = next
			do(live, `for _, t in ipairs(reach(s)) do if held[t.id] and held[t.id] ~= t then error("table " .. t.id .. " is another one") end end`)
			if got, want := shown(live), shown(once); got != want {
				t.Fatalf("seed %d, round %d:\n%s\nwithout reloads:\n%s", seed, round, got, want)
			}
		}
		once.Close()
		live.Close()
	}
}
