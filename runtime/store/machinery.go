package store

import (
	"bytes"

	"go.etcd.io/bbolt"
)

// machineryBucket holds what has to be made safe: device -> how.
var machineryBucket = []byte("machinery")

// Engage keeps how a machine is made safe until Disengage; it is on disk when
// Engage returns. What is kept already costs nothing.
func (s *Store) Engage(device string, how []byte) error {
	kept := false
	err := s.db.View(func(tx *bbolt.Tx) error {
		kept = bytes.Equal(tx.Bucket(machineryBucket).Get([]byte(device)), how)
		return nil
	})
	if err != nil || kept {
		return err
	}
	return s.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(machineryBucket).Put([]byte(device), how) })
}

// Disengage forgets a machine that has been made safe.
func (s *Store) Disengage(device string) error {
	return s.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(machineryBucket).Delete([]byte(device)) })
}

// Engaged returns the machines that nobody made safe, by device.
func (s *Store) Engaged() (map[string][]byte, error) {
	list := map[string][]byte{}
	err := s.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(machineryBucket).ForEach(func(k, v []byte) error {
			list[string(k)] = bytes.Clone(v)
			return nil
		})
	})
	return list, err
}
