package bindings

import "testing"

// TestMistakesWithDecks has calls that raise, on line 2 of show.lua.
func TestMistakesWithDecks(t *testing.T) {
	const nothing = `stagelinq.deck:between: nothing is to happen; give it one of enter, start, beat, stop and exit, as in { enter = function(deck) … end }`
	for _, c := range []struct{ call, want string }{
		{`deck:between()`, `stagelinq.deck:between: the beginning must be ` + beats + `, got nil`},
		{`deck:between("32b")`, `stagelinq.deck:between: the end must be ` + beats + `, got nil`},
		{`deck:between("1m", "2m", {})`, `stagelinq.deck:between: the beginning must be ` + beats + `, got "1m": that is a time, and not a number of beats`},
		{`deck:between("8bars", "9bar", {})`, `stagelinq.deck:between: the beginning must be ` + beats + `, got "8bars": the units are ms, s, m, h, b (beats) and bar`},
		{`deck:between("64b", "32b", { enter = f })`, `stagelinq.deck:between: the end must be behind the beginning, got "32b"`},
		{`deck:between(32, 32, { enter = f })`, `stagelinq.deck:between: the end must be behind the beginning, got 32`},
		{`deck:between(32, 64, f)`, `stagelinq.deck:between: the options must be a table such as { enter = … }, got a function`},
		{`deck:between(32, 64)`, nothing},
		{`deck:between(32, 64, { on_air = true })`, nothing},
		{`deck:between(32, 64, { enter = f() })`, nothing},
		{`deck:between(32, 64, { entered = f })`, `stagelinq.deck:between: unknown option 'entered' (did you mean 'enter'?)`},
		{`deck:between(32, 64, { leave = f })`, `stagelinq.deck:between: unknown option 'leave'; it takes enter, start, beat, stop, exit, on_air, master and decks`},
		{`deck:between(32, 64, { beat = 1 })`, `stagelinq.deck:between: beat must be a function, got 1`},
		{`deck:between(32, 64, { enter = f, on_air = 1 })`, `stagelinq.deck:between: on_air must be true or false, got 1`},
		{`deck:between(32, 64, { enter = f, master = dj:master() })`, `stagelinq.deck:between: master must be true or false, got a stagelinq.deck`},
		{`deck:between(32, 64, { enter = f, decks = 2 })`, `stagelinq.deck:between: decks must be a list of decks, as in { dj:deck(1), dj:deck(2) }, got 2`},
		{`deck:between(32, 64, { enter = f, decks = { 2 } })`, `stagelinq.deck:between: deck 1 must be a deck such as dj:deck(1), got 2`},
		{`deck:between(32, 64, { enter = f, decks = { deck, wash } })`, `stagelinq.deck:between: deck 2 must be a deck such as dj:deck(1), got a stage.fixture`},
		{`dj:between(32, 64, { enter = f })`, `stagelinq.sink has no 'between'; it has deck, devices, get, master, on and subscribe`},
		{`deck:on("tracks", f)`, `stagelinq.deck:on: the event must be play, stop, track, tempo, jump or master, got "tracks" (did you mean 'track'?)`},
		{`print(deck.signatur)`, `stagelinq.deck has no 'signatur' (did you mean 'signature'?)`},
		{`print(deck.player)`, `stagelinq.deck has no 'player'; it has artist, beat, between, bpm, device, length, loaded, master, number, on, on_air, on_beat, phrase, playing, signature, title and total_beats`},
		{`deck.phrase = 1`, `stagelinq.deck: fields cannot be set ('phrase')`},
		{`stagelinq.track()`, `stagelinq.track: the signature must be a string, got nil`},
		{`stagelinq.track("Click / *")`, `stagelinq.track: the show must be a function, got nil; was it called where it should be passed, as f() for f?`},
		{`stagelinq.track("", f)`, `stagelinq.track: the signature must not be empty`},
		{`stagelinq.track("Click", f)`, `stagelinq.track: the signature must be as deck.signature has it, "title / artist / length", or have * in it, got "Click"; for any artist and length: "Click / *"`},
		{`stagelinq.track(deck, f)`, `stagelinq.track: the signature must be a string, got a stagelinq.deck`},
		{`stagelinq.track("* / A / *", f, { onair = true })`, `stagelinq.track: unknown option 'onair' (did you mean 'on_air'?)`},
		{`stagelinq.track(f, { master = "yes" })`, `stagelinq.track: master must be true or false, got "yes"`},
		{`stagelinq.trak(f)`, `stagelinq has no 'trak' (did you mean 'track'?)`},
	} {
		err := newStand(t).load(map[string]string{"show.lua": prelude + stageLine + "local deck = dj:deck(1)\n" + c.call})
		if err == nil || err.Error() != "show.lua:2: "+c.want {
			t.Errorf("%s\nraised %v\n  want show.lua:2: %s", c.call, err, c.want)
		}
	}
	s := live(t, `local function f() end
		clock.run("task", function() stagelinq.track(f) end)`)
	s.run(0)
	s.wantFailures(`task: show.lua:2: stagelinq.track: what belongs to tracks is told while the show loads: at the top level of the script, not in a task or a handler`)
}
