// Package examples holds the example shows, a folder each, to be read, run and begun from. Its
// tests run every one of them in virtual time.
package examples

import (
	"embed"
	"io/fs"
	"slices"
)

//go:embed */*.lua */*.md */*.csv */*.json */fixtures/*.json
var files embed.FS

// Names lists the examples, in order.
func Names() (names []string) {
	entries, _ := files.ReadDir(".") // which cannot fail
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return slices.Sorted(slices.Values(names))
}

// Files returns their files, each in the folder of its example.
func Files() fs.FS { return files }
