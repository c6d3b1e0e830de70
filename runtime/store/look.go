package store

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A Look is what somebody finds in a state folder who changes nothing in it, whether or not
// a show has it open.
type Look struct {
	InUse   bool     // a process has it open
	Values  int      // that are kept
	Damage  error    // of the file; nil if it is whole or there is none
	Copied  bool     // the good copy is whole
	Engaged []string // devices of machinery that nobody has made safe, if nobody has the folder open
	Points  []Point
	Files   []File
}

// A Point is a restore point: a show was broken off, or runs.
type Point struct {
	Show   string
	At     time.Time // when it was written
	Damage error
}

// A File of a state folder, in the order of their names.
type File struct {
	Name string
	Size int64
	Mode fs.FileMode
	At   time.Time // of its last change
}

// Peek looks into a state folder. The error is fs.ErrNotExist if there is none.
func Peek(dir string) (Look, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return Look{}, err
	}
	var l Look
	lock, err := lockFolder(dir)
	if l.InUse = errors.Is(err, ErrInUse); err == nil {
		lock.Close()
	}
	s := &Store{dir: dir}
	all, err := read(s.file())
	_, spoilt := read(s.good())
	l.Copied = spoilt == nil
	if !errors.Is(err, fs.ErrNotExist) || l.Copied {
		l.Damage = err
	}
	for at := range all {
		if at[0] == machineryBucket && !l.InUse {
			l.Engaged = append(l.Engaged, at[1])
		}
	}
	slices.Sort(l.Engaged)
	l.Values = len(all)
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue // gone meanwhile
		}
		l.Files = append(l.Files, File{e.Name(), info.Size(), info.Mode(), info.ModTime()})
		escaped, isPoint := strings.CutSuffix(e.Name(), pointSuffix)
		show, err := url.PathUnescape(escaped)
		if !isPoint || err != nil {
			continue
		}
		_, _, err = s.ReadPoint(show)
		l.Points = append(l.Points, Point{show, info.ModTime(), err})
	}
	return l, nil
}

// pointSuffix is how the names of restore points end.
const pointSuffix = ".resume"

func (s *Store) point(show string) string {
	return filepath.Join(s.dir, url.PathEscape(show)+pointSuffix)
}
