package timeline

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"

	"showrun/runtime/beat"
)

// head is what the page knows from the start. Times are in microseconds.
type head struct {
	Title   string     `json:"title"`
	Runs    []headRun  `json:"runs"`
	Differs []headDiff `json:"differs"`
}

type headRun struct {
	Name     string      `json:"name"`
	File     string      `json:"file"`
	Begin    int64       `json:"begin"`
	End      int64       `json:"end"`
	Frames   int         `json:"frames"`
	Bucket   int64       `json:"bucket"`
	Buckets  int         `json:"buckets"`
	Rows     []headRow   `json:"rows"`
	Groups   []headGroup `json:"groups"`
	Blocks   [][5]int64  `json:"blocks"` // from, to, frames, columns of slots, rows
	Lists    []string    `json:"lists"`
	Cues     [][]any     `json:"cues"`     // at, to, list, number, label
	Decks    [][]any     `json:"decks"`    // from, to, deck, title, artist, plays, leads, BPM
	Machines [][]any     `json:"machines"` // name, kind, axes with name, ends, unit
	Messages [][]any     `json:"messages"` // at, way, device, words
	More     int         `json:"more"`
	Late     [][]any     `json:"late"` // at, words
	Log      [][]any     `json:"log"`  // at, level, words
	Unlisted int         `json:"unlisted"`
	Sources  [][4]string `json:"sources"` // line, task, cue, event
}

type headRow struct {
	Name     string   `json:"n"`
	Channels [][4]any `json:"c"` // name, column, column of the fine half or -1, whether it is mixed
}

type headGroup struct {
	Name string `json:"n"`
	Rows []int  `json:"r"`
}

// headDiff is where the levels of a fixture differ between two runs.
type headDiff struct {
	Name  string     `json:"n"`
	Spans [][2]int64 `json:"s"`
}

// headOf gathers that.
func headOf(title string, runs []*Timeline) head {
	h := head{Title: title, Runs: []headRun{}, Differs: []headDiff{}}
	if len(runs) == 2 {
		h.Differs = differences(runs[0], runs[1])
	}
	for _, t := range runs {
		h.Runs = append(h.Runs, t.head())
	}
	return h
}

// buckets is how many there are for the rows of the page.
func (t *Timeline) buckets() (most int) {
	for _, r := range t.levels.rows {
		most = max(most, len(r.cells))
	}
	return most
}

func (t *Timeline) head() headRun {
	m := &t.marks
	h := headRun{
		Name: t.cfg.Name, File: t.cfg.File, Begin: t.begin.Microseconds(), End: t.end.Microseconds(), Frames: t.count,
		Bucket: t.levels.tier.bucket.Microseconds(), Buckets: t.buckets(),
		Rows: []headRow{}, Groups: []headGroup{}, Blocks: [][5]int64{}, Lists: []string{},
		Cues: [][]any{}, Decks: [][]any{}, Machines: [][]any{}, Messages: [][]any{}, Late: [][]any{}, Log: [][]any{},
		More: m.more, Unlisted: m.unlisted, Sources: [][4]string{},
	}
	for _, r := range t.levels.rows {
		h.Rows = append(h.Rows, t.headRow(r))
	}
	for _, g := range t.levels.groups {
		h.Groups = append(h.Groups, g.head())
	}
	for _, b := range t.levels.blocks {
		h.Blocks = append(h.Blocks, [5]int64{b.from.Microseconds(), b.to.Microseconds(), int64(b.frames), int64(b.slots), int64(b.rows)})
	}
	slices.SortStableFunc(m.cues, func(a, b cueMark) int { return cmp.Compare(a.at, b.at) })
	for _, c := range m.cues {
		if !slices.Contains(h.Lists, c.list) {
			h.Lists = append(h.Lists, c.list)
		}
		h.Cues = append(h.Cues, []any{c.at.Microseconds(), max(c.at, c.to).Microseconds(), c.list, c.number, c.label})
	}
	for _, d := range m.decks {
		h.Decks = append(h.Decks, []any{d.from.Microseconds(), d.to.Microseconds(), d.deck, d.title, d.artist, d.playing, d.lead, math.Round(d.bpm*100) / 100})
	}
	for _, x := range m.machines {
		h.Machines = append(h.Machines, x.head())
	}
	slices.SortStableFunc(m.messages, func(a, b message) int { return cmp.Compare(a.at, b.at) })
	for _, x := range m.messages {
		h.Messages = append(h.Messages, []any{x.at.Microseconds(), x.way, x.device, x.words})
	}
	for _, x := range m.late.list {
		h.Late = append(h.Late, []any{x.at.Microseconds(), x.text})
	}
	for _, x := range m.lines {
		h.Log = append(h.Log, []any{x.at.Microseconds(), x.level, x.text})
	}
	for _, s := range t.causes.sources {
		h.Sources = append(h.Sources, [4]string{s.Line, s.Task, s.Cue, s.Event})
	}
	return h
}

func (t *Timeline) headRow(r *row) headRow {
	h := headRow{Name: r.name, Channels: [][4]any{}}
	for _, c := range r.channels {
		h.Channels = append(h.Channels, [4]any{c.name, c.coarse, c.fine, c.mixed})
	}
	if r.name == "" {
		a := t.levels.slots[r.channels[0].coarse]
		h.Name = fmt.Sprintf("%s, slot %d", t.show.Registry().Key(a.Output), a.Slot)
		h.Channels[0][0] = "level"
	}
	return h
}

func (g group) head() headGroup { return headGroup{g.name, append([]int{}, g.rows...)} }

// head is the machine without how it stands.
func (x *machine) head() []any {
	axes := [][]any{}
	for _, a := range x.of.Axes {
		axes = append(axes, []any{a.Name, finite(a.Min), finite(a.Max), a.Unit})
	}
	if x.of.Kind == "valve" {
		axes = [][]any{{"open", 0.0, 1.0, ""}}
	}
	return []any{x.name, x.of.Kind, axes}
}

// finite is a number, or nothing for an end that there is not.
func finite(v float64) any {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return nil
	}
	return v
}

// bytes are how the machine stands, as the page has it: how often that has changed, the
// microseconds from one change to the next, all as varints, and of each axis the positions
// as numbers of 32 bits.
func (x *machine) bytes() []byte {
	out := binary.AppendUvarint(nil, uint64(len(x.at)))
	before := int64(0)
	for _, at := range x.at {
		out = binary.AppendUvarint(out, uint64(at.Microseconds()-before))
		before = at.Microseconds()
	}
	axes := 0
	if len(x.is) > 0 {
		axes = len(x.is[0])
	}
	for a := range axes {
		for _, is := range x.is {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(float32(is[a])))
		}
	}
	return out
}

// bytes are the beats as the page has them: for each, as varints, the microseconds since the
// one before, the steps to its number (in zigzag), and how many thousandths of a beat a bar
// has.
func (b *beats) bytes() []byte {
	var out []byte
	before, number := int64(0), int64(0)
	for _, x := range b.list {
		at := max(x.at.Microseconds(), before)
		out = binary.AppendUvarint(out, uint64(at-before))
		out = binary.AppendVarint(out, x.number-number)
		out = binary.AppendUvarint(out, uint64(max(x.bar, 0)*1000/beat.Beat))
		before, number = at, x.number
	}
	return out
}

// place is the bar and the beat in it at an instant, both counted from 1; "" for none.
func (b *beats) place(at time.Duration) string {
	i, _ := slices.BinarySearchFunc(b.list, at+1, func(x beatMark, at time.Duration) int { return cmp.Compare(x.at, at) })
	if i == 0 || b.list[i-1].bar <= 0 {
		return ""
	}
	x := b.list[i-1]
	pos := beat.Micro(x.number) * beat.Beat
	bar := floorDiv(pos, x.bar)
	return fmt.Sprintf("%d.%d", bar+1, int64((pos-bar*x.bar)/beat.Beat)+1)
}

func floorDiv(a, b beat.Micro) beat.Micro {
	n := a / b
	if a%b < 0 {
		n--
	}
	return n
}

// differences are where the levels of fixtures differ, by buckets of the overview.
func differences(a, b *Timeline) []headDiff {
	for a.levels.tier.bucket < b.levels.tier.bucket {
		a.levels.tier.coarsen(a.levels.rows)
	}
	for b.levels.tier.bucket < a.levels.tier.bucket {
		b.levels.tier.coarsen(b.levels.rows)
	}
	bucket := a.levels.tier.bucket.Microseconds()
	other := map[string]*row{}
	for _, r := range b.levels.rows {
		other[b.headRow(r).Name] = r
	}
	list := []headDiff{}
	for _, r := range a.levels.rows {
		d := headDiff{Name: a.headRow(r).Name}
		o := other[d.Name]
		if o == nil {
			o = &row{}
		}
		for i := range max(len(r.cells), len(o.cells)) {
			if cellAt(r, i).print == cellAt(o, i).print {
				continue
			}
			from := int64(i) * bucket
			if n := len(d.Spans); n > 0 && d.Spans[n-1][1] == from {
				d.Spans[n-1][1] = from + bucket
			} else {
				d.Spans = append(d.Spans, [2]int64{from, from + bucket})
			}
		}
		if len(d.Spans) > 0 {
			list = append(list, d)
		}
	}
	return list
}

func cellAt(r *row, i int) cell {
	if i < len(r.cells) {
		return r.cells[i]
	}
	return cell{}
}
