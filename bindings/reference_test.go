package bindings

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// example is a complete show in a page of the reference.
type example struct {
	where, text string
	prints      []string          // what follows --> in it
	files       map[string]string // that the page shows, by name
}

var blocks = regexp.MustCompile("(?ms)^```(\\w*) ?([\\w./]*)\n(.*?)^```$")

// pages returns the text of the pages of the reference by name.
func pages(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("reference/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("no reference: %v", err)
	}
	texts := map[string]string{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Base(f)] = string(text)
	}
	return texts
}

func examples(t *testing.T) []example {
	t.Helper()
	var list []example
	for name, text := range pages(t) {
		files := map[string]string{
			"rig.lua":   "return {}",
			"lamps.csv": "name,slot,kind\nfront,1,dimmer\nwash,10,rgb\n", "songs.json": `{ "Storm": { "bpm": 128 } }`,
		}
		for _, m := range blocks.FindAllStringSubmatchIndex(text, -1) {
			kind, mark, body := text[m[2]:m[3]], text[m[4]:m[5]], text[m[6]:m[7]]
			line := strings.Count(text[:m[0]], "\n") + 1
			if kind != "lua" {
				if strings.Contains(mark, ".") {
					files[mark] = body
				}
				continue
			}
			if mark != "complete" {
				t.Errorf("%s:%d: Lua that is not marked complete is not tested", name, line)
			}
			ex := example{where: name, text: body, files: files}
			for _, l := range strings.Split(body, "\n") {
				if _, want, ok := strings.Cut(l, "--> "); ok {
					ex.prints = append(ex.prints, want)
				}
			}
			list = append(list, ex)
		}
	}
	return list
}

// TestExamplesOfTheReference runs every example for ten seconds with the rig's
// deck playing: nothing may fail, and what it prints first is what it says.
func TestExamplesOfTheReference(t *testing.T) {
	for _, ex := range examples(t) {
		s := newStand(t)
		files := maps.Clone(ex.files)
		files["show.lua"] = ex.text
		if err := s.load(files); err != nil {
			t.Errorf("%s: %v in\n%s", ex.where, err, ex.text)
			continue
		}
		s.run(0) // tasks begin
		s.play(120)
		s.run(10 * time.Second)
		var got []string
		for i, l := range s.log {
			_, text, _ := strings.Cut(l, " ")
			if strings.HasPrefix(text, "ERROR") {
				t.Errorf("%s: %s in\n%s", ex.where, l, ex.text)
			}
			if i < len(ex.prints) {
				got = append(got, text)
			}
		}
		if len(s.failures) > 0 {
			t.Errorf("%s: %q in\n%s", ex.where, s.failures, ex.text)
		}
		if strings.Join(got, "\n") != strings.Join(ex.prints, "\n") {
			t.Errorf("%s: printed\n%s\nin\n%s", ex.where, strings.Join(got, "\n"), ex.text)
		}
	}
}

// TestTheReferenceIsWhole finds every function of every module and every method
// of every class in the reference.
func TestTheReferenceIsWhole(t *testing.T) {
	text := ""
	for _, page := range pages(t) {
		text += page
	}
	s := live(t, `local wash = stage.fixture{ name = "wash", kind = "rgb", at = one:slot(1) } stage.group{ wash }
		stagelinq.sink{}:deck(1) net:timecode(1) local rx = signet.receiver{} rx:universe(1) rx:timecode(1) signet.manager{} require("stagenet").console{}:gateway("x") clock.run(function() end) clock.after(1, function() end)
		require("cue").list{}:cue{ 1 } local theater, osc = require "theater", require "osc" theater.lighting{} theater.motion{} theater.valve{} osc.sender{ port = 1 } osc.receiver{ port = 1 } show.param{ "p", default = 1 } show.trigger("t")`)
	for _, m := range s.show.Modules() {
		table := m.Open(s.show.G, s.show.G.L)
		for k, v := table.Next(lua.LNil); k != lua.LNil; k, v = table.Next(k) {
			name := m.Name + "." + k.String()
			end := "`"
			if v.Type() == lua.LTFunction {
				end = "[({]"
			}
			if !regexp.MustCompile("`" + regexp.QuoteMeta(name) + end).MatchString(text) {
				t.Errorf("%s is not in the reference", name)
			}
		}
	}
	for _, method := range s.show.Methods() {
		_, name, _ := strings.Cut(method, ":")
		if !regexp.MustCompile("`[a-z]+:" + name + "[({]").MatchString(text) {
			t.Errorf("%s is not in the reference", method)
		}
	}
}

// TestLinksOfTheReference follows every link within the reference.
func TestLinksOfTheReference(t *testing.T) {
	texts := pages(t)
	anchors := map[string]bool{}
	unspeakable := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	for name, text := range texts {
		for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
			anchor := strings.ReplaceAll(unspeakable.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")
			anchors[name+"#"+anchor] = true
		}
	}
	for name, text := range texts {
		for _, m := range regexp.MustCompile(`\]\(([^)]*)\)`).FindAllStringSubmatch(text, -1) {
			page, anchor, hasAnchor := strings.Cut(m[1], "#")
			if strings.Contains(page, "://") {
				continue
			}
			if page == "" {
				page = name
			}
			switch {
			case filepath.Dir(page) != ".":
				if _, err := os.Stat(filepath.Join("reference", page)); err != nil {
					t.Errorf("%s: link to %s: %v", name, m[1], err)
				}
			case texts[page] == "":
				t.Errorf("%s: link to %s: no such page", name, m[1])
			case hasAnchor && !anchors[page+"#"+anchor]:
				t.Errorf("%s: link to %s: no such heading", name, m[1])
			}
		}
	}
}

// TestTheStandardLibraryIsListed compares the list of what there is with what
// there is.
func TestTheStandardLibraryIsListed(t *testing.T) {
	s := live(t, `local function names(t)
			local n = {}
			for k, v in pairs(t) do if type(v) ~= "table" or k == "_G" then n[#n + 1] = k end end
			table.sort(n)
			return table.concat(n, " ")
		end
		print(names(_G))
		for _, lib in ipairs{ "coroutine", "string", "table", "os", "debug", "utf8", "bit" } do print(names(_G[lib])) end`)
	page := pages(t)["README.md"]
	for _, l := range s.log {
		_, names, _ := strings.Cut(l, " ")
		if !strings.Contains(page, "| `"+names+"`") {
			t.Errorf("not in the list: %s", names)
		}
	}
}
