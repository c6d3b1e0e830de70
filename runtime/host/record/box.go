package record

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// How the names of recordings in a folder end: of the black box of a show that runs, of what
// it had before that, of the one that it left when it ended, and of those that are kept.
const (
	suffix        = ".recording"
	runningSuffix = "-running" + suffix
	earlierSuffix = "-earlier" + suffix
	lastSuffix    = "-last" + suffix
	crashSuffix   = "-crash" + suffix
)

const stamp = "20060102-150405"

// Box is the folder of recordings in a state folder, for the only run that has that.
type Box struct {
	Dir  string
	Show string // name of the show
}

func (b Box) path(end string) string { return filepath.Join(b.Dir, url.PathEscape(b.Show)+end) }

// Running is the black box of the show while it runs.
func (b Box) Running() string { return b.path(runningSuffix) }

// Named is a recording of the show that was kept at a moment.
func (b Box) Named(at time.Time) string { return b.path("-" + at.Format(stamp) + suffix) }

// Open makes an empty black box.
func (b Box) Open() (*Reel, error) {
	if err := os.MkdirAll(b.Dir, 0o700); err != nil {
		return nil, err
	}
	if err := os.Remove(b.path(earlierSuffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	file, err := os.OpenFile(b.Running(), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	return &Reel{path: b.Running(), file: file, earlier: b.path(earlierSuffix)}, nil
}

// Ended puts the black box of a run that ended as it should where that of the last one is.
func (b Box) Ended() error { return b.join(url.PathEscape(b.Show), b.path(lastSuffix)) }

// join makes one recording of both parts of a black box. If that cannot be, the newer part
// is kept.
func (b Box) join(name, to string) error {
	running, earlier := filepath.Join(b.Dir, name+runningSuffix), filepath.Join(b.Dir, name+earlierSuffix)
	switch {
	case !exists(earlier):
		return os.Rename(running, to)
	case !exists(running):
		return os.Rename(earlier, to)
	}
	if err := appendFile(earlier, running); err != nil {
		return errors.Join(err, os.Rename(running, to))
	}
	return cmp.Or(os.Rename(earlier, to), os.Remove(running))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// appendFile adds one file to another that is there, all of it or nothing.
func appendFile(to, from string) (err error) {
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, out.Close()) }()
	info, err := out.Stat()
	if err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	if _, err = io.Copy(out, in); err == nil {
		err = out.Sync()
	}
	if err != nil {
		err = errors.Join(err, out.Truncate(info.Size()))
	}
	return err
}

// Forget removes the black box of a run that never began.
func (b Box) Forget() error { return os.Remove(b.Running()) }

// Crashes keeps the black boxes of runs that did not end, under the moments at which they
// broke off, and returns their names.
func (b Box) Crashes() (kept []string, err error) {
	entries, err := os.ReadDir(b.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		name, running := strings.CutSuffix(e.Name(), runningSuffix)
		if !running {
			name, running = strings.CutSuffix(e.Name(), earlierSuffix)
		}
		info, e := e.Info()
		if !running || e != nil || !exists(filepath.Join(b.Dir, info.Name())) { // as it was joined
			continue
		}
		to := filepath.Join(b.Dir, name+"-"+info.ModTime().Format(stamp)+crashSuffix)
		err = cmp.Or(err, b.join(name, to))
		if exists(to) {
			kept = append(kept, to)
		}
	}
	return kept, err
}

// mostCrashes is how many are kept.
const mostCrashes = 10

// Prune removes crashes beyond a number and so many bytes: of too many the shortest, as a
// show that ends as soon as it is started leaves many that tell nothing; of too long ones the
// oldest. The newest stays.
func (b Box) Prune(limit int64) error {
	paths, err := filepath.Glob(filepath.Join(escapeGlob(b.Dir), "*"+crashSuffix))
	var list []fs.FileInfo
	var size int64
	for _, p := range paths {
		if info, err := os.Stat(p); err == nil {
			list = append(list, info)
			size += info.Size()
		}
	}
	slices.SortFunc(list, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for len(list) > 1 && (len(list) > mostCrashes || size > limit) {
		old, goes := list[:len(list)-1], 0
		if size <= limit {
			shortest := slices.MinFunc(old, func(a, b fs.FileInfo) int { return cmp.Compare(a.Size(), b.Size()) })
			goes = slices.Index(old, shortest)
		}
		err = errors.Join(err, os.Remove(filepath.Join(b.Dir, list[goes].Name())))
		size -= list[goes].Size()
		list = slices.Delete(list, goes, goes+1)
	}
	return err
}

// escapeGlob has a path stand for itself in a pattern.
func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// NewReel makes a file for a recording. If there is one of the name, it gets another: a show
// that is started again by a machine has to start, and overwrites nothing.
func NewReel(path string) (*Reel, error) {
	ext := filepath.Ext(path)
	for n := 1; ; n++ {
		name := path
		if n > 1 {
			name = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(path, ext), n, ext)
		}
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		switch {
		case err == nil:
			return &Reel{path: name, file: f}, nil
		case !errors.Is(err, fs.ErrExist):
			return nil, err
		}
	}
}
