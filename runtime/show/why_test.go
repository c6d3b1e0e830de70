package show_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/patch"
	"showrun/runtime/show"
)

// why is what a show says of a level, without when.
func (h *lab) why(fixture, channel string) string {
	h.t.Helper()
	causes, err := h.m.WhyNow(fixture, channel)
	if err != nil {
		return err.Error()
	}
	return show.Lines(causes)
}

// TestWhy tells the chain from the output down.
func TestWhy(t *testing.T) {
	h := newLab(t, `local stage, cue = require "stage", require "cue"
local wash = stage.fixture{ name = "wash", kind = "rgb", at = one:slot(1) }
local front = stage.fixture{ name = "front", kind = "dimmer", at = one:slot(11) }
front:set(100)
stage.group{ name = "all", wash, front }
local main = cue.list{}
main:cue{ 5, look = { [wash] = { color = "red", intensity = 200 } }, fade = 2 }
clock.after(1, function() main:go() end)
clock.after(4, function()
  front:wave{ channels = { "dimmer" }, period = 1 }
end)`)
	h.run(500 * time.Millisecond)
	for _, c := range []struct {
		at    time.Duration
		do    string
		of    string
		wants []string
	}{
		{0, "", "wash.red", []string{"wash.red 0: default, nothing has set it"}},
		{0, "", "front", []string{"front.intensity 100: script, set, show.lua:4, since 0.000 s"}},
		{1500 * time.Millisecond, "", "wash.red", []string{
			"wash.red 50: cue, intensity 50: fades to 200, cue main 5, show.lua:7, in clock.after show.lua:8, since 1.000 s",
			"wash.red 255: cue, color #ff0000: fades to #ff0000, cue main 5, show.lua:7, in clock.after show.lua:8, since 1.000 s"}},
		{1500 * time.Millisecond, "", "wash", []string{ // of channels that these make nothing
			"wash.intensity 50: cue, fades to 200, cue main 5, show.lua:7, in clock.after show.lua:8, since 1.000 s",
			"wash.color #ff0000: cue, fades to #ff0000, cue main 5, show.lua:7, in clock.after show.lua:8, since 1.000 s"}},
		{3500 * time.Millisecond, "master 50%", "all.intensity", []string{
			"wash.intensity 100: master, master at 50%, since 3.500 s",
			"wash.intensity 200: cue, has faded, cue main 5, show.lua:7, in clock.after show.lua:8, since 1.000 s",
			"front.intensity 50: master, master at 50%, since 3.500 s",
			"front.intensity 100: script, set, show.lua:4, since 0.000 s"}},
		{3700 * time.Millisecond, "hold wash.color blue", "wash.blue", []string{
			"wash.blue 100: master, master at 50%, since 3.500 s",
			"wash.blue 200: operator, color held at #0000ff, since 3.700 s",
			"wash.blue 0: cue, intensity 200: has faded, cue main 5, show.lua:7, in clock.after show.lua:8, since 1.000 s",
			"wash.blue 0: cue, color #ff0000: has faded, cue main 5, show.lua:7, in clock.after show.lua:8, since 1.000 s"}},
		{3700 * time.Millisecond, "", "wash.color", []string{
			"wash.color #0000ff: operator, color held at #0000ff, since 3.700 s",
			"wash.color #ff0000: cue, has faded, cue main 5, show.lua:7, in clock.after show.lua:8, since 1.000 s"}},
		{4500 * time.Millisecond, "blackout on", "front.dimmer", []string{
			"front.dimmer 0: blackout, blackout, since 4.500 s",
			"front.dimmer 124.4: master, master at 50%, since 3.500 s",
			"front.dimmer 248.8: script, waves between 0 and 255, show.lua:10, in clock.after show.lua:9, since 4.000 s"}},
		{4600 * time.Millisecond, "", "wash.rad", []string{`fixture "wash" has no channel "rad" (did you mean "red"?); it has red, green, blue`}},
		{4600 * time.Millisecond, "", "wsh", []string{`no fixture or group is called "wsh" (did you mean "wash"?)`}},
	} {
		h.run(max(c.at, h.clock.Now()))
		if c.do != "" {
			h.operate(c.do)
		}
		if got := h.why(c.of, ""); got != strings.Join(c.wants, "\n") {
			t.Errorf("at %v: %s\n  want %s", c.at, got, strings.Join(c.wants, "\n"))
		}
	}
}

// TestWhyOfMany is not told all at once.
func TestWhyOfMany(t *testing.T) {
	h := newLab(t, `local stage = require "stage"
local all = { name = "all" }
for i = 1, 33 do all[i] = stage.fixture{ name = "f" .. i, kind = "dimmer", at = one:slot(i) } end
stage.group(all)`)
	h.run(time.Second)
	if got := h.why("all", ""); got != "all has 33 fixtures; ask for one of them" {
		t.Error(got)
	}
}

// TestWhyIsNoInput: who asks changes nothing, so a record has nothing of it.
func TestWhyIsNoInput(t *testing.T) {
	r := newRecording(1)
	r.begin()
	r.swap(r.prepare(t, labPrelude0+`require "stage".fixture{ name = "front", kind = "dimmer", at = one:slot(1) }`, show.First()))
	r.run(time.Second)
	before, told := len(r.inputs), false
	if err := r.m.Why("front", "", func([]show.Cause) { told = true }); err != nil {
		t.Fatal(err)
	}
	r.run(50 * time.Millisecond)
	for _, in := range r.inputs[before:] {
		if turn, is := in.(show.EngineTurn); is && len(turn.Inputs) > 0 {
			t.Errorf("noted: %+v", turn)
		}
	}
	if r.end(); !told || len(r.inputs) == before {
		t.Errorf("told: %v, %d inputs", told, len(r.inputs)-before)
	}
}

// TestWhyFromElsewhere is answered by the next turn of the engine.
func TestWhyFromElsewhere(t *testing.T) {
	h := newLab(t, `require "stage".fixture{ name = "front", kind = "dimmer", at = one:slot(1) }:set(100)`)
	h.run(time.Second)
	var got []show.Cause
	if err := h.m.Why("front", "dimmer", func(causes []show.Cause) { got = causes }); err != nil {
		t.Fatal(err)
	}
	h.run(h.clock.Now() + 20*time.Millisecond)
	if len(got) != 1 || got[0].Line != "show.lua:1" || got[0].Generation != 1 || got[0].Value != 100 {
		t.Errorf("%+v", got)
	}
	if err := h.m.Why("fornt", "", func([]show.Cause) {}); err == nil {
		t.Error("of a fixture that there is not: no error")
	}
}

// submitted is a command that a show handed over, and what it belongs to.
type submitted struct {
	engine.Command
	source engine.Source
	at     time.Duration
	load   int
}

// witness notes what is handed over.
type witness struct {
	list []submitted
	last time.Duration // instant of the last frame
}

func (w *witness) Frame(f *level.Frame) { w.last = f.At }

func (w *witness) Batch(b engine.Batch) {
	var from engine.Source
	for _, c := range b.Commands {
		if s, ok := c.(engine.Source); ok {
			from = s
			continue
		}
		w.list = append(w.list, submitted{c, from, b.At, b.Generation})
	}
}

// last finds the command that is the last for a channel, as a person would: through all that
// was handed over, in the order of their instants.
func (w *witness) lastFor(a level.Address) (found *submitted) {
	list := slices.Clone(w.list)
	slices.SortStableFunc(list, func(x, y submitted) int { return int(x.at - y.at) })
	for i, s := range list {
		if s.at > w.last {
			break
		}
		of := func(ch patch.Channel) bool { return ch.Coarse == a }
		is := false
		switch c := s.Command.(type) {
		case engine.Set:
			is = of(c.Channel)
		case engine.Fade:
			is = of(c.Channel)
		case engine.Wave:
			is = of(c.Channel)
		case engine.Stop:
			is = of(c.Channel)
		case engine.Path:
			is = slices.ContainsFunc(c.Channels, of)
		}
		if is {
			found = &list[i]
		}
	}
	return found
}

// TestWhyIsTrue on random channels at random instants of random shows, over reloads and at a
// replay, against a search through all that was handed over.
func TestWhyIsTrue(t *testing.T) {
	for seed := range 10 * *rounds {
		rng := rand.New(rand.NewPCG(seed, 7))
		text := func() string {
			b := `local clock, stage, cue = require "clock", require "stage", require "cue"
local f = {}
for i = 1, 6 do f[i] = stage.fixture{ name = "f" .. i, kind = "dimmer", at = one:slot(i) } end
local main = cue.list{}
`
			does := func() string {
				i := 1 + rng.IntN(6)
				return []string{
					fmt.Sprintf("f[%d]:set(%d)", i, rng.IntN(256)),
					fmt.Sprintf("f[%d]:fade(%d, %.1f)", i, rng.IntN(256), rng.Float64()*2),
					fmt.Sprintf("f[%d]:stop()", i),
					fmt.Sprintf("f[%d]:wave{ channels = { \"dimmer\" }, period = 1 }", i),
					fmt.Sprintf("f[%d]:spline({ %d, 5, 200 }, 0.3)", i, rng.IntN(256)),
				}[rng.IntN(5)] + "\n"
			}
			for i := range 5 {
				b += fmt.Sprintf("main:cue{ %d, look = { [f[%d]] = %d, [f[%d]] = %d }, fade = %.1f }\n", i+1, 1+rng.IntN(6), rng.IntN(256), 1+rng.IntN(6), rng.IntN(256), rng.Float64())
			}
			for range 8 {
				b += fmt.Sprintf("clock.every(%.2f, function()\n%s%send)\n", 0.2+rng.Float64()*2, does(), does())
			}
			return b + fmt.Sprintf("clock.every(%.2f, function() main:go() end)\n%s", 0.3+rng.Float64(), does())
		}
		r, w := newRecording(seed+1), &witness{}
		r.cfg.Frames = w
		r.begin()
		r.swap(r.prepare(t, labPrelude0+text(), show.First()))
		ask := func(why func(fixture, channel string) ([]show.Cause, error)) {
			n := 1 + rng.Int32N(6)
			causes, err := why(fmt.Sprintf("f%d", n), "dimmer")
			if err != nil || len(causes) != 1 {
				t.Fatalf("seed %d: %v, %v", seed, causes, err)
			}
			got, want := causes[0], w.lastFor(level.Address{Slot: n})
			if want == nil {
				if got.Layer != "default" {
					t.Errorf("seed %d: %v, but nothing was done", seed, got)
				}
				return
			}
			if got.Line != want.source.Line || got.Task != want.source.Task || got.Cue != want.source.Cue || got.Since != want.at || got.Generation != want.load || (got.Layer == "cue") != (got.Cue != "") {
				t.Errorf("seed %d, f%d at %v: %+v\n want %+v", seed, n, w.last, got, want)
			}
		}
		for range 60 {
			r.run(time.Duration(rng.IntN(20)) * 10 * time.Millisecond)
			ask(r.m.WhyNow)
			if rng.IntN(20) == 0 {
				state, _ := r.m.CopyState()
				r.swap(r.prepare(t, labPrelude0+text(), state))
			}
		}
		r.end()
		*w = witness{}
		again := newRecording(r.cfg.Seed)
		again.cfg.Record, again.cfg.Frames = nil, w
		repeat := show.NewReplay(again.cfg)
		slices.SortStableFunc(r.inputs, func(a, b any) int { return int(show.NumberOf(a)) - int(show.NumberOf(b)) })
		for i, in := range r.inputs {
			if err := repeat.Feed(in); err != nil {
				t.Fatal(err)
			}
			if _, turn := in.(show.EngineTurn); turn && i > 20 && rng.IntN(50) == 0 {
				ask(repeat.Why)
			}
		}
		if t.Failed() {
			return
		}
	}
}
