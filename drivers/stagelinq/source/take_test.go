package source

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/take"
	"showrun/drivers/stagelinq/wire"
)

const (
	playPath = "/Engine/Deck1/PlayState"
	namePath = "/Engine/Deck1/Track/SongName"
	latePath = "/Engine/Deck2/Track/SongName"
)

var (
	on, off = boolState(1, true), boolState(1, false)
	unit    = take.Unit{Token: wire.Token{7}, Name: "booth", Software: "JP13", Version: "2.3.1"}
)

func state(ms int, path, json string) take.Event {
	return take.Event{At: time.Duration(ms) * time.Millisecond, Unit: unit, Kind: take.State, Path: path, JSON: json}
}

func beatAt(ms int, beat float64) take.Event {
	return take.Event{At: time.Duration(ms) * time.Millisecond, Unit: unit, Kind: take.Beats, BeatInfo: wire.BeatInfo{
		Clock: uint64(1000+ms) * 1e6, Decks: []wire.DeckBeat{{Beat: beat, Total: 100, BPM: 120, Sample: beat * 22050}},
	}}
}

// shortTake begins two seconds into its recording.
func shortTake() *take.Take {
	return &take.Take{Unit: unit, Events: []take.Event{
		state(2000, playPath, off),
		state(2000, namePath, textState(8, "One")),
		state(2001, "/null", ""),
		beatAt(2010, 0),
		beatAt(2040, 0),
		state(2050, playPath, on),
		beatAt(2070, 0.06),
		beatAt(2070, 0.061), // came together with the one before
		state(2080, latePath, textState(8, "Two")),
		state(2090, playPath, off),
		state(2090, playPath, off),
		beatAt(2100, 0.12),
	}}
}

func newTakePlayer(t *testing.T, c TakeConfig) *TakePlayer {
	t.Helper()
	p, err := NewTakePlayer(c)
	if err != nil {
		t.Fatal(err)
	}
	p.TakeChanges()
	return p
}

// steps drives a player from deadline to deadline until the instant given, as a
// script of what it does: "10 beat 0.5 clock 3010", "50 PlayState true".
func steps(p *TakePlayer, from, until float64) (script []string) {
	now := at(from)
	note := func(format string, args ...any) {
		script = append(script, fmt.Sprintf("%d ", now.Sub(start).Milliseconds())+fmt.Sprintf(format, args...))
	}
	for {
		info, ok := p.Step(now, nil)
		for _, c := range p.TakeChanges() {
			v, _ := wire.ParseValue(c.JSON)
			note("%s %v", c.Path[strings.LastIndexByte(c.Path, '/')+1:], v.Any())
		}
		if ok {
			note("beat %g clock %d", info.Decks[0].Beat, info.Clock/1e6)
			continue
		}
		next := p.Deadline()
		if next.IsZero() || next.After(at(until)) {
			return script
		}
		now = next
	}
}

func wantScript(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func wantState(t *testing.T, p *TakePlayer, path, want string) {
	t.Helper()
	if got, ok := p.State(path); got != want || ok != (want != "") {
		t.Errorf("%s: %s, %v; want %s", path, got, ok, want)
	}
}

func TestTakePlayer(t *testing.T) {
	p := newTakePlayer(t, TakeConfig{Take: shortTake()})
	// What comes later is there from the beginning: a client subscribes only once.
	wantState(t, p, playPath, off)
	wantState(t, p, latePath, textState(8, "Two"))
	wantState(t, p, "/null", "")
	if from, end := p.Position(start); p.Begun() || !p.Deadline().IsZero() || from != 2*time.Second || end != 2122500*time.Microsecond {
		t.Errorf("%v of %v, deadline %v", from, end, p.Deadline())
	}
	wantScript(t, steps(p, 0, 3600),
		"10 beat 0 clock 3010", "40 beat 0 clock 3040", "50 PlayState true",
		"70 beat 0.06 clock 3070", "70 beat 0.061 clock 3070", "90 PlayState false", "100 beat 0.12 clock 3100")
	if !p.Ended() || p.BeatInfo().Decks[0].Beat != 0.12 {
		t.Errorf("ended %v at %+v", p.Ended(), p.BeatInfo())
	}
	if from, end := p.Position(at(3600)); from != end {
		t.Errorf("%v of %v", from, end)
	}
}

// TestTakePlayerFrom begins within a take: what was before it is known.
func TestTakePlayerFrom(t *testing.T) {
	p := newTakePlayer(t, TakeConfig{Take: shortTake(), From: 2060 * time.Millisecond})
	wantState(t, p, playPath, on)
	wantState(t, p, namePath, textState(8, "One"))
	wantState(t, p, latePath, textState(8, "Two"))
	wantScript(t, steps(p, 10, 20),
		"10000 beat 0.06 clock 3070", "10000 beat 0.061 clock 3070", "10020 PlayState false", "10030 beat 0.12 clock 3100")
}

// TestTakePlayerLoop checks that states go back and the clock does not.
func TestTakePlayerLoop(t *testing.T) {
	p := newTakePlayer(t, TakeConfig{Take: shortTake(), From: 2060 * time.Millisecond, Loop: true})
	// Three messages in 30 ms have a spacing of 15 ms, so a pass takes 45 ms.
	wantScript(t, steps(p, 0, 0.1),
		"0 beat 0.06 clock 3070", "0 beat 0.061 clock 3070", "20 PlayState false", "30 beat 0.12 clock 3100",
		"45 PlayState true", "45 beat 0.06 clock 3115", "45 beat 0.061 clock 3115", "65 PlayState false", "75 beat 0.12 clock 3145",
		"90 PlayState true", "90 beat 0.06 clock 3160", "90 beat 0.061 clock 3160")
	if p.Ended() {
		t.Error("ended")
	}
}

// TestTakePlayerAfterASleep does not hurry through hours a machine has slept.
func TestTakePlayerAfterASleep(t *testing.T) {
	p := newTakePlayer(t, TakeConfig{Take: shortTake(), Loop: true})
	steps(p, 0, 0.045)
	wantScript(t, steps(p, 7200, 7200.05),
		"7200000 PlayState true", "7200020 beat 0.06 clock 3070", "7200020 beat 0.061 clock 3070", "7200040 PlayState false", "7200050 beat 0.12 clock 3100")
}

// TestTakePlayerIsLate plays what is late by less than that at once, and the rest
// on time.
func TestTakePlayerIsLate(t *testing.T) {
	p := newTakePlayer(t, TakeConfig{Take: shortTake()})
	p.Step(start, nil)
	wantScript(t, steps(p, 0.075, 1),
		"75 beat 0 clock 3010", "75 beat 0 clock 3040", "75 PlayState true", "75 beat 0.06 clock 3070", "75 beat 0.061 clock 3070",
		"90 PlayState false", "100 beat 0.12 clock 3100")
}

func TestNewTakePlayerChecksItsConfig(t *testing.T) {
	for _, from := range []time.Duration{-1, 2100*time.Millisecond + 1} {
		if _, err := NewTakePlayer(TakeConfig{Take: shortTake(), From: from}); !errors.Is(err, ErrFrom) {
			t.Errorf("%v: %v", from, err)
		}
	}
	p := newTakePlayer(t, TakeConfig{Take: &take.Take{Unit: unit, Events: []take.Event{state(5, playPath, on)}}, Loop: true})
	wantScript(t, steps(p, 0, 1)) // nothing ever changes, but time passes
	if _, err := OpenTake(Config{Decks: 9}, p); err == nil {
		t.Error("9 decks accepted")
	}
	s, err := OpenTake(Config{Name: "other"}, p)
	if err != nil || s.config.Name != "other" || s.config.Software != unit.Software || s.config.Version != unit.Version || s.config.Token != unit.Token {
		t.Errorf("%+v, %v", s.config, err)
	}
}

// recordTake plays to a sink, and keeps what it gets.
func recordTake(t *testing.T, port int, play func(s *stage)) *take.Take {
	t.Helper()
	var mu sync.Mutex
	var list []take.Event
	w := take.NewListener(time.Now(), func(e take.Event) {
		mu.Lock()
		defer mu.Unlock()
		list = append(list, e)
	})
	s := newStage(t, port, func(c *stagelinq.Config) {
		// The events are written down first, then told to the test.
		device, state, beat := c.OnDevice, c.OnState, c.OnBeat
		c.OnDevice = func(e stagelinq.DeviceEvent) { w.OnDevice(e); device(e) }
		c.OnState = func(e stagelinq.StateEvent) { w.OnState(e); state(e) }
		c.OnBeat = func(e stagelinq.BeatEvent) { w.OnBeat(e); beat(e) }
	})
	stop := run(t, s.sink.Run)
	play(s)
	stop()
	mu.Lock()
	defer mu.Unlock()
	got, err := take.Load(func() (e take.Event, err error) {
		if len(list) == 0 {
			return e, io.EOF
		}
		e, list = list[0], list[1:]
		return e, nil
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// known folds the states of a take.
func known(events []take.Event) map[string]string {
	m := map[string]string{}
	for _, e := range events {
		if e.Kind == take.State {
			m[e.Path] = e.JSON
		}
	}
	return m
}

func beatsOf(events []take.Event) (list []take.Event) {
	for _, e := range events {
		if e.Kind == take.Beats {
			list = append(list, e)
		}
	}
	return list
}

// TestATakePlaysBack records a virtual deck that plays through a real sink, plays
// the take to another sink and records that too. When which of it comes is up to the
// player, whose tests tell it the time.
func TestATakePlaysBack(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	unit := newSource(t, port, func(c *Config) { c.Decks, c.Name = 2, "booth" })
	stop := run(t, unit.Run)
	last := func(beat float64) func(e stagelinq.BeatEvent) bool {
		return func(e stagelinq.BeatEvent) bool { return e.BeatInfo.Decks[0].Beat >= beat }
	}
	stopped := func(s *stage) {
		for _, on := range []bool{true, false} {
			await(t, "start and stop", s.states, func(e stagelinq.StateEvent) bool { return e.Path == playPath && e.Value.Any() == on })
		}
	}
	first := recordTake(t, port, func(s *stage) {
		s.device(t, stagelinq.Connected)
		await(t, "beat", s.beats, func(stagelinq.BeatEvent) bool { return true })
		unit.Do(func(p *Player, now time.Time) {
			p.Load(1, Track{Title: "Söng", BPM: 240}, now)
			p.Play(1, now)
		})
		await(t, "beat 4", s.beats, last(4))
		unit.Do(func(p *Player, now time.Time) { p.SetPitch(1, 5, now) })
		await(t, "beat 5", s.beats, last(5))
		unit.Do(func(p *Player, now time.Time) { p.Jump(1, 32, now) })
		await(t, "beat 38", s.beats, last(38))
		unit.Do(func(p *Player, now time.Time) { p.Pause(1, now) })
		stopped(s)
	})
	stop()

	player := newTakePlayer(t, TakeConfig{Take: first})
	replay, err := OpenTake(Config{Interface: "lo", DiscoveryPort: port}, player)
	if err != nil {
		t.Fatal(err)
	}
	run(t, replay.Run)
	second := recordTake(t, port, func(s *stage) {
		if e := s.device(t, stagelinq.Connected); e.Device.Token != unit.config.Token || e.Device.Name != "booth" || e.Device.Software != "JP13" {
			t.Errorf("%+v", e.Device)
		}
		beats := beatsOf(first.Events)
		await(t, "last beat", s.beats, func(e stagelinq.BeatEvent) bool {
			return e.BeatInfo.Clock == beats[len(beats)-1].BeatInfo.Clock
		})
		stopped(s)
	})
	replay.DoTake(func(p *TakePlayer, _ time.Time) {
		if !p.Ended() {
			t.Errorf("not ended")
		}
	})

	// The same states, each path with the same values one after the other. A sink
	// that was slow to subscribe has missed the first ones, as it would have live.
	if a, b := known(first.Events), known(second.Events); !reflect.DeepEqual(a, b) {
		t.Errorf("states %v\nwant %v", b, a)
	}
	for _, path := range []string{playPath, namePath, "/Engine/Deck1/CurrentBPM"} {
		a, b := values(first.Events, path), values(second.Events, path)
		if len(b) == 0 || len(b) > len(a) || !slices.Equal(a[len(a)-len(b):], b) {
			t.Errorf("%s: %v, want %v", path, b, a)
		}
	}

	// The same beats in the same order, to the last: all but those before the second sink was
	// connected, and those that a busy machine had no time for when they were due.
	want, got := beatsOf(first.Events), beatsOf(second.Events)
	if n := len(got); n == 0 || !reflect.DeepEqual(got[n-1].BeatInfo, want[len(want)-1].BeatInfo) {
		t.Fatalf("the last of %d beat messages is not the last of %d", n, len(want))
	}
	rest := want
	for n := range got {
		i := slices.IndexFunc(rest, func(e take.Event) bool { return reflect.DeepEqual(e.BeatInfo, got[n].BeatInfo) })
		if i < 0 {
			t.Fatalf("message %d is none that is still to come: %+v", n, got[n].BeatInfo)
		}
		rest = rest[i+1:]
	}
}

// values lists the values of a path, without repetitions.
func values(events []take.Event, path string) (list []string) {
	for _, e := range events {
		if e.Kind == take.State && e.Path == path {
			list = append(list, e.JSON)
		}
	}
	return slices.Compact(list)
}
