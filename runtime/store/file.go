package store

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// layout is how a file looks and what protocols keep in it. A file is a database of bbolt,
// for people who look with its tools, and behind it one line: the layout, and the sum of
// all that is before. bbolt trusts what it reads, and maps it: a database that is damaged,
// or cut off while it is open, ends the process or never comes back. So bbolt is never
// given a file of the state folder, only a private copy of one whose sum is right.
const layout = 3

const (
	sumFormat = "showrun state %03d sha256 %064x\n"
	sumLength = len("showrun state 003 sha256 ") + 2*sha256.Size + 1
	maxFile   = 256 << 20 // bytes; no show keeps that much
)

// table is values by bucket and key.
type table = map[[2]string][]byte

// read returns what a state file holds. The error is fs.ErrNotExist, ErrDamaged, or that of
// a file that another version wrote.
func read(file string) (table, error) {
	b, err := readWhole(file)
	if err != nil {
		return nil, err
	}
	db, err := unseal(b)
	if err != nil {
		return nil, err
	}
	return unpack(db)
}

// readWhole reads a file. What is none, such as a pipe, is not waited for.
func readWhole(file string) ([]byte, error) {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%w: it is no file", ErrDamaged)
	case info.Size() > maxFile:
		return nil, fmt.Errorf("%w: it has %d bytes, expected at most %d", ErrDamaged, info.Size(), maxFile)
	}
	b, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return b, err
}

// seal appends the line with the sum.
func seal(db []byte) []byte {
	return fmt.Appendf(db, sumFormat, layout, sha256.Sum256(db))
}

// unseal returns the database in a file whose sum is right.
func unseal(b []byte) (db []byte, err error) {
	db, line := b[:max(0, len(b)-sumLength)], b[max(0, len(b)-sumLength):]
	var wrote int
	if _, err := fmt.Sscanf(string(line), "showrun state %d", &wrote); err != nil {
		return nil, fmt.Errorf("%w: it does not end with its sum; it was cut off or overwritten, or an early version of showrun wrote it", ErrDamaged)
	}
	if !bytes.Equal(line, fmt.Appendf(nil, sumFormat, wrote, sha256.Sum256(db))) {
		return nil, fmt.Errorf("%w: its sum is wrong", ErrDamaged)
	}
	if wrote != layout {
		return nil, fmt.Errorf("the file has layout %d, this program knows %d; use the showrun that wrote it or another --state", wrote, layout)
	}
	return db, nil
}

// pack makes a database.
func pack(all table) (b []byte, err error) {
	err = private(nil, func(db *bbolt.DB, file *os.File) error {
		err := db.Update(func(tx *bbolt.Tx) error { return fill(tx, all) })
		if err != nil {
			return err
		}
		info, err := file.Stat()
		if err != nil {
			return err
		}
		b, err = io.ReadAll(io.NewSectionReader(file, 0, info.Size()))
		return err
	})
	return b, err
}

func fill(tx *bbolt.Tx, all table) error {
	for at, value := range all {
		bucket, err := tx.CreateBucketIfNotExists([]byte(at[0]))
		if err != nil {
			return err
		}
		if err := bucket.Put([]byte(at[1]), value); err != nil {
			return err
		}
	}
	return nil
}

// unpack reads a database that pack made.
func unpack(b []byte) (table, error) {
	all := table{}
	err := private(b, func(db *bbolt.DB, _ *os.File) error {
		return db.View(func(tx *bbolt.Tx) error {
			return tx.ForEach(func(name []byte, bucket *bbolt.Bucket) error {
				return bucket.ForEach(func(key, value []byte) error {
					all[[2]string{string(name), string(key)}] = bytes.Clone(value)
					return nil
				})
			})
		})
	})
	return all, err
}

// private opens a database in a file that nobody else can reach and that is gone
// afterwards. It begins with what is in b.
func private(b []byte, use func(*bbolt.DB, *os.File) error) error {
	file, err := privateFile()
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // where it has a name
	if _, err := file.Write(b); err != nil {
		return errors.Join(err, file.Close())
	}
	db, err := bbolt.Open(file.Name(), 0o600, &bbolt.Options{
		NoSync: true, OpenFile: func(string, int, os.FileMode) (*os.File, error) { return file, nil },
	})
	if err != nil {
		return errors.Join(err, file.Close())
	}
	return errors.Join(use(db, file), db.Close())
}

// replace puts a file in the place of another, or of none. It is on disk then; up to that
// moment the other one stays as it is.
func replace(name string, b []byte) error {
	file, err := os.OpenFile(name+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(b)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		os.Remove(file.Name())
		return err
	}
	syncFolder(filepath.Dir(name))
	return nil
}

// syncFolder has the names in a folder on disk, where folders can be told.
func syncFolder(name string) {
	if dir, err := os.Open(name); err == nil {
		_ = dir.Sync()
		dir.Close()
	}
}
