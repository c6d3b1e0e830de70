package main

import (
	"testing"
	"time"

	"showrun/cmd/showrun/terminal"
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
			"waiting for osc.receiver 90… and 1 more · first-light · 120.0 BPM ♩ 11 · █▁▁▁▁▁"},
		{usual, 0, 40, "first-l… · 120.0 BPM ♩ ▯▯▯▮ 11 · █▁▁▁▁▁"},
		{usual, 0, 5, "120.0"},
		{host.Status{}, 0, 79, ""},
		{with(func(s *host.Status) {
			s.Board = &show.Board{Lists: []show.List{{Name: "main", Current: "5", Next: "6"}}}
		}), 0, 60,
			"first-l… · 120.0 BPM ♩ ▯▯▯▮ 11 · main 5 → 6 · █▁▁▁▁▁▁▁▁▁▂▂"},
		{with(func(s *host.Status) { s.Stopped, s.Meter = true, nil }), 2, 79, "first-light · 120.0 BPM ♩ stopped · 2 log lines dropped · frames 0.2 ms late"},
		{with(func(s *host.Status) { s.Show = "a very long name of a show" }), 0, 79, "a very long nam… · 120.0 BPM ♩ ▯▯▯▮ 11 · " + bars + " · gen 3"},
		{with(func(s *host.Status) { s.Held, s.NoScript, s.Deaf = true, true, true }), 0, 79,
			"■ STOPPED (Shift-R) · NO SCRIPT RUNS · no OSC commands · 120.0 BPM · █▁▁▁▁▁"},
		{with(func(s *host.Status) { s.Held = true }), 0, 79, "■ STOPPED (Shift-R) · first-light · 120.0 BPM ♩ ▯▯▯▮ 11 · " + bars},
		{with(func(s *host.Status) { s.Disabled = []string{"clock.every show.lua:9"} }), 0, 99,
			"NOT CALLED ANY MORE: clock.every show.lua:9 · first-l… · 120.0 BPM ♩ ▯▯▯▮ 11 · " + bars},
		{with(func(s *host.Status) { s.Disabled = []string{"a", "clock.every show.lua:9"} }), 0, 60,
			"2 handlers NOT CALLED · first-l… · 120.0 BPM ♩ 11 · █▁▁▁▁▁"},
		{with(func(s *host.Status) { s.ReloadErrors, s.Dropped = 1, 7 }), 1, 99,
			"first-light · 120.0 BPM ♩ ▯▯▯▮ 11 · 1 failed reload · 7 events lost · 1 log line dropped · █▁▁▁▁▁"},
	} {
		if got := statusLine(tt.status, "", tt.dropped, tt.width); got != tt.want {
			t.Errorf("%d wide:\n%s, want\n%s", tt.width, got, tt.want)
		}
	}
}

// TestStatusLineAtWidths: whatever the terminal has from 60 columns on, what is missing, the
// tempo and its source, the cues and the levels are seen, and no line is too long.
func TestStatusLineAtWidths(t *testing.T) {
	lamps := []byte{255, 0, 128, 255, 0, 0, 64, 255, 0, 32, 64, 96, 128, 160, 192, 224, 255, 0, 0, 255}
	gala := host.Status{
		Show: "gala", Generation: 3, BPM: 124.5, Beat: 33.2, Universes: 4, LateP99: 180 * time.Microsecond, Meter: lamps,
		Waiting: []string{"gateway booth", "player prime5"}, Source: "deck 2 of prime5",
		Board: &show.Board{Lists: []show.List{{Name: "main", Current: "12.5", Next: "13"}}},
	}
	stage := gala
	stage.Show, stage.Waiting, stage.Source = "舞台の夜の光と影", []string{"player プレーヤー"}, "deck 1 of プレーヤー"
	stage.Board = &show.Board{Lists: []show.List{{Name: "主", Current: "1", Next: "2"}}}
	for _, tt := range []struct {
		status host.Status
		width  int
		want   string
	}{
		{gala, 60, "2 missing · 124.5 BPM · main 12.5 → 13 · █▁▅█▁▁ · deck 2"},
		{gala, 80, "2 missing · gala · 124.5 BPM ♩ ▯▮▯▯ 33 · main 12.5 → 13 · █▁▅█▁▁▃█▁▂▃▄ · deck 2"},
		{gala, 120, "waiting for gateway booth and 1 more · gala · 124.5 BPM ♩ ▯▮▯▯ 33 · main 12.5 → 13 · █▁▅█▁▁▃█▁▂▃▄▅▆▇██▁▁█ · from deck 2"},
		{gala, 200, "waiting for gateway booth and 1 more · gala · 124.5 BPM ♩ ▯▮▯▯ 33 · main 12.5 → 13 · █▁▅█▁▁▃█▁▂▃▄▅▆▇██▁▁█ · " +
			"from deck 2 of prime5 · frames 0.2 ms late · gen 3 · 4 universes"},
		{stage, 60, "1 missing · 124.5 BPM ♩ 33 · 主 1 → 2 · █▁▅█▁▁ · deck 1"},
		{stage, 80, "waiting for player プレーヤ… · 舞台の… · 124.5 BPM · 主 1 → 2 · █▁▅█▁▁ · deck 1"},
		{stage, 120, "waiting for player プレーヤー · 舞台の夜の光と影 · 124.5 BPM ♩ ▯▮▯▯ 33 · 主 1 → 2 · █▁▅█▁▁▃█▁▂▃▄▅▆▇██▁▁█ · from deck 1"},
		{stage, 200, "waiting for player プレーヤー · 舞台の夜の光と影 · 124.5 BPM ♩ ▯▮▯▯ 33 · 主 1 → 2 · █▁▅█▁▁▃█▁▂▃▄▅▆▇██▁▁█ · " +
			"from deck 1 of プレーヤー · frames 0.2 ms late · gen 3 · 4 universes"},
	} {
		got := statusLine(tt.status, "", 0, tt.width-1)
		if got != tt.want || terminal.Width(got) >= tt.width {
			t.Errorf("%d wide, %d columns:\n%s, want\n%s", tt.width, terminal.Width(got), got, tt.want)
		}
	}
}
