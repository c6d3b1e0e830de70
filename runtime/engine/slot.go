package engine

import (
	"bytes"
	"math"
	"time"

	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// longAgo is when an output changed that never did.
const longAgo = time.Duration(-1 << 60)

// A bank is the slots of one output that is in use.
type bank struct {
	slots []slot
	bytes []byte // what the slots are at
	shown []byte // what frames show of it: bytes, as of the last frame it took part in
	dirty bool   // whether bytes were written to since
	cells []cell // what other goroutines may read

	attributes []slot  // of the fixtures on the output; none before the first is used
	told       []cell  // what other goroutines may read of them
	mixers     []int32 // by the first slot of a fixture: the number of its mixer, from 1

	makers, attributeMakers []int32 // the number of the origin of each slot and attribute, 0 for none

	scaled []int32 // the slots that the master scales, as coarse ones
	scale  float64 // by what

	changed time.Duration // the instant of the last frame in which shown was another
	// While a frame is made: whether shown may change in it and no batch before
	// has to wait for that, and whether the bank takes part in the frame.
	open, part bool
	// wait is, for wake, from when on the next batch can change it.
	wait time.Duration
}

// slot is one slot of an output: a channel of 8 bits, or one half of a
// channel of 16 bits, whose level is kept with its coarse half.
type slot struct {
	value  float64 // level, before clamping and the master
	effect int32   // number of the running effect, counted from 1, or of the mixer, from -1 down; 0 for none
	fine   int32   // the slot of its fine half, if it is the coarse half of 16 bits; else 0
	coarse int32   // the slot of its coarse half, if it is the fine half of 16 bits; else 0
	scaled bool    // whether the master scales it
	held   bool    // whether a hold lies above it
}

// slot returns the slot at a, which must have been opened.
func (e *Engine) slot(a level.Address) *slot {
	if a.Output.IsAttribute() {
		return &e.banks[a.Output.Real()].attributes[a.Slot-1]
	}
	return &e.banks[a.Output].slots[a.Slot-1]
}

// known reports whether the slot at a has been opened.
func (e *Engine) known(a level.Address) bool {
	o := a.Output.Real()
	if a.Slot < 1 || int(o) >= len(e.banks) {
		return false
	}
	slots := e.banks[o].slots
	if a.Output.IsAttribute() {
		slots = e.banks[o].attributes
	}
	return int(a.Slot) <= len(slots)
}

// open makes sure that there is a slot at a. It reports false if the registry
// knows none.
func (e *Engine) open(a level.Address) bool {
	if e.known(a) {
		return true
	}
	o := a.Output.Real()
	slots := e.registry.Slots(o)
	has := slots
	if a.Output.IsAttribute() {
		has = level.Attributes(slots)
	}
	if a.Slot < 1 || int(a.Slot) > has {
		return false
	}
	if int(o) >= len(e.banks) || len(e.banks[o].slots) < slots {
		e.grow(o, slots)
	}
	if a.Output.IsAttribute() {
		e.growAttributes(o)
	}
	return true
}

// grow takes an output into use with so many slots, more than it has.
func (e *Engine) grow(o level.Output, slots int) {
	for int(o) >= len(e.banks) {
		e.banks = append(e.banks, bank{scale: e.master.scale, changed: longAgo, open: true, part: e.whole})
		e.frame.Levels = append(e.frame.Levels, nil)
	}
	b := &e.banks[o]
	b.slots = append(b.slots, make([]slot, slots-len(b.slots))...)
	b.bytes = append(b.bytes, make([]byte, slots-len(b.bytes))...)
	b.shown = append(b.shown, make([]byte, slots-len(b.shown))...)
	b.makers = append(b.makers, make([]int32, slots-len(b.makers))...)
	e.frame.Levels[o] = b.shown
	b.cells = e.reader.grow(o, slots)
}

// growAttributes gives an output in use attributes for all its slots.
func (e *Engine) growAttributes(o level.Output) {
	b := &e.banks[o]
	b.attributes = append(b.attributes, make([]slot, level.Attributes(len(b.slots))-len(b.attributes))...)
	b.attributeMakers = append(b.attributeMakers, make([]int32, len(b.attributes)-len(b.attributeMakers))...)
	b.mixers = append(b.mixers, make([]int32, len(b.slots)-len(b.mixers))...)
	b.told = e.reader.grow(level.Address{Output: o}.Attribute(1).Output, len(b.attributes))
}

// openChannel makes sure that there are the slots of c, on one output: what
// appears together is on one.
func (e *Engine) openChannel(c patch.Channel) bool {
	return e.open(c.Coarse) &&
		(c.Fine.IsZero() || !c.Fine.Output.IsAttribute() && c.Fine.Output == c.Coarse.Output && c.Fine != c.Coarse && e.open(c.Fine))
}

// bind makes the slots of c one channel, of 8 or of 16 bits, and ends what ran
// on a slot that becomes its fine half. The slots must have been opened. The
// channel takes over the level that its slots show.
func (e *Engine) bind(c patch.Channel) {
	o := c.Coarse.Output
	s := e.slot(c.Coarse)
	if s.coarse != 0 {
		e.split(level.Address{Output: o, Slot: s.coarse})
	}
	if s.fine == c.Fine.Slot {
		return
	}
	if s.fine != 0 {
		e.split(c.Coarse)
	}
	if c.Fine.IsZero() {
		return
	}
	f := e.slot(c.Fine)
	if f.coarse != 0 {
		e.split(level.Address{Output: o, Slot: f.coarse})
	}
	if f.fine != 0 {
		e.split(c.Fine)
	}
	e.end(c.Fine)
	if low := round8(f.value); low != 0 {
		s.value = (256*float64(round8(s.value)) + float64(low)) / 257
	}
	if s.effect < 0 {
		e.touch(&e.mixers[-s.effect-1]) // which knows better what the level is
	}
	s.fine, f.coarse = c.Fine.Slot, c.Coarse.Slot
}

// split makes the channel of 16 bits at coarse two channels of 8 bits.
func (e *Engine) split(coarse level.Address) {
	s := e.slot(coarse)
	fine := level.Address{Output: coarse.Output, Slot: s.fine}
	f := e.slot(fine)
	f.value = float64(e.banks[fine.Output].bytes[fine.Slot-1])
	f.coarse, s.fine = 0, 0
	e.write(coarse)
	e.write(fine)
}

// write brings the level of the channel at a, which is not a fine half, to
// the output: what is held above it if anything is, clamped, scaled by the master if that
// is its business, and rounded, halves up. The level of an attribute goes to its mixer.
func (e *Engine) write(a level.Address) {
	if a.Output.IsAttribute() {
		e.tell(a)
		return
	}
	b := &e.banks[a.Output]
	s := &b.slots[a.Slot-1]
	value := s.value
	if s.held {
		value = e.above(a, value)
	}
	value = min(max(value, 0), 255)
	out := value
	if s.scaled {
		out *= b.scale
	}
	b.dirty = true
	b.cells[a.Slot-1].store(value, out)
	if s.fine == 0 {
		b.bytes[a.Slot-1] = round8(out)
		return
	}
	// 257 is 65535/255.
	word := uint16(math.Floor(out*257 + 0.5))
	b.bytes[a.Slot-1] = byte(word >> 8)
	b.bytes[s.fine-1] = byte(word)
	b.cells[s.fine-1].store(float64(byte(word)), float64(byte(word)))
}

// rewrite writes the channel at a once more, if it is a channel and not the
// fine half of one.
func (e *Engine) rewrite(a level.Address) {
	if e.slot(a).coarse == 0 {
		e.write(a)
	}
}

// show brings what was written to the frame of the instant at.
func (b *bank) show(at time.Duration) {
	if b.dirty && !bytes.Equal(b.shown, b.bytes) {
		copy(b.shown, b.bytes)
		b.changed = at
	}
	b.dirty = false
}

// round8 returns the byte for a level.
func round8(v float64) byte {
	return byte(math.Floor(min(max(v, 0), 255) + 0.5))
}

// finite returns the level v as the engine can calculate with it: NaN is 0,
// and nothing lies further out than a million.
func finite(v float64) float64 {
	const limit = 1e6
	if v != v {
		return 0
	}
	return min(max(v, -limit), limit)
}
