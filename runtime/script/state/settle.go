package state

import (
	"fmt"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// maxNamed is how many of the things that cannot be kept are named, and maxPath how many
// keys of the path to each are: a list may be linked by a key of each element.
const (
	maxNamed = 20
	maxPath  = 8
)

// lost is a key of a live table whose value, or which itself, cannot be kept; without a
// key it is the metatable of the table.
type lost struct {
	from *lua.LTable // where it was, of the next generation
	entry
}

// settling is Settle at work.
type settling struct {
	*Passage
	found []bool               // tables that are to be moved over
	done  []bool               // those that have been
	again int                  // the first of tables that was found after it had its turn
	newer map[*lua.LTable]bool // those made since Take that were found
	queue []*lua.LTable        // and have not been moved over
	lost  []lost
}

// Settle makes the state of the live generation, as it is now, that of the next one.
// live is the root. It takes the contents of the live tables away: the live
// generation must not run any more. It is called on the loop, after Compare.
//
// What the top level of the next generation changed or removed in its copy stays so.
// What it added, in the manner of s.n = s.n or 0, gives way to what the live one has
// put there meanwhile. The errors name what cannot be kept, in the order of their
// texts; the rest is kept.
func (p *Passage) Settle(live *lua.LTable) []error {
	if i, known := p.index[live]; !known || i > 0 {
		// The live generation has put another table in the place of its state.
		delete(p.index, p.tables[0])
		p.index[live], p.tables[0] = 0, live
	}
	p.moved = map[*lua.LTable]*lua.LTable{}
	for i := range len(p.changes) {
		if c := p.changes[i]; c.added {
			p.meet(p.liveOf(c), c.key, c.value)
		}
	}
	s := settling{Passage: p, found: make([]bool, len(p.tables)), done: make([]bool, len(p.tables)), newer: map[*lua.LTable]bool{}}
	s.found[0] = true
	s.run()
	errs := s.name(p.copies[0])
	for i := range p.tables { // those that left the state meanwhile may still be held
		s.found[i] = true
	}
	s.again = 0
	s.run()
	for _, c := range p.changes {
		if now := c.table.RawGet(c.key); now != lua.LNil && c.added || now == c.value {
			continue
		}
		c.table.RawSet(c.key, c.value)
	}
	return errs
}

// liveOf is the live table a change was made to the copy of.
func (p *Passage) liveOf(c change) *lua.LTable {
	if c.table == p.copies[0] {
		return p.tables[0]
	}
	return c.of
}

// meet looks whether both generations have made a table for the same key, and takes
// them for one then: the next one's, with its entries as what it added.
func (p *Passage) meet(live *lua.LTable, key, value lua.LValue) {
	made, ok := value.(*lua.LTable)
	if !ok || p.copied[made] {
		return
	}
	newest, ok := live.RawGet(key).(*lua.LTable)
	if !ok || p.target(newest) != newest {
		return
	}
	p.moved[newest], p.copied[made] = made, true
	for k, v := made.Next(lua.LNil); k != lua.LNil; k, v = made.Next(k) {
		p.changes = append(p.changes, change{made, newest, entry{k, v}, true})
		p.meet(newest, k, v)
	}
}

// target is the table of the next generation that gets the contents of a live one;
// the live one itself when it has no other.
func (p *Passage) target(live *lua.LTable) *lua.LTable {
	if i, ok := p.index[live]; ok {
		return p.copies[i]
	}
	if t := p.moved[live]; t != nil {
		return t
	}
	return live
}

// find puts a live table among those to be moved over and returns its target.
func (s *settling) find(live *lua.LTable) *lua.LTable {
	if i, ok := s.index[live]; ok {
		if !s.found[i] {
			s.found[i] = true
			s.again = min(s.again, i)
		}
		return s.copies[i]
	}
	if !s.newer[live] {
		s.newer[live] = true
		s.queue = append(s.queue, live)
	}
	return s.target(live)
}

// run moves over what has been found, and what is found in that. It goes through the
// tables in the order in which they were read, which is most often that of memory.
func (s *settling) run() {
	for s.again < len(s.tables) || len(s.queue) > 0 {
		first := s.again
		s.again = len(s.tables)
		for i := first; i < len(s.tables); i++ {
			if s.found[i] && !s.done[i] {
				s.done[i] = true
				s.move(s.tables[i], s.copies[i])
			}
		}
		queue := s.queue
		s.queue = nil
		for _, live := range queue {
			s.move(live, s.target(live))
		}
	}
}

// move gives the contents of a live table to its target.
func (s *settling) move(live, to *lua.LTable) {
	live.ForEach(func(k, v lua.LValue) {
		nested, isTable := v.(*lua.LTable)
		switch {
		case !isKey(k) || !isValue(v):
			s.drop(live, to, entry{k, v})
		case isTable:
			if t := s.find(nested); t != nested {
				live.RawSet(k, t)
			}
		}
	})
	if live.Metatable != lua.LNil && (to == live || to.Metatable == lua.LNil) {
		s.lost = append(s.lost, lost{from: to})
	}
	if to == live {
		live.Metatable = lua.LNil
		return
	}
	meta := to.Metatable
	*to, *live = *live, lua.LTable{Metatable: lua.LNil}
	to.Metatable = meta
}

func (s *settling) drop(live, to *lua.LTable, e entry) {
	live.RawSet(e.key, lua.LNil)
	s.lost = append(s.lost, lost{to, e})
}

// name says what has been lost, with its path from the root.
func (s *settling) name(root *lua.LTable) (errs []error) {
	if len(s.lost) == 0 {
		return nil
	}
	places := map[*lua.LTable]*place{root: {}}
	queue := []*lua.LTable{root}
	for n := 0; n < len(queue); n++ {
		up := places[queue[n]]
		for k, v := queue[n].Next(lua.LNil); k != lua.LNil; k, v = queue[n].Next(k) {
			if t, ok := v.(*lua.LTable); ok && places[t] == nil {
				places[t] = &place{up, k}
				queue = append(queue, t)
			}
		}
	}
	for _, l := range s.lost {
		errs = append(errs, l.describe(places[l.from]))
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errs[:min(len(errs), maxNamed)]
}

func (l lost) describe(at *place) error {
	switch {
	case l.key == nil:
		return fmt.Errorf("%s: its metatable is not kept; the new version must set it", at)
	case !isKey(l.key):
		return fmt.Errorf("%s: a key is a %s and cannot be kept; keys must be strings, numbers or booleans", at, l.key.Type())
	}
	return fmt.Errorf("%s.%v: a %s cannot be kept; strings, numbers, booleans and tables of them can", at, l.key, l.value.Type())
}

// place is where a table is found in the state; the root has no key.
type place struct {
	up  *place
	key lua.LValue
}

// String gives the path from the root, or the end of a long one.
func (p *place) String() string {
	path := ""
	for range maxPath {
		if p.up == nil {
			return "show.state" + path
		}
		p, path = p.up, fmt.Sprintf(".%v%s", p.key, path)
	}
	if p.up == nil {
		return "show.state" + path
	}
	return "show.state.…" + path
}
