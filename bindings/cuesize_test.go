package bindings

import (
	"flag"
	"fmt"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"showrun/runtime/show"
)

var measureCues = flag.Bool("measure-cues", false, "measure a list of 200 cues for 200 fixtures")

// large is a show with so many cues, each of which moves all of so many fixtures.
func large(cues, fixtures int) string {
	return fmt.Sprintf(`local cue, f, universes = require "cue", {}, {}
list = cue.list{}
for i = 1, (%[2]d + 127) / 128 do universes[i] = net:universe(i + 10) end
for i = 0, %[2]d - 1 do
  f[i] = stage.fixture{ name = "f" .. i, kind = "rgbw", at = universes[math.floor(i / 128) + 1]:slot(i %% 128 * 4 + 1) }
end
for n = 1, %[1]d do
  local look = {}
  for i, fixture in pairs(f) do
    look[fixture] = { red = (n + i) %% 256, green = (2 * n + i) %% 256, blue = (3 * n + i) %% 256, white = n }
  end
  list:cue{ n, fade = 1, look = look }
end`, cues, fixtures)
}

// TestLargeLists loads a large list, goes through it, and computes looks.
func TestLargeLists(t *testing.T) {
	cues, fixtures := 20, 20
	if *measureCues {
		cues, fixtures = 200, 200
		defer debug.SetGCPercent(debug.SetGCPercent(800)) // as the command does
	}
	text := prelude + large(cues, fixtures)
	s := newStand(t)
	began := time.Now()
	if err := s.load(map[string]string{"show.lua": text}); err != nil {
		t.Fatal(err)
	}
	loading := time.Since(began)
	s.run(0)
	do := func(f func()) { s.show.G.Do("test", s.now(), f) }
	var gos []time.Duration
	for range cues {
		began := time.Now()
		do(func() { _ = s.show.Operate(show.Go{List: "main"}) })
		s.run(s.now() + 10*time.Millisecond) // a frame
		gos = append(gos, time.Since(began))
		s.run(s.now() + 990*time.Millisecond)
	}
	slices.Sort(gos)
	var looks []time.Duration
	for range 20 {
		began := time.Now()
		do(func() { _ = s.show.G.L.DoString(fmt.Sprintf("list:look(%d)", cues)) })
		looks = append(looks, time.Since(began))
	}
	slices.Sort(looks)
	if got, want := s.level("1/1"), cues%256; got != want {
		t.Errorf("at the last cue, slot 1 is at %d, want %d", got, want)
	}
	s.wantFailures()
	if *measureCues {
		t.Logf("%d cues for %d fixtures: loaded in %v; GO to its frame %v, p99 %v; look %v, at most %v",
			cues, fixtures, loading, gos[len(gos)/2], gos[len(gos)*99/100], looks[len(looks)/2], looks[len(looks)-1])
	}
}

// TestTheBoardOfALargeList is made after every turn that changes something: it does not
// write down all cues again.
func TestTheBoardOfALargeList(t *testing.T) {
	s := live(t, `local list = require("cue").list{} for n = 1, 1000 do list:cue{ n, "label" } end`)
	if n := testing.AllocsPerRun(10, func() { s.show.Touch(); s.show.Board() }); n > 20 {
		t.Errorf("%v allocations", n)
	}
	if l := s.virtual.Show().Board().Lists[0]; len(l.Cues) != 1000 || l.Cues[9] != (show.Cue{Number: "10", Label: "label"}) {
		t.Errorf("%d cues, %v", len(l.Cues), l.Cues[9])
	}
}
