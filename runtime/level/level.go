// Package level names the slots of all outputs and carries frames of levels
// from the engine to them.
//
// An output is anything with numbered slots of one byte: a DMX universe of a
// Sig-Net sender, the leased addresses of a StageNet gateway, a fixture of a
// theater lighting server. A Registry numbers them once; from there on they
// are indices into the levels of a Frame.
package level

import (
	"fmt"
	"hash/fnv"
	"slices"
	"sync"
	"sync/atomic"
)

// Output is the number of an output in its Registry. It is an index, counted
// from 0, and the same for the life of the process.
type Output uint32

// Address is one slot of an output. Slots count from 1, as they do on every
// console; the zero Address is no slot at all.
type Address struct {
	Output Output
	Slot   int32
}

// IsZero reports whether the address is no slot.
func (a Address) IsZero() bool {
	return a.Slot == 0
}

// Compare orders addresses by output and slot; it returns -1, 0 or 1.
func (a Address) Compare(b Address) int {
	switch {
	case a.Output < b.Output:
		return -1
	case a.Output > b.Output:
		return 1
	case a.Slot < b.Slot:
		return -1
	case a.Slot > b.Slot:
		return 1
	}
	return 0
}

// A Registry numbers outputs. The zero Registry is empty and ready. It is
// safe from any goroutine; who only reads waits for nobody.
type Registry struct {
	mu      sync.Mutex // held to change it
	numbers map[string]Output
	// list is replaced by every change and never changed itself.
	list atomic.Pointer[[]entry]
}

type entry struct {
	key   string
	hash  uint64 // of the key
	slots int
}

// Output returns the number of the output called key, which has the given
// number of slots (at least 1). The same key has the same number for the life
// of the process, so levels survive when a show is reloaded. If it is named
// again with more slots it grows; it never shrinks.
func (r *Registry) Output(key string, slots int) Output {
	if slots < 1 {
		panic(fmt.Sprintf("level: output %q with %d slots", key, slots))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.entries()
	o, known := r.numbers[key]
	switch {
	case known && slots <= list[o].slots:
		return o
	case known:
		list = slices.Clone(list)
		list[o].slots = slots
	default:
		if r.numbers == nil {
			r.numbers = make(map[string]Output)
		}
		o = Output(len(list))
		r.numbers[key] = o
		h := fnv.New64a()
		h.Write([]byte(key))
		list = append(slices.Clip(list), entry{key, h.Sum64(), slots})
	}
	r.list.Store(&list)
	return o
}

// entries returns the outputs by their numbers, not to be changed.
func (r *Registry) entries() []entry {
	if list := r.list.Load(); list != nil {
		return *list
	}
	return nil
}

// entry returns what is known of o, nothing if there is no such output.
func (r *Registry) entry(o Output) entry {
	if list := r.entries(); int(o) < len(list) {
		return list[o]
	}
	return entry{}
}

// Key returns the key of o, or "" if there is no such output.
func (r *Registry) Key(o Output) string { return r.entry(o).key }

// Number returns the number of the output called key, if there is one.
func (r *Registry) Number(key string) (o Output, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o, known = r.numbers[key]
	return o, known
}

// Slots returns the number of slots of o, or 0 if there is no such output.
func (r *Registry) Slots(o Output) int { return r.entry(o).slots }

// Len returns the number of outputs.
func (r *Registry) Len() int { return len(r.entries()) }
