package replay

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// Text is what differs, cue by cue, for people. clock, which may be nil, tells the time of day
// of a show time.
func (o *Outcome) Text(clock func(time.Duration) string) string {
	var b strings.Builder
	cue := "-"
	for _, d := range o.grouped() {
		if here := d.cues(); here != cue {
			cue = here
			fmt.Fprintf(&b, "%s\n", cue)
		}
		fmt.Fprintf(&b, "  %s\n", d.text(clock))
	}
	o.brief(&b)
	section(&b, "cues at other times:", o.Cues)
	section(&b, "orders to devices:", o.Orders)
	for _, text := range o.Outputs {
		fmt.Fprintf(&b, "output %s\n", text)
	}
	if o.Unknown > 0 {
		fmt.Fprintf(&b, "%d times the other show asked a device something that the recording has no answer to\n", o.Unknown)
	}
	if o.Reloads > 0 {
		fmt.Fprintf(&b, "the recording has reloads, %d; the other show is the same all the time\n", o.Reloads)
	}
	return b.String()
}

// mostTold is how many lines of a kind are told of.
const mostTold = 40

func section(b *strings.Builder, title string, list []Mismatch) {
	for i, m := range list {
		if i == 0 {
			fmt.Fprintf(b, "%s\n", title)
		}
		if i == mostTold {
			fmt.Fprintf(b, "  and %d more\n", len(list)-i)
			return
		}
		fmt.Fprintf(b, "  %s\n", m)
	}
}

// group is a stretch of several channels of one fixture.
type group struct {
	Stretch
	levels []string
}

// grouped puts channels of a fixture together that differ at the same time for the same reason.
func (o *Outcome) grouped() (list []group) {
	open := map[string]int{}
	for _, d := range o.Stretches {
		if d.brief() {
			continue
		}
		key := fmt.Sprintf("%s|%d|%d|%s|%s|%s|%s", cmp.Or(d.Fixture, fmt.Sprint(d.Output, d.Slot)), d.From, d.To, d.Line, d.Next, d.Cue, d.Other)
		i, known := open[key]
		if !known {
			i = len(list)
			open[key] = i
			list = append(list, group{Stretch: d})
		}
		list[i].levels = append(list[i].levels, fmt.Sprintf("%s %d -> %d", d.Name(), d.Was, d.Is))
	}
	return list
}

// brief tells of what is over before a moment has passed, each level and line once: the levels
// of a flash, or what came late in the recording.
func (o *Outcome) brief(b *strings.Builder) {
	times := map[string]int{}
	var first []Stretch
	for _, d := range o.Stretches {
		if !d.brief() {
			continue
		}
		if times[d.made()]++; times[d.made()] == 1 {
			first = append(first, d)
		}
	}
	for i, d := range first {
		switch {
		case i == 0:
			fmt.Fprintf(b, "for less than %s, as of flashes, or of what came late in the recording:\n", Show(moment))
		case i == mostTold:
			fmt.Fprintf(b, "  and %d more\n", len(first)-i)
			return
		}
		again := ""
		if n := times[d.made()]; n > 1 {
			again = fmt.Sprintf(", %d times", n)
		}
		fmt.Fprintf(b, "  %s %d -> %d from %s%s%s\n", d.Name(), d.Was, d.Is, Show(d.From), again, d.lines())
	}
}

func (d *Stretch) brief() bool { return d.To-d.From < moment }

// made names the level that differs, and the lines that make it.
func (d *Stretch) made() string { return d.Name() + d.lines() }

// lines are those that make the levels, as the end of a line.
func (d *Stretch) lines() string {
	if d.Line == "" && d.Next == "" {
		return ""
	}
	return fmt.Sprintf(": %s -> %s", cmp.Or(d.Line, "nothing"), cmp.Or(d.Next, "nothing"))
}

// Name names the level that differs.
func (d *Stretch) Name() string {
	if d.Fixture == "" {
		return fmt.Sprintf("slot %d of %s", d.Slot, d.Output)
	}
	return d.Fixture + "." + d.Channel
}

// cues names where in the show it is.
func (d *Stretch) cues() string {
	name := func(cue string) string {
		if cue == "" {
			return "no cue"
		}
		return "cue " + cue
	}
	if d.Cue == d.Other {
		return name(d.Cue)
	}
	return fmt.Sprintf("%s in the recording, %s in the other show", name(d.Cue), name(d.Other))
}

// text is it in a line.
func (g *group) text(clock func(time.Duration) string) string {
	at := Show(g.From)
	if clock != nil {
		at = fmt.Sprintf("%s (%s)", clock(g.From), at)
	}
	return fmt.Sprintf("%s from %s for %s%s", strings.Join(g.levels, ", "), at, Show(g.To-g.From), g.lines())
}
