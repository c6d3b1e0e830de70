package bindings

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"showrun/bindings/module"
	"showrun/drivers/stagelinq/source"
	"showrun/drivers/stagelinq/wire"
	"showrun/runtime/beat"
	"showrun/runtime/clock"
	"showrun/runtime/engine"
	"showrun/runtime/script"
)

// booth runs a script on a virtual player in virtual time. Its clock, tempo and
// log are those of a stand.
type booth struct {
	*stand
	player *source.Player
}

// playDecks loads a script that plays two decks and starts it at 0.
func playDecks(t *testing.T, text string) (*booth, error) {
	t.Helper()
	s := newStand(t)
	b := &booth{s, source.NewPlayer(source.PlayerConfig{Token: wire.Token{1}, Decks: 2}, s.clock.Time(0))}
	show := New(Env{Env: module.Env{Tempo: standTempo{s}}, Name: "booth", File: "deck.lua"})
	stopwatch := clock.NewReal()
	var err error
	s.gen, err = script.Load(context.Background(), script.Config{
		Show: fstest.MapFS{"deck.lua": {Data: []byte(`local clock, deck = require "clock", require "deck" ` + text)}},
		Main: "deck.lua", Modules: show.DeckModules(b), Number: 1, Seed: 1, Timeline: s.conductor.Timeline(),
		Now: s.clock.Now, Stopwatch: stopwatch.Now, Guard: time.Minute, Submit: func(engine.Batch) {}, Failed: s.failed, Log: slog.New(standLog{s}),
	})
	if err != nil {
		return nil, err
	}
	s.gen.SetTimeline(s.conductor.Timeline(), 0)
	return b, s.gen.Start(0)
}

// play runs the script up to an instant.
func (b *booth) play(until time.Duration) {
	b.t.Helper()
	for next := b.gen.Next(); next <= until && next != beat.Never; next = b.gen.Next() {
		b.clock.Set(next)
		if _, err := b.gen.Step(next); err != nil {
			b.t.Fatal(err)
		}
	}
	b.clock.Set(until)
}

func (b *booth) at(d time.Duration) time.Time { return b.clock.Time(d) }

func (b *booth) Count() int { return b.player.Decks() }
func (b *booth) Loaded(n int) bool {
	json, _ := b.player.State(fmt.Sprintf("/Engine/Deck%d/Track/SongLoaded", n))
	return strings.Contains(json, "true")
}
func (b *booth) Load(n int, t Track, at time.Duration) {
	b.player.Load(n, source.Track{Title: t.Title, Artist: t.Artist, BPM: t.BPM, Length: t.Length}, b.at(at))
}
func (b *booth) Unload(n int, at time.Duration)           { b.player.Unload(n, b.at(at)) }
func (b *booth) Play(n int, at time.Duration)             { b.player.Play(n, b.at(at)) }
func (b *booth) Pause(n int, at time.Duration)            { b.player.Pause(n, b.at(at)) }
func (b *booth) Pitch(n int, p float64, at time.Duration) { b.player.SetPitch(n, p, b.at(at)) }
func (b *booth) Jump(n int, x float64, at time.Duration)  { b.player.Jump(n, x, b.at(at)) }
func (b *booth) Seek(n int, x float64, at time.Duration)  { b.player.SeekBeat(n, x, b.at(at)) }
func (b *booth) Master(n int, at time.Duration)           { b.player.SetMaster(n, b.at(at)) }
func (b *booth) Fader(n int, x float64, at time.Duration) { b.player.SetFader(n, x, b.at(at)) }
func (b *booth) Beat(n int, at time.Duration) float64     { return b.player.Beat(n, b.at(at)) }
func (b *booth) Loop(n int, x float64, at time.Duration) {
	if x == 0 {
		b.player.EndLoop(n, b.at(at))
		return
	}
	b.player.Loop(n, x, b.at(at))
}

// TestDeckScript plays everything there is. Time is logical, so positions are
// exact.
func TestDeckScript(t *testing.T) {
	b, err := playDecks(t, `
		deck.load(1, { title = "One", artist = "A", bpm = 120, length = "3m" })
		deck.load(2, { bpm = 60, length = "8b" })
		deck.play(1)
		local function at() print(string.format("%.4f %.4f", deck.beat(1), deck.beat(2))) end
		at()
		clock.run(function()
			clock.sleep(2) at()
			deck.pitch(1, 50) clock.sleep(2) at()
			deck.jump(1, "2bar") at() deck.jump(1, -4) at()
			deck.seek(1, 1) at()
			deck.loop(1, 2) clock.sleep(2) at()
			deck.loop(1, nil) deck.loop(1) deck.pitch(1, 0) clock.sleep(1) at()
			deck.pause(1) deck.master(2) deck.play(2) deck.fader(2, 0.5) clock.sleep(4) at()
			deck.unload(1) clock.sleep(100) at()
		end)`)
	if err != nil {
		t.Fatal(err)
	}
	b.play(200 * time.Second)
	b.wantFailures()
	b.wantLog("0.000 0.0000 0.0000", "2.000 4.0000 0.0000", "4.000 10.0000 0.0000",
		"4.000 18.0000 0.0000", "4.000 14.0000 0.0000", "4.000 1.0000 0.0000",
		"6.000 1.0000 0.0000", "7.000 3.0000 0.0000", "11.000 3.0000 4.0000", "111.000 0.0000 8.0000")
	for path, want := range map[string]string{
		"/Engine/Deck2/Track/SongName": `"Untitled"`, "/Engine/Deck2/DeckIsMaster": "true", "/Mixer/CH2faderPosition": "0.6399",
		"/Engine/Deck1/Track/SongLoaded": "false", "/Engine/Deck2/Track/TrackLength": "352800",
	} {
		if json, _ := b.player.State(path); !strings.Contains(json, want) {
			t.Errorf("%s: %s, want %s", path, json, want)
		}
	}
}

// TestDeckErrors calls each function wrongly, on line 2.
func TestDeckErrors(t *testing.T) {
	const spans = `a duration (seconds, or a string like "250ms", "1m30s", "3/4b" or "2bar")`
	for _, c := range []struct{ call, want string }{
		{`deck.play()`, `deck.play: the deck must be 1-2, got nil`},
		{`deck.play(3)`, `deck.play: the deck must be 1-2, got 3`},
		{`deck.play(1.5)`, `deck.play: the deck must be a whole number 1-2, got 1.5`},
		{`deck.pause("1")`, `deck.pause: the deck must be 1-2, got "1"`},
		{`deck.unload(0)`, `deck.unload: the deck must be 1-2, got 0`},
		{`deck.master(0)`, `deck.master: the deck must be 1-2, got 0`},
		{`deck.beat(9)`, `deck.beat: the deck must be 1-2, got 9`},
		{`deck.load(9)`, `deck.load: the deck must be 1-2, got 9`},
		{`deck.load(1, "x")`, `deck.load: the options must be a table, got "x"`},
		{`deck.load(1, { tilte = "x" })`, `deck.load: unknown option 'tilte' (did you mean 'title'?)`},
		{`deck.load(1, { title = 5 })`, `deck.load: title must be a string, got 5`},
		{`deck.load(1, { bpm = 10 })`, `deck.load: bpm must be 20-999, got 10`},
		{`deck.load(1, { bpm = 0/0 })`, `deck.load: bpm must be 20-999, got NaN`},
		{`deck.load(1, { bpm = "120" })`, `deck.load: bpm must be 20-999, got "120"`},
		{`deck.load(1, { length = -1 })`, `deck.load: length must be ` + spans + `, got -1`},
		{`deck.load(1, { length = 0 })`, `deck.load: length must be more than 0 and at most 1000h0m0s, got 0`},
		{`deck.load(1, { bpm = 20, length = "999999b" })`, ``},
		{`deck.pitch(1)`, `deck.pitch: the pitch must be a percentage from -100 to 100, got nil`},
		{`deck.pitch(1, 101)`, `deck.pitch: the pitch must be a percentage from -100 to 100, got 101`},
		{`deck.pitch(7, 101)`, `deck.pitch: the deck must be 1-2, got 7`},
		{`deck.fader(1, 0/0)`, `deck.fader: the level must be a number from 0 to 1, got NaN`},
		{`deck.jump(1)`, `deck.jump: the beats must be ` + beats + `, got nil`},
		{`deck.jump(9)`, `deck.jump: the deck must be 1-2, got 9`},
		{`deck.jump(2, 4)`, `deck.jump: deck 2 is empty; put a track on it with deck.load`},
		{`deck.seek(1, "2s")`, `deck.seek: the beat must be ` + beats + `, got "2s"`},
		{`deck.seek(2, 1)`, `deck.seek: deck 2 is empty; put a track on it with deck.load`},
		{`deck.play(2)`, `deck.play: deck 2 is empty; put a track on it with deck.load`},
		{`deck.loop(1, 0)`, `deck.loop: the beats must be at least 1/32, or nil to end the loop, got 0`},
		{`deck.loop(1, {})`, `deck.loop: the beats must be ` + beats + `, got a table`},
		{`deck.loop(2, 4)`, `deck.loop: deck 2 is empty; put a track on it with deck.load`},
		{`deck.spin(1)`, `deck has no 'spin'`},
	} {
		b, err := playDecks(t, "deck.load(1) clock.run('task', function()\n"+c.call+" end)")
		if err != nil {
			t.Errorf("%s: %v", c.call, err)
			continue
		}
		b.play(0)
		want := []string{"task: deck.lua:2: " + c.want}
		if c.want == "" {
			want = nil
		}
		b.wantFailures(want...)
		b.gen.End()
	}
}

// TestDeckScriptTopLevel has the top level speak of a deck before the script is
// live: an argument is refused at once, an empty deck is told of in the log.
func TestDeckScriptTopLevel(t *testing.T) {
	if _, err := playDecks(t, "\ndeck.play(3)"); err == nil || err.Error() != "deck.lua:2: deck.play: the deck must be 1-2, got 3" {
		t.Error(err)
	}
	b, err := playDecks(t, "\ndeck.play(2) deck.load(2) deck.play(2)")
	if err != nil {
		t.Fatal(err)
	}
	b.wantLog("0.000 ERROR deck.play: deck 2 is empty; put a track on it with deck.load")
	if !b.player.Playing(2, b.at(0)) {
		t.Error("deck 2 does not play")
	}
	if len(b.stand.at) != 1 || b.stand.at[0] != "deck.lua:2" {
		t.Errorf("logged at %v", b.stand.at)
	}
}
