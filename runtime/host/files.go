package host

import (
	"errors"
	"io/fs"
	"path/filepath"
	"sync"
)

// showFiles is the show folder of one load. It remembers what the load asked for, also
// in vain: a file saved there may change the load, one saved elsewhere does not.
type showFiles struct {
	folder fs.FS
	mu     sync.Mutex
	asked  map[string]bool
}

// Open implements fs.FS.
func (s *showFiles) Open(name string) (fs.File, error) {
	s.mu.Lock()
	s.asked[name] = true
	s.mu.Unlock()
	f, err := s.folder.Open(name)
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: e.Err} // not the name of a system call
	}
	return f, err
}

// uses tells whether the load asked for a file.
func (s *showFiles) uses(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[name]
}

// concerns tells whether the show may be another one for a file that has changed. After
// a load that failed nobody knows what it would have asked for.
func (h *Host) concerns(changed string) bool {
	name, err := filepath.Rel(h.show.dir, changed)
	return err != nil || name == "." || h.reloadErrors.Load() > 0 || h.files.Load().uses(filepath.ToSlash(name))
}
