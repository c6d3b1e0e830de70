package plain

import (
	"testing"

	lua "github.com/yuin/gopher-lua"
)

func TestImport(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	L.SetGlobal("got", Import(L, Table{{"n", 1.0}, {"list", Table{{1.0, "a"}, {2.0, Table{{"x", true}}}}}, {false, nil}}))
	if err := L.DoString(`assert(got.n == 1 and got.list[1] == "a" and got.list[2].x == true and got[false] == nil)`); err != nil {
		t.Fatal(err)
	}
}
