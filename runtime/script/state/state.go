// Package state carries the tables a show keeps from one generation to the
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

// Passage is the way of a state to the next generation, from Take to Settle. One that comes
// to nothing is simply dropped.
type Passage struct {
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
func Take(root *lua.LTable) *Passage {
	p := &Passage{index: map[*lua.LTable]int{}}
	p.add(root)
	n := 0
	for i := 0; i < len(p.tables); i++ {
		t := p.tables[i]
		for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
			if !isKey(k) || !isValue(v) {
				continue
			}
			if nested, ok := v.(*lua.LTable); ok {
				p.add(nested)
			}
			if n%chunk == 0 {
				p.chunks = append(p.chunks, make([]entry, chunk))
			}
			p.chunks[n/chunk][n%chunk] = entry{k, v}
			n++
		}
		p.ends = append(p.ends, n)
	}
	return p
}

func (p *Passage) add(t *lua.LTable) {
	if _, known := p.index[t]; !known {
		p.index[t] = len(p.tables)
		p.tables = append(p.tables, t)
	}
}

// of is what was in table i.
func (p *Passage) of(i int) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		first := 0
		if i > 0 {
			first = p.ends[i-1]
		}
		for n := first; n < p.ends[i]; n++ {
			if !yield(p.chunks[n/chunk][n%chunk]) {
				return
			}
		}
	}
}

// Copy makes tables of what was read and returns the root. Each is made once,
// however many times it is found in others or in itself. L only makes the tables.
func (p *Passage) Copy(L *lua.LState) *lua.LTable {
	p.copied = make(map[*lua.LTable]bool, len(p.tables))
	for i := range p.tables {
		names := 0
		for e := range p.of(i) {
			if e.key.Type() == lua.LTString {
				names++
			}
		}
		t := L.CreateTable(0, names)
		p.copies, p.copied[t] = append(p.copies, t), true
	}
	for i, t := range p.copies {
		for e := range p.of(i) {
			t.RawSet(e.key, p.copyOf(e.value))
		}
	}
	return p.copies[0]
}

// copyOf is what stands for a value in the copy.
func (p *Passage) copyOf(v lua.LValue) lua.LValue {
	if t, ok := v.(*lua.LTable); ok {
		return p.copies[p.index[t]]
	}
	return v
}

// Compare notes what became of the copy while the top level of the next generation
// ran. root is its state now; a table of its own that it put in the place of the
// copy counts as that.
func (p *Passage) Compare(root *lua.LTable) {
	if !p.copied[root] {
		p.copies[0], p.copied[root] = root, true
	}
	for i, t := range p.copies {
		before := map[lua.LValue]bool{}
		for e := range p.of(i) {
			before[e.key] = true
			if v := t.RawGet(e.key); !same(v, p.copyOf(e.value)) {
				p.changes = append(p.changes, change{t, p.tables[i], entry{e.key, v}, false})
			}
		}
		for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
			if !before[k] {
				p.changes = append(p.changes, change{t, p.tables[i], entry{k, v}, true})
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
