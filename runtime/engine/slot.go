package engine

import (
	"math"

	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// output is the slots of one output that is in use.
type output struct {
	slots []slot
	bytes []byte // what goes into the frame
	cells []cell // what other goroutines may read
}

// slot is one slot of an output: a channel of 8 bits, or one half of a
// channel of 16 bits, whose level is kept with its coarse half.
type slot struct {
	value  float64       // level, before clamping and the master
	effect int32         // number of the running effect, counted from 1; 0 for none
	scaled bool          // whether the master scales it
	fine   level.Address // its fine half, if it is the coarse half of 16 bits
	coarse level.Address // its coarse half, if it is the fine half of 16 bits
}

// slot returns the slot at a, which must have been opened.
func (e *Engine) slot(a level.Address) *slot {
	return &e.outputs[a.Output].slots[a.Slot-1]
}

// open makes sure that there is a slot at a. It reports false if the registry
// knows none.
func (e *Engine) open(a level.Address) bool {
	if a.Slot < 1 {
		return false
	}
	if int(a.Output) < len(e.outputs) && int(a.Slot) <= len(e.outputs[a.Output].slots) {
		return true
	}
	slots := e.registry.Slots(a.Output)
	if int(a.Slot) > slots {
		return false
	}
	for int(a.Output) >= len(e.outputs) {
		e.outputs = append(e.outputs, output{})
		e.frame.Levels = append(e.frame.Levels, nil)
	}
	o := &e.outputs[a.Output]
	o.slots = append(o.slots, make([]slot, slots-len(o.slots))...)
	o.bytes = append(o.bytes, make([]byte, slots-len(o.bytes))...)
	e.frame.Levels[a.Output] = o.bytes
	o.cells = e.reader.grow(a.Output, slots)
	return true
}

// openChannel makes sure that there are the slots of c.
func (e *Engine) openChannel(c patch.Channel) bool {
	return e.open(c.Coarse) && (c.Fine.IsZero() || c.Fine != c.Coarse && e.open(c.Fine))
}

// bind makes the slots of c one channel, of 8 or of 16 bits, and ends what ran
// on a slot that becomes its fine half. The slots must have been opened. The
// channel takes over the level that its slots show.
func (e *Engine) bind(c patch.Channel) {
	s := e.slot(c.Coarse)
	if !s.coarse.IsZero() {
		e.split(s.coarse)
	}
	if s.fine == c.Fine {
		return
	}
	if !s.fine.IsZero() {
		e.split(c.Coarse)
	}
	if c.Fine.IsZero() {
		return
	}
	f := e.slot(c.Fine)
	if !f.coarse.IsZero() {
		e.split(f.coarse)
	}
	if !f.fine.IsZero() {
		e.split(c.Fine)
	}
	e.end(c.Fine)
	if low := round8(f.value); low != 0 {
		s.value = (256*float64(round8(s.value)) + float64(low)) / 257
	}
	s.fine, f.coarse = c.Fine, c.Coarse
}

// split makes the channel of 16 bits at coarse two channels of 8 bits.
func (e *Engine) split(coarse level.Address) {
	s := e.slot(coarse)
	fine := s.fine
	f := e.slot(fine)
	f.value = float64(e.outputs[fine.Output].bytes[fine.Slot-1])
	f.coarse, s.fine = level.Address{}, level.Address{}
	e.write(coarse)
	e.write(fine)
}

// write brings the level of the channel at a, which is not a fine half, to
// the output: clamped, scaled by the master if that is its business, and
// rounded, halves up.
func (e *Engine) write(a level.Address) {
	o := &e.outputs[a.Output]
	s := &o.slots[a.Slot-1]
	value := min(max(s.value, 0), 255)
	out := value
	if s.scaled {
		out *= e.master.scale
	}
	o.cells[a.Slot-1].store(value, out)
	if s.fine.IsZero() {
		o.bytes[a.Slot-1] = round8(out)
		return
	}
	// 257 is 65535/255.
	word := uint16(math.Floor(out*257 + 0.5))
	o.bytes[a.Slot-1] = byte(word >> 8)
	f := &e.outputs[s.fine.Output]
	f.bytes[s.fine.Slot-1] = byte(word)
	f.cells[s.fine.Slot-1].store(float64(byte(word)), float64(byte(word)))
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
