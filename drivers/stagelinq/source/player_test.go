package source

import (
	"math"
	"slices"
	"testing"
	"time"

	"showrun/drivers/stagelinq/wire"
)

var start = time.Date(2026, 1, 1, 20, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }

// grid is a track of 120 BPM, two beats a second, with half a second before
// beat 0.
var grid = Track{Title: "T", Artist: "A", BPM: 120, Length: 100 * time.Second, Anchor: 500 * time.Millisecond}

func playing(t *testing.T) *Player {
	t.Helper()
	p := NewPlayer(PlayerConfig{Token: wire.Token{1}}, start)
	p.Load(1, grid, start)
	p.Play(1, start)
	return p
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-6 }

func wantBeat(t *testing.T, p *Player, seconds, beat float64) {
	t.Helper()
	if got := p.Beat(1, at(seconds)); !near(got, beat) {
		t.Errorf("at %g s: beat %g, want %g", seconds, got, beat)
	}
}

func TestPlayPausePitch(t *testing.T) {
	p := playing(t)
	wantBeat(t, p, 0, -1)
	wantBeat(t, p, 0.5, 0)
	wantBeat(t, p, 2.5, 4)
	p.Pause(1, at(2.5))
	wantBeat(t, p, 10, 4)
	p.Play(1, at(10))
	p.SetPitch(1, 5, at(10))
	wantBeat(t, p, 12, 4+2*2*1.05)
	p.SetTempo(1, 60, at(12))
	wantBeat(t, p, 13, 4+2*2*1.05+1)
	p.SetPitch(1, -300, at(13))
	wantBeat(t, p, 1000, 4+2*2*1.05+1)
	p.Unload(1, at(1000))
	wantBeat(t, p, 1001, 0)
}

func TestJumpAndSeek(t *testing.T) {
	p := playing(t)
	p.Jump(1, 16, at(2.5))
	wantBeat(t, p, 2.5, 20)
	p.Jump(1, -19.5, at(2.5))
	wantBeat(t, p, 3, 1.5)
	p.SeekBeat(1, 100, at(4))
	wantBeat(t, p, 5, 102)
	p.SeekBeat(1, -1e9, at(6))
	wantBeat(t, p, 6, -1)
	p.SeekBeat(1, 1e9, at(7))
	wantBeat(t, p, 7, 199)
}

func TestLoop(t *testing.T) {
	p := playing(t)
	p.Loop(1, 4, at(2.5)) // beats 4 to 8, two seconds
	for seconds, beat := range map[float64]float64{2.5: 4, 4: 7, 4.499: 7.998, 4.5: 4, 5: 5, 6.5: 4, 102.75: 4.5} {
		wantBeat(t, p, seconds, beat)
	}
	p.Pause(1, at(5))
	wantBeat(t, p, 50, 5)
	p.Play(1, at(50))
	wantBeat(t, p, 51.5, 4)
	p.EndLoop(1, at(52))
	wantBeat(t, p, 55, 11)
	p.Loop(1, 4, at(55)) // 11 to 15
	p.SeekBeat(1, 20, at(56))
	wantBeat(t, p, 60, 28) // a jump beyond the loop leaves it behind
	p.SeekBeat(1, 9, at(60))
	wantBeat(t, p, 64, 13) // a jump before it runs into it
}

func TestEndOfTrack(t *testing.T) {
	p := playing(t)
	wantBeat(t, p, 1000, 199)
	if p.Playing(1, at(1000)) {
		t.Error("plays beyond the end")
	}
	p.TakeChanges()
	p.Settle(at(99))
	if c := p.TakeChanges(); len(c) != 0 {
		t.Errorf("%v before the end", c)
	}
	p.Settle(at(100))
	if c := p.TakeChanges(); !slices.Contains(c, Change{"/Engine/Deck1/PlayState", `{"state":false,"type":1}`}) {
		t.Errorf("%v at the end", c)
	}
	p.Play(1, at(101))
	if p.Playing(1, at(101)) {
		t.Error("plays at the end")
	}
}

func TestBeatTime(t *testing.T) {
	p := playing(t)
	p.SetPitch(1, 25, at(2.5)) // beat 4, now 2.5 beats a second
	for _, test := range []struct {
		beat, now, want float64
		ok              bool
	}{
		{9, 2.5, 4.5, true},
		{4, 2.5, 2.5, true},
		{6, 4.5, 3.3, true},   // passed since the deck was touched
		{3, 4.5, 0, false},    // passed before
		{1000, 4.5, 0, false}, // beyond the end
	} {
		got, ok := p.BeatTime(1, test.beat, at(test.now))
		if ok != test.ok || ok && got.Sub(at(test.want)).Abs() > time.Microsecond {
			t.Errorf("beat %g asked at %g: %v, %v, want %g", test.beat, test.now, got.Sub(start), ok, test.want)
		}
	}
	p.SetPitch(1, 0, at(4.5)) // beat 9
	p.Loop(1, 4, at(4.5))     // 9 to 13
	for _, test := range []struct {
		beat, now, want float64
		ok              bool
	}{
		{12, 4.5, 6, true},
		{10, 5.5, 7, true}, // after the wrap
		{9, 4.5, 4.5, true},
		{13, 4.5, 0, false}, // the loop does not reach its end
		{12, 7, 8, true},
	} {
		got, ok := p.BeatTime(1, test.beat, at(test.now))
		if ok != test.ok || ok && got.Sub(at(test.want)).Abs() > time.Microsecond {
			t.Errorf("loop: beat %g asked at %g: %v, %v, want %g", test.beat, test.now, got.Sub(start), ok, test.want)
		}
	}
	p.Pause(1, at(8))
	if _, ok := p.BeatTime(1, 12, at(8)); ok {
		t.Error("a stopped deck passes a beat")
	}
	if _, ok := p.BeatTime(2, 0, at(8)); ok {
		t.Error("an empty deck passes a beat")
	}
}

// TestBeatTimeAgreesWithBeat asks the deck where it is at the instants it
// announced.
func TestBeatTimeAgreesWithBeat(t *testing.T) {
	p := playing(t)
	p.SetPitch(1, 3.7, at(1.234))
	p.Loop(1, 8, at(2))
	for step := range 200 {
		now := at(2 + 0.037*float64(step))
		next := math.Floor(p.Beat(1, now)) + 1
		when, ok := p.BeatTime(1, next, now)
		if !ok {
			continue // the loop wraps first
		}
		if got := p.Beat(1, when); math.Abs(got-next) > 1e-5 {
			t.Errorf("at %v: beat %g, announced as %g", when.Sub(start), got, next)
		}
	}
}

func TestBeatInfo(t *testing.T) {
	p := playing(t)
	p.SetPitch(2, 10, start)
	info := p.BeatInfo(at(2.5), nil)
	if info.Clock != 2_500_000_000 || len(info.Decks) != 4 {
		t.Fatalf("%+v", info)
	}
	if got, want := info.Decks[0], (wire.DeckBeat{Beat: 4, Total: 199, BPM: 120, Sample: 110250}); !near(got.Beat, want.Beat) ||
		!near(got.Total, want.Total) || got.BPM != want.BPM || !near(got.Sample, want.Sample) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got, want := info.Decks[1], (wire.DeckBeat{BPM: 132}); !near(got.BPM, want.BPM) || got.Beat != 0 || got.Total != 0 || got.Sample != 0 {
		t.Errorf("empty deck %+v, want %+v", got, want)
	}
	p.Load(3, Track{Length: time.Minute}, start)
	p.Play(3, start)
	if got := p.BeatInfo(at(1), nil).Decks[2]; got != (wire.DeckBeat{Sample: 44100}) {
		t.Errorf("track without a grid: %+v", got)
	}
	if n := testing.AllocsPerRun(10, func() { info = p.BeatInfo(at(3), info.Decks) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestStates(t *testing.T) {
	p := playing(t)
	p.SetPitch(1, -4, start)
	p.SetFader(1, 0.5, start)
	p.Loop(1, 4, start)
	for path, want := range map[string]string{
		"/Engine/DeckCount":                          `{"type":10,"value":4}`,
		"/Client/Preferences/Player":                 `{"string":"1","type":4}`,
		"/Engine/Deck1/PlayState":                    `{"state":true,"type":1}`,
		"/Engine/Deck1/DeckIsMaster":                 `{"state":true,"type":1}`,
		"/Engine/Deck2/DeckIsMaster":                 `{"state":false,"type":1}`,
		"/Engine/Sync/Network/MasterStatus":          `{"state":true,"type":1}`,
		"/Engine/Master/MasterTempo":                 `{"type":0,"value":115.19999694824219}`,
		"/Engine/Deck1/CurrentBPM":                   `{"type":0,"value":115.19999694824219}`,
		"/Engine/Deck2/CurrentBPM":                   `{"type":0,"value":120}`,
		"/Engine/Deck1/Speed":                        `{"type":0,"value":0.25}`,
		"/Engine/Deck1/SpeedRange":                   `{"string":"8","type":4}`,
		"/Engine/Deck1/SpeedState":                   `{"type":0,"value":-4}`,
		"/Engine/Deck1/Track/SongLoaded":             `{"state":true,"type":1}`,
		"/Engine/Deck1/Track/SongName":               `{"string":"T","type":8}`,
		"/Engine/Deck1/Track/ArtistName":             `{"string":"A","type":8}`,
		"/Engine/Deck1/Track/TrackLength":            `{"type":10,"value":4410000}`,
		"/Engine/Deck1/Track/SampleRate":             `{"type":14,"value":44100}`,
		"/Engine/Deck1/Track/LoopEnableState":        `{"state":true,"type":1}`,
		"/Engine/Deck1/Track/CurrentLoopSizeInBeats": `{"type":14,"value":4}`,
		"/Engine/Deck1/Track/CurrentLoopOutPosition": `{"type":14,"value":88200}`,
		"/Engine/Deck1/ExternalMixerVolume":          `{"type":0,"value":0.5039370059967041}`,
		"/Mixer/CH1faderPosition":                    `{"type":0,"value":0.6399999856948853}`,
		"/Mixer/CH2faderPosition":                    `{"type":0,"value":1.2699999809265137}`,
		"/Mixer/CrossfaderPosition":                  `{"type":0,"value":0.6399999856948853}`,
		"/Engine/Deck4/Track/SongName":               `{"string":"","type":8}`,
		"/Engine/Deck1/Track/TrackNetworkPath":       `{"string":"net://01000000-0000-0000-0000-000000000000/Virtual/Engine Library/Music/A%20-%20T.mp3","type":8}`,
	} {
		if got, ok := p.State(path); !ok || got != want {
			t.Errorf("%s = %s, want %s", path, got, want)
		}
	}
	if _, ok := p.State("/Engine/Deck5/PlayState"); ok {
		t.Error("a deck too many")
	}
	for path, json := range p.States() {
		if _, err := wire.ParseValue(json); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestSpeedFormula checks that sinks get the effective tempo out of the fader
// position, as with real units.
func TestSpeedFormula(t *testing.T) {
	p := playing(t)
	for _, percent := range []float64{0, 3, -8, 12, 33, -50, 99} {
		p.SetPitch(1, percent, start)
		number := func(path string) float64 {
			json, _ := p.State(path)
			v, err := wire.ParseValue(json)
			if err != nil {
				t.Fatal(err)
			}
			return v.Number
		}
		json, _ := p.State("/Engine/Deck1/SpeedRange")
		v, err := wire.ParseValue(json)
		if err != nil {
			t.Fatal(err)
		}
		var reach float64
		for _, r := range v.Text {
			reach = 10*reach + float64(r-'0')
		}
		bpm := 120 * (1 + 2*(number("/Engine/Deck1/Speed")-0.5)*reach/100)
		if got := number("/Engine/Deck1/CurrentBPM"); math.Abs(got-bpm) > 1e-4 {
			t.Errorf("%g %%: %g BPM, formula gives %g", percent, got, bpm)
		}
	}
}

func TestChangesComeInOrder(t *testing.T) {
	p := playing(t)
	p.TakeChanges()
	p.Load(1, Track{Title: "Next", BPM: 130}, at(1))
	var order []string
	for _, c := range p.TakeChanges() {
		switch c.Path {
		case "/Engine/Deck1/Track/SongLoaded", "/Engine/Deck1/Track/SongName":
			order = append(order, c.JSON)
		}
	}
	want := []string{`{"state":false,"type":1}`, `{"string":"","type":8}`, `{"string":"Next","type":8}`, `{"state":true,"type":1}`}
	if !slices.Equal(order, want) {
		t.Errorf("%v, want %v", order, want)
	}
	p.Pause(1, at(2))
	p.TakeChanges()
	p.Pause(1, at(3))
	if c := p.TakeChanges(); len(c) != 0 {
		t.Errorf("%v though nothing changed", c)
	}
}

func TestMasterMoves(t *testing.T) {
	p := playing(t)
	p.Load(2, Track{BPM: 90}, start)
	p.Play(2, start)
	if json, _ := p.State("/Engine/Deck2/DeckIsMaster"); json != `{"state":false,"type":1}` {
		t.Error("the second deck took the lead")
	}
	p.SetMaster(2, start)
	if json, _ := p.State("/Engine/Master/MasterTempo"); json != `{"type":0,"value":90}` {
		t.Error(json)
	}
	p.SetMaster(0, start)
	if json, _ := p.State("/Engine/Sync/Network/MasterStatus"); json != `{"state":false,"type":1}` {
		t.Error(json)
	}
}
