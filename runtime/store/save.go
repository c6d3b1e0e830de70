package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

const (
	saveTime  = 2 * time.Second // that a caller waits for the disk
	lookEvery = 3 * time.Second
	advice    = "make room there, or start with a folder that can be written: --state"
)

var errSlow = fmt.Errorf("the disk has not answered for %v", saveTime)

// keep saves. A store with a log says there what is wrong, and does without.
func (s *Store) keep() error {
	err := s.save()
	if s.log == nil || errors.Is(err, errClosed) {
		return err
	}
	switch failed := s.failing.Swap(err != nil); {
	case err != nil && !failed:
		s.log.Error("the state cannot be written: the show goes on, but what it has to remember is lost if it ends now; "+advice, "folder", s.dir, "error", err)
	case err == nil && failed:
		s.log.Warn("the state can be written again, and has been", "folder", s.dir)
	}
	return nil
}

// save has all values on disk when it returns nil.
func (s *Store) save() error { return s.atDisk(s.write) }

// atDisk calls what waits for the disk, one at a time, and waits for that, but no longer
// than saveTime: a disk that does not answer keeps nobody. What hangs is left behind.
func (s *Store) atDisk(call func() error) error {
	if s.stuck.Load() {
		return errSlow
	}
	late := time.NewTimer(saveTime)
	defer late.Stop()
	select {
	case s.writing <- struct{}{}:
	case <-late.C:
		return errSlow
	}
	done := make(chan error, 1)
	go func() {
		done <- call()
		s.stuck.Store(false)
		<-s.writing
	}()
	select {
	case err := <-done:
		return err
	case <-late.C:
		s.stuck.Store(true)
	}
	select {
	case err := <-done: // at the last moment
		s.stuck.Store(false)
		return err
	default:
		return errSlow
	}
}

// write writes both files if something has changed.
func (s *Store) write() error {
	if s.closed.Load() {
		return errClosed
	}
	changes := s.changes.Load()
	if changes == s.saved {
		return nil
	}
	s.saved = 0
	db, err := pack(s.values.all())
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	b := seal(db)
	for _, file := range []string{s.file(), s.good()} {
		if err := replace(file, b); err != nil {
			return err
		}
	}
	s.saved, s.last = changes, b
	return nil
}

// Run looks after the files until ctx ends: what could not be written is tried again, and
// what somebody else has done to them is undone, which is logged.
func (s *Store) Run(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			s.look()
		}
	}
}

// look is one look at the files.
func (s *Store) look() {
	touched := false
	err := s.atDisk(func() error {
		if touched = s.saved != 0 && !s.intact(); touched {
			s.saved = 0
		}
		return nil
	})
	_ = s.keep() // has said it
	if err == nil && touched && s.log != nil && !s.failing.Load() {
		s.log.Error("somebody else has changed or removed the state file while it is used; it has been written anew, and nothing is lost. "+
			"Leave the folder to the show, or give each show one of its own with --state", "folder", s.dir)
	}
}

// intact reports whether both files are as they were written.
func (s *Store) intact() bool {
	for _, file := range []string{s.file(), s.good()} {
		if b, err := readWhole(file); err != nil || !bytes.Equal(b, s.last) {
			return false
		}
	}
	return true
}

// Close saves what is left and lets others have the folder. Whoever still has the store,
// such as a device that took too long to open, cannot write any more.
func (s *Store) Close() error {
	var err error
	if s.log != nil {
		s.look()
	} else {
		err = s.save()
	}
	s.closed.Store(true)
	return errors.Join(err, s.lock.Close())
}
