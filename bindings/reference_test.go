package bindings

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"showrun/bindings/reference"
	"showrun/runtime/raced"
)

// TestExamplesOfTheReference runs every example for ten seconds with the rig's
// deck playing: nothing may fail, and what it prints first is what it says.
func TestExamplesOfTheReference(t *testing.T) {
	examples, err := reference.Examples()
	if err != nil {
		t.Fatal(err)
	}
	for i, ex := range examples {
		if i%raced.Of(1, 4) != 0 {
			continue
		}
		var prints []string // what follows --> in it
		for _, l := range strings.Split(ex.Text, "\n") {
			if _, want, ok := strings.Cut(l, "--> "); ok {
				prints = append(prints, want)
			}
		}
		s := newStand(t)
		files := maps.Clone(ex.Files)
		files["show.lua"] = ex.Text
		if err := s.load(files); err != nil {
			t.Errorf("%s: %v in\n%s", ex.Where, err, ex.Text)
			continue
		}
		s.run(0) // tasks begin
		s.play(120)
		s.run(10 * time.Second)
		var got []string
		for i, l := range s.log {
			_, text, _ := strings.Cut(l, " ")
			if strings.HasPrefix(text, "ERROR") {
				t.Errorf("%s: %s in\n%s", ex.Where, l, ex.Text)
			}
			if i < len(prints) {
				got = append(got, text)
			}
		}
		if len(s.failures) > 0 {
			t.Errorf("%s: %q in\n%s", ex.Where, s.failures, ex.Text)
		}
		if strings.Join(got, "\n") != strings.Join(prints, "\n") {
			t.Errorf("%s: printed\n%s\nin\n%s", ex.Where, strings.Join(got, "\n"), ex.Text)
		}
	}
}

// TestLinksOfTheReference follows every link within the reference.
func TestLinksOfTheReference(t *testing.T) {
	texts := reference.Pages()
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
	page := reference.Pages()["README.md"]
	for _, l := range s.log {
		_, names, _ := strings.Cut(l, " ")
		if !strings.Contains(page, "| `"+names+"`") {
			t.Errorf("not in the list: %s", names)
		}
	}
}
