package level

import (
	"hash/crc32"
	"time"
)

// A Frame is the look of all outputs at one instant. Whoever publishes it
// lends it: a reader that keeps levels copies them, or takes them from a
// Mailbox.
type Frame struct {
	// Seq counts published frames from 1.
	Seq uint64
	// At is the show time the look belongs to. An output that needs time on its
	// way gets the frame that much earlier.
	At time.Duration
	// Levels holds the slots of each output, by its number; slot 1 is at
	// index 0. It is nil for an output that is not in use.
	Levels [][]byte
	// Woken says that the frame was made at once for something that could not be
	// planned, between two frames of the schedule, which stay where they are.
	Woken bool
	// Part are the outputs that take part in the frame, in order. In a woken frame
	// that are those it was made for; in another it is all but those that a woken
	// frame changed just before. The others stand as in the frame before.
	Part []Output
}

// Slots returns the levels of o, or nil if it is not in use.
func (f *Frame) Slots(o Output) []byte {
	if int(o) >= len(f.Levels) {
		return nil
	}
	return f.Levels[o]
}

// Level returns the level at a, or 0 where there is none.
func (f *Frame) Level(a Address) byte {
	slots := f.Slots(a.Output)
	if a.Slot < 1 || int(a.Slot) > len(slots) {
		return 0
	}
	return slots[a.Slot-1]
}

// Copy makes f a copy of src and reuses the memory it has.
func (f *Frame) Copy(src *Frame) {
	f.Seq, f.At, f.Woken = src.Seq, src.At, src.Woken
	f.Part = append(f.Part[:0], src.Part...)
	f.copyLevels(src)
}

// copyLevels copies the levels of all outputs from src.
func (f *Frame) copyLevels(src *Frame) {
	for o := range max(len(src.Levels), len(f.Levels)) {
		f.copyOutput(src, Output(o))
	}
}

// copyOutput copies the levels of o from src and reuses the memory f has.
func (f *Frame) copyOutput(src *Frame, o Output) {
	from := src.Slots(o)
	if from == nil {
		if int(o) < len(f.Levels) {
			f.Levels[o] = nil
		}
		return
	}
	for int(o) >= len(f.Levels) {
		f.Levels = append(f.Levels, nil)
	}
	f.Levels[o] = append(f.Levels[o][:0], from...)
}

// castagnoli is the polynomial that processors have an instruction for.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Hash returns a number that tells looks apart: frames of one instant with the same
// levels on outputs of the same keys have the same hash, in this process or another,
// in whatever order the outputs were registered, woken or not. It is meant for
// journals, against mistakes and not against malice.
func (f *Frame) Hash(r *Registry) uint64 {
	entries := r.entries()
	sum := scatter(uint64(f.At))
	for o, levels := range f.Levels {
		if levels == nil || o >= len(entries) {
			continue
		}
		// The order of the outputs does not matter to a sum.
		sum += scatter(entries[o].hash ^ scatter(uint64(len(levels))<<32|uint64(crc32.Checksum(levels, castagnoli))))
	}
	return sum
}

// scatter spreads what is in x over all bits, one to one.
func scatter(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
