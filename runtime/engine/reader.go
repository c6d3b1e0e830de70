package engine

import (
	"math"
	"sync/atomic"

	"showrun/runtime/level"
)

// cell is what other goroutines may know of a slot: two levels, each the bits
// of a float64.
type cell struct {
	value, shown atomic.Uint64
}

func (c *cell) store(value, shown float64) {
	// Most levels stand still, and reading is cheaper than writing.
	if bits := math.Float64bits(value); c.value.Load() != bits {
		c.value.Store(bits)
	}
	if bits := math.Float64bits(shown); c.shown.Load() != bits {
		c.shown.Store(bits)
	}
}

// A Reader shows the present levels to other goroutines. It neither locks nor
// waits, so nobody who reads can delay a frame; levels read one after another
// may be of two successive frames. It is safe from any goroutine.
type Reader struct {
	// outputs is replaced when it grows; what it points to is never changed
	// but for the contents of the cells.
	outputs atomic.Pointer[[][]cell]
	// held has the addresses of what is held; it is replaced by every change.
	held atomic.Pointer[map[level.Address]struct{}]
}

// Held reports whether the channel or the attribute at a is held by an operator.
func (r *Reader) Held(a level.Address) bool {
	held := r.held.Load()
	if held == nil {
		return false
	}
	_, ok := (*held)[a]
	return ok
}

// Value returns the level of the channel at a, 0-255 with fractions, as
// commands and effects have it: before the master. A slot nothing was ever
// done with is at 0. For a channel of 16 bits, a is its coarse slot.
func (r *Reader) Value(a level.Address) float64 {
	if c := r.cell(a); c != nil {
		return math.Float64frombits(c.value.Load())
	}
	return 0
}

// Shown returns the level of the channel at a, 0-255 with fractions, as it
// goes to its output: after the master, before rounding.
func (r *Reader) Shown(a level.Address) float64 {
	if c := r.cell(a); c != nil {
		return math.Float64frombits(c.shown.Load())
	}
	return 0
}

func (r *Reader) cell(a level.Address) *cell {
	outputs := r.outputs.Load()
	if outputs == nil || place(a.Output) >= len(*outputs) {
		return nil
	}
	cells := (*outputs)[place(a.Output)]
	if a.Slot < 1 || int(a.Slot) > len(cells) {
		return nil
	}
	return &cells[a.Slot-1]
}

// place is where the cells of an output are: those of its attributes follow them.
func place(o level.Output) int {
	at := 2 * int(o.Real())
	if o.IsAttribute() {
		at++
	}
	return at
}

// grow gives the output o so many cells, keeps what is in them and returns
// them. It is for the engine loop.
func (r *Reader) grow(o level.Output, slots int) []cell {
	var old [][]cell
	if p := r.outputs.Load(); p != nil {
		old = *p
	}
	at := place(o)
	outputs := make([][]cell, max(len(old), at+1))
	copy(outputs, old)
	cells := make([]cell, slots)
	for i := range outputs[at] {
		was := &outputs[at][i]
		cells[i].store(math.Float64frombits(was.value.Load()), math.Float64frombits(was.shown.Load()))
	}
	outputs[at] = cells
	r.outputs.Store(&outputs)
	return cells
}
