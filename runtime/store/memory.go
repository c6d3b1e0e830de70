package store

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Memory keeps keys and values until the process ends. Its methods are safe from any
// goroutine; the zero value is empty and ready.
type Memory struct {
	mu     sync.Mutex
	values table
}

// Get returns the value of a key, and whether there is one.
func (m *Memory) Get(bucket, key string) (value []byte, known bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, known = m.values[[2]string{bucket, key}]
	return bytes.Clone(value), known, nil
}

// Put gives a key a value.
func (m *Memory) Put(bucket, key string, value []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values == nil {
		m.values = table{}
	}
	m.values[[2]string{bucket, key}] = bytes.Clone(value)
	return nil
}

// Delete forgets a key.
func (m *Memory) Delete(bucket, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.values, [2]string{bucket, key})
	return nil
}

// Each calls fn for the keys of a bucket that begin with prefix, in their order.
func (m *Memory) Each(bucket, prefix string, fn func(key string, value []byte)) error {
	values := m.all()
	var keys []string
	for at := range values {
		if at[0] == bucket && strings.HasPrefix(at[1], prefix) {
			keys = append(keys, at[1])
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		fn(key, bytes.Clone(values[[2]string{bucket, key}]))
	}
	return nil
}

// all returns all values, which must not be changed.
func (m *Memory) all() table {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.values)
}
