package wire

import (
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"
)

func TestAnnouncementActions(t *testing.T) {
	exit := Announcement{Token: Token{1}, Name: "n", Exit: true, Software: "JC11", Version: "1", Port: 7}
	if got, err := ParseAnnouncement(AppendAnnouncement(nil, exit)); err != nil || got != exit {
		t.Errorf("%+v, %v", got, err)
	}
	b := append([]byte("airD"), make([]byte, 16)...)
	for _, s := range []string{"n", "DISCOVERER_HELLO_", "JC11", "1"} {
		b = appendString(b, s)
	}
	if _, err := ParseAnnouncement(append(b, 0, 7)); !errors.Is(err, ErrType) {
		t.Errorf("unknown action: %v", err)
	}
}

func TestMessageLimits(t *testing.T) {
	name := strings.Repeat("s", MaxServiceName/2)
	if m, _, err := ParseMessage(AppendMessage(nil, Message{Service: name})); err != nil || m.Service != name {
		t.Errorf("longest name: %v", err)
	}
	if _, _, err := ParseMessage(AppendMessage(nil, Message{Service: name + "s"})); !errors.Is(err, ErrTooLong) {
		t.Errorf("name over the limit: %v", err)
	}
	// The id alone tells that nothing more is worth waiting for.
	if _, _, err := ParseMessage([]byte{0, 0, 0, 3}); !errors.Is(err, ErrType) {
		t.Errorf("unknown id: %v", err)
	}
}

func TestStateTrailingBytes(t *testing.T) {
	b := AppendState(nil, StateMessage{Type: StateEmit, Path: "/a", JSON: "{}"})[4:]
	if _, err := ParseState(append(b, 0)); !errors.Is(err, ErrTrailing) {
		t.Errorf("trailing byte: %v", err)
	}
}

func TestPathNamesAreBounded(t *testing.T) {
	var names PathNames
	for i := range 3 * maxPathNames {
		b := AppendState(nil, StateMessage{Type: StateEmit, Path: string(rune('a' + i)), JSON: "{}"})
		if m, err := names.ParseState(b[4:]); err != nil || m.Path != string(rune('a'+i)) {
			t.Fatalf("%+v, %v", m, err)
		}
	}
	if len(names.byBytes) > maxPathNames {
		t.Errorf("%d names held", len(names.byBytes))
	}
}

func TestBeatInfoRejectsNumbersThatAreNone(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		for field := range 4 {
			d := DeckBeat{1, 2, 3, 4}
			*[]*float64{&d.Beat, &d.Total, &d.BPM, &d.Sample}[field] = bad
			b := AppendBeatInfo(nil, BeatInfo{Clock: 1, Decks: []DeckBeat{{}, d}})
			if _, _, err := ParseBeatInfo(b[4:], nil); !errors.Is(err, ErrBeats) {
				t.Errorf("%v in field %d: %v", bad, field, err)
			}
		}
	}
}

func TestBeatInfoDeckLimit(t *testing.T) {
	info := BeatInfo{Decks: make([]DeckBeat, MaxBeatDecks)}
	if _, got, err := ParseBeatInfo(AppendBeatInfo(nil, info)[4:], nil); err != nil || len(got.Decks) != MaxBeatDecks {
		t.Errorf("%d decks, %v", len(got.Decks), err)
	}
	info.Decks = append(info.Decks, DeckBeat{})
	if _, _, err := ParseBeatInfo(AppendBeatInfo(nil, info)[4:], nil); !errors.Is(err, ErrBeats) {
		t.Errorf("one deck too many: %v", err)
	}
	b := binary.BigEndian.AppendUint32(nil, 3)
	if _, _, err := ParseBeatInfo(b, nil); !errors.Is(err, ErrType) {
		t.Errorf("unknown type: %v", err)
	}
}

func TestReadingWithoutAllocation(t *testing.T) {
	beats := AppendBeatInfo(nil, BeatInfo{Clock: 1, Decks: make([]DeckBeat, 4)})[4:]
	decks := make([]DeckBeat, 0, MaxBeatDecks)
	if n := testing.AllocsPerRun(100, func() { _, _, _ = ParseBeatInfo(beats, decks) }); n != 0 {
		t.Errorf("%v allocations per beat message", n)
	}
}
