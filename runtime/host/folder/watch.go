package folder

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// A look is what was found by each name that a load asked for; nil for nothing.
type look map[string]fs.FileInfo

// differs returns the first name, in their order, by which the two found another thing,
// "" if there is none.
func (l look) differs(other look) string {
	for _, name := range slices.Sorted(maps.Keys(l)) {
		if !same(l[name], other[name]) {
			return name
		}
	}
	return ""
}

// same tells whether a file is the one it was, with what was in it. A folder is never read.
func same(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	if a.IsDir() || b.IsDir() {
		return a.IsDir() && b.IsDir()
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// A Watcher notices that files of a load have changed, and then stayed as they are between
// two calls of Changed: editors write in several steps. It looks at the files themselves,
// by the names that the load used: so a link that points elsewhere, a folder that was
// replaced and a file on a disk of another machine are all the same to it. The zero Watcher
// is ready. It belongs to one goroutine.
type Watcher struct {
	files   *Files
	changed look // as they were found by the last call; nil if they had not changed
}

// Changed returns the name of a file that is another one than files found, "" for none. It
// waits for the disk.
func (w *Watcher) Changed(files *Files) string {
	if w.files != files {
		*w = Watcher{files: files}
	}
	now := files.look()
	before := w.changed
	name := files.differs(now)
	if name == "" {
		w.changed = nil
		return ""
	}
	w.changed = now
	if before == nil || before.differs(now) != "" {
		return ""
	}
	return name
}

// look finds what the load asked for once more.
func (f *Files) look() look {
	f.mu.Lock()
	names := slices.Collect(maps.Keys(f.seen))
	f.mu.Unlock()
	now := look{}
	for _, name := range names {
		found, err := os.Stat(filepath.Join(f.dir, filepath.FromSlash(name)))
		if err != nil {
			found = nil
		}
		now[name] = found
	}
	return now
}

// differs returns a name by which the load found another thing.
func (f *Files) differs(now look) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen.differs(now)
}
