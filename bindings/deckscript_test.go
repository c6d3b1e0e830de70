package bindings

import (
	"strings"
	"testing"
	"time"

	"showrun/drivers/stagelinq/source"
	devlinq "showrun/runtime/device/stagelinq"
	"showrun/runtime/rehearse"
)

// playDecks loads a script that plays two decks and starts it at 0.
func playDecks(t *testing.T, text string) (*stand, error) {
	t.Helper()
	s := newStandOf(t, "deck.lua", NewDeck(2), 0)
	return s, s.load(map[string]string{"deck.lua": `local clock, deck = require "clock", require "deck" ` + text})
}

// state is what the player a script plays tells of a path.
func (s *stand) state(path string) (json string) {
	rehearse.Devices[*devlinq.VirtualPlayer](s.virtual)[0].Do(func(p *source.Player) { json, _ = p.State(path) })
	return json
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
	b.run(200 * time.Second)
	b.wantFailures()
	b.wantLog("0.000 0.0000 0.0000", "2.000 4.0000 0.0000", "4.000 10.0000 0.0000",
		"4.000 18.0000 0.0000", "4.000 14.0000 0.0000", "4.000 1.0000 0.0000",
		"6.000 1.0000 0.0000", "7.000 3.0000 0.0000", "11.000 3.0000 4.0000", "111.000 0.0000 8.0000")
	for path, want := range map[string]string{
		"/Engine/Deck2/Track/SongName": `"Untitled"`, "/Engine/Deck2/DeckIsMaster": "true", "/Mixer/CH2faderPosition": "0.6399",
		"/Engine/Deck1/Track/SongLoaded": "false", "/Engine/Deck2/Track/TrackLength": "352800",
	} {
		if json := b.state(path); !strings.Contains(json, want) {
			t.Errorf("%s: %s, want %s", path, json, want)
		}
	}
}

// TestDeckErrors calls each function wrongly, on line 2.
func TestDeckErrors(t *testing.T) {
	const spans = `a number of seconds (0-3600000), or a text such as "250ms", "1m30s", "3/4b" or "2bar"`
	for _, c := range []struct{ call, want string }{
		{`deck.play()`, `deck.play: the deck must be 1-2, got nil`},
		{`deck.play(3)`, `deck.play: the deck must be 1-2, got 3`},
		{`deck.play(1.5)`, `deck.play: the deck must be a whole number 1-2, got 1.5`},
		{`deck.pause("1")`, `deck.pause: the deck must be 1-2, got "1"; a number stands without quotes`},
		{`deck.unload(0)`, `deck.unload: the deck must be 1-2, got 0`},
		{`deck.master(0)`, `deck.master: the deck must be 1-2, got 0`},
		{`deck.beat(9)`, `deck.beat: the deck must be 1-2, got 9`},
		{`deck.load(9)`, `deck.load: the deck must be 1-2, got 9`},
		{`deck.load(1, "x")`, `deck.load: the options must be a table such as { title = … }, got "x"`},
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
		{`deck.seek(1, "2s")`, `deck.seek: the beat must be ` + beats + `, got "2s": that is a time, and not a number of beats`},
		{`deck.seek(2, 1)`, `deck.seek: deck 2 is empty; put a track on it with deck.load`},
		{`deck.play(2)`, `deck.play: deck 2 is empty; put a track on it with deck.load`},
		{`deck.loop(1, 0)`, `deck.loop: the beats must be at least 1/32, or nil to end the loop, got 0`},
		{`deck.loop(1, {})`, `deck.loop: the beats must be ` + beats + `, got a table`},
		{`deck.loop(2, 4)`, `deck.loop: deck 2 is empty; put a track on it with deck.load`},
		{`deck.spin(1)`, `deck has no 'spin'; it has beat, fader, jump, load, loop, master, pause, pitch, play, seek and unload`},
	} {
		b, err := playDecks(t, "deck.load(1) clock.run('task', function()\n"+c.call+" end)")
		if err != nil {
			t.Errorf("%s: %v", c.call, err)
			continue
		}
		b.run(0)
		want := []string{"task: deck.lua:2: " + c.want}
		if c.want == "" {
			want = nil
		}
		b.wantFailures(want...)
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
	if json := b.state("/Engine/Deck2/PlayState"); !strings.Contains(json, "true") {
		t.Error("deck 2 does not play")
	}
	if len(b.at) != 1 || b.at[0] != "deck.lua:2" {
		t.Errorf("logged at %v", b.at)
	}
}
