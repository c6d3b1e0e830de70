package check_test

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"showrun/bindings"
	"showrun/bindings/probe"
	"showrun/bindings/reference"
	"showrun/runtime/rehearse"
	"showrun/runtime/rehearse/check"
	"showrun/runtime/show"
	"showrun/scripts"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// look checks the show in a folder.
func look(t *testing.T, folder fs.FS) []check.Finding {
	t.Helper()
	opts := check.Options{Options: rehearse.Options{
		Name: "show", File: "show.lua", Bind: probe.New, Shipped: scripts.Files(), Rate: 44, Lookahead: 50 * time.Millisecond,
	}, Waits: bindings.Waits()}
	findings, err := check.Check(context.Background(), opts, folder)
	if err != nil {
		t.Fatal(err)
	}
	return findings
}

// shows reads the shows of a file in testdata: each begins with a line "==== name", other files
// than show.lua with "---- name".
func shows(t *testing.T, file string) (names []string, folders []fstest.MapFS) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := ""
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, found := strings.CutPrefix(lines.Text(), "==== "); found {
			names, folders, in = append(names, name), append(folders, fstest.MapFS{}), "show.lua"
			folders[len(folders)-1][in] = &fstest.MapFile{}
			continue
		}
		folder := folders[len(folders)-1]
		if name, found := strings.CutPrefix(lines.Text(), "---- "); found {
			in = name
			folder[in] = &fstest.MapFile{}
			continue
		}
		folder[in].Data = append(folder[in].Data, lines.Text()+"\n"...)
	}
	return names, folders
}

// TestMistakes finds each mistake in the line that says so with "--> rule: text", and no other.
// The text is a part of the finding.
func TestMistakes(t *testing.T) {
	names, folders := shows(t, "mistakes.txt")
	count := 0
	for i, folder := range folders {
		findings := look(t, folder)
		for name, file := range folder {
			for n, line := range strings.Split(string(file.Data), "\n") {
				for _, want := range strings.Split(line, "--> ")[1:] {
					count++
					rule, text, _ := strings.Cut(strings.TrimSpace(want), ":")
					at := slices.IndexFunc(findings, func(f check.Finding) bool {
						return f.File == name && f.Line == n+1 && f.Rule == rule && strings.Contains(f.String(), strings.TrimSpace(text))
					})
					if at < 0 {
						t.Errorf("%s: %s:%d: not found: %s", names[i], name, n+1, want)
						continue
					}
					findings = slices.Delete(findings, at, at+1)
				}
			}
		}
		for _, f := range findings {
			t.Errorf("%s: nobody makes this mistake: %s", names[i], f)
		}
	}
	if count < 40 {
		t.Errorf("%d mistakes", count)
	}
}

// TestEveryRuleIsKnown by the page about them and by the mistakes.
func TestEveryRuleIsKnown(t *testing.T) {
	page := reference.Pages()["check.md"]
	mistakes, err := os.ReadFile("testdata/mistakes.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range check.Rules() {
		if !strings.Contains(page, "| `"+r.Name+"` | "+r.Text+" |") {
			t.Errorf("the page does not have %s: %s", r.Name, r.Text)
		}
		if !strings.Contains(string(mistakes), "--> "+r.Name+":") {
			t.Errorf("no mistake is one of %s", r.Name)
		}
	}
}

// TestShowsWithoutMistakes are of different styles, and nothing is found in any of them.
func TestShowsWithoutMistakes(t *testing.T) {
	names, folders := shows(t, "clean.txt")
	for i, folder := range folders {
		for _, f := range look(t, folder) {
			t.Errorf("%s: %s", names[i], f)
		}
	}
	if len(names) < 20 {
		t.Errorf("%d shows", len(names))
	}
}

// TestNothingIsFoundInTheReference is also about the examples and the library.
func TestNothingIsFoundInTheReference(t *testing.T) {
	examples, err := reference.Examples()
	if err != nil {
		t.Fatal(err)
	}
	for _, ex := range examples {
		folder := fstest.MapFS{"show.lua": {Data: []byte(ex.Text)}}
		for name, text := range ex.Files {
			folder[name] = &fstest.MapFile{Data: []byte(text)}
		}
		for _, f := range look(t, folder) {
			t.Errorf("%s: %s", ex.Where, f)
		}
	}
	shows, _ := filepath.Glob("../../../examples/*/show.lua")
	if len(shows) == 0 {
		t.Fatal("no examples are there")
	}
	for _, show := range shows {
		for _, f := range look(t, os.DirFS(filepath.Dir(show))) {
			t.Errorf("%s: %s", filepath.Dir(show), f)
		}
	}
	library, err := fs.Glob(scripts.Files(), "*.lua")
	if err != nil || len(library) == 0 {
		t.Fatal(library, err)
	}
	for _, name := range library {
		if name == "test.lua" {
			continue // it is no part of a show
		}
		text, err := fs.ReadFile(scripts.Files(), name)
		if err != nil {
			t.Fatal(err)
		}
		module := strings.TrimSuffix(path.Base(name), ".lua")
		folder := fstest.MapFS{name: {Data: text}, "show.lua": {Data: fmt.Appendf(nil, "local m = require %q return m", module)}}
		for _, f := range look(t, folder) {
			t.Errorf("the library: %s", f)
		}
	}
}

// TestWhatCannotBeReadIsAMistake, the show itself included, and nothing else is told of it.
func TestWhatCannotBeReadIsAMistake(t *testing.T) {
	long := []byte(strings.Repeat("print(x)\n", 60_000))
	for name, c := range map[string]struct {
		folder fstest.MapFS
		want   string
	}{
		"a folder":      {fstest.MapFS{"show.lua": {Mode: fs.ModeDir}}, "show.lua:1:1: load: show.lua: not a regular file"},
		"a long file":   {fstest.MapFS{"show.lua": {Data: long}}, "show.lua:1:1: load: show.lua: the file has 540000 bytes, more than 524288 (split it into several files, which require reads)"},
		"a long module": {fstest.MapFS{"show.lua": {Data: []byte(`require "part"`)}, "part.lua": {Data: long}}, "show.lua:1:1: load: require: part.lua: the file has 540000 bytes, more than 524288 (split it into several files, which require reads)"},
	} {
		if got := look(t, c.folder); len(got) != 1 || got[0].String() != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}

// TestFindingsAreTheSameEveryTime, also where several names are as near to what was written.
func TestFindingsAreTheSameEveryTime(t *testing.T) {
	folder := fstest.MapFS{"show.lua": {Data: []byte(`local clock, stage = require "clock", require "stage"
clock.after(1, function(x) x:zet(1) x:bet() x:zzzzzzzz() end)
clock.on_beat(1, function(beat) stage.master(beat.zzzzzz) end)
`)}}
	first := look(t, folder)
	if len(first) != 3 {
		t.Fatal(first)
	}
	for range 20 {
		if again := look(t, folder); !slices.Equal(again, first) {
			t.Fatalf("found\n%v\nand then\n%v", first, again)
		}
	}
}

// TestNoTextIsTooMuch: what grows at each step, or is written deep, takes no more than its text.
func TestNoTextIsTooMuch(t *testing.T) {
	const head = `local clock, a0 = require "clock", "x"` + "\n"
	var doubled strings.Builder
	for i := range 100 {
		fmt.Fprintf(&doubled, "local a%d = a%d .. a%[2]d\n", i+1, i)
	}
	for name, text := range map[string]string{
		"a text that doubles": head + "clock.every(1, function()\n" + doubled.String() + "print(a100)\nend)",
		"a long path":         head + "local a = {}\nclock.every(1, function() if a" + strings.Repeat(".b", 200) + " then print(a) end end)",
	} {
		if got := look(t, fstest.MapFS{"show.lua": {Data: []byte(text)}}); len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestWorkIsThatOfTheText: nothing is tried more often for being in a longer show.
func TestWorkIsThatOfTheText(t *testing.T) {
	tried := func(cues int) int {
		var b strings.Builder
		b.WriteString(`local clock, stage, signet, cue = require "clock", require "stage", require "signet", require "cue"
local u, list, all = signet.sender{}:universe(1), cue.list{}, {}
local wash = stage.fixture{ name = "wash", kind = "rgb", at = u:slot(1) }
`)
		for i := range cues {
			fmt.Fprintf(&b, "list:cue{ %d, \"cue\", fade = 2, go = function()\n  wash:fade({ red = %d, blue = math.random(255) }, 2)\n", i+1, i%256)
			fmt.Fprintf(&b, "  wash:set{ green = %d }\n  for _, f in ipairs(all) do f:set(list.current.number) end\nend }\n", i%256)
		}
		var looker *probe.Probe
		opts := check.Options{Options: rehearse.Options{Name: "show", File: "show.lua", Shipped: scripts.Files(), Rate: 44, Lookahead: time.Millisecond}, Waits: bindings.Waits()}
		opts.Bind = func(scene show.Scene) show.Bindings {
			looker = probe.New(scene).(*probe.Probe)
			return looker
		}
		findings, err := check.Check(context.Background(), opts, fstest.MapFS{"show.lua": {Data: []byte(b.String())}})
		if err != nil || len(findings) > 0 {
			t.Fatal(findings, err)
		}
		return looker.Tried()
	}
	few, many := tried(40), tried(400) // the second has 2,003 lines
	t.Logf("%d computations for 203 lines, %d for 2,003", few, many)
	if many > 11*few || many > 5*2003 {
		t.Errorf("%d computations for 203 lines, %d for 2,003", few, many)
	}
}
