package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestLinksOfReadmes follows every link of the READMEs to a file.
func TestLinksOfReadmes(t *testing.T) {
	pages, err := filepath.Glob("../../examples/*/README.md")
	if err != nil || len(pages) < 13 {
		t.Fatalf("%v, %v", pages, err)
	}
	for _, page := range append(pages, "../../README.md", "../../examples/README.md") {
		for _, m := range regexp.MustCompile(`\]\(([^)]*)\)`).FindAllStringSubmatch(readme(t, page), -1) {
			to, _, _ := strings.Cut(m[1], "#")
			if to == "" || strings.Contains(to, "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), to)); err != nil {
				t.Errorf("%s: link to %s: %v", page, m[1], err)
			}
		}
	}
}

// TestWhatAProtocolTouches compares what the README says a new protocol touches with what is
// there of those that came last.
func TestWhatAProtocolTouches(t *testing.T) {
	files := touched(t)
	if len(files) < 15 {
		t.Errorf("only %v are listed", files)
	}
	for _, protocol := range []string{"sacn", "artnet", "midi", "dmx"} {
		for _, m := range files {
			file := regexp.MustCompile(`\bx\b`).ReplaceAllString(m, protocol)
			if file == m {
				continue // of all protocols
			}
			if protocol == "dmx" {
				file = strings.Replace(file, "drivers/dmx", "drivers/dmxusb", 1)
			}
			if _, err := os.Stat("../../" + file); err != nil {
				t.Errorf("%s: %v", protocol, err)
			}
		}
		for _, file := range []string{"bindings/bindings.go", "cmd/showrun/protocols.go", "cmd/showrun/arch_test.go", "bindings/reference/README.md", "bindings/reference/limits.md"} {
			text, err := os.ReadFile("../../" + file)
			if err != nil || !strings.Contains(strings.ToLower(string(text)), protocol) {
				t.Errorf("%s says nothing of %s: %v", file, protocol, err)
			}
		}
	}
}

// TestNothingElseTouchesAProtocol: of the packages of each protocol that came last nothing knows
// but what the README lists.
func TestNothingElseTouchesAProtocol(t *testing.T) {
	listed := touched(t)
	err := filepath.WalkDir("../..", func(path string, e fs.DirEntry, err error) error {
		file := filepath.ToSlash(strings.TrimPrefix(path, filepath.FromSlash("../../")))
		if err != nil || e.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range parsed.Imports {
			m := protocolOf.FindStringSubmatch(i.Path.Value)
			if m == nil || protocolOf.MatchString(`"`+modulePath+"/"+file) { // within one
				continue
			}
			if !slices.ContainsFunc(listed, func(l string) bool { return file == l || strings.HasPrefix(file, l+"/") }) {
				t.Errorf("%s has to do with %s, and the README does not say that a protocol touches it", file, i.Path.Value)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

var protocolOf = regexp.MustCompile(`^"` + modulePath + `/(drivers|runtime/device|bindings)/(sacn|artnet|midi|dmxusb|dmx)\b`)

// touched are the files and folders of the README's list.
func touched(t *testing.T) (list []string) {
	t.Helper()
	_, text, _ := strings.Cut(readme(t, "../../README.md"), "### Your first output\n")
	table, _, is := strings.Cut(text, "\n1. ")
	if !is {
		t.Fatal("no list of what a new protocol touches")
	}
	for _, m := range regexp.MustCompile("`([\\w/.]+)`").FindAllStringSubmatch(table[strings.Index(table, "| its own"):], -1) {
		list = append(list, m[1])
	}
	return list
}

func readme(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
