package lualib

import (
	"testing"

	"showrun/runtime/script/lualib/pattern"

	lua "github.com/yuin/gopher-lua"
)

// fuzzState opens a state with small limits and counts how often it is asked whether to stop.
func fuzzState(f *testing.F, asked *int) *lua.LState {
	return newState(f, Options{
		MaxSteps: 20_000, MaxString: 1 << 16,
		Spent: func(int) error { *asked++; return nil },
	})
}

// callLibrary calls a function of the library; an error of Lua is as good as a result, a Go panic is not.
func callLibrary(t *testing.T, L *lua.LState, fn lua.LValue, args ...lua.LValue) []lua.LValue {
	t.Helper()
	top := L.GetTop()
	defer L.SetTop(top)
	if err := L.CallByParam(lua.P{Fn: fn, NRet: lua.MultRet, Protect: true}, args...); err != nil {
		if api, ok := err.(*lua.ApiError); !ok || api.Type != lua.ApiErrorRun {
			t.Fatal(err)
		}
		return nil
	}
	var results []lua.LValue
	for i := top + 1; i <= L.GetTop(); i++ {
		results = append(results, L.Get(i))
	}
	return results
}

// FuzzPattern checks that no pattern makes a search panic or exceed its steps, and that find and match agree.
func FuzzPattern(f *testing.F) {
	for _, seed := range [][2]string{
		{"hello world", "(l+)()"}, {"aaaa", "a?a?a?a?aaaa"}, {"f(a(b)c)", "%b()%1"}, {"THE (quick) fox", "%f[%a]%a+%f[^%a]"},
		{"a]b", "[]%]^-]*$"}, {"key = v", "^(%w+)%s-=%s*(.-)$"}, {"x", "(()("}, {"\x00\xff", "[^%z\x80-\xff]"}, {"aXb", "[a-%]]"},
	} {
		f.Add(seed[0], seed[1], "%1%0")
	}
	asked := 0
	L := fuzzState(f, &asked)
	library := L.GetGlobal("string").(*lua.LTable)
	f.Fuzz(func(t *testing.T, subject, text, replacement string) {
		asked = 0
		s, p := lua.LString(subject), lua.LString(text)
		found := callLibrary(t, L, library.RawGetString("find"), s, p)
		matched := callLibrary(t, L, library.RawGetString("match"), s, p)
		if len(found) > 2 && len(matched) > 0 && matched[0] != found[2] {
			t.Errorf("find captured %v, match %v", found[2], matched[0])
		}
		if len(found) == 2 && len(matched) == 1 {
			start, end := int(found[0].(lua.LNumber)), int(found[1].(lua.LNumber))
			if got := subject[start-1 : end]; lua.LString(got) != matched[0] {
				t.Errorf("find saw %q, match %q", got, matched[0])
			}
		}
		callLibrary(t, L, library.RawGetString("gsub"), s, p, lua.LString(replacement))
		if next := callLibrary(t, L, library.RawGetString("gmatch"), s, p); next != nil {
			callLibrary(t, L, next[0])
		}
		if most := 4 * (20_000/pattern.StepsPerLook + 1); asked > most {
			t.Errorf("asked %d times whether to stop, expected %d at most", asked, most)
		}
	})
}

// FuzzFormat checks that no format makes string.format panic or write without end.
func FuzzFormat(f *testing.F) {
	f.Add("%d %5.2f %s", 3.7, "text")
	f.Add("%-+ #099.99g|%q|%c", -1e300, "a\x00\n")
	f.Add("%x%o%u%%", 1e19, "12")
	asked := 0
	L := fuzzState(f, &asked)
	library := L.GetGlobal("string").(*lua.LTable)
	f.Fuzz(func(t *testing.T, format string, number float64, text string) {
		n, s := lua.LNumber(number), lua.LString(text)
		callLibrary(t, L, library.RawGetString("format"), lua.LString(format), n, n, n)
		callLibrary(t, L, library.RawGetString("format"), lua.LString(format), s, n, s)
	})
}
