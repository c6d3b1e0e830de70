package bindings

import (
	"strings"
	"testing"
	"time"

	"showrun/runtime/device/stagelinq"
	"showrun/runtime/script"
)

const bothDecks = `local dj = stagelinq.sink{} local one, two, master = dj:deck(1), dj:deck(2), dj:master() `

func TestDeckProperties(t *testing.T) {
	s := live(t, bothDecks+`local function tell(d)
			print(d.number, d.playing, d.on_air, d.master, d.loaded, d.bpm, d.title, d.artist, d.length, d.beat and string.format("%.2f", d.beat), d.total_beats)
		end
		for _, at in ipairs{ 0.5, 1.5 } do clock.after(at, function() tell(one) tell(two) tell(master) end) end
		clock.after(2.5, function()
			local it = dj:devices()[1]
			print(dj:deck(1, it) == dj:deck(1, it), dj:deck(1, it) == one, dj:deck(1, it).title, dj:deck(1, { token = "x" }).title == "", dj:deck(4).beat)
			print(pcall(function() one.bpm = 5 end))
			print(pcall(function() return one.titel end))
		end)`)
	s.run(time.Second)
	s.wantLog(
		"0.500 1\tfalse\tfalse\tfalse\tfalse\t0\t\t\t0\tnil\t0",
		"0.500 2\tfalse\tfalse\tfalse\tfalse\t0\t\t\t0\tnil\t0",
		"0.500 0\tfalse\tfalse\tfalse\tfalse\t0\t\t\t0\tnil\t0")
	s.log = nil
	s.play(120)
	s.run(3 * time.Second)
	s.wantLog(
		"1.500 1\ttrue\ttrue\ttrue\ttrue\t120\tClick\tVirtual rig\t86400\t1.00\t172800",
		"1.500 2\tfalse\tfalse\tfalse\tfalse\t120\t\t\t0\tnil\t0",
		"1.500 0\ttrue\ttrue\ttrue\ttrue\t120\tClick\tVirtual rig\t86400\t1.00\t172800",
		"2.500 true\tfalse\tClick\ttrue\tnil",
		"2.500 false\tshow.lua:8: stagelinq.deck: fields cannot be set ('bpm')",
		"2.500 false\tshow.lua:9: stagelinq.deck has no 'titel' (did you mean 'title'?)",
	)
	s.wantFailures()
}

func TestDeckEvents(t *testing.T) {
	s := live(t, bothDecks+`for name, d in pairs{ one = one, two = two, master = master } do
			for _, e in ipairs{ "play", "stop", "track", "tempo", "jump", "master" } do
				d:on(e, function(x, ...) print(name, e, x == d, ...) end)
			end
		end
		local h = one:on("stop", function() print("no") end) h:cancel()
		clock.run(function() local d = clock.wait(two, "play") print("waited", d == two, d.playing) end)`)
	s.run(time.Second)
	s.play(120)
	s.run(1500 * time.Millisecond)
	s.log = nil
	at := func(d time.Duration, path, json string) {
		s.run(d)
		s.tell("rigdeck", path, json)
	}
	at(2*time.Second, "/Engine/Deck1/PlayState", `{"type":1,"state":false}`)
	at(3*time.Second, "/Engine/Deck1/PlayState", `{"type":1,"state":false}`) // nothing new
	at(4*time.Second, "/Engine/Deck2/PlayState", `{"type":1,"state":true}`)
	at(5*time.Second, "/Engine/Deck1/CurrentBPM", `{"type":0,"value":128.5}`)
	at(6*time.Second, "/Engine/Deck2/Track/SongLoaded", `{"type":1,"state":true}`)
	s.run(7 * time.Second)
	s.deliver(script.Event{Topic: stagelinq.DeckTopic(s.sink().DeckKey(1), "jump"), At: s.now()})
	s.wantLog(
		"2.000 one\tstop\ttrue", "2.000 master\tstop\ttrue",
		"4.000 two\tplay\ttrue", "4.000 waited\ttrue\ttrue",
		"5.000 one\ttempo\ttrue", "5.000 master\ttempo\ttrue",
		"6.250 two\ttrack\ttrue",
		"7.000 one\tjump\ttrue",
	)
	s.log = nil
	s.tell("rigdeck", "/Engine/Deck1/DeckIsMaster", `{"type":1,"state":false}`)
	s.tell("rigdeck", "/Engine/Deck2/DeckIsMaster", `{"type":1,"state":true}`)
	s.run(8 * time.Second)
	s.wantLog("7.000 master\tmaster\ttrue", "7.000 master\ttrack\ttrue", "7.000 two\tmaster\ttrue")
	s.wantFailures()
}

// sink is the declaration of the first sink.
func (s *stand) sink() *stagelinq.SinkDecl {
	for _, d := range s.show.Devices() {
		if d, ok := d.(*stagelinq.SinkDecl); ok {
			return d
		}
	}
	s.t.Fatal("no sink")
	return nil
}

// TestDeckBeats listens to a deck at 150 BPM while the show goes by its own 120.
func TestDeckBeats(t *testing.T) {
	s := live(t, bothDecks+`one:on_beat(1, function(b) print(string.format("%.2f %d %d %d", b.count, b.bar, b.in_bar, b.bpm)) end)
		master:on_beat("1bar", function(b) print("bar", b.bar, b.number) end)
		one:on_beat(2, function(b) print("off", b.count) end, "1/2b")
		local h = one:on_beat(1, function() print("no") end) h:cancel()
		two:on_beat(1, function() print("deck 2 stands") end)
		clock.on_beat(2, function(b) print("show", b.number) end)`)
	s.play(150)
	s.run(1980 * time.Millisecond)
	log := strings.Join(s.log, "\n")
	for _, want := range []string{"0.200 off 0.5", "0.400 1.00 1 2 150", "0.800 2.00 1 3 150", "1.200 3.00 1 4 150", "1.600 bar\t2\t4", "1.600 4.00 2 1 150", "2.000 5.00 2 2 150", "1.000 show\t2", "2.000 show\t4"} {
		if !strings.Contains(strings.ReplaceAll(log, "off\t", "off "), want) {
			t.Errorf("no %q in\n%s", want, log)
		}
	}
	if strings.Contains(log, "no") || strings.Contains(log, "stands") {
		t.Errorf("log\n%s", log)
	}
	s.wantFailures()
}

func TestSubscribe(t *testing.T) {
	s := live(t, `local dj = stagelinq.sink{}
		local function tell(what) return function(v, d, path) print(what, v, d.name, path) end end
		dj:subscribe("/Engine/Deck*/PlayState", tell("play"))
		local h = dj:subscribe("/Engine/Deck1/CurrentBPM", tell("bpm"))
		clock.after(4.5, function() h:cancel() h:cancel() end)
		dj:subscribe("/Mixer/CH*faderPosition", tell("fader")) dj:subscribe("/My/Deck*/Own", tell("own"))
		clock.after(3, function() dj:subscribe("/Engine/Deck1/CurrentBPM", tell("known"))
			local no = dj:subscribe("/Engine/Deck1/CurrentBPM", tell("no")) no:cancel() end)`)
	at := func(d time.Duration, name, path, json string) {
		s.run(d)
		s.tell(name, path, json)
	}
	at(time.Second, "prime", "/Engine/Deck2/PlayState", `{"type":1,"state":true}`)
	at(2*time.Second, "prime", "/Engine/Deck1/CurrentBPM", `{"type":0,"value":128}`)
	at(4*time.Second, "prime", "/Engine/Deck1/CurrentBPM", `{"type":0,"value":90}`)
	at(5*time.Second, "prime", "/My/Deck3/Own", `{"type":8,"string":"yes"}`)
	at(6*time.Second, "prime", "/Mixer/CH4faderPosition", `{"type":0,"value":0.5}`)
	at(6*time.Second, "prime", "/Engine/Deck1/CurrentBPM", `{"type":0,"value":129}`)
	at(6*time.Second, "prime", "/Engine/Master/MasterTempo", `{"type":0,"value":129}`)
	s.run(7 * time.Second)
	s.wantLog(
		"1.000 play\ttrue\tprime\t/Engine/Deck2/PlayState",
		"2.000 bpm\t128\tprime\t/Engine/Deck1/CurrentBPM",
		"3.000 known\t128\tprime\t/Engine/Deck1/CurrentBPM",
		"4.000 bpm\t90\tprime\t/Engine/Deck1/CurrentBPM",
		"4.000 known\t90\tprime\t/Engine/Deck1/CurrentBPM",
		"5.000 own\tyes\tprime\t/My/Deck3/Own",
		"6.000 fader\t0.5\tprime\t/Mixer/CH4faderPosition",
		"6.000 known\t129\tprime\t/Engine/Deck1/CurrentBPM",
	)
	s.wantFailures()
}

func TestKnownValuesOfACancelledSubscription(t *testing.T) {
	text := `local dj = stagelinq.sink{} dj:subscribe("/Engine/Deck1/CurrentBPM", function(v) print(v) end)
		local h = dj:subscribe("/Engine/Deck1/CurrentBPM", function() print("no") end) h:cancel()`
	s := live(t, text)
	s.tell("prime", "/Engine/Deck1/CurrentBPM", `{"type":0,"value":128}`)
	s.reload(text)
	s.run(time.Second)
	if log := strings.Join(s.log, "\n"); strings.Contains(log, "no") || !strings.Contains(log, "128") {
		t.Errorf("log %s", log)
	}
}
