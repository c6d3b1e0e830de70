//go:build !unix

package store

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// lockFolder locks a folder against other processes until it is closed, by a file in it
// that cannot be removed while somebody has it open.
func lockFolder(dir string) (io.Closer, error) {
	name := filepath.Join(dir, lockName)
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, ErrInUse
	}
	return os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
}
