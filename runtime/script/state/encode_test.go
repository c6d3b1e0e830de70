package state

import (
	"bytes"
	"encoding/gob"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

// TestEncoded: another process makes the same tables of a state, shared ones and those in
// themselves included. Every part that is cut off or wrong is refused.
func TestEncoded(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	if err := L.DoString(`
s = { n = 1.5, [3] = "three", [true] = false, text = "a\0b\255", inf = 1/0, list = {} }
for i = 1, 5000 do s.list[i] = i end
s.me, s.again = s, s.list
`); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(Take(L.GetGlobal("s").(*lua.LTable))); err != nil {
		t.Fatal(err)
	}
	p := new(Passage)
	if err := gob.NewDecoder(&b).Decode(p); err != nil {
		t.Fatal(err)
	}
	next := lua.NewState()
	defer next.Close()
	next.SetGlobal("s", p.Copy(next))
	if err := next.DoString(`
assert(s.n == 1.5 and s[3] == "three" and s[true] == false and s.text == "a\0b\255" and s.inf == 1/0)
assert(#s.list == 5000 and s.list[4321] == 4321 and s.me == s and s.again == s.list)
`); err != nil {
		t.Error(err)
	}
	whole, _ := p.GobEncode()
	for i := range 200 {
		if err := new(Passage).GobDecode(whole[:i]); err == nil {
			t.Errorf("the first %d bytes are no state, and are read", i)
		}
	}
	for i := range 200 {
		bad := bytes.Clone(whole[:200])
		bad[i] ^= 0xff
		_ = new(Passage).GobDecode(bad) // whatever comes of it, it comes back
	}
}
