package store

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Restore points are files of their own beside the table: they change several times a
// second, and what is in the table is worth more. A file is one line with the sum of the
// rest, a line that people can read, and the point.
const pointFormat = "showrun restore point 001 sha256 %064x\n"

// pointLine is how long the first line is.
const pointLine = len("showrun restore point 001 sha256 ") + 2*sha256.Size + 1

// maxPoint is how long a restore point may be, in bytes.
const maxPoint = 64 << 20

// ReadPoint returns the restore point of a show and what its line says. The error is
// fs.ErrNotExist if there is none, or ErrDamaged.
func (s *Store) ReadPoint(show string) (line string, point []byte, err error) {
	b, err := readWhole(s.point(show))
	if err != nil {
		return "", nil, err
	}
	sum, rest := b[:min(len(b), pointLine)], b[min(len(b), pointLine):]
	if !bytes.Equal(sum, fmt.Appendf(nil, pointFormat, sha256.Sum256(rest))) {
		return "", nil, fmt.Errorf("%w: its sum is wrong", ErrDamaged)
	}
	said, point, _ := bytes.Cut(rest, []byte{'\n'})
	return string(said), point, nil
}

// WritePoint puts a restore point in the place of the one before, which stays as it is if
// there is an error. The line has no line feed. It waits for the disk as Put does.
func (s *Store) WritePoint(show, line string, point []byte) error {
	if len(point) > maxPoint {
		return fmt.Errorf("it has %d bytes, and may have %d", len(point), maxPoint)
	}
	rest := fmt.Appendf(make([]byte, 0, len(line)+1+len(point)), "%s\n", line)
	rest = append(rest, point...)
	b := append(fmt.Appendf(nil, pointFormat, sha256.Sum256(rest)), rest...)
	return s.atDisk(func() error {
		if s.closed.Load() {
			return errClosed
		}
		return replace(s.point(show), b)
	})
}

// RemovePoint removes the restore point of a show, if there is one.
func (s *Store) RemovePoint(show string) error {
	return s.atDisk(func() error {
		if err := os.Remove(s.point(show)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		syncFolder(s.dir)
		return nil
	})
}

// SetPointAside renames a restore point that cannot be used and returns its new name.
func (s *Store) SetPointAside(show string) (aside string, err error) { return setAside(s.point(show)) }
