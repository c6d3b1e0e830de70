// Package store keeps what must outlive the process in one file: identities,
// session numbers, leases, and machinery that has to be made safe. Every write is on
// disk before it returns; transactions are short.
package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// version is the layout of the file.
const version = 1

var (
	metaBucket     = []byte("meta")
	identityBucket = []byte("identities") // name -> bytes that name this installation on a network
	sessionBucket  = []byte("sessions")   // Sig-Net TUID -> last session id, 32 bits
)

// Store is an open state file. It is safe from any goroutine; one process has it
// open at a time.
type Store struct {
	db *bbolt.DB
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
	s := &Store{db}
	if err := s.prepare(); err != nil {
		db.Close()
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return s, nil
}

func (s *Store) prepare() error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		for _, b := range [][]byte{metaBucket, identityBucket, sessionBucket, leaseBucket, machineryBucket} {
			if _, err := tx.CreateBucketIfNotExists(b); err != nil {
				return err
			}
		}
		meta := tx.Bucket(metaBucket)
		v := meta.Get([]byte("version"))
		if v == nil {
			return meta.Put([]byte("version"), binary.BigEndian.AppendUint32(nil, version))
		}
		if len(v) != 4 || binary.BigEndian.Uint32(v) != version {
			return fmt.Errorf("the file has layout %x, this program knows %d; use the showrun that wrote it or another --state", v, version)
		}
		return nil
	})
}

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

// Identity returns the bytes kept under a name, making them with create the first
// time.
func (s *Store) Identity(name string, create func() ([]byte, error)) ([]byte, error) {
	var id []byte
	err := s.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(identityBucket)
		if v := b.Get([]byte(name)); v != nil {
			id = append(id, v...)
			return nil
		}
		var err error
		if id, err = create(); err != nil {
			return err
		}
		return b.Put([]byte(name), id)
	})
	return id, err
}

// Replace keeps other bytes under a name.
func (s *Store) Replace(name string, id []byte) error {
	return s.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(identityBucket).Put([]byte(name), id) })
}

// Session returns the last session id kept for a Sig-Net TUID.
func (s *Store) Session(tuid [6]byte) (last uint32, known bool, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		v := tx.Bucket(sessionBucket).Get(tuid[:])
		if v == nil {
			return nil
		}
		if len(v) != 4 {
			return fmt.Errorf("session of %x: %d bytes, want 4", tuid, len(v))
		}
		last, known = binary.BigEndian.Uint32(v), true
		return nil
	})
	return last, known, err
}

// SaveSession keeps the session id of a TUID; it is on disk when SaveSession
// returns.
func (s *Store) SaveSession(tuid [6]byte, session uint32) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket(sessionBucket).Put(tuid[:], binary.BigEndian.AppendUint32(nil, session))
	})
}
