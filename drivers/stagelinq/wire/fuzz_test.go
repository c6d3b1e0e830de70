package wire

import (
	"bytes"
	"slices"
	"testing"
)

// What a parser accepts, its Append function writes so that it parses to the
// same value again.

func FuzzParseAnnouncement(f *testing.F) {
	f.Add(AppendAnnouncement(nil, Announcement{Token: Token{0x8f}, Name: "sc6000", Software: "JP13", Version: "2.3.1", Port: 42923}))
	f.Add(AppendAnnouncement(nil, Announcement{Name: "𝄞", Exit: true}))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := ParseAnnouncement(b)
		if err != nil {
			return
		}
		again, err := ParseAnnouncement(AppendAnnouncement(nil, a))
		if err != nil || again != a {
			t.Errorf("%+v became %+v, %v", a, again, err)
		}
	})
}

func FuzzParseMessage(f *testing.F) {
	f.Add(AppendMessage(nil, Message{ID: IDAnnounce, Service: ServiceStateMap, Port: 38631}))
	f.Add(AppendMessage(nil, Message{ID: IDReference, Token: Token{1}, Value: 25472891220}))
	f.Add(AppendMessage(nil, Message{ID: IDRequest, Token: Token{2}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, n, err := ParseMessage(b)
		if err != nil {
			return
		}
		if n < 20 || n > len(b) {
			t.Fatalf("%d of %d bytes", n, len(b))
		}
		again, _, err := ParseMessage(AppendMessage(nil, m))
		if err != nil || again != m {
			t.Errorf("%+v became %+v, %v", m, again, err)
		}
	})
}

func FuzzParseState(f *testing.F) {
	for _, m := range []StateMessage{
		{Type: StateSubscribe, Path: "/Engine/Deck1/Play", Interval: 100},
		{Type: StateEmit, Path: "/Engine/Deck1/Play", JSON: `{"state":false,"type":1}`},
		{Type: StateSet, Path: "/Client/Preferences/Player", Null: true},
	} {
		f.Add(AppendState(nil, m)[4:])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ParseState(b)
		if err != nil {
			return
		}
		again, err := ParseState(AppendState(nil, m)[4:])
		if err != nil || again != m {
			t.Errorf("%+v became %+v, %v", m, again, err)
		}
		// Whether the value is one is the JSON parser's to say.
		_, _ = m.Value()
	})
}

func FuzzParseValue(f *testing.F) {
	f.Add(`{"type":0,"value":121.9754638671875}`)
	f.Add(`{"color":"#ffea2828","type":16}`)
	f.Fuzz(func(t *testing.T, text string) {
		if v, err := ParseValue(text); err == nil && (v.Kind == KindNull || v.Raw != text) {
			t.Errorf("%q = %#v", text, v)
		}
	})
}

func FuzzParseBeatInfo(f *testing.F) {
	f.Add(AppendBeatCommand(nil, BeatStart)[4:])
	f.Add(AppendBeatInfo(nil, BeatInfo{Clock: 1, Decks: []DeckBeat{{-0.5, 512, 128, 10335.9375}, {0, 0, 120, 0}}})[4:])
	f.Fuzz(func(t *testing.T, b []byte) {
		kind, info, err := ParseBeatInfo(b, nil)
		if err != nil || kind != BeatEmit {
			return
		}
		_, again, err := ParseBeatInfo(AppendBeatInfo(nil, info)[4:], nil)
		if err != nil || again.Clock != info.Clock || !slices.Equal(again.Decks, info.Decks) {
			t.Errorf("%+v became %+v, %v", info, again, err)
		}
	})
}

// FuzzFramer checks that a stream gives the same frames in one piece and byte
// by byte.
func FuzzFramer(f *testing.F) {
	f.Add(AppendBeatCommand(AppendBeatCommand(nil, BeatStart), BeatStop))
	f.Add([]byte{0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, stream []byte) {
		whole, wholeErr := cut(stream, len(stream))
		bytewise, bytewiseErr := cut(stream, 1)
		if !slices.EqualFunc(whole, bytewise, bytes.Equal) || (wholeErr == nil) != (bytewiseErr == nil) {
			t.Errorf("in one piece %x %v, byte by byte %x %v", whole, wholeErr, bytewise, bytewiseErr)
		}
	})
}

// cut frames a stream that arrives in pieces of n bytes.
func cut(stream []byte, n int) (payloads [][]byte, err error) {
	f := NewFramer(64)
	for len(stream) > 0 {
		piece := stream[:min(n, len(stream))]
		taken := copy(f.Space(), piece)
		f.Advance(taken)
		stream = stream[taken:]
		for {
			payload, ok, err := f.Next()
			if err != nil {
				return payloads, err
			}
			if !ok {
				break
			}
			payloads = append(payloads, bytes.Clone(payload))
		}
	}
	return payloads, nil
}

func BenchmarkParseState(b *testing.B) {
	var names PathNames
	payload := AppendState(nil, StateMessage{Type: StateEmit, Path: "/Engine/Deck1/Track/CurrentBPM", JSON: `{"type":0,"value":121.9754638671875}`})[4:]
	b.ReportAllocs()
	for b.Loop() {
		m, err := names.ParseState(payload)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := m.Value(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseBeatInfo(b *testing.B) {
	payload := AppendBeatInfo(nil, BeatInfo{Clock: 1, Decks: make([]DeckBeat, 4)})[4:]
	decks := make([]DeckBeat, 0, MaxBeatDecks)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := ParseBeatInfo(payload, decks); err != nil {
			b.Fatal(err)
		}
	}
}
