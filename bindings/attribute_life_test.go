package bindings

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/clock"
	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/patch"
	"showrun/runtime/rehearse"
	"showrun/runtime/show"
)

// TestAttributesOutliveAReload: a fade of a colour, a wave of the intensity and what a
// channel was set to go on, and so does the next command from there.
func TestAttributesOutliveAReload(t *testing.T) {
	s := newStand(t)
	load := func(text string) {
		t.Helper()
		if err := s.load(map[string]string{"show.lua": prelude + lamps + text}); err != nil {
			t.Fatal(err)
		}
	}
	load(`wash:set{ color = "red" } wash:fade({ color = "blue" }, 4) w:set{ color = "white", intensity = 100 } w:set{ red = 9 }
		head:set{ color = "red", intensity = 70 } tube:wave{ channels = { "intensity" }, period = 2, shape = "triangle" }`)
	s.wantLevels("1s 1=255 2=0 3=85 50=9 53=100 25=70 27=255 100=255")
	load(`clock.after(2, function() w:set{ intensity = "100%" } head:set{ color = "lime" } end)`)
	s.wantLevels("2s 1=255 3=255 50=9 53=100 25=70 27=255 100=0")
	s.wantLevels("3.1s 50=23 51=0 53=255 25=70 27=0 28=255")
	s.wantLevels("4s 1=0 3=255 100=0")
	s.wantFailures()
}

// TestFixturesThatAreGone stand still, whatever ran on them, and what others do goes on.
func TestFixturesThatAreGone(t *testing.T) {
	s := newStand(t)
	load := func(text string) {
		t.Helper()
		const stays = `local stays = stage.fixture{ name = "stays", kind = "dimmer", at = one:slot(30) } `
		if err := s.load(map[string]string{"show.lua": prelude + stays + text}); err != nil {
			t.Fatal(err)
		}
	}
	load(`local a = stage.fixture{ name = "a", kind = "rgb", at = one:slot(1) } a:wave{ channels = { "color" }, period = 1, from = "red", to = "blue" }
		local b = stage.fixture{ name = "b", kind = "rgb", at = one:slot(10) } b:fade({ red = 200 }, 4) b:wave{ channels = { "green" }, period = 1 }
		stays:wave{ period = 1, from = 0, to = 200 }`)
	s.run(1750 * time.Millisecond)
	load("")
	s.run(1900 * time.Millisecond)
	is := func() string { return fmt.Sprint(s.level("1"), s.level("3"), s.level("10"), s.level("11")) }
	was := is()
	for at := 2 * time.Second; at < 4*time.Second; at += 130 * time.Millisecond {
		if s.run(at); is() != was {
			t.Fatalf("%v: levels %s, and they were %s", at, is(), was)
		}
	}
	s.wantLevels("4.5s 30=200")
}

// TestAHeadTurnsTheNearestWay from where it was aimed last, also by the load before, but not
// from where a look would have it.
func TestAHeadTurnsTheNearestWay(t *testing.T) {
	const walk = `local function walk(to) for d = 0, to, to > 0 and 40 or -40 do turn:aim{ 3 * math.sin(math.rad(d)), 3 * math.cos(math.rad(d)), 0 } end end
		local list = require("cue").list{} list:cue{ 1, go = function() walk(-240) end } `
	const first, next = `clock.after(1, function() walk(240) end) `, `clock.after(1.5, function() turn:aim{ -3, -1, 0 } end) `
	pan := func(texts ...string) int {
		s := newStand(t)
		for i, text := range texts {
			if err := s.load(map[string]string{"show.lua": prelude + lamps + heads + walk + text}); err != nil {
				t.Fatal(err)
			}
			s.run(time.Duration(2*i+2) * time.Second)
		}
		s.wantFailures()
		return s.level("200")
	}
	want := pan(first+next, "")
	if got := pan(first+next+`clock.after(1.2, function() list:look(1) end)`, ""); got != want {
		t.Errorf("after a look pan is at %d, want %d", got, want)
	}
	if got := pan(first, next); got != want {
		t.Errorf("after a reload pan is at %d, want %d", got, want)
	}
}

// recorded keeps what enters a show and the hashes of its frames.
type recorded struct {
	inputs []any
	hashes []string
	number func() *level.Registry
}

func (r *recorded) Frame(f *level.Frame) {
	r.hashes = append(r.hashes, fmt.Sprintf("%v %v %016x", f.At, f.Woken, f.Hash(r.number())))
}
func (r *recorded) Order(engine.DueOrder) {}

// TestAttributesReplay repeats a show from the record of its inputs, written down and read
// again, with two loads and questions for colours: the frames are the same.
func TestAttributesReplay(t *testing.T) {
	for _, v := range show.Values() {
		gob.Register(v)
	}
	const random = `
		local long = stage.fixture{ name = "long", profile = "fixtures/tube.json", at = one:slot(201) }
		clock.every(0.07, function()
			local n, f = math.random(9), all[math.random(#all)]
			if n == 1 then all:fade({ color = { h = math.random(360) }, intensity = math.random(255) }, math.random())
			elseif n == 2 then all:set{ color = { math.random(255), math.random(255), 3 } }
			elseif n == 3 then f:set(math.random(255))
			elseif n == 4 then wash:fade({ red = math.random(255) }, 1)
			elseif n == 5 then tube:pixels{ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, math.random(255) }
			elseif n == 6 then tube:wave{ channels = { "color" }, period = "1b", from = "red", to = "blue", spread = 1 }
			elseif n == 7 then all:wave{ channels = { "intensity" }, period = 1, spread = 1 }
			elseif n == 8 then f:stop() long.parts[math.random(#long.parts)]:fade({ color = "white" }, math.random()) long:fade({ color = { math.random(255), 0, 9 } }, 1)
			else wash:set{ red = wash:get("intensity") / 2, color = wash:get("color") } end
		end)`
	live := &recorded{}
	run, err := rehearse.New(rehearse.Options{
		Name: "replay", File: "show.lua", Dir: "replay", Rate: rate, Lookahead: lookahead, Bind: New, Frames: live,
		Record: func(in any) { live.inputs = append(live.inputs, in) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	live.number = run.Show().Registry
	for i := range 2 {
		folder := fstest.MapFS{}
		for name, text := range withProfiles(t, lamps+random) {
			folder[name] = &fstest.MapFile{Data: []byte(text)}
		}
		if err := run.Load(context.Background(), folder); err != nil {
			t.Fatal(err)
		}
		if err := run.Until(context.Background(), time.Duration(i+1)*5*time.Second); err != nil {
			t.Fatal(err)
		}
	}
	run.Show().End(run.Now())
	run.Show().Leave(run.Now(), false)
	var written bytes.Buffer
	if err := gob.NewEncoder(&written).Encode(live.inputs); err != nil {
		t.Fatal(err)
	}
	var inputs []any
	if err := gob.NewDecoder(&written).Decode(&inputs); err != nil {
		t.Fatal(err)
	}
	again, still := &recorded{}, clock.NewVirtual()
	replay := show.NewReplay(show.Config{
		Name: "replay", File: "show.lua", Dir: "replay", Rate: rate, Lookahead: lookahead, Guard: time.Minute, Grace: time.Minute,
		Bind: New, Now: still.Now, Stopwatch: still.Now, Log: slog.New(slog.DiscardHandler), Frames: again,
	})
	again.number = replay.Registry
	for i, in := range inputs {
		if err := replay.Feed(in); err != nil {
			t.Fatalf("input %d, %T: %v", i, in, err)
		}
	}
	if len(live.hashes) < 900 || !slices.Equal(live.hashes, again.hashes) {
		t.Errorf("%d frames, and %d others replayed", len(live.hashes), len(again.hashes))
	}
}

// TestHeld tells a script what an operator holds, as it would be put in by the console.
func TestHeld(t *testing.T) {
	s := live(t, lamps+`
		later(function() hold(wash:get("red")) end)
		for at = 0.9, 3.9 do clock.after(at, function() print(wash:held(), wash:held("intensity"), wash:held("color"), lamp:held(), all:held("intensity"), wash:get("intensity")) end) end
		clock.after(1.5, function() wash:set{ color = "red", intensity = "100%" } end)
		clock.after(2.5, function() release() end)`)
	mix := s.show.Patch().Fixtures()[0].Mix
	L := s.show.G.L
	L.SetGlobal("hold", L.NewFunction(func(*lua.LState) int {
		s.show.G.Emit(engine.Hold{Channel: mix.Attribute(0), To: 51})
		return 0
	}))
	L.SetGlobal("release", L.NewFunction(func(*lua.LState) int {
		s.show.G.Emit(engine.Release{Channels: []patch.Channel{mix.Attribute(0)}})
		return 0
	}))
	s.wantLevels("2s 1=51 2=0")
	s.wantLevels("3s 1=255 2=0")
	s.run(4 * time.Second)
	s.wantLog("0.900 false\tfalse\tfalse\tfalse\tfalse\t255", "1.900 true\ttrue\tfalse\tfalse\ttrue\t51",
		"2.900 false\tfalse\tfalse\tfalse\tfalse\t255", "3.900 false\tfalse\tfalse\tfalse\tfalse\t255")
	s.wantFailures()
}

// TestLayout keeps the places of fixtures for who draws the stage.
func TestLayout(t *testing.T) {
	s := live(t, patched+`stage.layout{ [wash] = { 1, 2 }, lamp = { -3, 4.5 } } stage.layout{ wash = { 0, 0 } }`)
	want := []patch.Place{{Fixture: "lamp", X: -3, Y: 4.5}, {Fixture: "wash"}}
	if got := s.show.Layout(); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// pixelShow sets 1,000 pixels in each of 60 frames a second.
const pixelShow = `
	local row, unis = {}, { net:universe(1), net:universe(2), net:universe(3), net:universe(4), net:universe(5), net:universe(6) }
	for i = 1, 1000 do
		row[i] = stage.fixture{ name = "p" .. i, kind = "rgb", at = unis[math.floor((i - 1) / 170) + 1]:slot((i - 1) % 170 * 3 + 1) }
	end
	local strip, picture = stage.group(row), {}
	for i = 1, 3000 do picture[i] = i % 256 end
	clock.every(1 / 60, function() picture[1] = (picture[1] + 1) % 256 strip:pixels(picture) end)`

// BenchmarkPixels is a frame of a show of 1,000 pixels, from the script to the levels.
func BenchmarkPixels(b *testing.B) {
	run, err := rehearse.New(rehearse.Options{Name: "pixels", File: "show.lua", Dir: "pixels", Rate: 60, Lookahead: lookahead, Bind: New})
	if err != nil {
		b.Fatal(err)
	}
	defer run.Close()
	if err := run.Load(context.Background(), fstest.MapFS{"show.lua": {Data: []byte(prelude + pixelShow)}}); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for at := time.Second; b.Loop(); at += time.Second / 60 {
		if err := run.Until(context.Background(), at); err != nil {
			b.Fatal(err)
		}
	}
}

// TestPixelsAreOneCommand: a call is one command with all colours in it.
func TestPixelsAreOneCommand(t *testing.T) {
	s := live(t, pixelShow)
	s.run(time.Second)
	before := s.virtual.Show().Snapshot().Engine.Stats
	s.run(2 * time.Second)
	after := s.virtual.Show().Snapshot().Engine.Stats
	if n := after.Batches - before.Batches; n < 55 || n > 65 || after.RefusedCommands != 0 {
		t.Errorf("%d batches in a second, %d refused", n, after.RefusedCommands)
	}
	if s.level("4") != 4 || s.level("5/450") != 3000%256 {
		t.Errorf("levels %d and %d", s.level("4"), s.level("5/450"))
	}
}
