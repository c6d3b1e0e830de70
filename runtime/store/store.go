// Package store keeps what must outlive the process in one file: identities,
// session numbers, leases, and machinery that has to be made safe. It is a table of keys
// and values in buckets; what knows of protocols is built on that alone. Every write is on
// disk before it returns; transactions are short.
package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// version is the layout of the file and of what protocols keep in it.
const version = 2

// Buckets of the store itself. The others belong to protocols. Their names and what is in
// them are for people too, who look with a tool of bbolt.
const (
	metaBucket      = "meta"
	machineryBucket = "machinery" // device -> how it is made safe
)

// Store is an open state file. It is safe from any goroutine; one process has it
// open at a time.
type Store struct {
	db       *bbolt.DB
	checking sync.Mutex // held while a write depends on what was read
	forgot   bool
}

// Reasons why a state file is not opened.
var (
	// ErrInUse tells that another process has the state folder open.
	ErrInUse = errors.New("another showrun uses this state folder; stop it or choose another with --state")
	// ErrOld tells that an earlier version of this program wrote the file.
	ErrOld = errors.New("an earlier version of showrun wrote it; a show that is run sets it aside")
	// ErrUnsafe tells the same of a file that names machines to be made safe.
	ErrUnsafe = errors.New("an earlier version of showrun wrote it and ended without making machines safe; " +
		"run that version once, which does it, or see to the machines and move the file away")
	// ErrDamaged tells that the file cannot be read.
	ErrDamaged = errors.New("the file is damaged; a show that is run sets it aside")
)

// Open opens or makes the state file in a folder, which is made if need be.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	file := fileIn(dir)
	db, err := openFile(file)
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("%s: %w", dir, ErrInUse)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	s := &Store{db: db}
	if err := s.checkVersion(); err != nil {
		db.Close()
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return s, nil
}

func fileIn(dir string) string { return filepath.Join(dir, "showrun.db") }

// openFile opens a file of bbolt and reads all of it once: it is small. One that is
// damaged may stay locked by this process.
func openFile(file string) (db *bbolt.DB, err error) {
	// What lies behind the end of a file that was cut off cannot be read from memory.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", ErrDamaged, p)
		}
		if err != nil && db != nil {
			db.Close()
		}
	}()
	const least = 4 * 4096 // bytes that bbolt begins with
	if info, err := os.Stat(file); err == nil && info.Size() > 0 && info.Size() < least {
		return nil, fmt.Errorf("%w: it has %d bytes, expected at least %d", ErrDamaged, info.Size(), least)
	}
	db, err = bbolt.Open(file, 0o600, &bbolt.Options{Timeout: time.Second})
	for _, damage := range []error{bolterrors.ErrInvalid, bolterrors.ErrVersionMismatch, bolterrors.ErrChecksum} {
		if errors.Is(err, damage) {
			return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	}
	if err != nil {
		return nil, err
	}
	return db, db.View(readAll)
}

// readAll reads what is in a file. It panics where it is damaged.
func readAll(tx *bbolt.Tx) error {
	return tx.ForEach(func(_ []byte, b *bbolt.Bucket) error {
		return b.ForEach(func(_, value []byte) error {
			crc32.ChecksumIEEE(value)
			return nil
		})
	})
}

func (s *Store) checkVersion() error {
	v, known, err := s.Get(metaBucket, "version")
	switch {
	case err != nil:
		return err
	case !known:
		return s.Put(metaBucket, "version", binary.BigEndian.AppendUint32(nil, version))
	case len(v) == 4 && binary.BigEndian.Uint32(v) < version:
		return s.old()
	case len(v) != 4 || binary.BigEndian.Uint32(v) != version:
		return fmt.Errorf("the file has layout %x, this program knows %d; use the showrun that wrote it or another --state", v, version)
	}
	return nil
}

// old is why a file of an earlier version is not opened.
func (s *Store) old() error {
	left, err := s.Engaged()
	switch {
	case err != nil:
		return err
	case len(left) > 0:
		return fmt.Errorf("%w: %s", ErrUnsafe, strings.Join(slices.Sorted(maps.Keys(left)), ", "))
	}
	return ErrOld
}

// OpenNew is Open for whoever can do without what was kept: a file that an earlier
// version wrote or that is damaged is set aside, which is logged, and another one made.
// One that is ErrUnsafe stays.
func OpenNew(dir string, log *slog.Logger) (*Store, error) {
	s, err := Open(dir)
	old, damaged := errors.Is(err, ErrOld), errors.Is(err, ErrDamaged)
	if !old && !damaged {
		return s, err
	}
	aside, failed := setAside(fileIn(dir))
	if failed != nil {
		return nil, errors.Join(err, failed)
	}
	if old {
		log.Warn("what an earlier version of showrun kept is set aside: Sig-Net devices are new ones to others, StageNet gateways get other addresses", "file", aside)
	} else {
		log.Error("the state file is damaged and set aside: Sig-Net devices are new ones to others, StageNet gateways get other addresses, "+
			"and machines that the last run left unsafe are not known: see to those that this show does not name", "file", aside, "error", err)
	}
	if s, err = Open(dir); err == nil {
		s.forgot = damaged
	}
	return s, err
}

// setAside renames a file and returns its new name, which no other had.
func setAside(file string) (aside string, err error) {
	for n := 1; ; n++ {
		aside = fmt.Sprintf("%s.aside-%d", file, n)
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			return aside, os.Rename(file, aside)
		} else if err != nil {
			return "", err
		}
	}
}

// Forgot tells that the store is in place of a damaged one, so that machines the last run
// left unsafe are not known.
func (s *Store) Forgot() bool { return s.forgot }

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

// Get returns a copy of what is kept under a key, if something is.
func (s *Store) Get(bucket, key string) (value []byte, known bool, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		if b := tx.Bucket([]byte(bucket)); b != nil {
			v := b.Get([]byte(key))
			value, known = bytes.Clone(v), v != nil
		}
		return nil
	})
	return value, known, err
}

// Put keeps a value, which is on disk when Put returns.
func (s *Store) Put(bucket, key string, value []byte) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists([]byte(bucket))
		if err != nil {
			return err
		}
		return b.Put([]byte(key), value)
	})
}

// Delete forgets a value, if there is one; it is gone from disk when Delete returns.
func (s *Store) Delete(bucket, key string) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		if b := tx.Bucket([]byte(bucket)); b != nil {
			return b.Delete([]byte(key))
		}
		return nil
	})
}

// Each calls fn for what is kept under the keys that begin so, in the order of the keys,
// when everything is read. The values belong to fn.
func (s *Store) Each(bucket, prefix string, fn func(key string, value []byte)) error {
	type entry struct {
		key   string
		value []byte
	}
	var list []entry
	err := s.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(bucket))
		if b == nil {
			return nil
		}
		c := b.Cursor()
		for k, v := c.Seek([]byte(prefix)); k != nil && bytes.HasPrefix(k, []byte(prefix)); k, v = c.Next() {
			list = append(list, entry{string(k), bytes.Clone(v)})
		}
		return nil
	})
	for _, e := range list {
		fn(e.key, e.value)
	}
	return err
}

// Engage keeps how a machine is made safe until Disengage; it is on disk when
// Engage returns. What is kept already costs nothing.
func (s *Store) Engage(device string, how []byte) error {
	s.checking.Lock()
	defer s.checking.Unlock()
	kept, known, err := s.Get(machineryBucket, device)
	if err != nil || known && bytes.Equal(kept, how) {
		return err
	}
	return s.Put(machineryBucket, device, how)
}

// Disengage forgets a machine that has been made safe.
func (s *Store) Disengage(device string) error { return s.Delete(machineryBucket, device) }

// Engaged returns the machines that nobody made safe, by device.
func (s *Store) Engaged() (map[string][]byte, error) {
	list := map[string][]byte{}
	return list, s.Each(machineryBucket, "", func(device string, how []byte) { list[device] = how })
}
