package timeline

import (
	"slices"
	"time"

	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// blockFrames is how many frames there are in a block.
const blockFrames = 1024

// levels gathers frames.
type levels struct {
	rows   []*row
	at     map[level.Address]*place // where a slot, or an attribute of what begins there, goes
	named  map[string]*row          // by the print of a fixture
	groups []group
	slots  []level.Address // the columns of slots, in the order in which they came
	column map[level.Address]int
	strays int // rows of slots that no fixture has

	times  []time.Duration // of the frames of the block
	woken  []bool
	frames []byte // of the block, one after another, each of all outputs
	width  int    // of one of them
	banks  []bank
	blocks []block
	tier   tier
	unit   []byte // a column that is worked on
}

// bank is where an output is in a frame.
type bank struct{ from, slots int }

// row is a fixture, or a slot that no fixture has.
type row struct {
	name     string
	channels []channel
	look     look
	cells    []cell
	changes  []change
}

// channel is one of a row, by the columns of its halves; fine is -1 for 8 bits. One that is
// mixed follows the intensity and the colour unless it is told something itself.
type channel struct {
	name         string
	coarse, fine int
	mixed        bool
}

// place is what a slot is of.
type place struct {
	row     *row
	channel int
}

type group struct {
	name string
	rows []int
}

func newLevels() levels {
	return levels{at: map[level.Address]*place{}, named: map[string]*row{}, column: map[level.Address]int{}, tier: newTier()}
}

// patch takes in the fixtures of a load: those that are as before go on.
func (l *levels) patch(p *patch.Patch) {
	l.flush()
	clear(l.at)
	index := map[string]int{}
	for _, f := range p.Fixtures() {
		r := l.fixture(f)
		index[f.Name] = slices.Index(l.rows, r)
	}
	l.groups = nil
	for _, g := range p.Groups() {
		is := group{name: g.Name}
		for _, f := range g.Fixtures {
			if i, ok := index[f.Name]; ok {
				is.rows = append(is.rows, i)
			}
		}
		l.groups = append(l.groups, is)
	}
}

// fixture finds the row of a fixture, or makes it.
func (l *levels) fixture(f patch.Fixture) *row {
	key := f.Name
	for _, c := range f.Channels {
		key += "\x00" + c.Name + string(rune(c.Coarse.Output)) + string(rune(c.Coarse.Slot))
	}
	r := l.named[key]
	if r == nil {
		r = &row{name: f.Name, look: lookOf(f)}
		for _, c := range f.Channels {
			is := channel{c.Name, l.columnOf(c.Coarse), -1, false}
			if !c.Fine.IsZero() {
				is.fine = l.columnOf(c.Fine)
			}
			r.channels = append(r.channels, is)
		}
		l.named[key] = r
		l.rows = append(l.rows, r)
	}
	for i, c := range f.Channels {
		l.at[c.Coarse] = &place{r, min(i, attribute-1)}
	}
	for _, m := range append([]patch.Fixture{f}, f.Parts...) {
		if m.Mix != nil {
			l.follow(r, m.Mix)
		}
	}
	return r
}

// attribute stands for the intensity among the channels of a place, and what comes after it
// for the colour. All channels beyond those before it are one.
const attribute = 30

// follow notes what the attributes of a mix are of, and which channels follow them.
func (l *levels) follow(r *row, m *patch.Mix) {
	for n := range int32(4) {
		l.at[level.Address{Output: m.At.Output, Slot: m.At.Slot + n}] = &place{r, attribute + min(int(n), 1)}
	}
	for _, c := range m.Channels {
		for i := range r.channels {
			is := &r.channels[i]
			is.mixed = is.mixed || is.coarse == l.column[c.Coarse]
		}
	}
}

// columnOf is the column of a slot, a new one if it has none.
func (l *levels) columnOf(a level.Address) int {
	c, known := l.column[a]
	if !known {
		c = len(l.slots)
		l.slots = append(l.slots, a)
		l.column[a] = c
	}
	return c
}

// add takes a frame.
func (l *levels) add(f *level.Frame) {
	if len(l.times) == blockFrames || !l.fits(f) {
		l.flush()
		l.shape(f)
	}
	l.times, l.woken = append(l.times, f.At), append(l.woken, f.Woken)
	for o, b := range l.banks {
		l.frames = append(l.frames, f.Levels[o][:b.slots]...)
	}
}

// fits tells whether a frame has the outputs of the block.
func (l *levels) fits(f *level.Frame) bool {
	if len(f.Levels) != len(l.banks) {
		return false
	}
	for o, levels := range f.Levels {
		if len(levels) != l.banks[o].slots {
			return false
		}
	}
	return true
}

// shape makes the block one for frames such as f.
func (l *levels) shape(f *level.Frame) {
	l.banks, l.width = l.banks[:0], 0
	for _, levels := range f.Levels {
		l.banks = append(l.banks, bank{l.width, len(levels)})
		l.width += len(levels)
	}
}

// flush ends the block.
func (l *levels) flush() {
	n := len(l.times)
	if n == 0 {
		return
	}
	l.loose()
	b := newPacker(n)
	for _, a := range l.slots {
		b.add(l.levelsOf(a))
	}
	spans := l.tier.spans(l.times)
	for _, r := range l.rows {
		seen := r.look.see(l, n)
		for i := range 3 {
			b.add(seen.rgb[i])
		}
		r.cells = l.tier.add(r.cells, spans, seen, l.printOf(r), l.woken)
	}
	l.blocks = append(l.blocks, block{l.times[0], l.times[n-1], n, len(l.slots), len(l.rows), b.pack(l.times)})
	l.tier.halve(l.rows)
	l.times, l.woken, l.frames = l.times[:0], l.woken[:0], l.frames[:0]
}

// levelsOf are those of a slot in the frames of the block: one if it keeps it, none if there
// is no such slot. They are good until the next call.
func (l *levels) levelsOf(a level.Address) []byte {
	if int(a.Output) >= len(l.banks) || int(a.Slot) > l.banks[a.Output].slots {
		return nil
	}
	i := l.banks[a.Output].from + int(a.Slot) - 1
	l.unit = l.unit[:0]
	same := true
	for ; i < len(l.frames); i += l.width {
		l.unit = append(l.unit, l.frames[i])
		same = same && l.frames[i] == l.unit[0]
	}
	if same {
		return l.unit[:1]
	}
	return l.unit
}

// mostLoose is how many slots without a fixture are shown.
const mostLoose = 256

// loose gives a row to slots that no fixture has and that are lit in the block.
func (l *levels) loose() {
	taken := map[level.Address]bool{}
	for _, a := range l.slots {
		taken[a] = true
	}
	lit := make([]byte, l.width)
	for i := 0; i < len(l.frames); i += l.width {
		for j, v := range l.frames[i : i+l.width] {
			lit[j] |= v
		}
	}
	for o, b := range l.banks {
		for s := range b.slots {
			a := level.Address{Output: level.Output(o), Slot: int32(s) + 1}
			if lit[b.from+s] == 0 || taken[a] || l.strays == mostLoose {
				continue
			}
			r := &row{look: look{dimmers: []level.Address{a}, dark: white}, channels: []channel{{"", l.columnOf(a), -1, false}}}
			l.rows = append(l.rows, r)
			l.at[a] = &place{r, 0}
			l.strays++
		}
	}
}

// printOf is a number for each frame of the block that tells the levels of a row apart.
func (l *levels) printOf(r *row) []uint32 {
	const prime = 16777619
	var list []uint32
	for _, c := range r.channels {
		for _, column := range []int{c.coarse, c.fine} {
			if column < 0 {
				continue
			}
			levels := l.levelsOf(l.slots[column])
			if len(levels) > 1 && len(list) <= 1 {
				list = slices.Repeat(append(list, 0)[:1], len(l.times))
			}
			if list == nil {
				list = []uint32{0}
			}
			for i := range list {
				v := byte(0)
				if len(levels) > 0 {
					v = levels[i%len(levels)]
				}
				list[i] = (list[i] ^ uint32(v)) * prime
			}
		}
	}
	return list
}
