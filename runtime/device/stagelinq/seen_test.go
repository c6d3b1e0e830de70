package stagelinq

import (
	"fmt"
	"testing"

	"showrun/drivers/stagelinq"
)

// TestDecks: people see what decks tell, at once, and nobody is asked again while nothing
// changes.
func TestDecks(t *testing.T) {
	b := newBooth(t)
	want := func(text string) {
		t.Helper()
		var got []string
		for _, d := range b.sink.Decks() {
			got = append(got, fmt.Sprintf("%s %q by %q playing %v leads %v on air %v, %v BPM, %v beats", d.Name, d.Title, d.Artist, d.Playing, d.Leads, d.OnAir, d.BPM, d.Length))
		}
		if fmt.Sprint(got) != text {
			t.Errorf("%v\nwant %s", got, text)
		}
	}
	want("[]")
	b.sink.OnDevice(stagelinq.DeviceEvent{Device: unitOf(1), Kind: stagelinq.Connected, At: b.sink.env.Time(0)})
	b.beats(1, stagelinq.DeckBeat{Beat: 1, Total: 400, BPM: 120})
	want(`[unit deck 1 "" by "" playing false leads false on air false, 0 BPM, 400 beats]`)
	b.set(1, "Track/SongLoaded", true)
	b.text(1, "Track/SongName", "One")
	b.text(1, "Track/ArtistName", "Two")
	b.value(1, "CurrentBPM", 124)
	b.set(1, "PlayState", true)
	b.set(1, "DeckIsMaster", true)
	b.value(1, "ExternalMixerVolume", 1)
	const playing = `[unit deck 1 "One" by "Two" playing true leads true on air true, 124 BPM, 400 beats]`
	want(playing)
	first := &b.sink.Decks()[0]
	b.beats(1, stagelinq.DeckBeat{Beat: 2, Total: 400, BPM: 120})
	if &b.sink.Decks()[0] != first {
		t.Error("a beat changes what is seen")
	}
	if s := b.sink.Decks()[0].Source; s != b.sink.decl.UnitDeckKey(unitOf(1).Token.String(), 1) {
		t.Errorf("the source is %q", s)
	}
	b.set(1, "PlayState", false)
	want(`[unit deck 1 "One" by "Two" playing false leads true on air false, 124 BPM, 400 beats]`)
	b.beats(1, stagelinq.DeckBeat{Beat: 2, Total: 300, BPM: 120}, stagelinq.DeckBeat{})
	want(`[unit deck 1 "One" by "Two" playing false leads true on air false, 124 BPM, 300 beats unit deck 2 "" by "" playing false leads false on air false, 0 BPM, 0 beats]`)
	b.sink.OnDevice(stagelinq.DeviceEvent{Device: unitOf(1), Kind: stagelinq.Lost, At: b.sink.env.Time(b.now)})
	want("[]")
}
