package engine

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// A Snapshot is all that an engine knows at one moment: a plain value that shares
// nothing with it that changes. It can be encoded by encoding/gob, once the types of commands
// and of the messages in orders are registered there. An engine restored from it,
// in this process or another, goes on with the same frames and orders.
type Snapshot struct {
	// Banks are the outputs of the registry. The number of an output in all
	// addresses here is its place in this list.
	Banks    []BankState
	Schedule schedule
	// At is the instant of the last frame; Lead, Raised and Passed are as in
	// Engine.
	At, Lead, Raised, Passed time.Duration
	Course                   beat.Course
	Turned                   time.Duration
	Pulse                    pulse
	Grand, Dark              fader
	Scale                    float64
	Makers                   [2]int32 // of Grand and Dark
	Origins                  []Origin // by number, from 1, as others have it here
	Mixers                   []mixer
	Holds                    []hold
	Effects                  []running
	Runs                     []run
	Queue                    []queued // in the order of execution
	Seq                      uint64   // of the batch submitted last
	Stats                    Stats
}

// Values has a value of each type of command that may wait in a Snapshot.
func Values() []any {
	return []any{
		Source{}, Set{}, Fade{}, Stop{}, Path{}, Wave{}, FadeColor{}, WaveColor{}, SetColors{}, Attributes{}, Hold{}, Release{},
		Use{}, Intensity{}, Master{}, Blackout{},
	}
}

// Master is where the grand master is or goes, 0-255, and whether there is a blackout.
func (s *Snapshot) Master() (level float64, dark bool) {
	return s.Grand.goal() * 255, s.Dark.goal() > 0
}

// BankState is one output in a Snapshot.
type BankState struct {
	Key   string
	Slots int // as the registry has it
	// Levels has the slots in use, before clamping and the master; it is empty
	// if the output is not in use.
	Levels []float64
	// Attributes are those of the fixtures on it; empty if none is used.
	Attributes []float64
	// Pairs has the slots of each channel of 16 bits, the coarse one first.
	Pairs [][2]int32
	// Scaled are the slots that the master scales, and Scale is by what.
	Scaled []int32
	Scale  float64
	// Makers and AttributeMakers are the numbers of the origins of levels, 0 for none.
	Makers, AttributeMakers []int32
	// Shown is what the last frame showed, and Changed its instant or that of
	// an earlier one since which it is the same.
	Shown   []byte
	Changed time.Duration
}

// running is an effect in a Snapshot.
type running struct {
	Effect effect
	Run    int // of a path: the number of its run, from 1; else 0
}

// Snapshot returns all that the engine knows.
func (e *Engine) Snapshot() (s Snapshot) {
	e.SnapshotInto(&s)
	return s
}

// SnapshotInto makes s a snapshot and reuses the memory that it has, as long as nobody
// else has parts of it.
func (e *Engine) SnapshotInto(s *Snapshot) {
	e.snapshots++
	clear(s.Runs) // so that nothing is kept that has ended
	clear(s.Queue)
	*s = Snapshot{
		Schedule: e.schedule,
		At:       e.frame.At, Lead: e.lead, Raised: e.raised, Passed: e.passed,
		Course: append(s.Course[:0], e.course...), Turned: e.turned, Pulse: e.pulse,
		Grand: e.master.grand, Dark: e.master.dark, Scale: e.master.scale, Makers: e.master.makers,
		Origins: append(s.Origins[:0], e.origins.list...),
		Seq:     e.queue.seq,
		Stats:   e.Stats(),

		Banks:   resize(s.Banks, e.registry.Len()),
		Mixers:  resize(s.Mixers, len(e.mixers)),
		Holds:   append(s.Holds[:0], e.holds.list...),
		Effects: resize(s.Effects, len(e.effects)),
		Runs:    s.Runs[:0],
		Queue:   resize(s.Queue, len(e.queue.list)),
	}
	for i := range s.Banks {
		o, to := level.Output(i), &s.Banks[i]
		to.Key, to.Slots = e.registry.Key(o), e.registry.Slots(o)
		if i < len(e.banks) {
			e.banks[i].save(to)
		} else {
			*to = BankState{Key: to.Key, Slots: to.Slots} // not in use
		}
	}
	for i := range e.mixers {
		e.mixers[i].save(&s.Mixers[i])
	}
	for i := range e.effects {
		to := &s.Effects[i]
		to.Effect, to.Run = e.effects[i], 0
		if r := to.Effect.run; r != nil {
			to.Effect.run, to.Run = nil, e.number(r, s)
		}
	}
	for i, b := range e.queue.list {
		s.Queue[i] = *b // what it lists is never changed
	}
}

// DropOrders takes out the orders that wait: what goes on from the snapshot tells devices
// nothing of what was before.
func (s *Snapshot) DropOrders() {
	for i := range s.Queue {
		s.Queue[i].Orders = nil
	}
}

// resize returns a slice of n elements in the memory of list, if there is enough. What
// is in them is left over.
func resize[E any](list []E, n int) []E {
	return slices.Grow(list[:0], n)[:n]
}

// number returns the number of a run in the snapshot that is made, from 1.
func (e *Engine) number(r *run, s *Snapshot) int {
	if r.snapshot != e.snapshots {
		s.Runs = append(s.Runs, run{Timer: r.Timer, Path: r.Path, Start: r.Start, Shade: r.Shade})
		r.snapshot, r.number = e.snapshots, len(s.Runs)
	}
	return r.number
}

func (b *bank) save(to *BankState) {
	to.Levels, to.Pairs = resize(to.Levels, len(b.slots)), to.Pairs[:0]
	for i := range b.slots {
		s := &b.slots[i]
		to.Levels[i] = s.value
		if s.fine != 0 {
			to.Pairs = append(to.Pairs, [2]int32{int32(i) + 1, s.fine})
		}
	}
	to.Attributes = resize(to.Attributes, len(b.attributes))
	for i := range b.attributes {
		to.Attributes[i] = b.attributes[i].value
	}
	to.Makers, to.AttributeMakers = append(to.Makers[:0], b.makers...), append(to.AttributeMakers[:0], b.attributeMakers...)
	to.Scaled, to.Scale = append(to.Scaled[:0], b.scaled...), b.scale
	to.Shown, to.Changed = append(to.Shown[:0], b.shown...), b.changed
}

// Restore returns an engine that goes on from a snapshot. Outputs get the numbers
// that c.Registry has for their keys. With another rate than before, which is kept
// if c has none, the grid begins anew at the last frame; c.Start has no say.
func Restore(c Config, s Snapshot) (*Engine, error) {
	if c.Rate == 0 {
		c.Rate = int(s.Schedule.Rate)
	}
	if c.Rate < 1 || c.Rate > MaxRate {
		return nil, fmt.Errorf("engine: restore: rate must be 1-%d Hz, got %d", MaxRate, c.Rate)
	}
	e := New(c)
	s.Schedule.setRate(c.Rate)
	e.schedule, e.frame.At = s.Schedule, s.At
	e.lead, e.raised, e.passed = s.Lead, s.Raised, s.Passed
	e.course, e.turned, e.pulse = slices.Clone(s.Course), s.Turned, s.Pulse
	e.master = master{grand: s.Grand, dark: s.Dark, scale: s.Scale, makers: s.Makers}
	e.stats = s.Stats
	e.stats.Origins = maps.Clone(s.Stats.Origins)
	numbers, err := e.restoreBanks(s.Banks)
	if err == nil {
		err = e.restoreMixers(s.Mixers, numbers)
	}
	if err == nil {
		err = e.restoreEffects(s.Effects, s.Runs, numbers)
	}
	if err == nil {
		err = e.restoreHolds(s.Holds, numbers)
	}
	e.restoreOrigins(s.Origins)
	if err == nil {
		err = e.restoreQueue(s, numbers)
	}
	if err != nil {
		return nil, fmt.Errorf("engine: restore: %w", err)
	}
	return e, nil
}

// Skip lets frames go on at an instant to come, after a pause in which nobody has waited for
// any: none is left out, and what is counted begins anew.
func (e *Engine) Skip(to time.Duration) {
	e.schedule = newSchedule(int(e.schedule.Rate), to)
	e.stats = Stats{}
}

// renumbering has the number of each output of a snapshot.
type renumbering []level.Output

// nowhere is the number of no output.
const nowhere = level.Output(math.MaxInt32)

// output returns the number of the output that was o, one that does not exist if
// that did not.
func (n renumbering) output(o level.Output) level.Output {
	if int(o) < len(n) {
		return n[o]
	}
	return nowhere
}

func (n renumbering) address(a level.Address) level.Address {
	if a.IsZero() {
		return a
	}
	return a.On(n.output(a.Output.Real()))
}

func (n renumbering) channel(c patch.Channel) patch.Channel {
	c.Coarse, c.Fine = n.address(c.Coarse), n.address(c.Fine)
	return c
}

func (n renumbering) channels(from []patch.Channel) []patch.Channel {
	to := make([]patch.Channel, len(from))
	for i, c := range from {
		to[i] = n.channel(c)
	}
	return to
}

func (n renumbering) mix(m patch.Mix) patch.Mix {
	m.At, m.Channels = n.address(m.At), n.channels(m.Channels)
	return m
}

// command returns the command with the addresses it has here.
func (n renumbering) command(command Command) Command {
	switch c := command.(type) {
	case Set:
		c.Channel = n.channel(c.Channel)
		return c
	case Fade:
		c.Channel = n.channel(c.Channel)
		return c
	case Stop:
		c.Channel = n.channel(c.Channel)
		return c
	case Wave:
		c.Channel = n.channel(c.Channel)
		return c
	case Path:
		c.Channels = n.channels(c.Channels)
		return c
	case FadeColor:
		c.At = n.address(c.At)
		return c
	case WaveColor:
		c.At = n.address(c.At)
		return c
	case SetColors:
		c.At = slices.Clone(c.At)
		for i := range c.At {
			c.At[i] = n.address(c.At[i])
		}
		return c
	case Attributes:
		c.Mixes = slices.Clone(c.Mixes)
		for i := range c.Mixes {
			c.Mixes[i] = n.mix(c.Mixes[i])
		}
		return c
	case Hold:
		c.Channel = n.channel(c.Channel)
		return c
	case Release:
		c.Channels = n.channels(c.Channels)
		return c
	case Intensity:
		c.Channels = n.channels(c.Channels)
		return c
	}
	return command
}

// restoreBanks registers the outputs and brings those in use to their levels.
func (e *Engine) restoreBanks(banks []BankState) (renumbering, error) {
	var numbers renumbering
	for _, from := range banks {
		if from.Slots < 1 || len(from.Levels) > from.Slots || len(from.Shown) != len(from.Levels) {
			return nil, fmt.Errorf("output %q has %d slots, %d levels and shows %d", from.Key, from.Slots, len(from.Levels), len(from.Shown))
		}
		o := e.registry.Output(from.Key, from.Slots)
		numbers = append(numbers, o)
		if len(from.Levels) == 0 {
			continue
		}
		if int(o) < len(e.banks) && e.banks[o].slots != nil {
			return nil, fmt.Errorf("output %q is there twice", from.Key)
		}
		e.grow(o, len(from.Levels))
		if err := e.restoreBank(o, from); err != nil {
			return nil, fmt.Errorf("output %q: %w", from.Key, err)
		}
	}
	return numbers, nil
}

func (e *Engine) restoreBank(o level.Output, from BankState) error {
	b := &e.banks[o]
	has := func(slot int32) bool { return slot >= 1 && int(slot) <= len(from.Levels) }
	copy(b.shown, from.Shown)
	b.changed, b.scale = from.Changed, from.Scale
	for i, v := range from.Levels {
		b.slots[i].value = v
	}
	copy(b.makers, from.Makers)
	for _, p := range from.Pairs {
		if !has(p[0]) || !has(p[1]) || p[0] == p[1] || b.slots[p[0]-1].fine != 0 || b.slots[p[1]-1].coarse != 0 {
			return fmt.Errorf("the channel of 16 bits on slots %d and %d does not fit", p[0], p[1])
		}
		b.slots[p[0]-1].fine, b.slots[p[1]-1].coarse = p[1], p[0]
	}
	for _, slot := range from.Scaled {
		if !has(slot) {
			return fmt.Errorf("the master scales slot %d", slot)
		}
		b.slots[slot-1].scaled = true
	}
	b.scaled = slices.Clone(from.Scaled)
	if len(from.Attributes) > level.Attributes(len(from.Levels)) {
		return fmt.Errorf("%d attributes are more than %d slots have", len(from.Attributes), len(from.Levels))
	}
	if len(from.Attributes) > 0 {
		e.growAttributes(o)
		copy(b.attributeMakers, from.AttributeMakers)
		for i, v := range from.Attributes {
			a := level.Address{Output: o, Slot: 1}.Attribute(int32(i) + 1)
			e.slot(a).value = v
			e.tell(a)
		}
	}
	for i := range from.Levels {
		e.rewrite(level.Address{Output: o, Slot: int32(i) + 1})
	}
	return nil
}

func (e *Engine) restoreEffects(effects []running, runs []run, numbers renumbering) error {
	runs = slices.Clone(runs)
	for i, saved := range effects {
		x := saved.Effect
		x.At = numbers.address(x.At)
		if !e.known(x.At) {
			return fmt.Errorf("effect %d runs on slot %d of an output that has none", i+1, x.At.Slot)
		}
		if x.Kind == following {
			if saved.Run < 1 || saved.Run > len(runs) {
				return fmt.Errorf("effect %d follows path %d of %d", i+1, saved.Run, len(runs))
			}
			x.run = &runs[saved.Run-1]
			if n := x.run.columns(); x.Column < 0 || x.Column >= n || x.run.Shade.Kind == still && len(x.run.Start) != n {
				return fmt.Errorf("effect %d is column %d of a path of %d, with %d levels to start from", i+1, x.Column+1, n, len(x.run.Start))
			}
		}
		if e.slot(x.At).effect != 0 {
			return errors.New("two effects run on one slot")
		}
		e.run(x)
	}
	return nil
}

func (e *Engine) restoreQueue(s Snapshot, numbers renumbering) error {
	for _, b := range s.Queue {
		if len(e.queue.list) >= maxQueuedBatches || b.size() > maxQueuedCommands-e.queue.commands {
			return errors.New("more batches or commands wait than there is room for")
		}
		b.Commands, b.Orders, b.Outputs = slices.Clone(b.Commands), slices.Clone(b.Orders), slices.Clone(b.Outputs)
		for i, c := range b.Commands {
			b.Commands[i] = numbers.command(c)
		}
		for i, o := range b.Outputs {
			b.Outputs[i] = numbers.output(o)
		}
		e.queue.put(&b)
	}
	e.queue.seq = s.Seq
	return nil
}
