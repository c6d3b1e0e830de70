package stagelinq

import (
	"slices"
	"strings"
	"testing"
	"time"

	"showrun/drivers/stagelinq"
)

func TestSignature(t *testing.T) {
	for _, c := range []struct {
		deck Deck
		want string
	}{
		{Deck{}, ""},
		{Deck{Title: "Gone"}, ""},
		{Deck{Loaded: true}, "? / ? / ?"},
		{Deck{Loaded: true, Title: "One More Time", Artist: "Daft Punk", Length: 320 * time.Second}, "One More Time / Daft Punk / 5:20"},
		{Deck{Loaded: true, Title: " A  /  B ", Artist: "C\nD", Length: 59600 * time.Millisecond}, "A/B / C D / 1:00"},
		{Deck{Loaded: true, Title: "Set", Length: 100 * time.Minute}, "Set / ? / 100:00"},
	} {
		if got := c.deck.Signature(); got != c.want {
			t.Errorf("%+v: %q, want %q", c.deck, got, c.want)
		}
	}
}

// TestWhoLeadsWithWhat: the master tells a track when another title leads, and its loss.
func TestWhoLeadsWithWhat(t *testing.T) {
	b := newBooth(t)
	deck := stagelinq.DeckBeat{Beat: 1, Total: 100, BPM: 120}
	b.beats(1, deck, deck)
	b.beats(2, deck)
	master := func(want ...string) {
		t.Helper()
		var told []string
		for _, line := range b.told {
			if _, event, ok := strings.Cut(line, " master "); ok {
				told = append(told, event)
			}
		}
		if !slices.Equal(told, want) {
			t.Errorf("the master told %q, want %q", told, want)
		}
		b.told = nil
	}
	load := func(n byte, deck, title string) {
		b.text(n, deck+"Track/SongName", title)
		b.text(n, deck+"Track/ArtistName", "X")
		b.set(n, deck+"Track/SongLoaded", true)
	}
	load(1, "", "A")
	load(1, "2:", "B")
	load(2, "", "B")
	master()
	b.set(1, "DeckIsMaster", true)
	master("master", "track")
	b.set(1, "DeckIsMaster", false)
	b.set(1, "2:DeckIsMaster", true)
	master("master", "track")
	b.set(2, "DeckIsMaster", true) // the first found goes before; it keeps the lead
	master()
	b.set(1, "2:DeckIsMaster", false)
	master("master") // with the same title
	b.set(1, "DeckIsMaster", true)
	master("master", "track")
	b.sink.OnDevice(stagelinq.DeviceEvent{Kind: stagelinq.Lost, Device: unitOf(1), At: b.sink.env.Time(b.now)})
	master("master", "track")
	b.sink.OnDevice(stagelinq.DeviceEvent{Kind: stagelinq.Lost, Device: unitOf(2), At: b.sink.env.Time(b.now)})
	master()
	if is := b.sink.deck("", 0); is.Number != 0 || b.leader != "02 deck 1" {
		t.Errorf("%+v, the beat of %s", is, b.leader)
	}
}
