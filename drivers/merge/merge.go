// Package merge combines what several sources say of one universe, slot by slot: the
// highest priority wins, and equal priorities give the highest level (HTP). When a source
// counts is for the protocol to say.
package merge

// Slots is the size of a universe.
const Slots = 512

// MaxPriority is the highest legal priority; values above are clamped.
const MaxPriority = 200

// A Frame is what a source says: levels of the first N slots, and priorities. A source
// with the priority 0 does not drive the slot.
type Frame struct {
	N        int
	Levels   [Slots]byte
	Priority [Slots]byte
	Wins     int // slots of the output that are its own, since the last Merge
}

// SetPriority lays priorities out over all slots: one value counts for all, and after a
// list the rest is 0. It returns how many values were too high.
func (f *Frame) SetPriority(p ...byte) (clamped uint64) {
	rest := byte(0)
	if len(p) == 1 {
		rest = min(p[0], MaxPriority)
	}
	for i := range f.Priority {
		f.Priority[i] = rest
		if i < len(p) {
			f.Priority[i] = min(p[i], MaxPriority)
		}
	}
	for _, v := range p {
		if v > MaxPriority {
			clamped++
		}
	}
	return clamped
}

// An Output is the result of a merge.
type Output struct {
	levels [Slots]byte
	driven [Slots]bool
	slots  int // up to the last one any source sends
}

// Merge computes the output of some sources, and tells whether it is another than before.
func (o *Output) Merge(frames []*Frame) (changed bool) {
	before := *o
	*o = Output{}
	var top [Slots]byte
	for _, f := range frames {
		o.slots = max(o.slots, f.N)
		for i := range f.N {
			p, v := f.Priority[i], f.Levels[i]
			if p == 0 || p < top[i] {
				continue
			}
			o.driven[i] = true
			if p > top[i] || v > o.levels[i] {
				top[i], o.levels[i] = p, v
			}
		}
	}
	for _, f := range frames {
		f.Wins = 0
		for i := range f.N {
			if o.driven[i] && f.Priority[i] == top[i] && f.Levels[i] == o.levels[i] {
				f.Wins++
			}
		}
	}
	return *o != before
}

// Levels is the output up to the last slot that any source sends, valid until the next
// Merge. Slots nobody drives are 0: see Lookup.
func (o *Output) Levels() []byte { return o.levels[:o.slots] }

// Driven tells for each of the Levels whether any source drives it; valid as long.
func (o *Output) Driven() []bool { return o.driven[:o.slots] }

// Lookup gives the level of a slot counted from 0, and whether any source drives it.
func (o *Output) Lookup(slot int) (level byte, driven bool) {
	if slot < 0 || slot >= Slots {
		return 0, false
	}
	return o.levels[slot], o.driven[slot]
}
