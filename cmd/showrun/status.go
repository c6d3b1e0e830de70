package main

import (
	"fmt"
	"math"
	"strings"

	"showrun/cmd/showrun/terminal"
	"showrun/runtime/host"
)

// statusLine draws a status in at most width characters. dropped counts the log lines
// that nobody could read.
func statusLine(s host.Status, dropped uint64, width int) string {
	if s.Generation == 0 {
		return "" // nothing is loaded yet
	}
	beat := "♩ stopped"
	if !s.Stopped {
		b := math.Floor(s.Beat)
		in := int(math.Mod(math.Mod(b, 4)+4, 4))
		beat = fmt.Sprintf("♩ %s %.0f", strings.Repeat("▯", in)+"▮"+strings.Repeat("▯", 3-in), b)
	}
	fields := []string{
		s.Show,
		fmt.Sprintf("gen %d", s.Generation),
		fmt.Sprintf("%.1f BPM %s", s.BPM, beat),
		fmt.Sprintf("frames %.1f ms late", float64(s.LateP99.Microseconds())/1000),
		terminal.Plural(s.Universes, "universe"),
	}
	if s.Held {
		fields = append([]string{"■ STOPPED, R releases"}, fields...)
	}
	if s.NoScript {
		fields = append(fields, "NO SCRIPT RUNS")
	}
	if s.Deaf {
		fields = append(fields, "no OSC commands")
	}
	if s.ReloadErrors > 0 {
		fields = append(fields, terminal.Plural(int(s.ReloadErrors), "failed reload"))
	}
	if s.Dropped > 0 {
		fields = append(fields, terminal.Plural(int(s.Dropped), "event")+" lost")
	}
	if dropped > 0 {
		fields = append(fields, terminal.Plural(int(dropped), "log line")+" dropped")
	}
	if m := terminal.Meter(s.Meter); m != "" {
		fields = append(fields, m)
	}
	return terminal.Fit(strings.Join(fields, " · "), width)
}
