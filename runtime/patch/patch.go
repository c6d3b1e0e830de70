// Package patch says which slots the fixtures of a show occupy.
//
// A Fixture is a name and a list of channels, each with its address on an
// output: one slot, or two for 16 bits. A Patch is all fixtures and groups of
// one generation of a show. Fixtures, groups and patches are values that are
// never changed after they are made: whoever gets one reads its slices only.
package patch

import (
	"errors"
	"fmt"
	"slices"

	"showrun/runtime/level"
)

// A Group is a named list of fixtures, in the order the show gave.
type Group struct {
	Name     string
	Fixtures []Fixture
}

// A Patch is the fixtures and groups of a show. It is safe from any goroutine.
type Patch struct {
	fixtures []Fixture
	groups   []Group
	names    map[string]place
}

// place is where a name is found: an index into fixtures, or into groups.
type place struct {
	index int
	group bool
}

// Fixture returns the fixture called name.
func (p *Patch) Fixture(name string) (Fixture, bool) {
	at, ok := p.names[name]
	if !ok || at.group {
		return Fixture{}, false
	}
	return p.fixtures[at.index], true
}

// Group returns the group called name.
func (p *Patch) Group(name string) (Group, bool) {
	at, ok := p.names[name]
	if !ok || !at.group {
		return Group{}, false
	}
	return p.groups[at.index], true
}

// Fixtures returns all fixtures in the order they were added.
func (p *Patch) Fixtures() []Fixture {
	return p.fixtures
}

// Groups returns all groups in the order they were added.
func (p *Patch) Groups() []Group {
	return p.groups
}

// At returns the fixture and the channel whose slot an address is, if it is any.
func (p *Patch) At(at level.Address) (Fixture, Channel, bool) {
	for _, f := range p.fixtures {
		for _, c := range f.Channels {
			if c.Coarse == at || c.Fine == at {
				return f, c, true
			}
		}
	}
	return Fixture{}, Channel{}, false
}

// Intensity returns the channels of all fixtures that the stage's master
// scales.
func (p *Patch) Intensity() []Channel {
	var all []Channel
	for _, f := range p.fixtures {
		all = append(all, f.Intensity...)
	}
	return all
}

// Mixes returns how the attributes of all fixtures and their parts become levels.
func (p *Patch) Mixes() []Mix {
	var all []Mix
	for _, f := range p.fixtures {
		for _, f := range append([]Fixture{f}, f.Parts...) {
			if f.Mix != nil {
				all = append(all, *f.Mix)
			}
		}
	}
	return all
}

// A Builder collects a patch and refuses what does not fit. The zero Builder
// is empty and ready. It is for one goroutine.
type Builder struct {
	patch Patch
	// taken maps a slot to the index of the fixture that occupies it.
	taken map[level.Address]int
}

// Fixture adds a fixture. Its name must be new among fixtures and groups, and
// its slots free; otherwise nothing is added.
func (b *Builder) Fixture(f Fixture) error {
	if err := b.newName(f.Name); err != nil {
		return fmt.Errorf("fixture %q: %w", f.Name, err)
	}
	for slot := f.At; slot.Slot <= f.Last().Slot; slot.Slot++ {
		if other, ok := b.taken[slot]; ok {
			return overlap(f, b.patch.fixtures[other])
		}
	}
	if b.taken == nil {
		b.taken = make(map[level.Address]int)
	}
	index := len(b.patch.fixtures)
	for slot := f.At; slot.Slot <= f.Last().Slot; slot.Slot++ {
		b.taken[slot] = index
	}
	b.patch.fixtures = append(b.patch.fixtures, f)
	b.name(f.Name, place{index: index})
	return nil
}

// Group adds a group of fixtures and parts, given by name. Its own name must be new
// among fixtures and groups; a fixture may be in any number of groups, but
// only once in each.
func (b *Builder) Group(name string, members ...string) error {
	if err := b.newName(name); err != nil {
		return fmt.Errorf("group %q: %w", name, err)
	}
	g := Group{Name: name}
	for i, member := range members {
		at, ok := b.patch.names[member]
		part := b.patch.Named(member)
		switch {
		case !ok && part != nil:
			g.Fixtures = append(g.Fixtures, part...)
			continue
		case !ok:
			return fmt.Errorf("group %q: no fixture is called %q%s", name, member, didYouMean(member, b.fixtureNames()))
		case at.group:
			return fmt.Errorf("group %q: %q is a group, expected a fixture", name, member)
		case slices.Contains(members[:i], member):
			return fmt.Errorf("group %q: fixture %q is named twice", name, member)
		}
		g.Fixtures = append(g.Fixtures, b.patch.fixtures[at.index])
	}
	b.patch.groups = append(b.patch.groups, g)
	b.name(name, place{index: len(b.patch.groups) - 1, group: true})
	return nil
}

// Build returns the patch and leaves the builder empty.
func (b *Builder) Build() *Patch {
	p := b.patch
	*b = Builder{}
	return &p
}

func (b *Builder) name(name string, at place) {
	if b.patch.names == nil {
		b.patch.names = make(map[string]place)
	}
	b.patch.names[name] = at
}

func (b *Builder) newName(name string) error {
	if name == "" {
		return errors.New("a name is needed")
	}
	if at, ok := b.patch.names[name]; ok {
		kind := "fixture"
		if at.group {
			kind = "group"
		}
		return fmt.Errorf("the name is taken by a %s", kind)
	}
	return nil
}

func (b *Builder) fixtureNames() []string {
	names := make([]string, len(b.patch.fixtures))
	for i, f := range b.patch.fixtures {
		names[i] = f.Name
	}
	return names
}

// overlap says how two fixtures share slots of one output.
func overlap(f, other Fixture) error {
	from := max(f.At.Slot, other.At.Slot)
	to := min(f.Last().Slot, other.Last().Slot)
	return fmt.Errorf("fixture %q (%s) overlaps fixture %q (%s) at %s",
		f.Name, slotRange(f.At.Slot, f.Last().Slot),
		other.Name, slotRange(other.At.Slot, other.Last().Slot),
		slotRange(from, to))
}

func slotRange(from, to int32) string {
	if from == to {
		return fmt.Sprintf("slot %d", from)
	}
	return fmt.Sprintf("slots %d-%d", from, to)
}
