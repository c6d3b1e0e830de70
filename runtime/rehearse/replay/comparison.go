package replay

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"time"

	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/patch"
	"showrun/runtime/show"
)

// Stretch is one of time in which a level is another one.
type Stretch struct {
	From    time.Duration `json:"from"` // show time in nanoseconds
	To      time.Duration `json:"to"`
	Cue     string        `json:"cue,omitempty"`      // of the main list, in the recording, when it begins
	Other   string        `json:"cue_next,omitempty"` // and in the other show
	Output  string        `json:"output"`
	Slot    int           `json:"slot"`
	Fixture string        `json:"fixture,omitempty"` // of the recording, or else of the other show
	Channel string        `json:"channel,omitempty"`
	At      time.Duration `json:"at"`  // when it is greatest
	Was     int           `json:"was"` // the level then in the recording
	Is      int           `json:"is"`  // and in the other show
	Line    string        `json:"line,omitempty"`
	Next    string        `json:"line_next,omitempty"` // lines that made the levels when it began
	Why     string        `json:"why,omitempty"`
	WhyNext string        `json:"why_next,omitempty"` // in words
}

// by is how much it is at most.
func (d *Stretch) by() int { return max(d.Was-d.Is, d.Is-d.Was) }

// What does not count as a difference: so many levels, what is the same a moment before or after,
// and what is seen in one frame only. Two stretches that are less than quiet apart are one.
const (
	tolerance = 1
	moment    = 50 * time.Millisecond
	quiet     = time.Second
)

// place is a slot, by the number of its output that both sides have in common.
type place struct{ output, slot int }

// comparison compares the frames of two sides.
type comparison struct {
	outputs *outputs
	a, b    *side
	apart   time.Duration // how far apart the same may be
	done    time.Duration // up to where they are compared
	swept   time.Duration
	open    map[place]*Stretch
	raw     map[place]raw
	closed  []Stretch
	only    []string
	told    int // outputs that were looked for on both sides
	fine    map[place]bool
	patched [2]*patch.Patch // that fine is of
}

// raw is since when, and when last, two levels were not the same at the same time.
type raw struct{ since, last time.Duration }

func newComparison(both *outputs, a, b *side, rate int) comparison {
	apart := max(moment, 2*time.Second/time.Duration(cmp.Or(rate, engine.DefaultRate)))
	return comparison{outputs: both, a: a, b: b, apart: apart, done: -1, open: map[place]*Stretch{}, raw: map[place]raw{}}
}

// proceed compares the frames about which both sides have made theirs.
func (c *comparison) proceed() {
	if len(c.b.frames) == 0 {
		return
	}
	known := c.b.frames[len(c.b.frames)-1].at - c.apart
	for _, f := range c.a.frames {
		if f.at > c.done && f.at <= known {
			c.frame(f)
			c.done = f.at
		}
	}
	c.a.forget(c.done)
	c.b.forget(c.done - c.apart)
	if c.done >= c.swept+quiet/2 {
		c.swept = c.done
		c.close(c.done - quiet)
	}
}

// close ends stretches in which nothing has differed since an instant.
func (c *comparison) close(since time.Duration) {
	for at, d := range c.open {
		if d.To < since {
			c.closed = append(c.closed, *d)
			delete(c.open, at)
		}
	}
}

// all are the differences, the first first.
func (c *comparison) all() []Stretch {
	c.close(1<<63 - 1)
	c.closed = slices.DeleteFunc(c.closed, func(d Stretch) bool { return d.To == d.From })
	slices.SortFunc(c.closed, func(x, y Stretch) int {
		return cmp.Or(cmp.Compare(x.From, y.From), cmp.Compare(x.Output, y.Output), cmp.Compare(x.Slot, y.Slot))
	})
	return c.closed
}

// frame compares one of the recording with those of the other show about its instant.
func (c *comparison) frame(f *frame) {
	near := c.near(f.at)
	if near[0].at > f.at-c.apart {
		return // the other show has begun only just
	}
	now := near[0]
	for _, g := range near {
		if g.at <= f.at {
			now = g
		}
	}
	c.patches()
	for n := range c.outputs.keys {
		x, y := f.output(n), now.output(n)
		if n >= c.told {
			c.told = n + 1
			c.missing(n, x, y)
		}
		if bytes.Equal(x, y) {
			continue
		}
		for i := range max(len(x), len(y)) {
			if was, is := at(x, i), at(y, i); was != is && !c.fine[place{n, i + 1}] {
				c.slot(f.at, place{n, i + 1}, was, is, near)
			}
		}
	}
}

// near are the frames of the other show that are to be seen near an instant.
func (c *comparison) near(at time.Duration) []*frame {
	list := c.b.frames
	first, last := 0, len(list)
	for first+1 < len(list) && list[first+1].at <= at-c.apart {
		first++
	}
	for last > first+1 && list[last-1].at > at+c.apart {
		last--
	}
	return list[first:last]
}

func (f *frame) output(n int) []byte {
	if n < len(f.levels) {
		return f.levels[n]
	}
	return nil
}

func at(levels []byte, i int) int {
	if i < len(levels) {
		return int(levels[i])
	}
	return 0
}

// missing notes an output that only one of them has.
func (c *comparison) missing(n int, x, y []byte) {
	switch {
	case len(y) == 0:
		c.only = append(c.only, c.outputs.keys[n]+" is only in the recording")
	case len(x) == 0:
		c.only = append(c.only, c.outputs.keys[n]+" is only in the other show")
	}
}

// slot looks at levels that differ, which is none if the other show has the same just before
// or after.
func (c *comparison) slot(now time.Duration, p place, was, is int, near []*frame) {
	differs := c.raw[p]
	if differs.last < c.done || differs.since == 0 {
		differs.since = now
	}
	differs.last = now
	c.raw[p] = differs
	least, most := is, is
	for _, g := range near {
		v := at(g.output(p.output), p.slot-1)
		least, most = min(least, v), max(most, v)
	}
	if was >= least-tolerance && was <= most+tolerance {
		return
	}
	d := c.open[p]
	if d == nil {
		d = c.begin(differs.since, p)
		d.At, d.Was, d.Is = now, was, is
		c.open[p] = d
	}
	d.To = now
	if max(was-is, is-was) > d.by() {
		d.At, d.Was, d.Is = now, was, is
	}
}

// begin describes where a difference is, and what makes it.
func (c *comparison) begin(from time.Duration, p place) *Stretch {
	d := &Stretch{From: from, Cue: c.a.cue(), Other: c.b.cue(), Output: c.outputs.keys[p.output], Slot: p.slot}
	fixture, channel, _ := c.a.named(d.Output, p.slot)
	other, otherChannel, _ := c.b.named(d.Output, p.slot)
	d.Fixture, d.Channel = cmp.Or(fixture, other), cmp.Or(channel, otherChannel)
	d.Line, d.Why = c.a.because(fixture, channel)
	d.Next, d.WhyNext = c.b.because(other, otherChannel)
	return d
}

// named is what a side has at a slot.
func (s *side) named(output string, slot int) (fixture, channel string, ok bool) {
	o, known := s.Registry().Number(output)
	if !known {
		return "", "", false
	}
	f, ch, ok := channelAt(s.Board().Patch, level.Address{Output: o, Slot: int32(slot)})
	return f.Name, ch.Name, ok
}

// because tells what makes a level, and which line.
func (s *side) because(fixture, channel string) (line, why string) {
	if fixture == "" {
		return "", ""
	}
	causes, err := s.Why(fixture, channel)
	if err != nil || len(causes) == 0 {
		return "", ""
	}
	i := max(slices.IndexFunc(causes, func(c show.Cause) bool { return c.Line != "" }), 0)
	return causes[i].Line, causes[i].String()
}

// patches finds the second halves of channels of 16 bits, which tell nothing by themselves.
func (c *comparison) patches() {
	now := [2]*patch.Patch{c.a.Board().Patch, c.b.Board().Patch}
	if c.fine != nil && now == c.patched {
		return
	}
	c.patched, c.fine = now, map[place]bool{}
	for i, s := range []*side{c.a, c.b} {
		if now[i] == nil {
			continue
		}
		for _, f := range now[i].Fixtures() {
			for _, ch := range f.Channels {
				if ch.Fine.Slot != 0 {
					c.fine[place{c.outputs.number(s.Registry().Key(ch.Fine.Output)), int(ch.Fine.Slot)}] = true
				}
			}
		}
	}
}

// Mismatch is what happens in both at different times, or in one only.
type Mismatch struct {
	What string         `json:"what"`
	Was  *time.Duration `json:"was,omitempty"` // show time in nanoseconds; nil if it is not in the recording
	Is   *time.Duration `json:"is,omitempty"`
}

// String is for people.
func (m Mismatch) String() string {
	switch {
	case m.Is == nil:
		return fmt.Sprintf("%s: at %s in the recording, and not in the other show", m.What, Show(*m.Was))
	case m.Was == nil:
		return fmt.Sprintf("%s: at %s in the other show, and not in the recording", m.What, Show(*m.Is))
	}
	return fmt.Sprintf("%s: at %s in the recording, at %s in the other show", m.What, Show(*m.Was), Show(*m.Is))
}

func (m Mismatch) first() time.Duration {
	if m.Was != nil {
		return *m.Was
	}
	return *m.Is
}

// pair finds what does not happen in both at about the same time.
func pair(was, is []Happening, apart time.Duration) (list []Mismatch) {
	waiting := map[string][]time.Duration{}
	for _, h := range is {
		waiting[h.What] = append(waiting[h.What], h.At)
	}
	for _, h := range was {
		others := waiting[h.What]
		if len(others) == 0 {
			list = append(list, Mismatch{What: h.What, Was: &h.At})
			continue
		}
		if (others[0] - h.At).Abs() > apart {
			list = append(list, Mismatch{What: h.What, Was: &h.At, Is: &others[0]})
		}
		waiting[h.What] = others[1:]
	}
	for _, h := range is {
		if others := waiting[h.What]; len(others) > 0 && h.At == others[0] {
			list = append(list, Mismatch{What: h.What, Is: &others[0]})
			waiting[h.What] = others[1:]
		}
	}
	slices.SortStableFunc(list, func(x, y Mismatch) int { return cmp.Compare(x.first(), y.first()) })
	return list
}
