package script

import (
	"os"
	"testing"
)

func TestOfficial(t *testing.T) {
	dir := "/root/go/pkg/mod/github.com/yuin/gopher-lua@v1.1.2/_lua5.1-tests/"
	for _, name := range []string{"calls", "closure", "constructs", "errors", "events", "gc", "literals", "locals", "math", "nextvar", "pm", "sort", "strings", "vararg", "big", "attrib", "db", "verybig"} {
		src, err := os.ReadFile(dir + name + ".lua")
		if err != nil {
			t.Log(err)
			continue
		}
		_, err = newStand(t, map[string]string{"show.lua": string(src)}, func(c *Config) { c.Budget = 1e9 })
		t.Log(name, err)
		if f, ok := err.(*Failure); ok {
			t.Log(f.Trace)
		}
	}
}
