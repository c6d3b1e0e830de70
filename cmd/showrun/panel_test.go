package main

import (
	"context"
	"errors"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"showrun/cmd/showrun/terminal"
	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/source"
	"showrun/drivers/stagelinq/take"
	"showrun/drivers/stagelinq/wire"
)

func newPanel(t *testing.T) *panel {
	t.Helper()
	unit, err := source.Open(source.Config{Token: stagelinq.Token{1}, Decks: 2})
	if err != nil {
		t.Fatal(err)
	}
	pn := &panel{unit: unit, decks: 2}
	pn.chosen.Store(1)
	return pn
}

// TestPanelKeys presses keys and looks at the deck that is chosen.
func TestPanelKeys(t *testing.T) {
	for keys, want := range map[string]source.DeckState{
		"":          {BPM: 120},
		" ":         {BPM: 120}, // an empty deck does not play
		"n":         {Loaded: true, Track: crate[0], BPM: 122},
		"nn":        {Loaded: true, Track: crate[1], BPM: 126, Beat: -0.672}, // before its first beat
		"n ":        {Loaded: true, Playing: true, Master: true, Track: crate[0], BPM: 122},
		"n  ":       {Loaded: true, Master: true, Track: crate[0], BPM: 122},
		"nm":        {Loaded: true, Master: true, Track: crate[0], BPM: 122},
		"n+++-":     {Loaded: true, Track: crate[0], Pitch: 0.2, BPM: 122 * 1.002},
		"n=__":      {Loaded: true, Track: crate[0], Pitch: -0.1, BPM: 122 * 0.999},
		"nkk↓":      {Loaded: true, Track: crate[0], BPM: 122, Beat: 4},
		"n↑j":       {Loaded: true, Track: crate[0], BPM: 122},
		"nl":        {Loaded: true, Looping: true, Track: crate[0], BPM: 122},
		"nll":       {Loaded: true, Track: crate[0], BPM: 122},
		"n 2":       {BPM: 120},
		"3n":        {Loaded: true, Track: crate[0], BPM: 122}, // there is no deck 3
		"2n1n":      {Loaded: true, Track: crate[1], BPM: 126, Beat: -0.672},
		"nnnnnnnxZ": {Loaded: true, Track: crate[0], BPM: 122},
	} {
		pn := newPanel(t)
		now := time.Now()
		pn.unit.Do(func(p *source.Player, _ time.Time) {
			for _, k := range keys {
				pn.play(p, k, now)
			}
			got := p.Deck(int(pn.chosen.Load()), now)
			if want.Loaded {
				want.Track.SampleRate = 44100
			}
			if math.Abs(got.BPM-want.BPM) > 1e-9 || math.Abs(got.Beat-want.Beat) > 1e-9 {
				t.Errorf("%q: %v BPM at beat %v, want %v at %v", keys, got.BPM, got.Beat, want.BPM, want.Beat)
			}
			got.BPM, got.Beat, want.BPM, want.Beat = 0, 0, 0, 0
			if got != want {
				t.Errorf("%q: %+v, want %+v", keys, got, want)
			}
		})
	}
}

func TestPanelEnds(t *testing.T) {
	var sig signalled
	for key, want := range map[rune]error{'q': context.Canceled, terminal.KeyEnd: context.Canceled, terminal.KeyInterrupt: signalled{os.Interrupt}} {
		for _, isTake := range []bool{false, true} {
			pn := newPanel(t)
			pn.isTake = isTake
			ctx, cancel := context.WithCancelCause(t.Context())
			pn.press(key, nil, cancel)
			if cause := context.Cause(ctx); cause != want || errors.As(cause, &sig) != (key == terminal.KeyInterrupt) {
				t.Errorf("%q: %v, want %v", key, cause, want)
			}
		}
	}
	var screen strings.Builder
	newPanel(t).press('?', &screen, nil)
	if screen.String() != deckKeys+"\n" {
		t.Errorf("%q", screen.String())
	}
}

func TestPanelStatus(t *testing.T) {
	pn := newPanel(t)
	for _, c := range []struct{ keys, want string }{
		{"", "deck 1 ⏸ · 120.0 BPM ♩ 0 · empty · 0 clients"},
		{"n", "deck 1 ⏸ · 122.0 BPM ♩ 0 · Paper Moons · 0 clients"},
		{"+↑", "deck 1 ⏸ · 122.1 BPM ♩ 4 · Paper Moons · pitch +0.1 % · 0 clients"},
		{"2n-m l", "deck 2 ▶ · 125.9 BPM ♩ -1 · Long Exposure · pitch -0.1 % · loop · master · 0 clients"},
	} {
		for _, k := range c.keys {
			pn.press(k, nil, nil)
		}
		if got := pn.status(); got != c.want {
			t.Errorf("%q: %s\nwant %s", c.keys, got, c.want)
		}
	}

	unit := take.Unit{Token: wire.Token{1}, Name: "n"}
	player, err := source.NewTakePlayer(source.TakeConfig{Take: &take.Take{Unit: unit, Events: []take.Event{
		{At: 65 * time.Second, Unit: unit, Kind: take.State, Path: "/Engine/Deck1/PlayState", JSON: `{"state":true,"type":1}`},
		{At: 65 * time.Second, Unit: unit, Kind: take.Beats, BeatInfo: wire.BeatInfo{Decks: []wire.DeckBeat{{Beat: 7.5, BPM: 128}, {BPM: 120}}}},
		{At: 2 * time.Hour, Unit: unit, Kind: take.State, Path: "/x"},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	pn = &panel{isTake: true}
	if pn.unit, err = source.OpenTake(source.Config{}, player); err != nil {
		t.Fatal(err)
	}
	if got, want := pn.status(), "take 1:05 of 120:00 · waiting for a client · 0 clients"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	pn.unit.DoTake(func(p *source.TakePlayer, now time.Time) { p.Step(now, nil) })
	if got, want := pn.status(), "take 1:05 of 120:00 · deck 1 ▶ 128.0 BPM ♩ 7 · deck 2 ⏸ 120.0 BPM ♩ 0 · 0 clients"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}
