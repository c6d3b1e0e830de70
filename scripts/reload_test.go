package scripts

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"showrun/bindings"
	"showrun/runtime/level"
	"showrun/runtime/raced"
	"showrun/runtime/rehearse"
)

// run is a show in virtual time whose prints and levels are kept.
type run struct {
	*rehearse.Run
	t      *testing.T
	levels []byte // of output 0, as they are now
	prints []string
	failed []string
}

func newRun(t *testing.T) *run {
	t.Helper()
	r := &run{t: t}
	var err error
	r.Run, err = rehearse.New(rehearse.Options{
		Name: "live", File: "show.lua", Dir: "live", Bind: bindings.New, Shipped: Files(),
		Rate: 100, Lookahead: 50 * time.Millisecond, Frames: r, Log: slog.New(prints{slog.DiscardHandler, r}),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// Frame implements show.FrameSink.
func (r *run) Frame(f *level.Frame) {
	if len(f.Levels) > 0 {
		r.levels = append(r.levels[:0], f.Levels[0]...)
	}
}

// prints keeps what scripts print, and errors.
type prints struct {
	slog.Handler
	r *run
}

func (p prints) Enabled(context.Context, slog.Level) bool { return true }

func (p prints) Handle(_ context.Context, rec slog.Record) error {
	switch {
	case rec.Message == "slow script":
	case rec.Level >= slog.LevelWarn:
		p.r.failed = append(p.r.failed, rec.Message)
	case rec.Level == slog.LevelInfo:
		p.r.prints = append(p.r.prints, rec.Message)
	}
	return nil
}

// save makes another version live.
func (r *run) save(text string) {
	r.t.Helper()
	if err := r.Load(context.Background(), fstest.MapFS{"show.lua": &fstest.MapFile{Data: []byte(text)}}); err != nil {
		r.t.Fatal(err)
	}
}

// until runs up to an instant.
func (r *run) until(at time.Duration) {
	r.t.Helper()
	if err := r.Until(context.Background(), at); err != nil {
		r.t.Fatal(err)
	}
}

const (
	length  = 40 * time.Second
	reloads = 50
)

// instants are those of the reloads, in order, in milliseconds and a bit.
func instants(r *rand.Rand) []time.Duration {
	var list []time.Duration
	for range reloads {
		list = append(list, time.Duration(r.Int64N(int64(length-2*time.Second))))
	}
	slices.Sort(list)
	return list
}

// liveLoops is a version whose loops and sequence tell of themselves.
func liveLoops(version int) string {
	return fmt.Sprintf(`
local loop, seq, clock = require "loop", require "seq", require "clock"
local function say(what, pass) print(("%%s %%d %%.3f v%d"):format(what, pass, clock.beats())) end
loop("a", "3/4b", function(pass) say("a", pass) end)
loop("b", "300ms", function(pass) print(("b %%d %%.3f v%d"):format(pass, clock.time())) end)
local function part(what) return function(pass) say(what, pass) end end
loop("list", "3b", { part "x", part "y", false, part "z" })
seq.play("1/2b", seq.euclid(5, 8), function(_, step) say("s", step) end, { swing = 0.6 })
`, version, version)
}

// TestLoopsLiveThroughReloads saves a show fifty times: every pass of every loop happens
// once, in its place, and always in a version that is not older than the one before.
func TestLoopsLiveThroughReloads(t *testing.T) {
	without := newRun(t)
	without.save(liveLoops(1))
	without.until(length)

	for seed := range raced.Of[uint64](3, 1) {
		r := newRun(t)
		r.save(liveLoops(1))
		for i, at := range instants(rand.New(rand.NewPCG(seed, 14))) {
			r.until(at)
			r.save(liveLoops(i + 2))
		}
		r.until(length)
		if len(r.failed) > 0 {
			t.Fatalf("seed %d: %q", seed, r.failed)
		}
		newest := map[string]int{}
		var got, want []string
		for _, line := range r.prints {
			what, version, _ := strings.Cut(line, " v")
			got = append(got, what)
			n := 0
			if _, err := fmt.Sscan(version, &n); err != nil || n < newest[what[:1]] {
				t.Errorf("seed %d: %s after version %d", seed, line, newest[what[:1]])
			}
			newest[what[:1]] = n
		}
		for _, line := range without.prints {
			what, _, _ := strings.Cut(line, " v")
			want = append(want, what)
		}
		slices.Sort(got) // what falls on one instant may come in another order
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("seed %d: %d passes, want %d: %s", seed, len(got), len(want), difference(got, want))
		}
		for what, n := range newest {
			if n != reloads+1 {
				t.Errorf("seed %d: loop %s plays version %d in the end", seed, what, n)
			}
		}
	}
}

// difference names the first pass that one list has and the other has not.
func difference(got, want []string) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("got %s, want %s", got[i], want[i])
		}
	}
	return "the end"
}

// effects is a show with an effect of each kind that is not by chance.
const effects = `
local stage, signet, fx, loop = require "stage", require "signet", require "fx", require "loop"
local one = signet.sender{}:universe(1)
local function row(name, kind, first, width)
  local list = {}
  for i = 1, 4 do list[i] = stage.fixture{ name = name .. i, kind = kind, at = one:slot(first + (i - 1) * width) } end
  return stage.group(list)
end
fx.chase(row("chase", "dimmer", 1, 1), { every = "1/2b" })
fx.chase(row("bounce", "rgb", 11, 3), { every = "300ms", order = "bounce", look = { color = "red" } })
fx.ramp(row("ramp", "dimmer", 31, 1), { every = "2b", spread = 1 })
fx.cycle(row("cycle", "rgb", 41, 3), { "red", "lime", "blue" }, "1b")
fx.cycle(row("jump", "rgb", 61, 3), { "red", "lime", "blue" }, "1b", { fade = 0, shift = 1 })
fx.rainbow(row("rainbow", "rgb", 81, 3), { every = "8b" })
fx.strobe(row("strobe", "dimmer", 101, 1), { rate = 2 })
loop("flash", "1b", function() stage.get("flash"):set(200) stage.get("flash"):fade(0, "1/2b") end)
stage.fixture{ name = "flash", kind = "dimmer", at = one:slot(111) }
`

// TestEffectsLiveThroughReloads compares the levels of a show that is saved fifty times
// with those of one that is left alone.
func TestEffectsLiveThroughReloads(t *testing.T) {
	with, without := newRun(t), newRun(t)
	with.save(effects)
	without.save(effects)
	off := map[int]int{} // how many samples in a row, by slot
	due := instants(rand.New(rand.NewPCG(1, 2)))
	for now := 10 * time.Millisecond; now < length; now += 10 * time.Millisecond {
		for len(due) > 0 && due[0] < now {
			with.until(due[0])
			with.save(effects)
			due = due[1:]
		}
		// In the middle between two frames of the schedule, which all have been by then.
		with.until(now + 5*time.Millisecond)
		without.until(now + 5*time.Millisecond)
		for slot := range without.levels {
			got, want := int(with.levels[slot]), int(without.levels[slot])
			if max(got-want, want-got) <= 9 { // what a level changes by from a frame to the next
				off[slot] = 0
			} else if off[slot]++; off[slot] > 1 { // a step may fall on either side of a frame
				t.Fatalf("at %v, beat %.3f: slot %d is at %d, %d without reloads", now, now.Seconds()*2, slot+1, got, want)
			}
		}
	}
	if len(with.failed)+len(without.failed) > 0 {
		t.Errorf("failed: %q %q", with.failed, without.failed)
	}
}

// TestAnEffectThatIsGone ends with the version that had it.
func TestAnEffectThatIsGone(t *testing.T) {
	r := newRun(t)
	const lamps = `local stage, clock, fx = require "stage", require "clock", require "fx"
local one = require "signet".sender{}:universe(1)
local a = stage.fixture{ name = "a", kind = "dimmer", at = one:slot(1) }
local b = stage.fixture{ name = "b", kind = "dimmer", at = one:slot(2) }
`
	r.save(lamps + `a:set(180) clock.after(1, function() fx.strobe(a, { rate = 2, width = 0.5 }) fx.chase(stage.group{ b }, { every = 1 }) end)`)
	r.until(1050 * time.Millisecond) // in the middle of a flash
	if r.levels[0] != 255 || r.levels[1] != 255 {
		t.Fatalf("effects are not there: %v", r.levels[:2])
	}
	r.save(lamps + `fx.strobe(a, { rate = 2, width = 0.5 })`)
	r.until(1400 * time.Millisecond)
	if r.levels[0] != 0 || r.levels[1] != 0 {
		t.Errorf("between two flashes: %v, want dark", r.levels[:2])
	}
	r.save(lamps)
	r.until(1600 * time.Millisecond)
	if r.levels[0] != 180 || r.levels[1] != 0 {
		t.Errorf("after the effects: %v, want 180 as before the strobe, and dark", r.levels[:2])
	}
}

// TestALoopThatFails is told by its name, goes on for ten passes, and leaves the others
// alone; the next version has it again.
func TestALoopThatFails(t *testing.T) {
	r := newRun(t)
	const text = `local loop = require "loop"
loop("bad", "1b", function(pass) if pass > PASS then error("oh " .. pass) end print("bad " .. pass) end)
loop("good", "1b", function(pass) print("good " .. pass) end)`
	r.save(strings.ReplaceAll(text, "PASS", "2"))
	r.until(10 * time.Second)
	want := []string{}
	for pass := 3; pass <= 12; pass++ {
		want = append(want, fmt.Sprintf("show.lua:2: oh %d", pass))
	}
	want = append(want, `loop bad has failed 10 times in a row; it is not called again until the next version`)
	if !slices.Equal(r.failed, want) {
		t.Errorf("failed %q, want %q", r.failed, want)
	}
	good := strings.Count(strings.Join(r.prints, "\n"), "good")
	if good != 20 {
		t.Errorf("the other loop had %d passes, want 20", good)
	}
	r.save(strings.ReplaceAll(text, "PASS", "100"))
	r.until(12 * time.Second)
	if last := r.prints[len(r.prints)-1]; !strings.HasSuffix(last, " 25") || strings.Count(strings.Join(r.prints, "\n"), "bad") != 1+4 {
		t.Errorf("prints %q", r.prints)
	}
}

// TestAnEffectThatIsBegunTwiceAtAReload has the new version begin an effect, and once more at
// once: what is under way from the version before does not stand for the second.
func TestAnEffectThatIsBegunTwiceAtAReload(t *testing.T) {
	r := newRun(t)
	text := `local clock, fx, signet, stage = require "clock", require "fx", require "signet", require "stage"
local par = stage.fixture{ name = "par", kind = "rgb", at = signet.sender{}:universe(1):slot(1) }
local function begin() return fx.cycle(par, { "black", "red" }, "4b") end
local effect = begin()
clock.run(function() effect:cancel() begin() end)`
	r.save(text)
	r.until(time.Second)
	r.save(text)
	r.until(1900 * time.Millisecond)
	if r.levels[0] < 230 {
		t.Errorf("red is at %d and does not go on to 255", r.levels[0])
	}
}

// TestAnEffectThatIsBegunJustBeforeItsStep has a chase begin a millionth of a beat early, as
// the beat of a deck and that of the show may lie apart.
func TestAnEffectThatIsBegunJustBeforeItsStep(t *testing.T) {
	r := newRun(t)
	r.save(`local clock, fx, grid, signet, stage = require "clock", require "fx", require "showrun.grid", require "signet", require "stage"
local one, list = signet.sender{}:universe(1), {}
for i = 1, 4 do list[i] = stage.fixture{ name = "dim " .. i, kind = "dimmer", at = one:slot(i) } end
clock.after(0.9999995, function()
  print(grid.step(1, "b"), grid.step(0.25, "b"), ("%.5f"):format(clock.beats()))
  fx.chase(stage.group(list), { every = "1/4b" })
end)`)
	r.until(1010 * time.Millisecond)
	if got := fmt.Sprint(r.prints, r.levels[:4]); got != "[3\t9\t2.00000] [255 0 0 0]" {
		t.Error(got)
	}
}
