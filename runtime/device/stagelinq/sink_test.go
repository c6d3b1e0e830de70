package stagelinq

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/wire"
	"showrun/runtime/beat"
	"showrun/runtime/device"
)

// booth is a sink in virtual time that hears what a test lets players tell.
type booth struct {
	t        *testing.T
	now      time.Duration
	sink     *Sink
	told     []string // events of decks, "1200 master track"
	observed []string // "deck 1 halt", "deck 1 loop 4-8"
	leader   string   // what the master stands for
}

func newBooth(t *testing.T) *booth {
	b := &booth{t: t}
	decl := &SinkDecl{Name: "showrun"}
	epoch := time.Unix(1000, 0)
	dev, err := decl.OpenVirtual(device.Env{
		Now:   func() time.Duration { return b.now },
		Since: func(at time.Time) time.Duration { return at.Sub(epoch) },
		Time:  func(at time.Duration) time.Time { return epoch.Add(at) },
		Observe: func(source string, o beat.Observation) {
			what := fmt.Sprintf("%s beat %.2f", b.short(source), o.Beat)
			switch {
			case o.Halt:
				what = b.short(source) + " halt"
			case o.Empty:
				what = b.short(source) + " empty"
			case o.Loop[1] > o.Loop[0]:
				what += fmt.Sprintf(" loop %.3f-%.3f", o.Loop[0], o.Loop[1])
			}
			b.observed = append(b.observed, what)
		},
		Alias: func(source, target string, _ time.Duration) {
			if source == decl.MasterKey() {
				b.leader = b.short(target)
			}
		},
		Event: func(ev device.Event) bool {
			for _, e := range DeckEvents {
				if topic, ok := strings.CutSuffix(ev.Topic, " "+e); ok {
					b.told = append(b.told, fmt.Sprintf("%d %s %s", ev.At.Milliseconds(), b.short(topic), e))
				}
			}
			return true
		},
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	b.sink = dev.(*Sink)
	return b
}

// short is a tempo source without the name of the sink, and with the first letters of a
// player's token.
func (b *booth) short(source string) string {
	source = strings.TrimPrefix(source, b.sink.decl.Key()+" ")
	if token, deck, ok := strings.Cut(source, " deck "); ok {
		return token[:2] + " deck " + deck
	}
	return source
}

func unitOf(n byte) stagelinq.Device {
	return stagelinq.Device{Token: stagelinq.Token{n, 6: 0x40, 8: 0x80}, Name: "unit", Software: "JC11"}
}

// until lets time pass, with what the sink has to do meanwhile.
func (b *booth) until(ms int) {
	for at := time.Duration(ms) * time.Millisecond; ; b.sink.Step(b.now) {
		if next := b.sink.Next(); next > at {
			b.now = at
			return
		} else {
			b.now = max(b.now, next)
		}
	}
}

// state lets unit n tell a state of deck 1, or of another one before a colon.
func (b *booth) state(n byte, name, json string) {
	b.t.Helper()
	v, err := wire.ParseValue(json)
	if err != nil {
		b.t.Fatal(err)
	}
	deck := "1"
	if d, rest, ok := strings.Cut(name, ":"); ok {
		deck, name = d, rest
	}
	b.sink.OnState(stagelinq.StateEvent{Device: unitOf(n), Path: "/Engine/Deck" + deck + "/" + name, Value: v, At: b.sink.env.Time(b.now)})
}

func (b *booth) text(n byte, name, text string) {
	b.state(n, name, fmt.Sprintf(`{"type":8,"string":%q}`, text))
}

func (b *booth) set(n byte, name string, on bool) {
	b.state(n, name, fmt.Sprintf(`{"type":1,"state":%v}`, on))
}

func (b *booth) value(n byte, name string, v float64) {
	b.state(n, name, fmt.Sprintf(`{"type":0,"value":%v}`, v))
}

// beats lets unit n tell where its decks are.
func (b *booth) beats(n byte, decks ...stagelinq.DeckBeat) {
	b.sink.OnBeat(stagelinq.BeatEvent{
		Device: unitOf(n), BeatInfo: stagelinq.BeatInfo{Clock: uint64(b.now) + 1, Decks: decks}, At: b.sink.env.Time(b.now),
	})
}

func (b *booth) wantTold(want ...string) {
	b.t.Helper()
	if !slices.Equal(b.told, want) {
		b.t.Errorf("told %q\nwant %q", b.told, want)
	}
	b.told = nil
}

// TestTrackHasTitleAndArtist: "track" is told when both are there, in whatever order a
// player tells them, a short while later without what does not come, and again when they
// change.
func TestTrackHasTitleAndArtist(t *testing.T) {
	for _, c := range []struct {
		name  string
		steps string // name=text, at ms
		want  []string
	}{
		{"names first", "0 SongName=A, 1 ArtistName=X, 2 SongLoaded", []string{"2"}},
		{"loaded first", "0 SongLoaded, 40 SongName=A, 90 ArtistName=X", []string{"90"}},
		{"loaded between", "0 ArtistName=X, 5 SongLoaded, 60 SongName=A", []string{"60"}},
		{"no artist", "0 SongLoaded, 40 SongName=A", []string{"250"}},
		{"nothing at all", "0 SongLoaded", []string{"250"}},
		{"the artist comes late", "0 SongLoaded, 40 SongName=A, 700 ArtistName=X", []string{"250", "950"}},
		{"another by the same", "0 SongName=A, 0 ArtistName=X, 0 SongLoaded, 1000 !SongLoaded, 1000 SongName=B, 1020 SongLoaded", []string{"0", "1270"}},
		{"another, loaded first", "0 SongName=A, 0 ArtistName=X, 0 SongLoaded, 1000 !SongLoaded, 1000 SongLoaded, 1050 SongName=B, 1060 ArtistName=Y", []string{"0", "1060"}},
		{"another without unloading", "0 SongName=A, 0 ArtistName=X, 0 SongLoaded, 1000 SongName=B, 1030 ArtistName=Y", []string{"0", "1030"}},
		{"the same again", "0 SongName=A, 0 ArtistName=X, 0 SongLoaded, 1000 !SongLoaded, 1010 SongLoaded", []string{"0", "1260"}},
		{"renamed", "0 SongName=A, 0 ArtistName=X, 0 SongLoaded, 1000 SongName=B", []string{"0", "1250"}},
		{"unloaded", "0 SongName=A, 0 ArtistName=X, 0 SongLoaded, 1000 !SongLoaded, 1000 SongName=, 1000 ArtistName=", []string{"0"}},
		{"unloaded before the names came", "0 SongLoaded, 100 !SongLoaded", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBooth(t)
			for _, step := range strings.Split(c.steps, ", ") {
				var at int
				var what string
				if _, err := fmt.Sscan(step, &at, &what); err != nil {
					t.Fatal(err)
				}
				b.until(at)
				if name, text, ok := strings.Cut(what, "="); ok {
					b.text(1, "Track/"+name, text)
				} else {
					b.set(1, "Track/SongLoaded", what[0] != '!')
				}
			}
			b.until(5000)
			var want []string
			for _, at := range c.want {
				want = append(want, at+" 01 deck 1 track", at+" deck 1 track")
			}
			b.wantTold(want...)
		})
	}
}

// TestFallbackMasterIsTheLoudest: while nobody says that it leads, the loudest of the
// decks that play does, of equal ones that which began last.
func TestFallbackMasterIsTheLoudest(t *testing.T) {
	b := newBooth(t)
	deck := stagelinq.DeckBeat{Beat: 1, Total: 100, BPM: 120}
	b.beats(1, deck, deck)
	b.beats(2, deck, deck)
	want := func(leader string) {
		t.Helper()
		if b.leader != leader {
			t.Errorf("%s leads, want %s", b.leader, leader)
		}
		b.until(int(b.now.Milliseconds()) + 10)
	}
	b.value(1, "ExternalMixerVolume", 1)
	b.set(1, "PlayState", true)
	want("01 deck 1")
	b.set(1, "2:PlayState", true) // started later, but its fader is down
	want("01 deck 1")
	b.value(1, "2:ExternalMixerVolume", 0.6)
	want("01 deck 1")
	b.value(1, "ExternalMixerVolume", 0.4)
	want("01 deck 2")
	b.value(2, "ExternalMixerVolume", 0.9) // it does not play
	want("01 deck 2")
	b.set(2, "PlayState", true)
	want("02 deck 1")
	b.value(1, "ExternalMixerVolume", 0.9) // as loud, but began first
	want("02 deck 1")
	b.set(2, "PlayState", false)
	want("01 deck 1")
	b.set(1, "2:DeckIsMaster", true) // whoever says so leads, however loud
	want("01 deck 2")
}

// TestSinkObserves: what a player tells becomes what the beat clock has to know.
func TestSinkObserves(t *testing.T) {
	b := newBooth(t)
	playing := stagelinq.DeckBeat{Beat: 5, Total: 105, BPM: 120, Sample: 5*22050 + 441}
	b.beats(1, playing, stagelinq.DeckBeat{BPM: 120})
	b.set(1, "PlayState", true)
	b.set(1, "PlayState", false)
	b.set(1, "Play", false)
	b.value(1, "Track/TrackLength", 105*22050+441)
	b.value(1, "Track/CurrentLoopInPosition", 4*22050+441)
	b.value(1, "Track/CurrentLoopOutPosition", 4.5*22050+441)
	b.beats(1, playing)
	b.set(1, "Track/LoopEnableState", true)
	b.beats(1, playing)
	want := []string{"01 deck 1 beat 5.00", "01 deck 2 empty", "01 deck 1 halt", "01 deck 1 halt", "01 deck 1 beat 5.00", "01 deck 1 beat 5.00 loop 4.000-4.500"}
	if !slices.Equal(b.observed, want) {
		t.Errorf("observed %q\nwant %q", b.observed, want)
	}
}

// TestWhatAUnitSaysIsBounded: paths and texts of a unit cost no more than its share, and what
// is left out is counted.
func TestWhatAUnitSaysIsBounded(t *testing.T) {
	s := &Sink{decl: &SinkDecl{}, said: map[string]string{}, env: device.Env{
		Since: func(time.Time) time.Duration { return 0 }, Event: func(device.Event) bool { return true },
	}}
	unit := stagelinq.Device{Token: stagelinq.Token{1}}
	long := strings.Repeat("x", 16<<10)
	for i := range 2 * MaxStates {
		s.OnState(stagelinq.StateEvent{Device: unit, Path: fmt.Sprint("/", i), Value: wire.Value{Kind: wire.KindText, Text: long}})
	}
	held := 0
	for path, v := range s.units[0].states {
		held += len(path) + len(v.(string))
	}
	if held > MaxStateBytes || held != s.units[0].bytes || s.unkept == 0 {
		t.Errorf("%d bytes held, %d counted, %d left out", held, s.units[0].bytes, s.unkept)
	}
	s.OnState(stagelinq.StateEvent{Device: unit, Path: "/0", Value: wire.Value{Kind: wire.KindText, Text: "short"}})
	if s.units[0].states["/0"] != "short" {
		t.Error("a state that takes less room than before is not kept")
	}
}
