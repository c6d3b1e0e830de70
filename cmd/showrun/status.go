package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"showrun/cmd/showrun/terminal"
	"showrun/runtime/host"
)

// maxShowName is how many characters of a show's name the status line has.
const maxShowName = 16

// statusLine draws a status in at most width characters, what matters most first. What
// does not fit is left out whole. list is the cue list that keys are for, "" for
// the main one; dropped counts the log lines that nobody could read.
func statusLine(s host.Status, list string, dropped uint64, width int) string {
	if s.Generation == 0 {
		return "" // nothing is loaded yet
	}
	fields := append(troubles(s), shorten(s.Show, maxShowName), fmt.Sprintf("%.1f BPM %s", s.BPM, beatOf(s)))
	if l := chosenList(s.Board, list); l != nil {
		fields = append(fields, cueOf(l))
	}
	count := func(n uint64, what, happened string) {
		if n > 0 {
			fields = append(fields, terminal.Plural(int(n), what)+happened)
		}
	}
	if s.NewVersion {
		fields = append(fields, "A NEW VERSION IS WAITING: showrun ctl reload")
	}
	count(s.ReloadErrors, "failed reload", "")
	count(s.Dropped, "event", " lost")
	count(dropped, "log line", " dropped")
	if m := terminal.Meter(s.Meter); m != "" {
		fields = append(fields, m)
	}
	if s.Source != "" {
		fields = append(fields, "from "+s.Source)
	}
	fields = append(fields,
		fmt.Sprintf("frames %.1f ms late", float64(s.LateP99.Microseconds())/1000),
		fmt.Sprintf("gen %d", s.Generation),
		terminal.Plural(s.Universes, "universe"),
	)
	return terminal.Fit(whole(fields, width), width)
}

// troubles are what somebody must see at once.
func troubles(s host.Status) (fields []string) {
	if s.Held {
		fields = append(fields, "■ STOPPED (Shift-R)")
	}
	if wait := slices.Concat(s.Missing, s.Waiting); len(wait) > 0 {
		text := "waiting for " + wait[0]
		if n := len(wait) - 1; n > 0 {
			text += fmt.Sprintf(" and %d more", n)
		}
		fields = append(fields, text)
	}
	if s.NoScript {
		fields = append(fields, "NO SCRIPT RUNS")
	}
	if n := len(s.Disabled); n > 0 {
		text := "NOT CALLED ANY MORE: " + s.Disabled[n-1]
		if n > 1 {
			text += fmt.Sprintf(" and %d more", n-1)
		}
		fields = append(fields, text)
	}
	if s.Deaf {
		fields = append(fields, "no OSC commands")
	}
	return fields
}

// beatOf draws where in the bar the beat is, and its number.
func beatOf(s host.Status) string {
	if s.Stopped {
		return "♩ stopped"
	}
	b := math.Floor(s.Beat)
	in := int(math.Mod(math.Mod(b, 4)+4, 4))
	return fmt.Sprintf("♩ %s %.0f", strings.Repeat("▯", in)+"▮"+strings.Repeat("▯", 3-in), b)
}

// whole joins as many of the fields as fit, at least the first.
func whole(fields []string, width int) string {
	line := fields[0]
	for _, f := range fields[1:] {
		if next := line + " · " + f; utf8.RuneCountInString(next) <= width {
			line = next
		}
	}
	return line
}

// shorten cuts a text that has more than n characters.
func shorten(text string, n int) string {
	if r := []rune(text); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return text
}
