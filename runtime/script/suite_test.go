package script

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// cut takes lines out of a file of the suite, for a reason, and may put one in their place.
type cut struct {
	from, to int
	why      string
	with     string
}

// suite are the files of the official tests of Lua 5.1 that need no io, package, setfenv or debugging interface, and
// what is left out of them. Those of gopher-lua are used, which has some lines of its own commented out.
var suite = []struct {
	file string
	cuts []cut
}{
	{"calls", []cut{{241, 241, "debug.getinfo", ""}}},
	{"closure", []cut{{162, 178, "setfenv", ""}, {277, 278, "debug.getinfo", ""}, {411, 422, "setfenv", ""}}},
	{"constructs", []cut{{189, 189, "debug.getinfo", ""}, {238, 238, "it takes long", "until i > 500"}}},
	{"events", []cut{{5, 14, "setfenv", ""}, {293, 294, "setfenv", ""}, {299, 299, "setfenv", ""}, {330, 363, "debug.setmetatable", ""}}},
	{"errors", []cut{
		{39, 41, "empty statements are taken", ""}, {44, 44, "arguments may begin on the next line", ""},
		{48, 51, "the end of a text is its last line with something in it", ""}, {111, 111, "io.stdin", ""},
		{142, 142, "debug.getinfo", "function y () C=C+1; y() end"}, {150, 167, "debug.getinfo", ""}, {172, 172, "an error of the handler is returned", ""},
		{209, 238, "more levels and upvalues are taken", "local s"},
	}},
	{"literals", []cut{{112, 112, "debug.getinfo", ""}, {117, 117, "its line", "  dostring(prog)"}, {161, 173, "os.setlocale", ""}}},
	{"locals", []cut{{55, 84, "setfenv", ""}}},
	{"math", []cut{{126, 145, "io.tmpfile", ""}, {164, 165, "a file of the suite", ""}}},
	{"nextvar", []cut{{234, 247, "setfenv", ""}}},
	{"pm", nil},
	{"sort", []cut{{17, 18, "it takes long", "limit = 3000"}}},
	{"strings", []cut{{144, 166, "os.setlocale", ""}}},
	{"vararg", nil},
}

func TestOfficialSuite(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/yuin/gopher-lua").Output()
	if err != nil {
		t.Skipf("the suite lies in the module of gopher-lua, which is not found: %v", err)
	}
	for _, s := range suite {
		t.Run(s.file, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "_lua5.1-tests", s.file+".lua"))
			if err != nil {
				t.Skip(err)
			}
			lines := strings.Split(string(text), "\n")
			for _, c := range s.cuts {
				for i := c.from - 1; i < c.to; i++ {
					lines[i] = ""
				}
				lines[c.from-1] = c.with
			}
			_, err = newStand(t, map[string]string{"show.lua": strings.Join(lines, "\n")}, func(c *Config) { c.Budget = 1e9 })
			if err != nil {
				t.Errorf("%v\n%s", err, err.(*Failure).Trace)
			}
		})
	}
}
