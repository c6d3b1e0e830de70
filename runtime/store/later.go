package store

import (
	"bytes"
	"maps"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

// laterTime is how long a value of PutLater waits at most before it is written.
const laterTime = 250 * time.Millisecond

// place is where a value is kept.
type place struct{ bucket, key string }

// later is the values that wait to be written. The zero later is empty.
type later struct {
	mu      sync.Mutex // held for moments only, never while the disk is waited for
	waiting map[place]*[]byte
	timer   *time.Timer
	closed  bool
	report  func(error)
	failing bool // and that was reported
}

// OnError sets what is called when values of PutLater cannot be written: once, until it
// has gone well again; they are tried again. It is called before the first PutLater.
func (s *Store) OnError(report func(error)) { s.later.report = report }

// PutLater keeps a value, which is on disk within 250 ms and at the latest when Close
// returns; of several for a key the newest. The caller waits for nothing. The value is
// not to be changed any more.
func (s *Store) PutLater(bucket, key string, value []byte) {
	l := &s.later
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting == nil {
		l.waiting = map[place]*[]byte{}
	}
	l.waiting[place{bucket, key}] = &value
	s.arm()
}

// arm lets what waits be written in time; the lock of later is held.
func (s *Store) arm() {
	l := &s.later
	if l.timer == nil && !l.closed {
		l.timer = time.AfterFunc(laterTime, func() { s.tell(s.writeLater()) })
	}
}

// writeLater writes what waits. What could not be written waits on.
func (s *Store) writeLater() error {
	l := &s.later
	if !l.begin() {
		return nil
	}
	var batch map[place]*[]byte
	err := s.db.Update(func(tx *bbolt.Tx) error {
		l.mu.Lock()
		batch = maps.Clone(l.waiting)
		l.mu.Unlock()
		for at, value := range batch {
			if err := put(tx, at.bucket, at.key, *value); err != nil {
				return err
			}
		}
		return nil
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	for at, value := range batch {
		if err == nil && l.waiting[at] == value { // and no newer one
			delete(l.waiting, at)
		}
	}
	if len(l.waiting) > 0 {
		s.arm()
	}
	return err
}

// tell reports an error unless the one before is still the case.
func (s *Store) tell(err error) {
	l := &s.later
	l.mu.Lock()
	first := err != nil && !l.failing
	l.failing = err != nil
	l.mu.Unlock()
	if first && l.report != nil {
		l.report(err)
	}
}

// begin takes the timer away and tells whether something waits.
func (l *later) begin() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	return len(l.waiting) > 0
}

// close lets no timer be set any more.
func (l *later) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
}

// get returns a copy of a value that waits.
func (l *later) get(at place) ([]byte, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v, ok := l.waiting[at]; ok {
		return bytes.Clone(*v), true
	}
	return nil, false
}

// drop forgets a value that waits.
func (l *later) drop(at place) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.waiting, at)
}
