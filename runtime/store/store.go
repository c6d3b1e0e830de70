// Package store keeps what must outlive the process in one file: identities,
// session numbers, leases, and machinery that has to be made safe. It is a table of keys
// and values in buckets; what knows of protocols is built on that alone. Every write but
// PutLater is on disk before it returns; transactions are short.
package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// version is the layout of the file.
const version = 1

// Buckets of the file. Their names and what is in them are for people too, who look
// with a tool of bbolt.
const (
	metaBucket      = "meta"
	identityBucket  = "identities"      // name -> bytes that name this installation on a network
	sessionBucket   = "sessions"        // Sig-Net TUID -> last session id, 32 bits
	machineryBucket = "machinery"       // device -> how it is made safe
	leaseBucket     = "stagenet leases" // console, a zero byte, GatewayID -> lease
)

// Store is an open state file. It is safe from any goroutine; one process has it
// open at a time.
type Store struct {
	db *bbolt.DB

	checking sync.Mutex // held while a write depends on what was read
	later    later
}

// ErrInUse tells that another process has the state folder open.
var ErrInUse = errors.New("another showrun uses this state folder; stop it or choose another with --state")

// Open opens or makes the state file in a folder, which is made if need be.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	file := filepath.Join(dir, "showrun.db")
	db, err := bbolt.Open(file, 0o600, &bbolt.Options{Timeout: time.Second})
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

func (s *Store) checkVersion() error {
	v, known, err := s.Get(metaBucket, "version")
	switch {
	case err != nil:
		return err
	case !known:
		return s.Put(metaBucket, "version", binary.BigEndian.AppendUint32(nil, version))
	case len(v) != 4 || binary.BigEndian.Uint32(v) != version:
		return fmt.Errorf("the file has layout %x, this program knows %d; use the showrun that wrote it or another --state", v, version)
	}
	return nil
}

// Close writes what PutLater has left and closes the file.
func (s *Store) Close() error {
	s.later.close()
	return errors.Join(s.writeLater(), s.db.Close())
}

// Get returns a copy of what is kept under a key, if something is.
func (s *Store) Get(bucket, key string) (value []byte, known bool, err error) {
	if value, known = s.later.get(place{bucket, key}); known {
		return value, true, nil
	}
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
		s.later.drop(place{bucket, key})
		return put(tx, bucket, key, value)
	})
}

func put(tx *bbolt.Tx, bucket, key string, value []byte) error {
	b, err := tx.CreateBucketIfNotExists([]byte(bucket))
	if err != nil {
		return err
	}
	return b.Put([]byte(key), value)
}

// Delete forgets a value, if there is one; it is gone from disk when Delete returns.
func (s *Store) Delete(bucket, key string) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		s.later.drop(place{bucket, key})
		if b := tx.Bucket([]byte(bucket)); b != nil {
			return b.Delete([]byte(key))
		}
		return nil
	})
}

// Each calls fn for what is kept under the keys that begin so, in the order of the keys,
// when everything is read. The values belong to fn. What PutLater has left is written
// first.
func (s *Store) Each(bucket, prefix string, fn func(key string, value []byte)) error {
	type entry struct {
		key   string
		value []byte
	}
	var list []entry
	failed := s.writeLater()
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
	return errors.Join(failed, err)
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
