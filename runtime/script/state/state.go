// Package state hands the tables a show keeps over from one generation to the
// next, while both are there:
//
//  1. Take reads them, on the loop of the live generation.
//  2. Copy makes tables of what was read, for the next generation to load with,
//     beside the live one.
//  3. Compare notes what the top level of the next one did to its copy.
//  4. Settle, on the loop between the two, puts the newest contents into the tables
//     of the copy, in place, and what was noted on top.
//
// Whatever table the next generation holds on to since its top level stays the same
// one and has the newest contents from Settle on, however deep it lies. A table made
// since Take moves over itself.
package state

import (
	"iter"
	"math"

	lua "github.com/yuin/gopher-lua"
)

// Handover is one hand-over of a state, from Take to Settle. A hand-over that comes
// to nothing is simply dropped.
type Handover struct {
	tables []*lua.LTable // of the live generation, the root first
	chunks [][]entry     // of all tables, one after the other; all but the last are full
	ends   []int         // where those of each table end
	index  map[*lua.LTable]int

	copies  []*lua.LTable
	copied  map[*lua.LTable]bool
	changes []change
	moved   map[*lua.LTable]*lua.LTable // tables made since Take that the next generation made as well
}

type entry struct{ key, value lua.LValue }

// chunk is how many entries are kept in one piece, so that none has to be moved
// while they are read.
const chunk = 1 << 12

// change is what the top level did to a table of its copy; value nil means removed.
type change struct {
	table *lua.LTable
	of    *lua.LTable // the live one
	entry
	added bool // the key was not in the copy
}

// Take reads a state, the contents of its tables in the order of pairs. What cannot
// be kept is left out; Settle will name it. It is called on the loop of the live
// generation and changes nothing.
func Take(root *lua.LTable) *Handover {
	h := &Handover{index: map[*lua.LTable]int{}}
	h.add(root)
	n := 0
	for i := 0; i < len(h.tables); i++ {
		t := h.tables[i]
		for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
			if !isKey(k) || !isValue(v) {
				continue
			}
			if nested, ok := v.(*lua.LTable); ok {
				h.add(nested)
			}
			if n%chunk == 0 {
				h.chunks = append(h.chunks, make([]entry, chunk))
			}
			h.chunks[n/chunk][n%chunk] = entry{k, v}
			n++
		}
		h.ends = append(h.ends, n)
	}
	return h
}

func (h *Handover) add(t *lua.LTable) {
	if _, known := h.index[t]; !known {
		h.index[t] = len(h.tables)
		h.tables = append(h.tables, t)
	}
}

// of is what was in table i.
func (h *Handover) of(i int) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		first := 0
		if i > 0 {
			first = h.ends[i-1]
		}
		for n := first; n < h.ends[i]; n++ {
			if !yield(h.chunks[n/chunk][n%chunk]) {
				return
			}
		}
	}
}

// Copy makes tables of what was read and returns the root. Each is made once,
// however many times it is found in others or in itself. L only makes the tables.
func (h *Handover) Copy(L *lua.LState) *lua.LTable {
	h.copied = make(map[*lua.LTable]bool, len(h.tables))
	for i := range h.tables {
		names := 0
		for e := range h.of(i) {
			if e.key.Type() == lua.LTString {
				names++
			}
		}
		t := L.CreateTable(0, names)
		h.copies, h.copied[t] = append(h.copies, t), true
	}
	for i, t := range h.copies {
		for e := range h.of(i) {
			t.RawSet(e.key, h.copyOf(e.value))
		}
	}
	return h.copies[0]
}

// copyOf is what stands for a value in the copy.
func (h *Handover) copyOf(v lua.LValue) lua.LValue {
	if t, ok := v.(*lua.LTable); ok {
		return h.copies[h.index[t]]
	}
	return v
}

// Compare notes what became of the copy while the top level of the next generation
// ran. root is its state now; a table of its own that it put in the place of the
// copy counts as that.
func (h *Handover) Compare(root *lua.LTable) {
	if !h.copied[root] {
		h.copies[0], h.copied[root] = root, true
	}
	for i, t := range h.copies {
		before := map[lua.LValue]bool{}
		for e := range h.of(i) {
			before[e.key] = true
			if v := t.RawGet(e.key); !same(v, h.copyOf(e.value)) {
				h.changes = append(h.changes, change{t, h.tables[i], entry{e.key, v}, false})
			}
		}
		for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
			if !before[k] {
				h.changes = append(h.changes, change{t, h.tables[i], entry{k, v}, true})
			}
		}
	}
}

// same compares two values; not-a-number equals itself.
func same(a, b lua.LValue) bool {
	x, ok := a.(lua.LNumber)
	if y, both := b.(lua.LNumber); ok && both && math.IsNaN(float64(x)) && math.IsNaN(float64(y)) {
		return true
	}
	return a == b
}

func isKey(v lua.LValue) bool { return v.Type() != lua.LTTable && isValue(v) }

func isValue(v lua.LValue) bool {
	switch v.Type() {
	case lua.LTBool, lua.LTNumber, lua.LTString, lua.LTTable:
		return true
	}
	return false
}
