package data

import (
	"fmt"
	"sort"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

// written is a value as one could write it.
func written(v lua.LValue) string {
	t, ok := v.(*lua.LTable)
	if !ok {
		if s, ok := v.(lua.LString); ok {
			return fmt.Sprintf("%q", string(s))
		}
		return v.String()
	}
	var list []string
	for k, x := t.Next(lua.LNil); k != lua.LNil; k, x = t.Next(k) {
		list = append(list, k.String()+"="+written(x))
	}
	sort.Strings(list)
	return "{" + strings.Join(list, " ") + "}"
}

// TestParse reads good files and says what is wrong with others, and where.
func TestParse(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"a.json", `{"name": "Töne", "on": true, "off": false, "n": -1.5e2, "list": [1, [2, {}], null, 4], "none": null}`,
			`{list={1=1 2={1=2 2={}} 4=4} n=-150 name="Töne" off=false on=true}`},
		{"a.json", " 7\n", `7`},
		{"a.JSON", "\xef\xbb\xbf[]", `{}`},
		{"a.json", `null`, `nil`},
		{"a.json", `"x\u00e9\n"`, `"xé\n"`},
		{"a.json", "", "it is empty"},
		{"a.json", " \n", "it is empty"},
		{"a.json", "{\n  \"a\": 1,\n}", `line 3, column 1: unexpected '}' looking for beginning of object key string`},
		{"a.json", "{\n  \"ä\": 01\n}", `line 2, column 9: unexpected '1' after object key:value pair`},
		{"a.json", "{'a': 1}", `line 1, column 2: unexpected '\'' looking for beginning of object key string`},
		{"a.json", "[1, 2", `line 1, column 6: it ends in the middle of something`},
		{"a.json", "[1] [2]", `line 1, column 5: unexpected '[' after top-level value`},
		{"a.json", "// why\n{}", `line 1, column 1: unexpected '/' looking for beginning of value`},
		{"a.json", "[\n1e999]", `line 2, column 5: the number 1e999 is too large`},
		{"a.json", "{\"a\": 1,\n\"a\": 2}", `line 2, column 3: the key "a" is there twice`},
		{"a.json", strings.Repeat("[", 70) + strings.Repeat("]", 70), `line 1, column 65: tables are in one another more than 64 deep`},
		{"a.json", "{\"a\":\n\"\xe9\"}", `line 2, column 2: this is no UTF-8; save the file as UTF-8`},
		{"a.json", "\xff\xfe{\x00", `it is written in UTF-16; save it as UTF-8`},

		{"a.csv", "name,level,code\nfront,255,007\n\"a, b\",-1.5,\n", `{1={code="007" level=255 name="front"} 2={level=-1.5 name="a, b"}}`},
		{"a.csv", "\xef\xbb\xbfname;level\r\nfront;1e2\r\n", `{1={level=100 name="front"}}`},
		{"a.csv", "name\tlevel\nfront\t 1\n", `{1={level=" 1" name="front"}}`},
		{"a.csv", "name, level\n", `{}`},
		{"a.csv", "n\n1\n\n2\n", `{1={n=1} 2={n=2}}`},
		{"a.csv", "n,text\n1,\"two\nlines, \"\"so\"\"\"\n", "{1={n=1 text=\"two\\nlines, \\\"so\\\"\"}}"},
		{"a.csv", "", "it is empty; its first line has the names of the columns"},
		{"a.csv", "a,,c\n", "line 1, column 3: column 2 has no name; the first line names the columns"},
		{"a.csv", "a,b,a\n", `line 1, column 5: there are two columns called "a"`},
		{"a.csv", "a,b\n1,2\n3\n", "line 3, column 1: this line has 1 cell, the first one has 2"},
		{"a.csv", "a,b\n1,2,3\n", "line 2, column 5: this line has 3 cells, the first one has 2"},
		{"a.csv", "a,b\n1,x\"y\n", `line 2, column 4: a quote " in a cell that does not begin with one; such a cell is written "like ""this"""`},
		{"a.csv", "a,b\n1,\"x\n", `line 2, column 6: a quote " is not closed, or something stands behind the one that closes it`},
	} {
		L := lua.NewState()
		v, err := Parse(L, c.name, []byte(c.text))
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = written(v)
		}
		if got != c.want {
			t.Errorf("%s %q:\n%s\n  want %s", c.name, c.text, got, c.want)
		}
		L.Close()
	}
}

// FuzzParse takes any file without a panic.
func FuzzParse(f *testing.F) {
	f.Add("a.json", []byte(`{"a": [1, null, "x"]}`))
	f.Add("a.csv", []byte("a,b\n1,\"2\n\""))
	L := lua.NewState()
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		if v, err := Parse(L, name, b); err == nil && v == nil {
			t.Error("neither a value nor an error")
		}
	})
}
