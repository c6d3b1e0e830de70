package tests

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"showrun/bindings"
	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/take"
	"showrun/drivers/stagelinq/wire"
	"showrun/runtime/device"
	devosc "showrun/runtime/device/osc"
	devlinq "showrun/runtime/device/stagelinq"
	"showrun/runtime/host/record"
	"showrun/runtime/journal"
	"showrun/runtime/rehearse"
	"showrun/runtime/show"
	"showrun/scripts"
)

const played = `local clock, show, signet, stage, stagelinq, osc = require "clock", require "show", require "signet", require "stage", require "stagelinq", require "osc"
local lamp = stage.fixture{ name = "lamp", kind = "dimmer", at = signet.sender{}:universe(1):slot(1) }
local dj = stagelinq.sink{}
clock.follow(dj:master())
show.trigger("light", function(level) lamp:set(level) end)
osc.receiver{ port = 9001 }:on("/dark", function() lamp:set(0) end)
dj:subscribe("/Engine/Deck1/Track/SongName", function(title) if title == "Gig" then lamp:set(77) end end)
`

// writeRecording writes entries as a recording of a show, or of players if it has no name.
func writeRecording(t *testing.T, name string, h journal.Header, entries []any) {
	t.Helper()
	record.Register([]device.Protocol{devosc.Protocol(), devlinq.Protocol()})
	journal.Register(take.Event{})
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w, err := journal.Create(file, h)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range entries {
		if err := w.Input(uint64(i+1), e, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestARecordingOfAShowComesInAgain with what people did, what was heard, and the tempo.
func TestARecordingOfAShowComesInAgain(t *testing.T) {
	dir := folderOf(t, map[string]string{"show.lua": played, "show_test.lua": `local lamp = require "stage".get "lamp"
local clock = require "clock"
test("the gig", function(t)
  t:advance(10)
  t:replay "gig.rec"
  t:advance(0.9)
  t:expect(lamp){ intensity = 0 }
  t:advance(0.2)
  t:expect(lamp){ intensity = 90 }
  t:ok(clock.tempo() == 100, "the tempo is " .. clock.tempo())
  t:advance(1)
  t:expect(lamp){ intensity = 0 }
end)
test("there is none", function(t) t:fails(function() t:replay "gig.rac" end, "there is no recording gig.rac beside the tests") end)`})
	var entries []any
	r, err := rehearse.New(rehearse.Options{
		Name: "gig", File: "show.lua", Dir: "gig", Bind: bindings.New, Shipped: scripts.Files(), Lookahead: 50 * time.Millisecond,
		Record: func(input any) { entries = append(entries, input) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	r.Bring(devlinq.NewVirtualRig(r.RigEnv(), 100, 0))
	ctx := context.Background()
	if err := r.Load(ctx, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	until := func(at time.Duration) {
		if err := r.Until(ctx, at); err != nil {
			t.Fatal(err)
		}
	}
	until(time.Second)
	if err := r.Show().Operate(show.Fire{Name: "light", Args: []any{90.0}}); err != nil {
		t.Fatal(err)
	}
	until(2 * time.Second)
	rehearse.Devices[*devosc.Receiver](r)[0].Hear(devosc.Message{Address: "/dark"}, r.Time(r.Now()))
	until(3 * time.Second)
	writeRecording(t, "gig.rec", journal.Header{Show: "gig", Began: time.Now()}, entries)
	if files, report := run(t, Options{}, "."); CountOf(files).Failed > 0 || CountOf(files).Tests != 2 {
		t.Error(report)
	}
}

// TestARecordingOfPlayersComesInAgain for the sinks of the show, as players.
func TestARecordingOfPlayersComesInAgain(t *testing.T) {
	folderOf(t, map[string]string{"show.lua": played, "show_test.lua": `test("the set", function(t)
  t:replay "set.rec"
  t:advance(0.4)
  t:expect "lamp" { intensity = 0 }
  t:advance(0.2)
  t:expect "lamp" { intensity = 77 }
end)`})
	unit := take.Unit{Token: wire.Token{1, 6: 0x40, 8: 0x80}, Name: "prime", Software: "JC11", Version: "1"}
	entries := []any{
		take.Event{Unit: unit, Kind: take.Device, Change: stagelinq.Found},
		take.Event{Unit: unit, Kind: take.Device, Change: stagelinq.Connected},
		take.Event{At: 500 * time.Millisecond, Unit: unit, Kind: take.State, Path: "/Engine/Deck1/Track/SongName", JSON: `{"string":"Gig","type":8}`},
	}
	writeRecording(t, "set.rec", journal.Header{Began: time.Now()}, entries)
	if files, report := run(t, Options{}, "."); CountOf(files).Failed > 0 {
		t.Error(report)
	}
	write(t, "set.rec", "no recording")
	if _, report := run(t, Options{}, "."); !strings.Contains(report, "t:replay: set.rec: ") {
		t.Error(report)
	}
}
