package stagelinq

import (
	"slices"
	"testing"
	"time"

	"showrun/drivers/stagelinq"
)

// TestWaitsFor: the units the show names are waited for until they are connected, and again
// when they are lost; without names any player does.
func TestWaitsFor(t *testing.T) {
	b := newBooth(t)
	waits := func(when string, want ...string) {
		t.Helper()
		if got := b.sink.WaitsFor(); !slices.Equal(got, want) {
			t.Errorf("%s: waits for %q, want %q", when, got, want)
		}
	}
	tell := func(kind stagelinq.DeviceKind) {
		b.sink.OnDevice(stagelinq.DeviceEvent{Kind: kind, Device: unitOf(1), At: time.Unix(1001, 0)})
	}
	waits("at first", "a player")
	tell(stagelinq.Found)
	waits("found", "a player")
	tell(stagelinq.Connected)
	waits("connected")
	b.sink.decl.Devices = "JC11\nprime5"
	waits("by names", "player prime5")
	tell(stagelinq.Lost)
	waits("lost", "player JC11", "player prime5")
}

// TestSourceName: a tempo source is called by what it stands for.
func TestSourceName(t *testing.T) {
	b := newBooth(t)
	key := b.sink.decl.MasterKey()
	if got := b.sink.SourceName(key); got != "the master deck, which nobody is yet" {
		t.Errorf("before any: %q", got)
	}
	b.beats(1, stagelinq.DeckBeat{Beat: 1, Total: 9}, stagelinq.DeckBeat{Beat: 1, Total: 9})
	b.set(1, "2:DeckIsMaster", true)
	for source, want := range map[string]string{
		key:                    "deck 2 of unit",
		b.sink.decl.DeckKey(1): "deck 1 of unit", b.sink.decl.DeckKey(4): "deck 4, which is not there", "another": "",
		b.sink.decl.UnitDeckKey(unitOf(1).Token.String(), 2): "deck 2 of unit",
	} {
		if got := b.sink.SourceName(source); got != want {
			t.Errorf("%s is %q, want %q", source, got, want)
		}
	}
}
