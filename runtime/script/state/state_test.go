package state

import (
	"fmt"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

// reload is a passage between two small scripts. Each has its state as s.
type reload struct {
	before string // what the live generation has
	top    string // the top level of the next one
	since  string // what the live one does meanwhile
	after  string // what the next one is asked then
	want   string
	errs   []string
}

func (r reload) run(t *testing.T) {
	t.Helper()
	live, next := lua.NewState(), lua.NewState()
	defer live.Close()
	defer next.Close()
	do := func(L *lua.LState, text string) {
		if err := L.DoString(text); err != nil {
			t.Fatal(err)
		}
	}
	do(live, "s = {} "+r.before)
	h := Take(live.GetGlobal("s").(*lua.LTable))
	next.SetGlobal("s", h.Copy(next))
	do(next, r.top)
	h.Compare(next.GetGlobal("s").(*lua.LTable))
	do(live, r.since)
	errs := h.Settle(live.GetGlobal("s").(*lua.LTable))
	do(next, `function list(t)
		local names = {}
		for k, v in pairs(t) do names[#names + 1] = tostring(k) .. "=" .. (type(v) == "table" and list(v) or tostring(v)) end
		table.sort(names)
		return "{" .. table.concat(names, " ") .. "}"
	end`)
	do(next, "answer = (function() "+r.after+" end)()")
	if got := next.GetGlobal("answer").String(); got != r.want {
		t.Errorf("%+v\n got %s", r, got)
	}
	if fmt.Sprint(errs) != fmt.Sprint(r.errs) {
		t.Errorf("%+v\n errors %q", r, errs)
	}
}

func TestPassage(t *testing.T) {
	all := "return list(s)"
	for name, r := range map[string]reload{
		"nothing happens":                     {"s.n = 1 s.list = {1, 2, {x = true}}", "", "", all, "{list={1=1 2=2 3={x=true}} n=1}", nil},
		"an empty state":                      {"", "", "", all, "{}", nil},
		"newer values":                        {"s.n = 1 s.gone = 1", "", "s.n = 2 s.gone = nil s.new = 3", all, "{n=2 new=3}", nil},
		"a default gives way":                 {"", "s.n = s.n or 0", "s.n = 5", all, "{n=5}", nil},
		"a default stands":                    {"", "s.n = s.n or 0", "", all, "{n=0}", nil},
		"a default that was there":            {"s.n = 1", "s.n = s.n or 0", "s.n = 5", all, "{n=5}", nil},
		"what the top level changes stays":    {"s.n = 1", "s.n = 9", "s.n = 5", all, "{n=9}", nil},
		"what the top level removes is gone":  {"s.n = 1 s.t = {n = 1}", "s.n = nil s.t.n = nil", "s.n = 5", all, "{t={}}", nil},
		"changes in nested tables":            {"s.t = {a = 1, b = 1, c = 1}", "s.t.a = 9 s.t.d = 9", "s.t.b = 2 s.t.c = nil", all, "{t={a=9 b=2 d=9}}", nil},
		"a nested table is the same":          {"s.counts = {n = 1}", "kept = s.counts", "s.counts.n = 2", "kept.n = kept.n + 1 return list(s)", "{counts={n=3}}", nil},
		"deep ones as well":                   {"s.a = {b = {c = {n = 1}}}", "kept = s.a.b.c", "s.a.b.c.n = 2", "kept.more = true return list(s)", "{a={b={c={more=true n=2}}}}", nil},
		"one made since moves over":           {"s.t = {}", "kept = s.t", "s.t.made = {n = 1} s.made = s.t.made", "kept.made.n = 2 return list(s)", "{made={n=2} t={made={n=2}}}", nil},
		"one made since has old ones in it":   {"s.t = {n = 1}", "kept = s.t", "s.box = {s.t} s.t = nil", "kept.n = 2 return list(s)", "{box={1={n=2}}}", nil},
		"moved to another key":                {"s.a = {n = 1}", "kept = s.a", "s.b = s.a s.a = nil s.b.n = 2", "kept.m = 3 return list(s)", "{b={m=3 n=2}}", nil},
		"moved by the top level":              {"s.a = {n = 1}", "s.b = s.a s.a = nil kept = s.b", "s.a.n = 2", "kept.m = 3 return list(s)", "{b={m=3 n=2}}", nil},
		"swapped":                             {"s.a = {n = 'a'} s.b = {n = 'b'}", "a, b = s.a, s.b", "s.a, s.b = s.b, s.a", "return a.n .. b.n .. list(s) .. tostring(s.a == b and s.b == a)", "ab{a={n=b} b={n=a}}true", nil},
		"shared tables stay shared":           {"local t = {n = 1} s.a = t s.b = {t}", "kept = s.a", "s.a.n = 2", "kept.m = 3 return list(s) .. tostring(s.a == s.b[1])", "{a={m=3 n=2} b={1={m=3 n=2}}}true", nil},
		"a table in itself":                   {"s.me = s s.t = {up = s}", "kept = s.t", "s.n = 1", "return tostring(s.me == s and s.t.up == s and kept == s.t and s.n == 1)", "true", nil},
		"out of the state and still held":     {"s.t = {n = 1}", "kept = s.t", "t = s.t s.t = nil t.n = 2", "return list(s) .. list(kept)", "{}{n=2}", nil},
		"replaced by another":                 {"s.t = {n = 1}", "kept = s.t", "s.t = {n = 2}", "return list(s) .. list(kept)", "{t={n=2}}{n=1}", nil},
		"both make the same one":              {"", "s.t = s.t or {n = 0, m = 0} kept = s.t", "s.t = {n = 5}", "kept.x = 1 return list(s)", "{t={m=0 n=5 x=1}}", nil},
		"both make nested ones":               {"", "s.t = s.t or {u = {v = {n = 0}}} kept = s.t.u.v", "s.t = {u = {v = {n = 5}}}", "kept.x = 1 return list(s)", "{t={u={v={n=5 x=1}}}}", nil},
		"the next one makes one":              {"s.n = 1", "kept = {a = {}} s.t = kept kept.a.s = s.n", "", "kept.b = 1 return list(s)", "{n=1 t={a={s=1} b=1}}", nil},
		"the next one puts another in place":  {"s.n = 1 s.t = {n = 1}", "s = {n = s.n, t = s.t, new = 1} kept = s", "s.n = 2 s.t.n = 2 s.made = 3", "kept.x = 1 return list(s)", "{made=3 n=2 new=1 t={n=2} x=1}", nil},
		"the live one puts another in place":  {"s.n = 1 s.t = {n = 1}", "kept, root = s.t, s", "s = {n = 2, t = s.t}", "kept.x = 1 return list(s) .. tostring(root == s)", "{n=2 t={n=1 x=1}}true", nil},
		"the live one makes a part the whole": {"s.n = 1 s.t = {n = 2}", "root = s", "s = s.t", "return list(s) .. tostring(root == s)", "{n=2}true", nil},
		"arrays":                              {"s.l = {1, 2, 3, 4}", "kept = s.l", "table.remove(s.l, 1) s.l[#s.l + 1] = 5", "table.insert(kept, 6) return list(s) .. #s.l", "{l={1=2 2=3 3=4 4=5 5=6}}5", nil},
		"arrays of tables":                    {"s.l = {{n = 1}, {n = 2}}", "second = s.l[2]", "table.remove(s.l, 1)", "second.x = 1 return list(s)", "{l={1={n=2 x=1}}}", nil},
		"the top level appends":               {"s.l = {1, 2}", "s.l[3] = 3", "s.l[1] = 9", all, "{l={1=9 2=2 3=3}}", nil},
		"keys of all kinds":                   {"s[true] = 1 s[false] = 2 s[1.5] = 3 s[-1] = 4 s[1] = 5 s['1'] = 6", "s[true] = 9", "s[false] = 8", all, "{-1=4 1.5=3 1=5 1=6 false=8 true=9}", nil},
		"not-a-number is no change":           {"s.n = 0/0", "", "s.n = 1", all, "{n=1}", nil},
		"not-a-number":                        {"s.n = 0/0", "s.m = 0/0", "", all, "{m=NaN n=NaN}", nil},
		"false is a value":                    {"s.on = true", "s.on = s.on or true s.off = false", "s.on = false", all, "{off=false on=false}", nil},
		"metatables": {"setmetatable(s, {__index = {ghost = 1}}) s.t = setmetatable({}, {__len = error})", "setmetatable(s, {__index = {n = 7}}) kept = setmetatable(s.t, {__index = s})", "s.x = setmetatable({}, {__index = error})", "return list(s) .. tostring(s.ghost) .. kept.n .. tostring(s.x.y)", "{t={} x={}}nil7nil", []string{
			"show.state.x: its metatable is not kept; the new version must set it",
		}},
		"at the end of a long list": {"local t = s for i = 1, 30000 do t.n = {} t = t.n end t.f = print", "", "", "return 'kept'", "kept", []string{
			"show.state.….n.n.n.n.n.n.n.n.f: a function cannot be kept; strings, numbers, booleans and tables of them can",
		}},
		"what cannot be kept": {"s.t = {f = print, ok = 1, deep = {co = coroutine.create(print)}} s[print] = 1 s.l = {1, print, 3}", "", "s.g = error", all, "{l={1=1 3=3} t={deep={} ok=1}}", []string{
			"show.state.g: a function cannot be kept; strings, numbers, booleans and tables of them can",
			"show.state.l.2: a function cannot be kept; strings, numbers, booleans and tables of them can",
			"show.state.t.deep.co: a thread cannot be kept; strings, numbers, booleans and tables of them can",
			"show.state.t.f: a function cannot be kept; strings, numbers, booleans and tables of them can",
			"show.state: a key is a function and cannot be kept; keys must be strings, numbers or booleans",
		}},
		"functions of the next one": {"s.f = print", "s.f = function() return 'new' end", "", "return s.f()", "new", []string{
			"show.state.f: a function cannot be kept; strings, numbers, booleans and tables of them can",
		}},
	} {
		t.Run(name, r.run)
	}
}

// TestOrderOfPairsIsKept lets two machines that replay the same reload go through
// the state in the same order.
func TestOrderOfPairsIsKept(t *testing.T) {
	const walk = `order = "" for k, v in pairs(s) do order = order .. k .. " " end`
	live, next := lua.NewState(), lua.NewState()
	defer live.Close()
	defer next.Close()
	if err := live.DoString(`s = {} for i = 1, 200 do s["k" .. (i * 37 % 211)] = { i } end s.k5 = nil ` + walk); err != nil {
		t.Fatal(err)
	}
	h := Take(live.GetGlobal("s").(*lua.LTable))
	next.SetGlobal("s", h.Copy(next))
	for range 2 {
		if err := next.DoString(walk); err != nil {
			t.Fatal(err)
		}
		if got, want := next.GetGlobal("order"), live.GetGlobal("order"); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
		h.Compare(next.GetGlobal("s").(*lua.LTable))
		h.Settle(live.GetGlobal("s").(*lua.LTable))
	}
}

// BenchmarkPassage is what the two loops pay for a state of 60,000 entries.
func BenchmarkPassage(b *testing.B) {
	for name, text := range map[string]string{
		"flat":  `s = {} for i = 1, 60000 do s["key" .. i] = i end`,
		"list":  `s = {} for i = 1, 60000 do s[i] = i end`,
		"small": `s = {} for i = 1, 20000 do s["key" .. i] = { a = i, b = "x" } end`,
	} {
		prepare := func() (live, next *lua.LState) {
			live, next = lua.NewState(), lua.NewState()
			if err := live.DoString(text); err != nil {
				b.Fatal(err)
			}
			return live, next
		}
		b.Run("Take/"+name, func(b *testing.B) {
			live, _ := prepare()
			root := live.GetGlobal("s").(*lua.LTable)
			for b.Loop() {
				Take(root)
			}
		})
		b.Run("Settle/"+name, func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				live, next := prepare()
				root := live.GetGlobal("s").(*lua.LTable)
				h := Take(root)
				h.Compare(h.Copy(next))
				b.StartTimer()
				h.Settle(root)
			}
		})
	}
}
