package syntax

import (
	"io/fs"
	"os"
	"strings"
	"testing"
)

// TestEveryShowIsRead reads all Lua of the tree, and finds every name where it stands.
func TestEveryShowIsRead(t *testing.T) {
	files, names := 0, 0
	for _, root := range []string{"../../../examples", "../../../scripts"} {
		fs.WalkDir(os.DirFS(root), ".", func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".lua") {
				return err
			}
			text, err := os.ReadFile(root + "/" + path)
			if err != nil {
				return err
			}
			f, err := Parse(string(text), path)
			if err != nil {
				t.Error(err)
				return nil
			}
			files++
			Walk(f.Main, func(n Node) bool {
				if n, ok := n.(*Name); ok {
					names++
					if at := n.Place(); !strings.HasPrefix(string(text)[at:], n.Name) {
						t.Errorf("%s: %s is not there", f.String(at), n.Name)
					}
				}
				return true
			})
			return nil
		})
	}
	if files < 20 || names < 2000 {
		t.Errorf("%d files with %d names", files, names)
	}
}

// TestPlaces are counted in characters, and variables know what they are.
func TestPlaces(t *testing.T) {
	if _, err := Parse("local ä = 1", "show.lua"); err == nil {
		t.Error("a name in other letters is read")
	}
	f, err := Parse("local s = 'ä\\n\\65' local function f(x) s = x.y:z{ s, k = [[\nq]] } end\nreturn f", "show.lua")
	if err != nil {
		t.Fatal(err)
	}
	s := f.Main.Body[0].(*Local)
	if text := s.Values[0].(*Text).Value; text != "ä\nA" {
		t.Errorf("the text is %q", text)
	}
	if v := s.Vars[0]; v.Sets != 1 || v.Reads != 1 {
		t.Errorf("s is set %d times and read %d times", v.Sets, v.Reads)
	}
	call := f.Main.Body[1].(*Local).Values[0].(*Function).Body[0].(*Assign).Values[0].(*Call)
	if call.Method != "z" || f.String(call.NameAt) != "show.lua:1:48" {
		t.Errorf("the call of %s is at %s", call.Method, f.String(call.NameAt))
	}
	if key := call.Args[0].(*Table).Fields[1]; key.Value.(*Text).Value != "q" || key.Key.(*Text).Value != "k" {
		t.Errorf("the field is %+v", key)
	}
}
