package stagelinq

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestCitationsAreThere: the sections that comments cite in brackets stand in PROTOCOL.md.
func TestCitationsAreThere(t *testing.T) {
	page, err := os.ReadFile("PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	comment, cited := regexp.MustCompile(`(?m)//.*$`), regexp.MustCompile(`\(([0-9](?:\.[0-9])?)(?:, ([0-9](?:\.[0-9])?))?\)`)
	found := 0
	err = fs.WalkDir(os.DirFS("."), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, line := range comment.FindAllString(string(text), -1) {
			for _, c := range cited.FindAllStringSubmatch(line, -1) {
				for _, section := range c[1:] {
					if section == "" {
						continue
					}
					found++
					if !regexp.MustCompile(`(?m)^##+ ` + regexp.QuoteMeta(section) + `\.? `).Match(page) {
						t.Errorf("%s: %s is not in PROTOCOL.md", path, line)
					}
				}
			}
		}
		return err
	})
	if err != nil || found < 50 {
		t.Errorf("%d citations, %v", found, err)
	}
}
