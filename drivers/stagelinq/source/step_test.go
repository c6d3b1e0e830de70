package source

import (
	"testing"
	"time"

	"showrun/drivers/stagelinq/wire"
)

// TestPlayerSteps asks for beat messages as a source does: on a grid of instants,
// each of the instant it is asked at, without those that were missed.
func TestPlayerSteps(t *testing.T) {
	p := NewPlayer(PlayerConfig{Token: wire.Token{1}, BeatRate: 10}, start)
	p.Load(1, grid, start)
	p.Play(1, start)
	for _, c := range []struct {
		seconds, next float64
		due           bool
	}{
		{0, 0.1, true}, {0, 0.1, false}, {0.099, 0.1, false}, {0.101, 0.2, true},
		{0.2, 0.3, true}, {5.75, 5.8, true}, {5.75, 5.8, false}, {5.8, 5.9, true}, {200, 200.1, true},
	} {
		info, ok := p.Step(at(c.seconds), nil)
		if ok != c.due || !p.Deadline().Equal(at(c.next)) {
			t.Errorf("at %g: %v, next %v", c.seconds, ok, p.Deadline().Sub(start))
		}
		if want := p.BeatInfo(at(c.seconds), nil); ok && (info.Clock != want.Clock || info.Decks[0] != want.Decks[0]) {
			t.Errorf("at %g: %+v, want %+v", c.seconds, info, want)
		}
	}
	if json, _ := p.State(playPath); json != off {
		t.Errorf("%s after the end of the track", json)
	}
}

// TestCommandsOfThePast come from scripts, which run for an instant that is just
// over.
func TestCommandsOfThePast(t *testing.T) {
	p := playing(t)
	p.Step(at(2.51), nil)
	p.Pause(1, at(2.5)) // no command since, so that is the instant it holds for
	wantBeat(t, p, 3, 4)
	p.Play(1, at(10))
	p.SetPitch(1, 10, at(9)) // told before the last one: holds from that on
	wantBeat(t, p, 9.5, 4)
	wantBeat(t, p, 11, 4+2*1.1)
	p.Unload(2, at(12))
	p.Load(2, grid, at(11))
	p.Play(2, at(11))
	if got := p.Beat(2, at(13)); !near(got, 1) {
		t.Errorf("beat %g", got)
	}
	if at, ok := p.BeatTime(2, 1, at(13).Add(-time.Second)); !ok || !at.Equal(start.Add(13*time.Second)) {
		t.Errorf("%v, %v", at, ok)
	}
}

func TestDeckState(t *testing.T) {
	p := playing(t)
	p.SetPitch(1, 10, at(0.5))
	p.Loop(1, 4, at(0.5))
	got := p.Deck(1, at(1.5))
	if !near(got.BPM, 132) || !near(got.Beat, 2.2) {
		t.Errorf("%+v", got)
	}
	got.BPM, got.Beat = 0, 0
	if want := (DeckState{Loaded: true, Playing: true, Looping: true, Master: true, Track: grid.withDefaults(), Pitch: 10}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := p.Deck(2, at(1.5)); got != (DeckState{BPM: 120}) {
		t.Errorf("%+v", got)
	}
}
