package tests

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"showrun/bindings"
	"showrun/drivers/signet/receiver"
	sigwire "showrun/drivers/signet/wire"
	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/take"
	"showrun/drivers/stagelinq/wire"
	"showrun/runtime/device"
	devosc "showrun/runtime/device/osc"
	devsig "showrun/runtime/device/signet"
	devlinq "showrun/runtime/device/stagelinq"
	"showrun/runtime/host/record"
	"showrun/runtime/level"
	"showrun/runtime/rehearse"
	"showrun/runtime/show"
	"showrun/scripts"
)

// asking makes levels of what its devices say, when it is asked to and ten times a second.
const asking = `local clock, osc, signet, stage, stagelinq = require "clock", require "osc", require "signet", require "stage", require "stagelinq"
local one = signet.sender{}:universe(1)
local function dimmer(name, slot) return stage.fixture{ name = name, kind = "dimmer", at = one:slot(slot) } end
local title, code, heard, pulse = dimmer("title", 1), dimmer("code", 2), dimmer("heard", 3), dimmer("pulse", 4)
local dj, rx = stagelinq.sink{}, signet.receiver{}
local tc, desk = rx:timecode(1), rx:universe(7)
osc.receiver{ port = 9001 }:on("/look", function()
  title:set(#dj:deck(1).title * 10)
  code:set(tc.position and tonumber(tc.position:sub(7, 8)) * 25 + tonumber(tc.position:sub(10)) or 0)
end)
clock.every("0.1s", function()
  heard:set((desk:get(1)))
  pulse:set(#dj:deck(1).title * 5)
end)
`

// evening is a show that is recorded.
type evening struct {
	*rehearse.Run
	t       *testing.T
	began   show.Config
	entries []any
	slots   []byte
}

func (e *evening) Frame(f *level.Frame) {
	for _, levels := range f.Levels {
		if len(levels) > 0 {
			e.slots = append(e.slots[:0], levels[:4]...)
		}
	}
}

func newEvening(t *testing.T, text string) *evening {
	t.Helper()
	e := &evening{t: t, began: show.Config{Name: "gig", File: "show.lua", Dir: "gig", Rate: 44, Lookahead: 50 * time.Millisecond, Seed: 1}}
	var err error
	e.Run, err = rehearse.New(rehearse.Options{
		Name: "gig", File: "show.lua", Dir: "gig", Rate: e.began.Rate, Lookahead: e.began.Lookahead, Seed: e.began.Seed,
		Bind: bindings.New, Shipped: scripts.Files(), Frames: e, Record: func(input any) { e.entries = append(e.entries, input) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	write(t, "recorded/show.lua", text)
	if err := e.Load(context.Background(), os.DirFS("recorded")); err != nil {
		t.Fatal(err)
	}
	return e
}

func (e *evening) until(at time.Duration) {
	e.t.Helper()
	if err := e.Until(context.Background(), at); err != nil {
		e.t.Fatal(err)
	}
}

// titles has a player with tracks on deck 1, each from an instant on.
func (e *evening) titles(at ...any) {
	unit := take.Unit{Token: wire.Token{1, 6: 0x40, 8: 0x80}, Name: "prime", Software: "JC11", Version: "1"}
	events := []take.Event{
		{Unit: unit, Kind: take.Device, Change: stagelinq.Found},
		{Unit: unit, Kind: take.Device, Change: stagelinq.Connected},
	}
	for i := 0; i < len(at); i += 2 {
		events = append(events, take.Event{At: at[i].(time.Duration), Unit: unit, Kind: take.State, Path: "/Engine/Deck1/Track/SongName", JSON: fmt.Sprintf(`{"string":%q,"type":8}`, at[i+1])})
	}
	e.Bring(devlinq.NewVirtualTake(e.RigEnv(), events, e.Now()))
}

func (e *evening) look() {
	rehearse.Devices[*devosc.Receiver](e.Run)[0].Hear(devosc.Message{Address: "/look"}, e.Time(e.Now()))
}

// write ends it and writes the recording.
func (e *evening) write(name string) {
	e.t.Helper()
	record.Register([]device.Protocol{devsig.Protocol(devsig.RigConfig{})})
	writeRecording(e.t, name, record.Header(e.began), e.entries)
}

// gig is an evening of so many seconds with all that devices of the show above say.
func gig(t *testing.T, seconds int, at func(now time.Duration, levels []byte)) *evening {
	t.Helper()
	e := newEvening(t, asking)
	e.titles(500*time.Millisecond, "A", 1800*time.Millisecond, "Gig")
	rx := rehearse.Devices[interface {
		OnLevels(universe int, levels []byte, p receiver.Packet)
		OnTimecode(stream int, change receiver.TimecodeChange, t receiver.Timecode, jump bool)
	}](e.Run)[0]
	for now := time.Duration(0); now < time.Duration(seconds)*time.Second; now += 50 * time.Millisecond {
		e.until(now)
		if now%(2*time.Second) == time.Second {
			rx.OnLevels(7, []byte{byte(now/time.Second) * 20}, receiver.Packet{At: e.Time(now)})
		}
		if now >= time.Second && now < 3*time.Second && now%(200*time.Millisecond) == 0 {
			change := receiver.TimecodeFrame
			if now == time.Second {
				change = receiver.TimecodeFound
			}
			label := sigwire.TimecodeOf(sigwire.Rate25, int64(now/(40*time.Millisecond)))
			rx.OnTimecode(1, change, receiver.Timecode{Label: label, At: e.Time(now)}, now == time.Second)
		}
		if now%(700*time.Millisecond) == 0 {
			e.look()
		}
		if now%(350*time.Millisecond) == 0 {
			e.until(now + 30*time.Millisecond)
			at(e.Now(), e.slots)
		}
	}
	return e
}

// TestWhatDevicesOfARecordingSaidIsSaidAgain when the script asks: the levels that it makes of
// it are those of the recording.
func TestWhatDevicesOfARecordingSaidIsSaidAgain(t *testing.T) {
	var text strings.Builder
	folderOf(t, map[string]string{"show.lua": asking})
	seen := map[string]bool{}
	gig(t, 5, func(now time.Duration, levels []byte) {
		seen[string(levels)] = true
		fmt.Fprintf(&text, "  t:advance(%.2f - (t.time - 10))\n", now.Seconds())
		for i, name := range []string{"title", "code", "heard", "pulse"} {
			fmt.Fprintf(&text, "  t:expect %q { intensity = %d }\n", name, levels[i])
		}
	}).write("gig.rec")
	if len(seen) < 6 {
		t.Errorf("only %d looks were recorded", len(seen))
	}
	write(t, "show_test.lua", "test(\"the gig\", function(t)\n  t:advance(10)\n  t:replay \"gig.rec\"\n"+text.String()+"end)")
	if files, report := run(t, Options{}, "show_test.lua"); CountOf(files).Failed > 0 || CountOf(files).Tests != 1 {
		t.Errorf("%s\n%s", report, text.String())
	}
}

// TestWhoAnswersInATest besides a recording: before it begins, after its end, what it does not
// tell, with decks of the test, and with two of them.
func TestWhoAnswersInATest(t *testing.T) {
	folderOf(t, map[string]string{"show.lua": asking + `
local other = stagelinq.sink{ name = "other" }
local second, elsewhere = dimmer("second", 5), dimmer("elsewhere", 6)
osc.receiver{ port = 9001 }:on("/more", function()
  second:set(#dj:deck(2).title * 10)
  elsewhere:set(#other:deck(1).title * 10)
end)
`, "show_test.lua": `
test("before it begins", function(t)
  t:deck{ title = "of the test" }
  t:advance(0.35)
  t:osc "/look"
  t:expect "title" { intensity = 110 }
  t:replay "gig.rec"
  t:expect "pulse" { intensity = 55 }
  t:advance(0.69)
  t:expect "title" { intensity = 0 }
  t:advance(0.02)
  t:expect "title" { intensity = 10 }
end)
test("after its end", function(t)
  t:replay "gig.rec"
  t:advance(60)
  t:osc "/look"
  t:expect "title" { intensity = 30 }
  t:expect "heard" { intensity = 60 }
end)
test("what it does not tell", function(t)
  t:deck{ title = "12" }
  t:deck{ title = "12345" }
  t:replay "gig.rec"
  t:advance(4.5)
  t:osc "/more"
  t:expect "second" { intensity = 50 }
  t:expect "elsewhere" { intensity = 20 }
  t:expect "title" { intensity = 30 }
  t:osc "/more"
end)
test("two of them", function(t)
  t:replay "gig.rec"
  t:advance(10)
  t:replay "encore.rec"
  t:advance(0.4)
  t:expect "pulse" { intensity = 15 }
  t:advance(0.4)
  t:expect "pulse" { intensity = 25 }
  t:expect "heard" { intensity = 60 }
  t:advance(10)
  t:expect "pulse" { intensity = 25 }
  t:replay "gig.rec"
  t:advance(0.2)
  t:expect "pulse" { intensity = 0 }
end)
`})
	gig(t, 4, func(time.Duration, []byte) {}).write("gig.rec")
	e := newEvening(t, "local clock, dj = require \"clock\", require \"stagelinq\".sink{}\nclock.every(\"0.1s\", function() if clock.time() > 0.45 then print(dj:deck(1).title) end end)")
	e.titles(300*time.Millisecond, "Gigue")
	e.until(2 * time.Second)
	e.write("encore.rec")
	files, report := run(t, Options{}, "show_test.lua")
	if CountOf(files).Failed > 0 || CountOf(files).Tests != 4 {
		t.Error(report)
	}
	for _, r := range files[0].Results {
		said := strings.Join(r.Said, "\n")
		want := 0
		if r.Name == "what it does not tell" {
			want = 1
		}
		if n := strings.Count(said, "gig.rec does not tell what stagelinq.sink"); n != want {
			t.Errorf("%s: %d notes, expected %d:\n%s", r.Name, n, want, said)
		}
	}
}

// TestATailInATest: of a recording that begins in the middle of a show what came from outside
// comes in, and the devices of the test answer, which is said.
func TestATailInATest(t *testing.T) {
	folderOf(t, map[string]string{"show.lua": asking, "show_test.lua": `
test("the end of it", function(t)
  t:deck{ title = "12" }
  t:replay "tail.rec"
  t:advance(0.25)
  t:expect "title" { intensity = 0 }
  t:advance(0.5)
  t:expect "title" { intensity = 20 }
end)
`})
	e := newEvening(t, asking)
	e.titles(100*time.Millisecond, "Gigue")
	e.until(time.Second)
	e.entries = nil
	e.Show().Checkpoint()
	e.until(1500 * time.Millisecond)
	e.look()
	e.until(3 * time.Second)
	record.Register([]device.Protocol{devsig.Protocol(devsig.RigConfig{})})
	h := record.Header(e.began)
	h.Tail = true
	writeRecording(t, "tail.rec", h, e.entries)
	files, report := run(t, Options{}, "show_test.lua")
	if said := strings.Join(files[0].Results[0].Said, "\n"); CountOf(files).Failed > 0 || !strings.Contains(said, "tail.rec begins in the middle of a show") {
		t.Errorf("%s\n%s", report, said)
	}
}

// TestARecordingThatCannotBeRepeated, as one of another version of the program may be, fails a
// test from there on in which a script asks, and says so. What comes from outside comes in.
func TestARecordingThatCannotBeRepeated(t *testing.T) {
	folderOf(t, map[string]string{"show.lua": asking,
		"asks_test.lua": `
test("up to there", function(t)
  t:replay "gig.rec"
  t:advance(1.9)
  t:expect "title" { intensity = 10 }
end)
test("beyond", function(t)
  t:replay "gig.rec"
  t:advance(4)
end)`,
		"asks_nothing_test.lua": `-- showrun: show none
local osc, looks = require "osc", 0
osc.receiver{ port = 9001 }:on("/look", function() looks = looks + 1 end)
test("beyond", function(t)
  t:replay "gig.rec"
  t:advance(4)
  t:equal(looks, 6)
end)`})
	e := gig(t, 4, func(time.Duration, []byte) {})
	for i, in := range e.entries {
		if turn, ok := in.(show.ScriptTurn); ok && turn.Now > 2*time.Second {
			turn.Heard = nil
			e.entries[i] = turn
		}
	}
	e.write("gig.rec")
	files, report := run(t, Options{}, ".")
	if c := CountOf(files); c.Failed != 1 || c.Tests != 3 {
		t.Error(report)
	}
	for _, want := range []string{"FAIL beyond (asks_test.lua:7)", "a script asks a device, and what it said in gig.rec is known only up to 2.0", "make it anew"} {
		if !strings.Contains(report, want) {
			t.Errorf("%q is not in\n%s", want, report)
		}
	}
}
