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

// TestTheReferenceIsWhole finds every function of every module and every method
// of every class in the reference.
func TestTheReferenceIsWhole(t *testing.T) {
	text := ""
	for _, page := range reference.Pages() {
		text += page
	}
	s := live(t, `local wash = stage.fixture{ name = "wash", kind = "rgb", at = one:slot(1) } stage.group{ wash }
		stagelinq.sink{}:deck(1) net:timecode(1) local rx = signet.receiver{} rx:universe(1) rx:timecode(1) signet.manager{} require("stagenet").console{}:gateway("x") clock.run(function() end) clock.after(1, function() end)
		require("cue").list{}:cue{ 1 } local theater, osc = require "theater", require "osc" theater.lighting{} theater.motion{} theater.valve{} osc.sender{ port = 1 } osc.receiver{ port = 1 } local artnet = require "artnet" artnet.sender{}:universe(0) artnet.receiver{}:universe(0)
		local midi = require "midi" local pads = midi.input{ name = "*" } midi.output{ name = "*" }:timecode() midi.clock(pads) midi.timecode(pads) midi.show_control(pads)
		show.param{ "p", default = 1 } show.trigger("t") require("dmx").usb{}:universe(1) require("dmx").usb{ port = "x", input = true }:universe(1)`)
	for _, line := range s.log { // of the library
		if _, name, _ := strings.Cut(line, " "); !regexp.MustCompile("`" + regexp.QuoteMeta(name) + "[({]").MatchString(text) {
			t.Errorf("%s is not in the reference", name)
		}
	}
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
