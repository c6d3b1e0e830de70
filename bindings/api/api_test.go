package api

import (
	"strings"
	"testing"
)

// TestTheSourceIsStrict refuses lines that say nothing, or nothing that a page knows.
func TestTheSourceIsStrict(t *testing.T) {
	pages := map[string]string{"x.md": "## `x.go(n)`\n\nGoes. Then stops.\n\n| option | default | |\n|---|---|---|\n| `far`, `near` | 2 | how far, 1-9 |\n"}
	const start = "page x\nmodule x -- Words.\n"
	for text, want := range map[string]string{
		"page y":                         `api.txt:1: there is no page "y"`,
		start + "x.stay()":               "api.txt:3: x.stay is not on the page x",
		start + "x:go()":                 `api.txt:3: x:go is called with "."`,
		start + "x.go(n)":                `api.txt:3: must be NAME: TYPE, got "n"`,
		start + "x.go(n: integer(9-1))":  `api.txt:3: a range is LO-HI, got "9-1"`,
		start + "x.go{}\n  wide: number": "api.txt:4: the option wide of go is not on the page",
		start + "x.go()\n  far: number":  "api.txt:4: go takes no table",
		start + "x.size: number":         "api.txt:3: x.size is not on the page x",
		start + "y.go()":                 "api.txt:3: y.go belongs to nothing",
		start + "class y":                `api.txt:3: a class is NAME[: BASE] WORD -- words, got "class y"`,
		start + "alias y: number":        "api.txt:3: an alias is NAME: TYPE -- words",
	} {
		if _, err := read(text, pages); err == nil || err.Error() != want {
			t.Errorf("%q: %v, expected %s", text, err, want)
		}
	}
	a, err := read(start+"x.go{} -> number, string\n  far?: integer(1-9)", pages)
	if err != nil {
		t.Fatal(err)
	}
	f := a.Function(a.Module("x"), "go")
	far := f.Options()[0]
	if f.Doc != "Goes." || !f.Calls[0].Table || strings.Join(f.Calls[0].Returns, "|") != "number|string" ||
		far.Doc != "How far, 1-9; 2 unless given." || !far.Optional || far.Type != "integer" || *far.Range != [2]float64{1, 9} {
		t.Errorf("%+v", f)
	}
}
