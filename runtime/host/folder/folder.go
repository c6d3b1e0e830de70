// Package folder is a show on disk: where it is, and which of its files a load uses.
package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Folder is where a show is.
type Folder struct {
	Name string // of the show: the folder's, or the file's if it is not show.lua
	Dir  string // absolute
	File string // in Dir
}

// Find resolves what the user named to a show folder and file.
func Find(path string) (Folder, error) {
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Folder{}, fmt.Errorf("no show at %s", path)
	case err != nil:
		return Folder{}, err
	case st.IsDir():
		file := filepath.Join(path, "show.lua")
		if _, err := os.Stat(file); err != nil {
			return Folder{}, fmt.Errorf("the folder %s has no show.lua", path)
		}
		path = file
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return Folder{}, err
	}
	f := Folder{Dir: filepath.Dir(abs), File: filepath.Base(abs)}
	f.Name = strings.TrimSuffix(f.File, ".lua")
	if f.File == "show.lua" {
		f.Name = filepath.Base(f.Dir)
	}
	return f, nil
}

// Open returns the files for one load. They must be closed.
func (f Folder) Open() (*Files, error) {
	root, err := os.OpenRoot(f.Dir)
	if err != nil {
		return nil, err
	}
	return &Files{root: root, dir: f.Dir, asked: map[string]bool{}}, nil
}

// Files are the files of a show, which cannot be left, not even through symbolic links.
// They remember what a load asked for, also in vain: a file saved there may change the
// load, one saved elsewhere does not.
type Files struct {
	root *os.Root
	dir  string

	mu    sync.Mutex
	asked map[string]bool
}

// Open implements fs.FS.
func (f *Files) Open(name string) (fs.File, error) {
	f.mu.Lock()
	f.asked[name] = true
	f.mu.Unlock()
	file, err := f.root.FS().Open(name)
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: e.Err} // without the name of a system call
	}
	return file, err
}

// Uses tells whether the load may be another one for a file or folder that has changed,
// given by its path. The load may have asked for it by another name: through a link, or
// in letters of another case where that makes no difference.
func (f *Files) Uses(path string) bool {
	name, err := filepath.Rel(f.dir, path)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil || name == "." || f.asked[filepath.ToSlash(name)] {
		return true
	}
	changed, err := os.Stat(path)
	if err != nil {
		return false // gone; what comes in its place is told as well
	}
	for asked := range f.asked {
		used, err := os.Stat(filepath.Join(f.dir, filepath.FromSlash(asked)))
		if err == nil && os.SameFile(used, changed) {
			return true
		}
	}
	return false
}

// Close closes the folder.
func (f *Files) Close() error { return f.root.Close() }
