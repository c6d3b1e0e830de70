package signet_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestCitationsAreThere: what comments cite stands in PROTOCOL.md.
func TestCitationsAreThere(t *testing.T) {
	page, err := os.ReadFile("PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	cited := regexp.MustCompile(`\b(sections?|rulings?) ([0-9.]*[0-9])`)
	found := 0
	err = fs.WalkDir(os.DirFS("."), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, c := range cited.FindAllStringSubmatch(string(text), -1) {
			found++
			heading, row := regexp.QuoteMeta(c[2]), `(?m)^\| `+c[2]+` \|`
			if strings.HasPrefix(c[1], "section") {
				row = `(?m)^##+ ` + heading + `\.? `
			}
			if !regexp.MustCompile(row).Match(page) {
				t.Errorf("%s: %s is not in PROTOCOL.md", path, c[0])
			}
		}
		return err
	})
	if err != nil || found < 20 {
		t.Errorf("%d citations, %v", found, err)
	}
}
