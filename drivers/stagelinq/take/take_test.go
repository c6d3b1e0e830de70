package take

import (
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	evening = time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)
	prime   = Unit{wire.Token{1, 15: 0xff}, "prime4", "JC11", "3.4.0"}
	left    = Unit{wire.Token{2}, "sc6000", "JP13", "2.3.1"}
	right   = Unit{wire.Token{3}, "sc6000", "JP13", "2.3.1"}
)

func TestListenerTakesWhatASinkGets(t *testing.T) {
	var list []Event
	l := NewListener(evening, func(e Event) { list = append(list, e) })
	device := stagelinq.Device{Token: prime.Token, Name: prime.Name, Software: prime.Software, Version: prime.Version}
	l.OnDevice(stagelinq.DeviceEvent{Kind: stagelinq.Connected, Device: device, At: evening.Add(1)})
	v, err := wire.ParseValue(`{"type":10, "value":4}`)
	if err != nil {
		t.Fatal(err)
	}
	l.OnState(stagelinq.StateEvent{Device: device, Path: "/a", Value: v, At: evening.Add(2)})
	l.OnState(stagelinq.StateEvent{Device: device, Path: "/b", Value: wire.Value{Type: -1}, At: evening.Add(1)}) // overtaken
	decks := []wire.DeckBeat{{Beat: 1, Total: 2, BPM: 3, Sample: 4}}
	l.OnBeat(stagelinq.BeatEvent{Device: device, BeatInfo: wire.BeatInfo{Clock: 7, Decks: decks}, At: evening.Add(3)})
	decks[0].Beat = 9 // lent for the call only
	l.OnDevice(stagelinq.DeviceEvent{Kind: stagelinq.Lost, Device: device, At: evening.Add(4), Reason: "why"})
	want := []Event{
		{At: 1, Unit: prime, Kind: Device, Change: stagelinq.Connected},
		{At: 2, Unit: prime, Kind: State, Path: "/a", JSON: `{"type":10, "value":4}`},
		{At: 2, Unit: prime, Kind: State, Path: "/b"},
		{At: 3, Unit: prime, Kind: Beats, BeatInfo: wire.BeatInfo{Clock: 7, Decks: []wire.DeckBeat{{Beat: 1, Total: 2, BPM: 3, Sample: 4}}}},
		{At: 4, Unit: prime, Kind: Device, Change: stagelinq.Lost, Reason: "why"},
	}
	if !reflect.DeepEqual(list, want) {
		t.Errorf("%+v", list)
	}
	if u := l.Units(); len(u) != 1 || u[0] != (Count{Unit: prime, Connects: 1, States: 2, Beats: 1}) || l.Events() != 5 {
		t.Errorf("%+v", u)
	}
}

func TestListenerBoundsItsUnits(t *testing.T) {
	l := NewListener(evening, func(Event) {})
	for i := range 2 * maxUnits {
		l.OnDevice(stagelinq.DeviceEvent{Device: stagelinq.Device{Token: wire.Token{byte(i), byte(i >> 8)}}})
	}
	if n := len(l.Units()); n != maxUnits {
		t.Errorf("%d units", n)
	}
}

// from gives events one after the other.
func from(list []Event) func() (Event, error) {
	return func() (Event, error) {
		if len(list) == 0 {
			return Event{}, io.EOF
		}
		e := list[0]
		list = list[1:]
		return e, nil
	}
}

func TestLoad(t *testing.T) {
	state := func(at time.Duration, u Unit, json string) Event {
		return Event{At: at, Unit: u, Kind: State, Path: "/a", JSON: json}
	}
	const on = `{"state":true,"type":1}`
	list := []Event{
		{Unit: prime, Kind: Device, Change: stagelinq.Found},
		state(1, prime, on), state(1, left, ""),
		{At: 2, Unit: left, Kind: Beats, BeatInfo: wire.BeatInfo{Decks: []wire.DeckBeat{{BPM: 120}}}},
		state(3, right, on), state(4*time.Hour, prime, on),
	}
	for _, c := range []struct {
		unit   string
		want   Unit
		events int
	}{
		{"", prime, 2},
		{"prime4", prime, 2},
		{left.Token.String(), left, 2},
		{right.Token.String(), right, 1},
	} {
		got, err := Load(from(list), c.unit)
		if err != nil || got.Unit != c.want || len(got.Events) != c.events {
			t.Errorf("%q: %+v, %v", c.unit, got, err)
			continue
		}
		if fmt.Sprint(got.Units) != fmt.Sprint([]Unit{prime, left, right}) {
			t.Errorf("units %v", got.Units)
		}
		for _, e := range got.Events {
			if e.Unit != c.want || e.Kind == Device {
				t.Errorf("%+v", e)
			}
		}
	}
	for unit, says := range map[string]string{
		"sc6000": "2 are called \"sc6000\", name one by its token: sc6000 (02000000-0000-0000-0000-000000000000), sc6000 (03000000",
		"sc5000": `want "sc5000", have prime4 (01000000-0000-0000-0000-0000000000ff), sc6000 (`,
	} {
		if got, err := Load(from(list), unit); got != nil || !errors.Is(err, ErrUnit) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", unit, err)
		}
	}
	if _, err := Load(from(list[:1]), ""); !errors.Is(err, ErrEmpty) {
		t.Error(err)
	}
}

// TestLoadChecksWhatItTakes: a file may hold anything.
func TestLoadChecksWhatItTakes(t *testing.T) {
	good := Event{At: 5, Unit: prime, Kind: State, Path: "/a"}
	for says, bad := range map[string]Event{
		"time is 4ns, after 5ns": {At: 4, Unit: prime, Kind: State, Path: "/a"},
		"after 5ns":              {At: math.MaxInt64, Unit: prime, Kind: State, Path: "/a"},
		"no path":                {At: 5, Kind: State},
		"event 2":                {At: 5, Kind: State, Path: "/a", JSON: "{"},
		"decks: want":            {At: 5, Kind: Beats, BeatInfo: wire.BeatInfo{Decks: make([]wire.DeckBeat, wire.MaxBeatDecks+1)}},
		"is none":                {At: 5, Kind: Beats, BeatInfo: wire.BeatInfo{Decks: []wire.DeckBeat{{BPM: math.NaN()}}}},
		"kind is 9":              {At: 5, Kind: 9},
	} {
		if _, err := Load(from([]Event{good, bad}), ""); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want %q, got %v", says, err)
		}
	}
}
