//go:build unix

package store

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// lockFolder locks a folder against other processes until it is closed. That leaves no
// trace and works on a disk that is full. Where folders cannot be locked, as on some
// network disks, a file in it is. The error is ErrInUse, or says that neither can be.
func lockFolder(dir string) (io.Closer, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := flock(f); err == nil || errors.Is(err, ErrInUse) {
		return f, err
	}
	f.Close()
	if f, err = os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, err
	}
	return f, flock(f)
}

// flock locks a file, or closes it.
func flock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrInUse
	}
	if err != nil {
		f.Close()
	}
	return err
}
