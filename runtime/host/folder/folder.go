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
	"syscall"
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

// Open returns the files for one load; none, if the folder is not there any more. They
// must be closed.
func (f Folder) Open() *Files {
	files := &Files{dir: f.Dir, seen: look{}}
	files.root, files.gone = os.OpenRoot(f.Dir)
	return files
}

// Files are the files of a show, which cannot be left, not even through symbolic links.
// They remember what a load asked for, also in vain, and what it found: a file that looks
// another way later may change the load, one that nobody asked for does not.
type Files struct {
	root *os.Root
	gone error // why there is no root
	dir  string

	mu   sync.Mutex
	seen look
}

// Open implements fs.FS.
func (f *Files) Open(name string) (fs.File, error) {
	file, err := f.open(name)
	if err != nil {
		f.remember(name, nil)
		if e := (*fs.PathError)(nil); errors.As(err, &e) {
			cause := e.Err
			if errors.Is(cause, syscall.ENOTDIR) { // a file where the folder of it would be
				cause = fs.ErrNotExist
			}
			err = &fs.PathError{Op: "open", Path: name, Err: cause} // without the name of a system call
		}
		return nil, err
	}
	found, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, err
	}
	f.remember(name, found) // before it is read: what is written meanwhile is a change
	return file, nil
}

func (f *Files) open(name string) (*os.File, error) {
	if f.gone != nil {
		return nil, f.gone
	}
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	return f.root.OpenFile(filepath.FromSlash(name), os.O_RDONLY|syscall.O_NONBLOCK, 0) // nor does a pipe keep anybody waiting
}

// remember keeps what was found first.
func (f *Files) remember(name string, found fs.FileInfo) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, known := f.seen[name]; !known {
		f.seen[name] = found
	}
}

// Close closes the folder. What was asked for is remembered.
func (f *Files) Close() {
	if f.gone == nil {
		f.root.Close()
	}
}
