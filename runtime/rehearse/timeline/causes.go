package timeline

import (
	"cmp"
	"encoding/binary"
	"slices"
	"time"

	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// causes are who did what to the fixtures.
type causes struct {
	sources []engine.Source
	index   map[engine.Source]int
}

// change is something that was done to a row: to which of its channels, a bit for each, by
// which source. What is done again and again, as by a
// loop that sets levels, is one change, until it was done last.
type change struct {
	at, until time.Duration
	source    int
	did       byte
	channels  uint32
}

// again is how long after the last time something is done again, and recent among how many
// changes that is looked for.
const (
	again  = 250 * time.Millisecond
	recent = 4
)

// What is done, as the page knows it.
const (
	set byte = iota
	fade
	wave
	path
	stop
	hold
	release
)

func newCauses() causes { return causes{index: map[engine.Source]int{}} }

// batch takes a batch. An instant on a beat is that for which the beat is expected by now.
func (c *causes) batch(b engine.Batch, l *levels) {
	source := -1
	from := engine.Source{Line: b.Origin}
	note := func(did byte, at level.Address) {
		p := l.at[at]
		if p == nil {
			return
		}
		if source < 0 {
			source = c.source(from)
		}
		p.row.change(change{b.At, b.At, source, did, 1 << p.channel})
	}
	channels := func(did byte, list []patch.Channel) {
		for _, ch := range list {
			note(did, ch.Coarse)
		}
	}
	for _, command := range b.Commands {
		switch x := command.(type) {
		case engine.Source:
			from, source = x, -1
		case engine.Set:
			note(set, x.Channel.Coarse)
		case engine.Fade:
			note(fade, x.Channel.Coarse)
		case engine.Stop:
			note(stop, x.Channel.Coarse)
		case engine.Wave:
			note(wave, x.Channel.Coarse)
		case engine.FadeColor:
			note(fade, x.At)
		case engine.WaveColor:
			note(wave, x.At)
		case engine.Path:
			channels(path, x.Channels)
		case engine.SetColors:
			for _, at := range x.At {
				note(set, at)
			}
		case engine.Hold:
			note(hold, x.Channel.Coarse)
		case engine.Release:
			channels(release, x.Channels)
		}
	}
}

// source is the number of a source.
func (c *causes) source(s engine.Source) int {
	n, known := c.index[s]
	if !known {
		n = len(c.sources)
		c.sources = append(c.sources, s)
		c.index[s] = n
	}
	return n
}

// change notes a change; those of one kind at one instant are one.
func (r *row) change(x change) {
	for i := len(r.changes) - 1; i >= max(len(r.changes)-recent, 0); i-- {
		is := &r.changes[i]
		if is.source != x.source || is.did != x.did {
			continue
		}
		if is.at == x.at && is.until == x.at {
			is.channels |= x.channels
			return
		}
		if is.channels|x.channels == is.channels && x.at >= is.at && x.at-is.until < again {
			is.until = max(is.until, x.at)
			return
		}
	}
	r.changes = append(r.changes, x)
}

// bytes are the changes as the page has them: for each, as varints, the microseconds since
// the one before, for how many it was done again, the source, what was done, and the channels.
func (r *row) bytes() []byte {
	slices.SortStableFunc(r.changes, func(a, b change) int { return cmp.Compare(a.at, b.at) })
	var out []byte
	before := int64(0)
	for _, x := range r.changes {
		at := max(x.at.Microseconds(), 0)
		out = binary.AppendUvarint(out, uint64(at-before))
		out = binary.AppendUvarint(out, uint64((x.until - x.at).Microseconds()))
		out = binary.AppendUvarint(out, uint64(x.source))
		out = append(out, x.did)
		out = binary.AppendUvarint(out, uint64(x.channels))
		before = at
	}
	return out
}
