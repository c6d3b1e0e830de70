package folder

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"

	"github.com/fsnotify/fsnotify"
)

// Watcher sees which Lua files change in a show folder and the folders below it.
type Watcher struct {
	fs  *fsnotify.Watcher
	dir string
	log *slog.Logger
}

// Watch begins to watch: what changes from now on will be told by Run, which must be
// called.
func (f Folder) Watch(log *slog.Logger) (*Watcher, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	s := &Watcher{w, f.Dir, log}
	s.add(f.Dir)
	return s, nil
}

// add watches a folder and those below, but for hidden ones.
func (w *Watcher) add(dir string) {
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || !d.IsDir():
			return nil
		case path != dir && strings.HasPrefix(d.Name(), "."):
			return filepath.SkipDir
		}
		if err := w.fs.Add(path); err != nil {
			w.log.Warn("a folder is not watched for changes", "folder", path, "error", err)
		}
		return nil
	})
}

// Run sends the path of each Lua file that changes, or that of the folder if it lost
// count of them, until ctx ends.
func (w *Watcher) Run(ctx context.Context, changed chan<- string) {
	defer w.fs.Close()
	report := func(path string) {
		select {
		case changed <- path:
		case <-ctx.Done():
		}
	}
	for {
		select {
		case <-ctx.Done():
			return
		case ev := <-w.fs.Events:
			if ev.Has(fsnotify.Create) {
				w.add(ev.Name) // if it is one
			}
			if ev.Op != fsnotify.Chmod && filepath.Ext(ev.Name) == ".lua" {
				report(ev.Name)
			}
		case err := <-w.fs.Errors:
			if errors.Is(err, fsnotify.ErrEventOverflow) {
				w.add(w.dir)
				report(w.dir)
				continue
			}
			w.log.Warn("watching files", "error", err)
		}
	}
}
