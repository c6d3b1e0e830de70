package main

import (
	"os"
	"path/filepath"
	"regexp"
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
	_, text, _ := strings.Cut(readme(t, "../../README.md"), "### Your first output\n")
	table, _, is := strings.Cut(text, "\n1. ")
	if !is {
		t.Fatal("no list of what a new protocol touches")
	}
	files := regexp.MustCompile("`([\\w/.]+)`").FindAllStringSubmatch(table[strings.Index(table, "| its own"):], -1)
	if len(files) < 15 {
		t.Errorf("only %v are listed", files)
	}
	for _, protocol := range []string{"sacn", "artnet", "midi", "dmx"} {
		for _, m := range files {
			file := regexp.MustCompile(`\bx\b`).ReplaceAllString(m[1], protocol)
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

func readme(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
