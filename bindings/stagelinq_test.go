package bindings

import (
	"strings"
	"testing"
	"time"

	"showrun/runtime/device/stagelinq"
	"showrun/runtime/script"
)

func TestSinks(t *testing.T) {
	s := live(t, `local dj = stagelinq.sink{ name = "booth", interface = "lo", devices = { "prime4", "JP13", "192.168.1.7" } }
		print(stagelinq.sink() == stagelinq.sink{ name = "showrun" }, dj == stagelinq.sink{}, dj:master() == dj:master(), dj:deck(1) == dj:deck(2))
		print(dj, dj:master(), dj:deck(2), #dj:devices(), dj:get("/Engine/Deck1/Play"))`)
	s.wantLog("0.000 true\tfalse\ttrue\tfalse", "0.000 stagelinq.sink booth\tstagelinq.deck master of booth\tstagelinq.deck 2 of booth\t0\tnil")
	var sinks []stagelinq.SinkDecl
	for _, d := range s.show.Devices() {
		if d, ok := d.(*stagelinq.SinkDecl); ok {
			sinks = append(sinks, *d)
		}
	}
	want := stagelinq.SinkDecl{Name: "booth", Interface: "lo", Devices: "prime4\nJP13\n192.168.1.7"}
	if len(sinks) != 2 || sinks[0] != want || sinks[1] != (stagelinq.SinkDecl{Name: "showrun"}) {
		t.Errorf("sinks %+v", sinks)
	}
}

func TestPlayers(t *testing.T) {
	s := live(t, `local dj = stagelinq.sink{}
		for _, e in ipairs{ "found", "connected", "lost" } do dj:on(e, function(d, ...) print(e, d.name, ...) end) end
		local h = dj:on("found", function() print("no") end) h:cancel()
		dj:on("connected", function() clock.sleep(0.5)
			for i, d in ipairs(dj:devices()) do
				print(i, d.name, d.software, d.version, d.address, d.token, d.decks)
				print(dj:get("/Engine/Deck1/PlayState"), dj:get("/Engine/Deck1/PlayState", d), dj:get("/Engine/Deck1/Track/SongName", d), dj:get("/Engine/Deck1/CurrentBPM"), dj:get("/Engine/NoSuchThing"))
				d.token = "00000000-0000-0000-0000-000000000000"
				print(dj:get("/Engine/Deck1/PlayState", d))
			end
		end)`)
	s.run(time.Second)
	s.play(128)
	s.run(2 * time.Second)
	log := strings.Join(s.log, "\n")
	for _, want := range []string{
		"1.000 found\trigdeck", "1.000 connected\trigdeck", "1.500 1\trigdeck\tJP13\t3.4.0\t",
		"\t0f000000-0000-4000-8000-000000000000\t2", "1.500 true\ttrue\tClick\t128\tnil", "1.500 nil",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("no %q in\n%s", want, log)
		}
	}
	s.wantFailures()

	// The rig's deck goes without a word; what the driver would say of it:
	s.log = nil
	sink := s.show.Devices()[1].(*stagelinq.SinkDecl)
	s.deliver(script.Event{Topic: sink.EventTopic("lost"), At: s.now(), Value: stagelinq.Player{Name: "rigdeck"}})
	s.wantLog("2.000 lost\trigdeck")
}
