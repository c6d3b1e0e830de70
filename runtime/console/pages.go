package console

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"time"

	"showrun/runtime/console/page"
)

// A file of the page.
type file struct {
	bytes []byte
	kind  string // its media type
	tag   string // that changes with it
}

// mediaTypes are those of files by how their names end.
var mediaTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
	".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon",
	".json": "application/json", ".webmanifest": "application/manifest+json", ".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8",
}

// readPages reads the files of the page, by their paths. What is not among them is not
// there, whatever a path looks like.
func readPages() (map[string]file, error) {
	pages := map[string]file{}
	err := fs.WalkDir(page.Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(page.Files, name)
		if err != nil {
			return err
		}
		kind := mediaTypes[path.Ext(name)]
		if kind == "" {
			kind = mediaTypes[".txt"]
		}
		sum := sha256.Sum256(b)
		pages["/"+name] = file{b, kind, `"` + hex.EncodeToString(sum[:8]) + `"`}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	pages["/"] = pages["/index.html"]
	return pages, nil
}

// serve answers with a file. Browsers ask each time whether it is still the same, so that
// a page is never older than its server.
func (f file) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", f.kind)
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", f.tag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.bytes))
}
