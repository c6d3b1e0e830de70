package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"showrun/cmd/showrun/terminal"
	"showrun/runtime/host"
)

// maxShowName is how many columns a show's name has in the status line.
const maxShowName = 16

// A field of the status line has forms, the longest first. What has the lower rank matters
// more.
type field struct {
	rank  rank
	forms []string
}

// rank says what is kept of a status line where not all of it fits.
type rank int

// The ranks.
const (
	ofTrouble rank = iota
	ofTempo
	ofCues
	ofLosses
	ofLevels
	ofSource
	ofName
	ofSpare // only shown if all that matters more has its longest form that fits
)

// statusLine draws a status in at most width columns. What has no room is shown in a
// shorter form, what matters least is left out. list is the cue list that keys are for, ""
// for the main one; dropped counts the log lines that nobody could read.
func statusLine(s host.Status, list string, dropped uint64, width int) string {
	if s.Generation == 0 {
		return "" // nothing is loaded yet
	}
	fields := troubles(s)
	add := func(r rank, forms ...string) { fields = append(fields, field{r, forms}) }
	add(ofName, terminal.Shorten(s.Show, maxShowName), terminal.Shorten(s.Show, maxShowName/2))
	bpm, beat := fmt.Sprintf("%.1f BPM", s.BPM), math.Floor(s.Beat)
	if s.Stopped {
		add(ofTempo, bpm+" ♩ stopped")
	} else {
		add(ofTempo, fmt.Sprintf("%s ♩ %s %.0f", bpm, bar(beat), beat), fmt.Sprintf("%s ♩ %.0f", bpm, beat), bpm)
	}
	if l := chosenList(s.Board, list); l != nil {
		add(ofCues, cueOf(l), terminal.Shorten(cueOf(l), 14))
	}
	fields = append(fields, lost(s, dropped)...)
	if m := []rune(terminal.Meter(s.Meter)); len(m) > 0 {
		add(ofLevels, string(m), string(m[:min(len(m), 12)]), string(m[:min(len(m), 6)]))
	}
	if s.Source != "" {
		unit, _, _ := strings.Cut(s.Source, " of ")
		add(ofSource, "from "+s.Source, "from "+terminal.Shorten(unit, 12), terminal.Shorten(unit, 8))
	}
	add(ofSpare, fmt.Sprintf("frames %.1f ms late", float64(s.LateP99.Microseconds())/1000))
	add(ofSpare, fmt.Sprintf("gen %d", s.Generation))
	add(ofSpare, terminal.Plural(s.Universes, "universe"))
	return arrange(fields, width)
}

// troubles are what somebody must see at once.
func troubles(s host.Status) (fields []field) {
	add := func(forms ...string) { fields = append(fields, field{ofTrouble, forms}) }
	more := func(n int) string {
		if n == 1 {
			return ""
		}
		return fmt.Sprintf(" and %d more", n-1)
	}
	if s.Held {
		add("■ STOPPED (Shift-R)")
	}
	if wait := slices.Concat(s.Missing, s.Waiting); len(wait) > 0 {
		first, n := wait[0], len(wait)
		add("waiting for "+first+more(n), "waiting for "+terminal.Shorten(first, 16)+more(n), fmt.Sprintf("%d missing", n))
	}
	if s.NoScript {
		add("NO SCRIPT RUNS")
	}
	if n := len(s.Disabled); n > 0 {
		add("NOT CALLED ANY MORE: "+s.Disabled[n-1]+more(n), terminal.Plural(n, "handler")+" NOT CALLED")
	}
	if s.NotRecorded != "" {
		add("not recorded: "+s.NotRecorded, "NOT RECORDED")
	}
	if s.Deaf {
		add("no OSC commands")
	}
	return fields
}

// lost are what did not go as it should have.
func lost(s host.Status, dropped uint64) (fields []field) {
	if s.NewVersion {
		fields = append(fields, field{ofLosses, []string{"A NEW VERSION IS WAITING: showrun ctl reload", "NEW VERSION WAITS"}})
	}
	for _, c := range []struct {
		n              uint64
		what, happened string
	}{{s.ReloadErrors, "failed reload", ""}, {s.Dropped, "event", " lost"}, {dropped, "log line", " dropped"}} {
		if c.n > 0 {
			fields = append(fields, field{ofLosses, []string{terminal.Plural(int(c.n), c.what) + c.happened}})
		}
	}
	return fields
}

// bar draws where in the bar a beat is.
func bar(beat float64) string {
	in := int(math.Mod(math.Mod(beat, 4)+4, 4))
	return strings.Repeat("▯", in) + "▮" + strings.Repeat("▯", 3-in)
}

// arrange joins what fits of the fields: first the shortest form of each that matters, by
// rank, then longer ones, then the spare ones.
func arrange(fields []field, width int) string {
	line := func(of []field) string {
		var texts []string
		for _, f := range of {
			if len(f.forms) > 0 && f.forms[0] != "" {
				texts = append(texts, terminal.Printable(f.forms[0], ""))
			}
		}
		return strings.Join(texts, " · ")
	}
	order := make([]int, len(fields))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(fields[a].rank, fields[b].rank) })
	shown := make([]field, len(fields))
	try := func(i, form int) bool {
		before := shown[i]
		shown[i] = field{forms: fields[i].forms[form:]}
		if terminal.Width(line(shown)) <= width {
			return true
		}
		shown[i] = before
		return false
	}
	for _, i := range order {
		if fields[i].rank < ofSpare {
			try(i, len(fields[i].forms)-1)
		}
	}
	if line(shown) == "" { // not even what matters most has room
		least := fields[order[0]].forms
		return terminal.Fit(terminal.Printable(least[len(least)-1], ""), width)
	}
	for _, i := range order {
		for form := range fields[i].forms {
			if shown[i].forms == nil && fields[i].rank < ofSpare || try(i, form) {
				break
			}
		}
	}
	return line(shown)
}
