package show

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"showrun/runtime/color"
	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// HeldLevel is a value that an operator holds above the script. It stays where it is when a
// reload brings other fixtures, and goes by what is there then.
type HeldLevel struct {
	Fixture string  // whole or part, as it was called last
	Channel string  // of the fixture, or intensity or color
	Value   float64 // 0-255; of a color its largest component
	Color   string  // "#rrggbb", of a color
	Gone    bool    // no fixture of the live load has it

	at []level.Address // that are held for it
}

// grasp is what of a fixture is held, and the levels it is to have.
type grasp struct {
	fixture patch.Fixture
	handle  patch.Handle
	levels  []float64 // as many as the handle has channels
}

// meant takes the name of fixtures and a channel of them apart. What is held is known by the
// name that it had.
func (b *Board) meant(text string) (fixture, channel string, err error) {
	for _, h := range b.Holds {
		switch {
		case text == h.Fixture:
			return h.Fixture, "", nil
		case text == h.Fixture+"."+h.Channel:
			return h.Fixture, h.Channel, nil
		}
	}
	if err := b.moves(text); err != nil {
		return "", "", err
	}
	_, fixture, channel, err = b.fixtures().Meant(text)
	return fixture, channel, err
}

// moves says that a name is that of machinery.
func (b *Board) moves(text string) error {
	for _, name := range b.Machinery {
		kind, _, _ := strings.Cut(name, " ")
		if text == name || text == kind {
			return fmt.Errorf("%s is machinery: only light can be held, and showrun ctl stop holds machinery", cut(text))
		}
	}
	return nil
}

// fixtures are what can be held.
func (b *Board) fixtures() *patch.Patch {
	if b.Patch == nil {
		return &patch.Patch{}
	}
	return b.Patch
}

// named are the fixtures of a name.
func (b *Board) named(name string) ([]patch.Fixture, error) {
	if list := b.fixtures().Named(name); list != nil {
		return list, nil
	}
	if err := b.moves(name); err != nil {
		return nil, err
	}
	return nil, b.fixtures().Unknown(name)
}

// checkHold completes a hold.
func (b *Board) checkHold(op Hold) (Operation, error) {
	op.Value = strings.TrimSpace(op.Value)
	grasps, err := b.grasps(op)
	if err != nil {
		return nil, err
	}
	op.Channel = grasps[0].handle.Name
	return op, nil
}

// checkUnhold has what is let go be of fixtures that there are, or of what is held.
func (b *Board) checkUnhold(op Unhold) (Operation, error) {
	known := func(h HeldLevel) bool {
		return h.Fixture == op.Fixture && (op.Channel == "" || op.Channel == h.Channel)
	}
	if op.Fixture == "" || slices.ContainsFunc(b.Holds, known) {
		return op, nil
	}
	fixtures, err := b.named(op.Fixture)
	if err != nil || op.Channel == "" {
		return op, err
	}
	handles, err := handlesOf(fixtures, op.Channel, false)
	if err == nil {
		op.Channel = handles[0].handle.Name
	}
	return op, err
}

// handlesOf finds something of those fixtures that have it, without levels. The error is
// that of the first fixture if none has.
func handlesOf(fixtures []patch.Fixture, name string, plain bool) (list []grasp, err error) {
	for _, f := range fixtures {
		h, failed := f.Handle(name, plain)
		if failed == nil {
			list = append(list, grasp{fixture: f, handle: h})
		} else if err == nil {
			err = failed
		}
	}
	if list != nil {
		err = nil
	}
	return list, err
}

// grasps reads what a hold takes hold of.
func (b *Board) grasps(op Hold) ([]grasp, error) {
	fixtures, err := b.named(op.Fixture)
	if err != nil {
		return nil, err
	}
	_, _, isLevel := number(op.Value)
	name := op.Channel
	switch {
	case name == "" && isLevel:
		name = "intensity"
	case name == "":
		name = "color"
	}
	list, err := handlesOf(fixtures, name, isLevel)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if err := list[i].read(op); err != nil {
			return nil, fmt.Errorf("%s.%s %w", list[i].fixture.Name, list[i].handle.Name, err)
		}
	}
	return list, nil
}

// number reads a number, or a percentage.
func number(text string) (n float64, percent, ok bool) {
	digits, percent := strings.CutSuffix(text, "%")
	n, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	return n, percent, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
}

// read reads the value that a handle is to have, as scripts do.
func (g *grasp) read(op Hold) error {
	if g.handle.Color {
		c, err := color.Parse(op.Value, patch.Closest)
		if err != nil && op.Channel == "" {
			return fmt.Errorf("must be a colour, or without a channel a level, got %q: %w", cut(op.Value), err)
		} else if err != nil {
			return fmt.Errorf("must be a colour such as \"#ff8800\" or \"tomato\", got %q: %w", cut(op.Value), err)
		}
		g.levels = []float64{c.R, c.G, c.B}
		return nil
	}
	p := g.fixture.Property(g.handle.Channels[0])
	l, err := levelOf(p, g.handle.Name, op.Value)
	for range g.handle.Channels {
		g.levels = append(g.levels, l)
	}
	return err
}

// levelOf reads a level of a channel: a number, which is an angle where the way is known, a
// percentage, or the name of what a part of it does.
func levelOf(p patch.Property, channel, text string) (float64, error) {
	n, percent, ok := number(text)
	switch half := math.Abs(p.Degrees) / 2; {
	case percent && ok && n >= 0 && n <= 100:
		return round(n * 2.55), nil
	case percent:
		return 0, fmt.Errorf("must be 0%%-100%%, got %q", cut(text))
	case !ok && len(p.Capabilities) > 0:
		l, err := p.Named(channel, cut(text))
		if err != nil {
			return 0, fmt.Errorf("cannot be %q: %w", cut(text), err)
		}
		return l, nil
	case p.Degrees != 0:
		if l, reached := p.Angle(n); ok && reached {
			return l, nil
		}
		return 0, fmt.Errorf("must be %g to %g degrees, or 0%%-100%%, got %q", -half, half, cut(text))
	case !ok || n < 0 || n > 255:
		return 0, fmt.Errorf("must be 0-255, or 0%%-100%%, got %q", cut(text))
	}
	return n, nil
}

// alone is the level that a hold is about, whatever it is called, or the first of a color;
// false for one of several or of part of a fixture, which others may have some of.
func (b *Board) alone(op Hold) (level.Address, bool) {
	list, err := b.grasps(op)
	if err != nil || len(list) != 1 {
		return level.Address{}, false
	}
	f, h := list[0].fixture, list[0].handle
	return h.Channels[0].Coarse, f.Of == "" && len(f.Parts) == 0 && (h.Color || len(h.Channels) == 1)
}

// lay holds what an operation that was checked says.
func (m *Machine) lay(at time.Duration, op Hold) {
	grasps, _ := m.Board().grasps(op)
	var commands []engine.Command
	owners := m.owners()
	for _, g := range grasps {
		h := HeldLevel{Fixture: g.fixture.Name, Channel: g.handle.Name, Value: slices.Max(g.levels)}
		if g.handle.Color {
			h.Color = color.RGB{R: g.levels[0], G: g.levels[1], B: g.levels[2]}.String()
		}
		for i, ch := range g.handle.Channels {
			h.at = append(h.at, ch.Coarse)
			commands = append(commands, engine.Hold{Channel: ch, To: g.levels[i]})
		}
		m.note(h, owners)
	}
	m.holds = slices.DeleteFunc(m.holds, func(h HeldLevel) bool { return len(h.at) == 0 })
	m.relit = true
	m.light(at, commands...)
}

// owners are the places in the list of what holds each address.
func (m *Machine) owners() map[level.Address]int {
	of := map[level.Address]int{}
	for i := range m.holds {
		for _, a := range m.holds[i].at {
			of[a] = i
		}
	}
	return of
}

// note puts a hold on the board: in the place of that of the same, and else last. What it
// takes of another is not that one's any more, which may be left with nothing.
func (m *Machine) note(h HeldLevel, owners map[level.Address]int) {
	if i, is := owners[h.at[0]]; is && slices.Equal(m.holds[i].at, h.at) {
		m.holds[i] = h
		return
	}
	for _, a := range h.at {
		if i, is := owners[a]; is {
			other := &m.holds[i]
			other.at = slices.DeleteFunc(slices.Clone(other.at), func(b level.Address) bool { return a == b })
		}
		owners[a] = len(m.holds)
	}
	m.holds = append(m.holds, h)
}

// forget takes addresses from what is held.
func (m *Machine) forget(taken map[level.Address]bool) {
	if !slices.ContainsFunc(m.holds, func(h HeldLevel) bool {
		return slices.ContainsFunc(h.at, func(a level.Address) bool { return taken[a] })
	}) {
		return
	}
	m.holds = slices.DeleteFunc(slices.Clone(m.holds), func(h HeldLevel) bool {
		return !slices.ContainsFunc(h.at, func(a level.Address) bool { return !taken[a] })
	})
	for i := range m.holds {
		m.holds[i].at = slices.DeleteFunc(slices.Clone(m.holds[i].at), func(a level.Address) bool { return taken[a] })
	}
}

// lift lets go of what an operation that was checked says.
func (m *Machine) lift(at time.Duration, op Unhold) {
	release := engine.Release{}
	if op.Fixture == "" {
		m.holds = nil
	} else {
		list := m.heldOf(op)
		if len(list) == 0 {
			return // of what is not held: a Release of nothing would be one of all
		}
		taken := map[level.Address]bool{}
		for _, a := range list {
			release.Channels = append(release.Channels, patch.Channel{Coarse: a})
			taken[a] = true
		}
		m.forget(taken)
	}
	m.relit = true
	m.light(at, release)
}

// heldOf lists the addresses at which something of a name is held.
func (m *Machine) heldOf(op Unhold) (list []level.Address) {
	own := map[level.Address]bool{}
	for _, f := range m.Board().fixtures().Named(op.Fixture) {
		for _, a := range addresses(f, op.Channel) {
			own[a] = true
		}
	}
	for _, h := range m.holds {
		named := h.Fixture == op.Fixture && (op.Channel == "" || op.Channel == h.Channel)
		for _, a := range h.at {
			if named || own[a] {
				list = append(list, a)
			}
		}
	}
	return list
}

// addresses are all at which a fixture and its parts can be held, or those of a channel.
func addresses(f patch.Fixture, channel string) (list []level.Address) {
	for _, f := range append([]patch.Fixture{f}, f.Parts...) {
		for _, h := range f.Handles() {
			if channel != "" && h.Name != channel {
				continue
			}
			for _, ch := range h.Channels {
				list = append(list, ch.Coarse)
			}
		}
		if channel != "" {
			return list
		}
	}
	return list
}

// callHolds has what is held go by the names of a patch: that of what lies where it is.
func (m *Machine) callHolds(p *patch.Patch) {
	if len(m.holds) == 0 {
		return
	}
	m.relit = true
	m.holds = slices.Clone(m.holds)
	there := map[level.Address][]grasp{} // by where they begin
	for _, f := range p.Fixtures() {
		for _, f := range append([]patch.Fixture{f}, f.Parts...) {
			for _, x := range f.Handles() {
				at := x.Channels[0].Coarse
				there[at] = append(there[at], grasp{fixture: f, handle: x})
			}
		}
	}
	for i := range m.holds {
		h := &m.holds[i]
		best, was := 0, *h
		for _, g := range there[h.at[0]] {
			if like := was.like(g.fixture.Name, g.handle); like > best {
				best, h.Fixture, h.Channel = like, g.fixture.Name, g.handle.Name
			}
		}
		h.Gone = best == 0
	}
}

// like is how well a handle fits what is held: not at all if it is for other levels, and
// best if it is called the same.
func (h *HeldLevel) like(fixture string, x patch.Handle) int {
	same := func(a level.Address, ch patch.Channel) bool { return a == ch.Coarse }
	switch {
	case !slices.EqualFunc(h.at, x.Channels, same):
		return 0
	case h.Fixture == fixture && h.Channel == x.Name:
		return 3
	case h.Channel == x.Name:
		return 2
	}
	return 1
}

// heldBy lists what an engine holds, called by where it is.
func heldBy(e *engine.Engine, r *level.Registry) (list []HeldLevel) {
	var c color.RGB // that is put together
	for _, x := range e.Holds() {
		a, l := x.Channel.Coarse, round(x.To)
		h := HeldLevel{Channel: "level", Value: l, Gone: true, at: []level.Address{a}}
		slot := a
		if a.Output.IsAttribute() {
			slot, h.Channel = a.Fixture(), "intensity"
		}
		h.Fixture = fmt.Sprintf("slot %d of %s", slot.Slot, r.Key(slot.Output))
		switch red := slot.Attribute(2); {
		case !a.Output.IsAttribute() || a.Slot < red.Slot:
			list = append(list, h)
			continue
		case len(list) > 0 && list[len(list)-1].at[0] == red: // green and blue
			last := &list[len(list)-1]
			last.at = append(last.at, a)
		default:
			c, h.Channel = color.RGB{}, "color"
			list = append(list, h)
		}
		last := &list[len(list)-1]
		*[]*float64{&c.R, &c.G, &c.B}[a.Slot-slot.Attribute(2).Slot] = l
		last.Value, last.Color = c.Max(), c.String()
	}
	return list
}

// Text is the value as people write it.
func (h *HeldLevel) Text() string {
	return cmp.Or(h.Color, strconv.FormatFloat(h.Value, 'g', -1, 64))
}

// Names lists what can be held: fixtures, their parts, and groups.
func (b *Board) Names() (names []string) {
	for _, f := range b.fixtures().Fixtures() {
		names = append(names, f.Name)
		for _, part := range f.Parts {
			names = append(names, part.Name)
		}
	}
	for _, g := range b.fixtures().Groups() {
		names = append(names, g.Name)
	}
	return names
}
