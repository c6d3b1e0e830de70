package take

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/wire"
)

// disk takes so many bytes and is full then.
type disk struct {
	bytes.Buffer
	free int
}

var errFull = errors.New("no space left")

func (d *disk) Write(b []byte) (int, error) {
	n := min(len(b), d.free-d.Len())
	d.Buffer.Write(b[:n])
	if n < len(b) {
		return n, errFull
	}
	return n, nil
}

func TestWriterTakesWhatASinkGets(t *testing.T) {
	var b bytes.Buffer
	w := NewWriter(&b, evening)
	device := stagelinq.Device{Token: prime.Token, Name: prime.Name, Software: prime.Software, Version: prime.Version}
	w.OnDevice(stagelinq.DeviceEvent{Kind: stagelinq.Connected, Device: device, At: evening.Add(1)})
	v, err := wire.ParseValue(`{"type":10, "value":4}`)
	if err != nil {
		t.Fatal(err)
	}
	w.OnState(stagelinq.StateEvent{Device: device, Path: "/a", Value: v, At: evening.Add(2)})
	w.OnState(stagelinq.StateEvent{Device: device, Path: "/b", Value: wire.Value{Type: -1}, At: evening.Add(1)}) // overtaken
	decks := []wire.DeckBeat{{Beat: 1, Total: 2, BPM: 3, Sample: 4}}
	w.OnBeat(stagelinq.BeatEvent{Device: device, BeatInfo: wire.BeatInfo{Clock: 7, Decks: decks}, At: evening.Add(3)})
	decks[0].Beat = 9 // lent for the call only
	w.OnDevice(stagelinq.DeviceEvent{Kind: stagelinq.Lost, Device: device, At: evening.Add(4), Reason: "why"})
	if b.Len() != 0 {
		t.Error("an event has waited for the disk")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w.Add(Event{At: 5, Unit: left})
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	list, _, err := readAll(&b)
	want := []Event{
		{At: 1, Unit: prime, Kind: Device, Change: stagelinq.Connected},
		{At: 2, Unit: prime, Kind: State, Path: "/a", JSON: `{"type":10, "value":4}`},
		{At: 2, Unit: prime, Kind: State, Path: "/b"},
		{At: 3, Unit: prime, Kind: Beats, BeatInfo: wire.BeatInfo{Clock: 7, Decks: []wire.DeckBeat{{Beat: 1, Total: 2, BPM: 3, Sample: 4}}}},
		{At: 4, Unit: prime, Kind: Device, Change: stagelinq.Lost, Reason: "why"},
	}
	if err != nil || !reflect.DeepEqual(list, want) {
		t.Errorf("%+v, %v", list, err)
	}
	if u := w.Units(); len(u) != 1 || u[0] != (Count{Unit: prime, Connects: 1, States: 2, Beats: 1}) {
		t.Errorf("%+v", u)
	}
}

// TestWriterFlushesWithinASecond looks at the file a second after each event.
func TestWriterFlushesWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{free: 1 << 20}
		w := NewWriter(d, evening)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- w.Run(ctx) }()
		for i := range 5 {
			w.Add(Event{Unit: prime})
			<-time.After(time.Second)
			synctest.Wait()
			if n := strings.Count(d.String(), "\n"); n != i+2 {
				t.Errorf("%d lines after %d events", n, i+1)
			}
		}
		w.Add(Event{Unit: prime})
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if st := w.Stats(); st.Events != 6 || st.Dropped != 0 || st.Bytes != d.Len() || strings.Count(d.String(), "\n") != 7 {
			t.Errorf("%+v, %d bytes", st, d.Len())
		}
	})
}

// TestFullDisk has Run say so, and leaves a take that can be read up to there.
func TestFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{free: 4000}
		w := NewWriter(d, evening)
		done := make(chan error)
		go func() { done <- w.Run(t.Context()) }()
		for range 60 {
			w.Add(Event{Unit: prime})
		}
		if err := <-done; !errors.Is(err, errFull) {
			t.Error(err)
		}
		w.Add(Event{Unit: prime})
		if err := w.Close(); !errors.Is(err, errFull) || d.Len() != 4000 {
			t.Errorf("%v, %d bytes", err, d.Len())
		}
		list, r, err := readAll(&d.Buffer)
		if err != nil || len(list) < 20 || r.Truncated() != len(list)+2 {
			t.Errorf("%d events, truncated at %d, %v", len(list), r.Truncated(), err)
		}
	})
}

// TestSlowDisk fills the memory of a writer that is never flushed, and then tries
// a line that no reader would take.
func TestSlowDisk(t *testing.T) {
	d := &disk{free: 1 << 30}
	w := NewWriter(d, evening)
	big := Event{Unit: prime, Kind: State, Path: "/" + strings.Repeat("x", MaxLine/2), JSON: `{"state":true,"type":1}`}
	for range 40 {
		w.Add(big)
	}
	if st := w.Stats(); st.Events != 15 || st.Dropped != 25 {
		t.Errorf("%+v", st)
	}
	if err := w.Flush(); err != nil || d.Len() > maxPending {
		t.Errorf("%v, %d bytes", err, d.Len())
	}
	big.Path += big.Path
	w.Add(big)
	w.Add(Event{Unit: prime})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	list, _, err := readAll(&d.Buffer)
	if st := w.Stats(); err != nil || len(list) != 16 || st.Events != 16 || st.Dropped != 26 {
		t.Errorf("%d events, %+v, %v", len(list), st, err)
	}
}

func TestWriterBoundsItsUnits(t *testing.T) {
	w := NewWriter(new(bytes.Buffer), evening)
	for i := range 2 * maxUnits {
		w.Add(Event{Unit: Unit{Token: wire.Token{byte(i), byte(i >> 8)}, Name: fmt.Sprint(i)}})
	}
	if n := len(w.Units()); n != maxUnits {
		t.Errorf("%d units", n)
	}
}

// fourDecks is a beat message as most are.
func fourDecks() Event {
	deck := wire.DeckBeat{Beat: 285.41480920, Total: 400.9927, BPM: 121.97546386718751, Sample: 6865523.501393173}
	return Event{Unit: prime, Kind: Beats, BeatInfo: wire.BeatInfo{Clock: 25472891220, Decks: []wire.DeckBeat{deck, deck, deck, deck}}}
}

func BenchmarkAddBeats(b *testing.B) {
	w, e := NewWriter(new(disk), evening), fourDecks()
	b.ReportAllocs()
	for b.Loop() {
		w.Add(e)
		if len(w.pending) > 1<<20 {
			w.pending = w.pending[:0]
		}
	}
}

func BenchmarkRead(b *testing.B) {
	line := AppendEvent(nil, fourDecks())
	b.ReportAllocs()
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		if _, err := ParseEvent(line); err != nil {
			b.Fatal(err)
		}
	}
}
