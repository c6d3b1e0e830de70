package replay_test

import (
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"showrun/runtime/journal"
	"showrun/runtime/raced"
	"showrun/runtime/rehearse"
	"showrun/runtime/rehearse/replay"
	"showrun/runtime/show"
)

// against plays the tape on another show.
func (r *tape) against(folder fs.FS) *replay.Outcome {
	r.t.Helper()
	out, err := replay.Compare(r.t.Context(), r.player(), replay.Options{
		Folder:  folder,
		Against: rehearse.Options{Name: "show", File: "show.lua", Dir: "show", Bind: r.opts.Bind, Shipped: r.opts.Shipped},
		Step:    func(time.Duration) error { return nil },
	})
	if err != nil {
		r.t.Fatal(err)
	}
	if out.Replay != nil {
		r.t.Errorf("the recording itself: %v", out.Replay)
	}
	return out
}

// alike expects no difference.
func alike(t *testing.T, o *replay.Outcome) {
	t.Helper()
	if !o.Alike() || o.Unknown > 0 {
		t.Errorf("%d questions without an answer; %s", o.Unknown, o.Text(nil))
	}
	if o.To-o.From < time.Second {
		t.Errorf("only %v to %v", o.From, o.To)
	}
}

// TestAgainstItself a recording does not differ.
func TestAgainstItself(t *testing.T) {
	for seed := range raced.Of[uint64](4, 1) {
		rnd := rand.New(rand.NewPCG(seed, 18))
		r := newTape(t, seed+1, lua(club))
		for range 30 {
			r.operate(anything(rnd))
			r.play(time.Duration(rnd.IntN(500)) * time.Millisecond)
			if rnd.IntN(8) == 0 {
				r.Show().Hold(rnd.IntN(2) == 0)
			}
		}
		r.End()
		alike(t, r.against(lua(club)))
	}
}

// TestExamplesAgainstThemselves do not differ either.
func TestExamplesAgainstThemselves(t *testing.T) {
	for _, name := range examples {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := os.DirFS("../../../examples/" + name)
			r := newTape(t, 7, folder)
			r.play(raced.Of(20*time.Second, 4*time.Second))
			r.End()
			alike(t, r.against(folder))
		})
	}
}

const evening = `
local clock, stage, show, cue, signet, osc = require "clock", require "stage", require "show", require "cue", require "signet", require "osc"
local net = signet.sender{}
local one = net:universe(1)
local wash = stage.fixture{ name = "wash", kind = "rgb", at = one:slot(1) }
local spot = stage.fixture{ name = "spot", kind = "dimmer", at = one:slot(20) }
local out = osc.sender{ host = "127.0.0.1", port = 9999 }
local main = cue.list{}
main:cue{ 1, "Calm", go = function()
  wash:set{ red = 100 }
end }
main:cue{ 2, "Storm", go = function()
  wash:set{ red = 200, blue = 50 }
  out:send("/thunder", 1)
end }
show.trigger("flash", function()
  spot:set(255)
end)
`

// TestWhatDiffersIsNamed: the fixture, the levels, the time, the cue and the lines.
func TestWhatDiffersIsNamed(t *testing.T) {
	r := newTape(t, 1, lua(evening))
	r.play(time.Second)
	r.operate(show.Go{})
	r.play(2 * time.Second)
	r.operate(show.Go{})
	r.play(2 * time.Second)
	r.operate(show.Fire{Name: "flash"})
	r.play(time.Second)
	r.End()

	o := r.against(lua("\n" + strings.Replace(evening, "blue = 50", "blue = 90", 1)))
	if len(o.Stretches) != 1 || len(o.Cues)+len(o.Orders)+len(o.Outputs) != 0 {
		t.Fatal(o.Text(nil))
	}
	d := o.Stretches[0]
	switch {
	case d.Fixture != "wash" || d.Channel != "blue" || d.Was != 50 || d.Is != 90 || d.Slot != 3:
		t.Errorf("got %+v", d)
	case d.From != 3*time.Second || d.To < 5900*time.Millisecond:
		t.Errorf("from %v to %v", d.From, d.To)
	case d.Line != "show.lua:13" || d.Next != "show.lua:14":
		t.Errorf("lines %s and %s", d.Line, d.Next)
	case d.Cue != `2 "Storm"` || d.Other != d.Cue:
		t.Errorf("cues %s and %s", d.Cue, d.Other)
	}
	text := o.Text(nil)
	for _, want := range []string{`cue 2 "Storm"`, "wash.blue 50 -> 90", "show.lua:13 -> show.lua:14", "3s"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}

	for name, c := range map[string]struct{ from, to, want string }{
		"an order":        {"/thunder", "/rain", "/thunder"},
		"a cue":           {`main:cue{ 2, "Storm"`, `main:cue{ 3, "Storm"`, "cue 3 of main"},
		"an output":       {"net:universe(1)", "net:universe(2)", "universe 2 is only in the other show"},
		"a late cue":      {"local main = cue.list{}", "local main = cue.list{}\nmain:cue{ 1.5, follow = 1 }", "cue 1.5 of main"},
		"a trigger":       {`show.trigger("flash"`, `show.trigger("blitz"`, "spot.dimmer 255 -> 0"},
		"another fixture": {`name = "spot", kind = "dimmer", at = one:slot(20)`, `name = "spot", kind = "dimmer", at = one:slot(30)`, "spot.dimmer 0 -> 255"},
	} {
		o := r.against(lua(strings.Replace(evening, c.from, c.to, 1)))
		if text := o.Text(nil); o.Alike() || !strings.Contains(text, c.want) {
			t.Errorf("%s: %q is not in\n%s", name, c.want, text)
		}
	}
}

// TestFlashesOfOtherLevels differ, though each is over before a moment has passed.
func TestFlashesOfOtherLevels(t *testing.T) {
	const flashes = `local clock, stage, signet = require "clock", require "stage", require "signet"
local spot = stage.fixture{ name = "spot", kind = "dimmer", at = signet.sender{}:universe(1):slot(1) }
clock.on_beat(4, function() spot:set(255) spot:fade(0, "1/2b") end)
`
	r := newTape(t, 1, lua(flashes))
	r.play(5 * time.Second)
	r.End()
	alike(t, r.against(lua(flashes)))
	o := r.against(lua(strings.Replace(flashes, "255", "200", 1)))
	const want = "for less than 50ms, as of flashes, or of what came late in the recording:\n" +
		"  spot.dimmer 255 -> 200 from 2s, 2 times: show.lua:3 -> show.lua:3\n"
	if text := o.Text(nil); o.Alike() || text != want {
		t.Errorf("got %q, want %q", text, want)
	}
}

// TestAgainstWithoutALoad: a recording from which the load is missing tells so, whatever comes
// first.
func TestAgainstWithoutALoad(t *testing.T) {
	r := newTape(t, 1, lua(evening))
	r.play(time.Second)
	r.End()
	ended := slices.IndexFunc(r.entries, func(e journal.Entry) bool { _, is := e.(show.Ended); return is })
	for _, from := range []int{1, ended} {
		p := replay.New(r.config(), &list{r.entries[from:]}, nil)
		t.Cleanup(p.Close)
		out, err := replay.Compare(t.Context(), p, replay.Options{
			Folder: lua(evening), Against: rehearse.Options{File: "show.lua", Bind: r.opts.Bind}, Step: func(time.Duration) error { return nil },
		})
		if err != nil || out.Replay == nil || !strings.Contains(out.Replay.Broken, "no load comes before it") {
			t.Errorf("%v, %+v", err, out)
		}
	}
}

// TestWhatIsNoDifference: a level by one, the second half of a channel, what is over at once, and an
// order that comes a little later; and how much of each is one.
func TestWhatIsNoDifference(t *testing.T) {
	const evening = `
local clock, stage, show, signet, osc = require "clock", require "stage", require "show", require "signet", require "osc"
local one = signet.sender{}:universe(1)
local wash = stage.fixture{ name = "wash", kind = "rgb", at = one:slot(1) }
local head = stage.fixture{ name = "head", channels = { "pan", "pan fine" }, at = one:slot(10) }
local out = osc.sender{ host = "127.0.0.1", port = 9999 }
local function flash(at, length)
  clock.after(at, function() wash:set{ green = 200 } end)
  clock.after(at + length, function() wash:set{ green = 0 } end)
end
wash:set{ blue = 50 }
head:set{ pan = 100 }
clock.after(1, function() out:send("/thunder", 1) end)
flash(4, 0.03)
`
	r := newTape(t, 1, lua(evening))
	r.play(5 * time.Second)
	r.End()
	for name, c := range map[string]struct {
		from, to          string
		stretches, orders int
	}{
		"a level by one":         {"blue = 50", "blue = 51", 0, 0},
		"a level by two":         {"blue = 50", "blue = 52", 1, 0},
		"the second half":        {"pan = 100", "pan = 100.3", 0, 0},
		"the first half":         {"pan = 100", "pan = 103", 1, 0},
		"over at once":           {"wash:set{ blue = 50 }", "wash:set{ blue = 50 } flash(1, 0.03)", 0, 0},
		"over at once, here":     {"flash(4, 0.03)", "", 0, 0},
		"for a while":            {"wash:set{ blue = 50 }", "wash:set{ blue = 50 } flash(1, 0.2)", 1, 0},
		"twice in a second":      {"wash:set{ blue = 50 }", "wash:set{ blue = 50 } flash(1, 0.2) flash(1.5, 0.2)", 1, 0},
		"twice":                  {"wash:set{ blue = 50 }", "wash:set{ blue = 50 } flash(1, 0.2) flash(3, 0.2)", 2, 0},
		"an order a bit later":   {"clock.after(1,", "clock.after(1.05,", 0, 0},
		"an order a second late": {"clock.after(1,", "clock.after(2,", 0, 1},
	} {
		o := r.against(lua(strings.Replace(evening, c.from, c.to, 1)))
		if len(o.Stretches) != c.stretches || len(o.Orders) != c.orders {
			t.Errorf("%s: %d and %d differ, not %d and %d\n%s", name, len(o.Stretches), len(o.Orders), c.stretches, c.orders, o.Text(nil))
		}
	}
}
