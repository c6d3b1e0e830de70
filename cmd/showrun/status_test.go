package main

import (
	"testing"
	"time"

	"showrun/runtime/host"
	"showrun/runtime/show"
)

// TestStatusLine: at 80 characters, of which the line has one less, the lamps are seen.
func TestStatusLine(t *testing.T) {
	lamps := make([]byte, 20)
	lamps[0] = 255
	for i := 10; i < 19; i++ {
		lamps[i] = byte(1 + 31*(i-10))
	}
	usual := host.Status{
		Show: "first-light", Generation: 3, BPM: 120, Beat: 11.4, Universes: 1, LateP99: 234 * time.Microsecond, Meter: lamps,
	}
	with := func(change func(*host.Status)) host.Status {
		s := usual
		change(&s)
		return s
	}
	const bars = "█▁▁▁▁▁▁▁▁▁▂▂▃▄▅▆▇▇█▁"
	for _, tt := range []struct {
		status  host.Status
		dropped uint64
		width   int
		want    string
	}{
		{usual, 0, 79, "first-light · 120.0 BPM ♩ ▯▯▯▮ 11 · " + bars + " · frames 0.2 ms late"},
		{usual, 0, 99, "first-light · 120.0 BPM ♩ ▯▯▯▮ 11 · " + bars + " · frames 0.2 ms late · gen 3 · 1 universe"},
		{with(func(s *host.Status) { s.Source = "deck 1 of rigdeck" }), 0, 99,
			"first-light · 120.0 BPM ♩ ▯▯▯▮ 11 · " + bars + " · from deck 1 of rigdeck · gen 3"},
		{with(func(s *host.Status) {
			s.Missing, s.Waiting = []string{"osc.receiver 9000 (it is taken)"}, []string{"player prime5"}
		}), 0, 79,
			"waiting for osc.receiver 9000 (it is taken) and 1 more · first-light · gen 3"},
		{usual, 0, 40, "first-light · 120.0 BPM ♩ ▯▯▯▮ 11"},
		{usual, 0, 5, "first"},
		{host.Status{}, 0, 79, ""},
		{with(func(s *host.Status) {
			s.Board = &show.Board{Lists: []show.List{{Name: "main", Current: "5", Next: "6"}}}
		}), 0, 60,
			"first-light · 120.0 BPM ♩ ▯▯▯▮ 11 · main 5 → 6 · gen 3"},
		{with(func(s *host.Status) { s.Stopped, s.Meter = true, nil }), 2, 79, "first-light · 120.0 BPM ♩ stopped · 2 log lines dropped · frames 0.2 ms late"},
		{with(func(s *host.Status) { s.Show = "a very long name of a show" }), 0, 79, "a very long nam… · 120.0 BPM ♩ ▯▯▯▮ 11 · " + bars + " · gen 3"},
		{with(func(s *host.Status) { s.Held, s.NoScript, s.Deaf = true, true, true }), 0, 79,
			"■ STOPPED (Shift-R) · NO SCRIPT RUNS · no OSC commands · first-light · gen 3"},
		{with(func(s *host.Status) { s.Held = true }), 0, 79, "■ STOPPED (Shift-R) · first-light · 120.0 BPM ♩ ▯▯▯▮ 11 · " + bars},
		{with(func(s *host.Status) { s.Disabled = []string{"clock.every show.lua:9"} }), 0, 99,
			"NOT CALLED ANY MORE: clock.every show.lua:9 · first-light · 120.0 BPM ♩ ▯▯▯▮ 11 · gen 3"},
		{with(func(s *host.Status) { s.Disabled = []string{"a", "clock.every show.lua:9"} }), 0, 60,
			"NOT CALLED ANY MORE: clock.every show.lua:9 and 1 more"},
		{with(func(s *host.Status) { s.ReloadErrors, s.Dropped = 1, 7 }), 1, 99,
			"first-light · 120.0 BPM ♩ ▯▯▯▮ 11 · 1 failed reload · 7 events lost · 1 log line dropped · gen 3"},
	} {
		if got := statusLine(tt.status, "", tt.dropped, tt.width); got != tt.want {
			t.Errorf("%d wide:\n%s, want\n%s", tt.width, got, tt.want)
		}
	}
}
