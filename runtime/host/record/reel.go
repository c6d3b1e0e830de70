package record

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"showrun/runtime/journal"
)

// Reel is the file of a recording. That of a black box goes on in another one in its place
// when it has become long: the one before is kept, and no more. It belongs to the goroutine
// that writes; Close is for when that has ended.
type Reel struct {
	path    string
	file    *os.File
	earlier string    // where the one before is put; "" if there is never one
	turned  time.Time // when it last was; zero if it never was
	since   time.Time // when the one before begins; zero at the start of the show
}

// Name is the path of the file, which stays the same.
func (l *Reel) Name() string { return l.path }

// WriteAt implements File.
func (l *Reel) WriteAt(b []byte, at int64) (int, error) { return l.file.WriteAt(b, at) }

// Sync implements File.
func (l *Reel) Sync() error { return l.file.Sync() }

// Close closes the file.
func (l *Reel) Close() error { return l.file.Close() }

// Turn makes an empty file in the place of the present one. If it fails it is to be called
// again.
func (l *Reel) Turn() error {
	if err := errors.Join(l.file.Sync(), l.file.Close()); err != nil && !errors.Is(err, fs.ErrClosed) {
		return err
	}
	if err := os.Rename(l.path, l.earlier); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		l.file, l.since, l.turned = file, l.turned, time.Now()
	}
	return err
}

// Taken is what there was of a recording at a moment.
type Taken struct {
	Since time.Time // when it begins; zero at the start of the show
	Size  int64     // bytes
	parts []*os.File
}

// Take takes what there is, of the present file so many bytes. Keep has to follow.
func (l *Reel) Take(size int64) (t *Taken, err error) {
	t = &Taken{Since: l.since, Size: size}
	names := []string{l.path}
	if !l.turned.IsZero() {
		names = []string{l.earlier, l.path}
	}
	for _, name := range names {
		f, e := os.Open(name)
		if err = errors.Join(err, e); e == nil {
			t.parts = append(t.parts, f)
		}
	}
	if err == nil && len(names) > 1 {
		var info fs.FileInfo
		if info, err = t.parts[0].Stat(); err == nil {
			t.Size += info.Size()
		}
	}
	if err != nil {
		t.close()
	}
	return t, err
}

func (t *Taken) close() {
	for _, f := range t.parts {
		f.Close()
	}
}

// Keep puts it into a new file. It is whole there.
func (t *Taken) Keep(path string) (err error) {
	defer t.close()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already; choose another name", path)
	}
	if err != nil {
		return err
	}
	left := t.Size
	for _, f := range t.parts {
		if err == nil {
			var n int64
			n, err = io.Copy(to, io.LimitReader(f, left))
			left -= n
		}
	}
	if err == nil {
		_, err = to.Write(journal.Taken())
	}
	if err = errors.Join(err, to.Sync(), to.Close()); err != nil {
		os.Remove(path)
	}
	return err
}
