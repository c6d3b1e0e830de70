package plain

import (
	"fmt"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

func TestStateKeepsPlainDataOnly(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	if err := L.DoString(`good = { n = 1, list = { 1, 2, { x = true } }, s = "a" } bad = { ok = 1, deep = { f = print } } loop = {} loop.loop = loop`); err != nil {
		t.Fatal(err)
	}
	v, err := Export(L.GetGlobal("good"), "show.state")
	if err != nil {
		t.Fatal(err)
	}
	again, err := Export(Import(L, v), "show.state")
	if err != nil || !same(v, again) {
		t.Errorf("%v became %v, %v", v, again, err)
	}
	if _, err := Export(L.GetGlobal("bad"), "show.state"); err == nil || !strings.Contains(err.Error(), "show.state.deep.f: a function") {
		t.Errorf("bad: %v", err)
	}
	if _, err := Export(L.GetGlobal("loop"), "show.state"); err == nil {
		t.Error("a table that holds itself was exported")
	}
}

func TestMerge(t *testing.T) {
	snapshot := Table{{"same", 1.0}, {"changed", 1.0}, {"gone", 1.0}}
	made := Table{{"same", 1.0}, {"changed", 9.0}, {"gone", 1.0}, {"new", 3.0}}
	newest := Table{{"same", 5.0}, {"changed", 2.0}, {"late", 4.0}}
	got := fmt.Sprint(Merge(snapshot, made, newest))
	if want := fmt.Sprint(Table{{"same", 5.0}, {"changed", 9.0}, {"new", 3.0}, {"late", 4.0}}); got != want {
		t.Errorf("merged %v, want %v", got, want)
	}
}
