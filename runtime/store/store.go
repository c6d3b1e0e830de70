// Package store keeps what must outlive the process in one file: identities,
// session numbers, leases, and machinery that has to be made safe. It is a table of keys
// and values in buckets; what knows of protocols is built on that alone.
//
// While the store is open the table is in memory, and the file is only written: as a
// whole, beside the one before, whose place it takes. So whatever happens to the file, or
// to its disk, keeps nobody from what is kept. A second file, the good copy, is written
// right after it. One of the two is always whole, and tells so by its sum.
package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
)

// The files in a state folder.
const (
	fileName = "showrun.db"
	goodName = "showrun.good.db"
	lockName = "showrun.lock" // where the folder itself cannot be locked
)

// machineryBucket keeps how a device is made safe, by its key. The other buckets belong to
// protocols. Their names and what is in them are for people too.
const machineryBucket = "machinery"

// Store is an open state folder. It is safe from any goroutine; one process has it
// open at a time. No call waits longer for the disk than two seconds.
type Store struct {
	dir    string
	log    *slog.Logger // of a store that does without its disk; else nil
	lock   io.Closer
	forgot bool

	values   Memory
	changes  atomic.Uint64 // of values, so far
	engaging sync.Mutex    // held while a write depends on what was read

	writing chan struct{} // who has put something in writes
	stuck   atomic.Bool   // and does not come back
	failing atomic.Bool   // the last save did not succeed, which has been said
	closed  atomic.Bool   // others may have the folder
	saved   uint64        // changes that are on disk; of who writes
	last    []byte        // the file as it was written last; of who writes
}

// Reasons why a state folder is not opened.
var (
	// ErrInUse tells that another process has it open.
	ErrInUse = errors.New("another showrun uses this state folder; stop it or give this one a folder of its own with --state (the Sig-Net key is found all the same)")
	// ErrDamaged tells that the file cannot be used.
	ErrDamaged = errors.New("the file is damaged; a show that is run sets it aside")
	errClosed  = errors.New("the state folder is closed")
)

// Open opens a state folder, which is made if need be. What cannot be written is told by
// the call that wanted it.
func Open(dir string) (*Store, error) {
	s, err := open(dir)
	if err != nil {
		return nil, err
	}
	all, err := read(s.file())
	if errors.Is(err, fs.ErrNotExist) {
		if _, err = os.Lstat(s.good()); err == nil {
			err = fmt.Errorf("%w: it is gone, and only its good copy is there", ErrDamaged)
		} else if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if err != nil {
		s.lock.Close()
		return nil, fmt.Errorf("%s: %w", s.file(), err)
	}
	s.values.values, s.saved = all, s.changes.Load()
	return s, nil
}

// OpenNew is Open for whoever can do without what was kept, and without the disk. A file
// that is damaged is set aside and the good copy takes its place, if there is one, which
// is logged. While the disk takes nothing, which is logged once, values are kept in
// memory; only Engage fails then.
func OpenNew(dir string, log *slog.Logger) (*Store, error) {
	s, err := open(dir)
	if err != nil {
		return nil, err
	}
	if s.values.values, err = s.recover(log); err != nil {
		s.lock.Close()
		return nil, err
	}
	s.log = log
	return s, s.keep()
}

// open locks the folder.
func open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	s := &Store{dir: dir, writing: make(chan struct{}, 1)}
	s.changes.Store(1)
	const patience, pause = time.Second, 50 * time.Millisecond // for one that is just ending
	for waited := time.Duration(0); ; waited += pause {
		lock, err := lockFolder(dir)
		if err == nil {
			s.lock = lock
			return s, nil
		}
		if !errors.Is(err, ErrInUse) || waited >= patience {
			return nil, fmt.Errorf("%s: %w", dir, err)
		}
		<-time.After(pause)
	}
}

func (s *Store) file() string { return filepath.Join(s.dir, fileName) }
func (s *Store) good() string { return filepath.Join(s.dir, goodName) }

// Forgot tells that the file was damaged, so that machines the last run left unsafe may
// not be known.
func (s *Store) Forgot() bool { return s.forgot }

// Get returns a copy of what is kept under a key, if something is.
func (s *Store) Get(bucket, key string) (value []byte, known bool, err error) {
	return s.values.Get(bucket, key)
}

// Put keeps a value, which is on disk when Put returns, unless the log has said that
// nothing is.
func (s *Store) Put(bucket, key string, value []byte) error {
	if bucket == "" || key == "" || len(key) > bbolt.MaxKeySize {
		return fmt.Errorf("state: a bucket and a key of 1-%d bytes are needed, got %q and %d bytes", bbolt.MaxKeySize, bucket, len(key))
	}
	s.put(bucket, key, value)
	return s.keep()
}

func (s *Store) put(bucket, key string, value []byte) {
	_ = s.values.Put(bucket, key, value)
	s.changes.Add(1)
}

// Delete forgets a value, if there is one; it is gone from disk when Delete returns, as
// with Put.
func (s *Store) Delete(bucket, key string) error {
	s.remove(bucket, key)
	return s.keep()
}

func (s *Store) remove(bucket, key string) {
	if _, known, _ := s.values.Get(bucket, key); known {
		_ = s.values.Delete(bucket, key)
		s.changes.Add(1)
	}
}

// Each calls fn for what is kept under the keys that begin so, in the order of the keys.
// The values belong to fn.
func (s *Store) Each(bucket, prefix string, fn func(key string, value []byte)) error {
	return s.values.Each(bucket, prefix, fn)
}

// Engage keeps how a machine is made safe until Disengage. It is on disk when Engage
// returns; if that cannot be, nothing is kept, and the machine must not be told anything.
// What is kept already costs nothing.
func (s *Store) Engage(device string, how []byte) error {
	s.engaging.Lock()
	defer s.engaging.Unlock()
	kept, known, _ := s.values.Get(machineryBucket, device)
	if known && bytes.Equal(kept, how) {
		return nil
	}
	s.put(machineryBucket, device, how)
	err := s.save()
	switch {
	case err == nil:
		return nil
	case known:
		s.put(machineryBucket, device, kept)
	default:
		s.remove(machineryBucket, device)
	}
	return fmt.Errorf("how to make it safe after a crash cannot be kept, so it is not told anything: %w; %s", err, advice)
}

// Disengage forgets a machine that has been made safe.
func (s *Store) Disengage(device string) error { return s.Delete(machineryBucket, device) }

// Engaged returns the machines that nobody made safe, by device.
func (s *Store) Engaged() map[string][]byte {
	list := map[string][]byte{}
	_ = s.Each(machineryBucket, "", func(device string, how []byte) { list[device] = how })
	return list
}
