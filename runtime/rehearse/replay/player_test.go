package replay_test

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"showrun/runtime/host/record"
	"showrun/runtime/journal"
	"showrun/runtime/raced"
	"showrun/runtime/rehearse/replay"
	"showrun/runtime/show"
)

// on lets a replay go on.
func on() error { return nil }

// equal plays a recording to its end, and expects it to be the same.
func equal(t *testing.T, p *replay.Player) {
	t.Helper()
	if err := p.All(on); err != nil || p.First != nil {
		t.Fatalf("%v; the first difference is %v", err, p.First)
	}
	if p.Tally.Equal == 0 || p.Tally.Different != 0 {
		t.Errorf("%+v", p.Tally)
	}
}

// club is a show that does a bit of everything.
const club = `
local clock, stage, show, cue, stagelinq, signet = require "clock", require "stage", require "show", require "cue", require "stagelinq", require "signet"
local dj = stagelinq.sink{}
local one = signet.sender{}:universe(1)
local wash = stage.fixture{ name = "wash", kind = "rgbw", at = one:slot(1) }
local spot = stage.fixture{ name = "spot", kind = "moving_head", at = one:slot(20) }
local all = stage.group{ name = "all", wash, spot }
clock.follow(dj:master())
show.state.n = show.state.n or 0
clock.on_beat(1, function(beat)
  show.state.n = show.state.n + 1
  wash:set{ red = 100 + math.random(100) }
  wash:fade({ red = 0 }, "3/4b")
end)
dj:deck(1):on("play", function() spot:fade({ pan = 200 }, 2) end)
local p = show.param{ "speed", default = 1, min = 0, max = 255 }
p:on(function(v) one:set(100, v) end)
show.trigger("bump", function(by) all:fade({ intensity = by or 255 }, 0.3) end)
show.trigger("wave", function() all:wave{ channels = { "color" }, from = "red", to = "blue", period = "1b", spread = 1 } end)
show.trigger("late", function() require("late").go(one) end)
local main = cue.list{}
for i = 1, 5 do main:cue{ i, "cue " .. i, fade = 0.5, look = { [spot] = { intensity = i * 50, color = "#2040ff" } }, follow = i % 2 == 0 and 1 or nil } end
show.on("stop", function() all:fade({ intensity = 0 }, 0.5) end)
`

// anything does something that people do.
func anything(rnd *rand.Rand) show.Operation {
	return []show.Operation{
		show.Go{}, show.Go{}, show.Back{}, show.Jump{Cue: "3", Over: time.Second}, show.SetParam{Name: "speed", Value: float64(rnd.IntN(256))},
		show.Fire{Name: "bump", Args: []any{float64(rnd.IntN(256))}}, show.Fire{Name: "wave"},
		show.Master{Level: float64(rnd.IntN(256)), Over: time.Second / 4}, show.Blackout{On: rnd.IntN(2) == 0},
		show.Hold{Fixture: "wash", Channel: "white", Value: fmt.Sprint(rnd.IntN(256))}, show.Hold{Fixture: "spot", Value: "#ff8800"}, show.Unhold{},
	}[rnd.IntN(12)]
}

// TestRecordingsRepeat: whatever enters a show, over several loads, its recording makes the
// same frames.
func TestRecordingsRepeat(t *testing.T) {
	for seed := range raced.Of[uint64](6, 2) {
		rnd := rand.New(rand.NewPCG(seed, 17))
		r := newTape(t, seed+1, lua(club))
		for range 60 {
			r.operate(anything(rnd))
			r.play(time.Duration(rnd.IntN(300)) * time.Millisecond)
			switch rnd.IntN(12) {
			case 0:
				r.load(lua(club + fmt.Sprintf("\nwash:set{ white = %d }", rnd.IntN(256))))
			case 1:
				r.Show().Hold(rnd.IntN(2) == 0)
			}
		}
		r.End()
		equal(t, r.player())
	}
}

// TestExamplesRepeat: so do the examples.
func TestExamplesRepeat(t *testing.T) {
	for _, name := range examples {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newTape(t, 7, os.DirFS("../../../examples/"+name))
			r.play(raced.Of(20*time.Second, 4*time.Second))
			r.End()
			equal(t, r.player())
		})
	}
}

// TestAnotherMachineIsNamed: one of another rate makes other frames.
func TestAnotherMachineIsNamed(t *testing.T) {
	r := newTape(t, 1, lua(club))
	r.play(2 * time.Second)
	cfg := r.config()
	cfg.Rate = 50
	p := replay.New(cfg, &list{r.entries}, nil)
	defer p.Close()
	_ = p.All(on)
	if d := p.First; d == nil || d.Frame == "" || d.At <= 0 || d.At > time.Second/10 || p.Tally.Different == 0 {
		t.Errorf("got %v, %+v", d, p.Tally)
	}
}

// resumed is a tape that goes on, at a show time, where another one was.
func resumed(t *testing.T, seed uint64, from *tape, folder fs.FS, at time.Duration) *tape {
	t.Helper()
	var p show.Point
	done := false
	from.Show().Point(&p, func() { done = true })
	from.play(100 * time.Millisecond)
	if !done {
		t.Fatal("there is no point")
	}
	var written bytes.Buffer
	record.Register(protocols())
	var kept show.Point // as it comes out of a file
	if err := errors.Join(gob.NewEncoder(&written).Encode(&p), gob.NewDecoder(&written).Decode(&kept)); err != nil {
		t.Fatal(err)
	}
	r := blank(t, seed)
	left := show.Loaded{State: kept.State, Carried: kept.Carried, Resumed: &show.Resumed{Engine: kept.Engine, Now: at}}
	if err := r.Begin(t.Context(), folder, at, left); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestAResumedShowRepeats: so does the recording of a show that goes on where another run was
// broken off, and it can be played against another one.
func TestAResumedShowRepeats(t *testing.T) {
	before := newTape(t, 1, lua(club))
	before.operate(show.Go{})
	before.operate(show.SetParam{Name: "speed", Value: 66.0})
	before.operate(show.Hold{Fixture: "wash", Channel: "white", Value: "99"})
	before.play(5 * time.Second)
	r := resumed(t, 2, before, lua(club), 9*time.Second)
	r.operate(show.Go{})
	r.play(3 * time.Second)
	r.load(lua(club + "wash:set{ green = 11 }"))
	r.play(3 * time.Second)
	r.End()
	equal(t, r.player())
	o := r.against(lua(club))
	if o.Reloads != 1 || o.From < 9*time.Second || len(o.Stretches) == 0 || o.Stretches[0].Fixture != "wash" || o.Stretches[0].From < 12*time.Second {
		t.Errorf("from %v, %d reloads: %s", o.From, o.Reloads, o.Text(nil))
	}
	alike(t, resumedAgain(t, before).against(lua(club)))
}

// resumedAgain is a tape as above that is not loaded again.
func resumedAgain(t *testing.T, before *tape) *tape {
	r := resumed(t, 2, before, lua(club), 9*time.Second)
	r.operate(show.Go{})
	r.play(4 * time.Second)
	return r
}

// TestADamagedEndIsTold: all before it is played, wherever it is cut.
func TestADamagedEndIsTold(t *testing.T) {
	r := newTape(t, 1, lua(club))
	r.play(3 * time.Second)
	file := r.file()
	for _, cut := range []int{0, 10, len(file) / 2, len(file) - 1} {
		rec, err := journal.Open(bytes.NewReader(file[:cut]))
		if err != nil {
			if !errors.Is(err, journal.ErrNone) {
				t.Errorf("cut at %d: %v", cut, err)
			}
			continue
		}
		p := replay.New(r.config(), rec, nil)
		var broken *journal.Broken
		if err := p.All(on); !errors.As(err, &broken) || p.First != nil {
			t.Errorf("cut at %d: %v, %v", cut, err, p.First)
		}
		p.Close()
	}
}

// examples are those that speak the protocols of the lab.
var examples = []string{"club-night", "first-light", "kinetic", "two-worlds", "play", "live"}

// TestAnotherLevelIsNamed: where a byte of an input is another one, so is the frame, and the
// first difference tells where, what, and why.
func TestAnotherLevelIsNamed(t *testing.T) {
	r := newTape(t, 1, lua(club))
	r.play(2 * time.Second)
	r.operate(show.SetParam{Name: "speed", Value: 77.0})
	r.play(time.Second)
	for i, e := range r.entries {
		if turn, ok := e.(show.ScriptTurn); ok {
			for j, ev := range turn.Events {
				if op, ok := ev.Value.(show.SetParam); ok {
					op.Value = 78.0
					turn.Events[j].Value = op
					r.entries[i] = turn
				}
			}
		}
	}
	p := r.player()
	if err := p.All(on); err != nil {
		t.Fatal(err)
	}
	d := p.First
	switch {
	case d == nil:
		t.Fatal("no difference")
	case d.Slot != 100 || d.Was != 77 || d.Is != 78 || !strings.Contains(d.Output, "universe 1"):
		t.Errorf("got %+v", d)
	case !strings.Contains(d.Told, "SetParam"):
		t.Errorf("told last: %s", d.Told)
	}
	t.Log(d)
}

// TestOtherFilesAreNamed: a file that is another one, and a channel of a fixture.
func TestOtherFilesAreNamed(t *testing.T) {
	r := newTape(t, 1, lua(club))
	r.play(2 * time.Second)
	swapped := r.entries[0].(show.Swapped)
	swapped.Load.Files[0].Data = []byte(strings.Replace(club, "100 + math.random(100)", "101 + math.random(100)", 1))
	r.entries[0] = swapped
	p := r.player()
	if err := p.All(on); err != nil {
		t.Fatal(err)
	}
	d := p.First
	if d == nil || d.Fixture != "wash" || d.Channel != "red" || d.Is != d.Was+1 || len(d.Causes) == 0 || !strings.HasPrefix(d.Causes[0].Line, "show.lua:") {
		t.Fatalf("got %v", d)
	}
	if d.At <= 0 || d.Input == 0 {
		t.Errorf("got %+v", d)
	}
	t.Log(d)
}

// TestWhatCannotBeRepeatedIsNamed: an input that is missing, one that comes first, a file that
// does not load, and a frame that is missing or too many.
func TestWhatCannotBeRepeatedIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		harm func(r *tape)
		want string
	}{
		"a load is missing": {func(r *tape) { r.entries = r.entries[1:] }, "no load comes before it"},
		"a file does not load": {func(r *tape) {
			swapped := r.entries[0].(show.Swapped)
			swapped.Load.Files[0].Data = []byte("wash:set(")
			r.entries[0] = swapped
		}, "show.lua:1"},
		"a batch is not made": {func(r *tape) {
			for i, e := range r.entries {
				if turn, ok := e.(show.EngineTurn); ok && i > 50 {
					turn.Inputs = append(turn.Inputs, show.Handed{Number: 1e6})
					r.entries[i] = turn
					return
				}
			}
		}, "which was not made"},
		"an unknown plan": {func(r *tape) {
			for i, e := range r.entries {
				if turn, ok := e.(show.ScriptTurn); ok && i > 50 {
					turn.Plan = 1e6
					r.entries[i] = turn
					return
				}
			}
		}, "the plan 1000000 of the beat"},
		"a frame is too many": {func(r *tape) {
			for i, e := range r.entries {
				if _, ok := e.(journal.Frame); ok && i > 50 {
					r.entries = append(r.entries[:i:i], r.entries[i+1:]...)
					return
				}
			}
		}, "a frame is made, and not in the recording"},
		"a frame is missing": {func(r *tape) {
			for i, e := range r.entries {
				if _, ok := e.(show.ScriptTurn); ok && i > 50 {
					r.entries = append(r.entries[:i+1:i+1], append([]journal.Entry{journal.Frame{At: time.Second}}, r.entries[i+1:]...)...)
					return
				}
			}
		}, "a frame is missing"},
		"a frame has another instant": {func(r *tape) {
			for i, e := range r.entries {
				if f, ok := e.(journal.Frame); ok && i > 50 {
					f.At++
					r.entries[i] = f
					return
				}
			}
		}, "a frame is that of"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newTape(t, 1, lua(club))
			r.play(2 * time.Second)
			c.harm(r)
			p := replay.New(r.config(), &list{r.entries}, nil)
			defer p.Close()
			err := p.All(on)
			if p.First == nil || !strings.Contains(p.First.String(), c.want) {
				t.Fatalf("got %v, %v", err, p.First)
			}
			if p.First.Broken != "" && err != p.First {
				t.Errorf("it goes on: %v", err)
			}
		})
	}
}

// TestMoments: a replay stops at a time, a beat and a cue.
func TestMoments(t *testing.T) {
	r := newTape(t, 1, lua(strings.Replace(club, "clock.follow(dj:master())", "clock.set_tempo(90)", 1)))
	r.play(2500 * time.Millisecond)
	r.operate(show.Go{Cue: "4"})
	r.play(4 * time.Second)
	zero := time.Date(2026, 3, 1, 23, 59, 58, 0, time.FixedZone("here", 3600))
	for text, want := range map[string]time.Duration{"3s": 3 * time.Second, "1.5": 1500 * time.Millisecond, "23:59:59": time.Second, "00:00:01": 3 * time.Second, "00:00:01.5": 3500 * time.Millisecond} {
		m, err := replay.ParseTime(text, zero, 0)
		p := r.player()
		if err == nil {
			err = p.Until(m, on)
		}
		if err != nil || p.Now() < want-time.Second/44 || p.Now() > want+time.Second/20 {
			t.Errorf("%s: at %v, %v, want %v", text, p.Now(), err, want)
		}
	}
	p := r.player()
	if err := p.Until(replay.OnBeat(5), on); err != nil || (p.Now()-10*time.Second/3).Abs() > time.Second/20 {
		t.Errorf("beat 5: at %v, %v", p.Now(), err)
	}
	p = r.player()
	m, err := replay.ParseCue("4.0")
	if err == nil {
		err = p.Until(m, on)
	}
	if err != nil || (p.Now()-2500*time.Millisecond).Abs() > time.Second/10 {
		t.Errorf("cue 4: at %v, %v", p.Now(), err)
	}
	if err := p.Until(replay.InCue("", "5"), on); err != nil || (p.Now()-3500*time.Millisecond).Abs() > time.Second/10 {
		t.Errorf("cue 5: at %v, %v", p.Now(), err)
	}
	if err := p.Until(replay.InCue("", "1"), on); err == nil {
		t.Error("cue 1 is there")
	}
	p = r.player()
	if err := p.Until(replay.At(time.Minute), on); err != io.EOF || p.Now() < 6*time.Second {
		t.Errorf("a minute: at %v, %v", p.Now(), err)
	}
	for _, text := range []string{"noon", "25:00:00", "-", "1m", "59.9"} {
		if _, err := replay.ParseTime(text, zero, 72*time.Second); err == nil {
			t.Errorf("%q is a time", text)
		}
	}
	if _, err := replay.ParseTime("72", zero, 72*time.Second+time.Millisecond); err != nil {
		t.Error(err)
	}
	if _, err := replay.ParseCue("main"); err == nil {
		t.Error("main is a cue")
	}
}
