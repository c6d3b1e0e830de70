package show_test

import (
	"bytes"
	"cmp"
	"encoding/gob"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"showrun/bindings"
	"showrun/runtime/beat"
	"showrun/runtime/clock"
	"showrun/runtime/raced"
	"showrun/runtime/show"
)

// point is where the show stands, as another process reads it.
func (h *lab) point() show.Point {
	h.t.Helper()
	var p, read show.Point
	taken := false
	h.m.Point(&p, func() { taken = true })
	for range 10 {
		h.run(h.clock.Now())
	}
	if !taken {
		h.t.Fatal("no point was taken")
	}
	for _, v := range show.Values() {
		gob.Register(v)
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(p); err != nil {
		h.t.Fatal(err)
	}
	if err := gob.NewDecoder(&b).Decode(&read); err != nil {
		h.t.Fatal(err)
	}
	return read
}

// resumed is a run that goes on from a point of another, after a while.
func resumed(t *testing.T, p show.Point, away time.Duration, text string) *lab {
	t.Helper()
	h := &lab{t: t, clock: clock.NewVirtual()}
	h.clock.Set(p.Engine.At + away)
	h.m = show.New(show.Config{
		Name: "show", File: "show.lua", Rate: 100, Lookahead: lookahead, Seed: 1, Frames: h,
		Bind: func(s show.Scene) show.Bindings { return labelled{bindings.New(s), h} },
		Now:  h.clock.Now, Stopwatch: func() time.Duration { return 0 },
		Log: slog.New(slog.NewTextHandler(&h.log, nil)),
	})
	t.Cleanup(func() { h.live.Detach(); h.live.End() })
	if err := h.m.Resume(p.Engine, h.clock.Now()); err != nil {
		t.Fatal(err)
	}
	h.loadAfter(show.FirstAfter(p.State, p.Carried), text)
	return h
}

const playText = `local stage, cue = require "stage", require "cue"
local wash = stage.fixture{ name = "wash", kind = "dimmer", at = one:slot(1) }
wash:set(3)
show.param{ "speed", default = 1 }
show.state.n = (show.state.n or 0) + 1
local main = cue.list{ name = "main" }
main:cue{ 1, look = { [wash] = 255 }, fade = 10, follow = 12 }
main:cue{ 2, look = { [wash] = 55 }, fade = 4, follow = 5 }
main:cue{ 3, look = { [wash] = 155 }, fade = 10 }
show.on("start", function() main:go() mark("start") end)
show.on("reload", function() mark("reload", show.state.n) end)
`

// playLevel is the level of playText at an instant, if nothing happens to the show; cue 1
// begins at from.
func playLevel(since time.Duration) float64 {
	part := func(from, length float64) float64 { return min(max((since.Seconds()-from)/length, 0), 1) }
	switch s := since.Seconds(); {
	case s < 12:
		return 3 + 252*part(0, 10)
	case s < 17:
		return 255 - 200*part(12, 4)
	}
	return 55 + 100*part(17, 10)
}

// TestResume breaks a play off at any moment for a while: afterwards it goes on as if it
// had not been broken off, follows that were due meanwhile included.
func TestResume(t *testing.T) {
	for _, at := range raced.Of([]float64{0.2, 3, 7.77, 9.99, 11.95, 11.99, 12.3, 15, 16.99, 20}, []float64{3, 11.99}) {
		for _, away := range []float64{0.01, 0.3, 3, 14} {
			h := newLab(t, playText)
			h.run(seconds(at))
			h.m.Operate(show.SetParam{Name: "speed", Value: 7.0})
			h.run(seconds(at + 0.01))
			began := h.marks[0].at
			r := resumed(t, h.point(), seconds(away), playText)
			if s := r.m.Stats(); s.Frames != 0 {
				t.Errorf("%d frames of another run are counted", s.Frames)
			}
			from := r.clock.Now()
			for now := from + 100*time.Millisecond; now < from+20*time.Second; now += 170 * time.Millisecond {
				got, want := float64(r.last(now)), playLevel(r.frames[len(r.frames)-1].at-began)
				if math.Abs(got-want) > 0.51 {
					t.Errorf("broken off at %v s for %v s: at %v the level is %v, want %.1f", at, away, now, got, want)
					break
				}
			}
			if got := fmt.Sprint(r.marks); len(r.marks) != 1 || !strings.Contains(got, "reload 2") {
				t.Errorf("broken off at %v s for %v s: the script was told %v", at, away, got)
			}
			if v := r.m.Board().Params[0].Value; v != 7.0 {
				t.Errorf("broken off at %v s for %v s: speed is %v", at, away, v)
			}
			if c := r.m.Counts(); c.Frames != 0 || c.Late > 2 {
				t.Errorf("broken off at %v s for %v s: %+v", at, away, c)
			}
			if t.Failed() {
				return
			}
		}
	}
}

// TestResumeKeepsTheBeat: it runs on while there is no show, and the master stays where it
// is. No order is given twice, and no beat is.
func TestResumeKeepsTheBeat(t *testing.T) {
	const text = `local stage = require "stage"
stage.fixture{ name = "wash", kind = "dimmer", at = one:slot(1) }:set(200)
clock.set_tempo(60)
clock.on_beat(1, function(b) mark(b.number) end)
show.on("start", function() clock.set_tempo(90) stage.master(127.5) end)`
	h := newLab(t, text)
	h.run(10 * time.Second)
	is := h.m.Plan().Course.Line(h.clock.Now()).At(h.clock.Now())
	r := resumed(t, h.point(), 4*time.Second, text)
	now := r.clock.Now()
	if got, want := r.m.Plan().Course.Line(now).At(now), is+6*beat.Beat; max(got-want, want-got) > 1000 {
		t.Errorf("the beat is %v, want %v", got.Float(), want.Float())
	}
	if got := r.last(now + 2*time.Second); got != 100 {
		t.Errorf("the level is %d, want 100", got)
	}
	last := h.marks[len(h.marks)-1].args[0].(int32)
	first := r.marks[0].args[0].(int32)
	if first < last+6 || first > last+7 {
		t.Errorf("the last beat before was %d, and 6 beats later the first is %d", last, first)
	}
	if line := r.m.Plan().Course.Line(r.clock.Now()); line.BPM != 90 {
		t.Errorf("%v BPM, want 90", line.BPM)
	}
}

// TestPointHasNoOrders: what waits for its instant is not told twice.
func TestPointHasNoOrders(t *testing.T) {
	h := newLab(t, `local lights = require "theater".lighting{} clock.every(0.01, function() mark(1) one:set(1, 9) end)`)
	h.run(time.Second)
	p := h.point()
	if len(p.Engine.Engine.Queue) == 0 {
		t.Fatal("nothing waits")
	}
	for _, b := range p.Engine.Engine.Queue {
		if len(b.Orders) > 0 {
			t.Errorf("orders %v", b.Orders)
		}
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// TestResumedIsReplayed: the record of a run that went on from another one repeats it.
func TestResumedIsReplayed(t *testing.T) {
	h := newLab(t, playText)
	h.run(3 * time.Second)
	p := h.point()
	config := func(b *bytes.Buffer) (show.Config, *clock.Virtual, *show.FrameLog) {
		clk, log := clock.NewVirtual(), show.NewFrameLog(b)
		return show.Config{
			Name: "show", File: "show.lua", Rate: 50, Lookahead: lookahead, Seed: 1, Frames: log,
			Bind: func(s show.Scene) show.Bindings { return labelled{bindings.New(s), h} },
			Now:  clk.Now, Stopwatch: func() time.Duration { return 0 }, Log: slog.New(slog.DiscardHandler),
		}, clk, log
	}
	var live, again bytes.Buffer
	var inputs []any
	cfg, clk, log := config(&live)
	cfg.Record = func(in any) { inputs = append(inputs, in) }
	clk.Set(p.Engine.At + 2*time.Second)
	m := show.New(cfg)
	if err := m.Resume(p.Engine, clk.Now()); err != nil {
		t.Fatal(err)
	}
	l, err := m.Prepare(t.Context(), fstest.MapFS{"show.lua": {Data: []byte(labPrelude + playText)}}, show.FirstAfter(p.State, p.Carried))
	if err != nil {
		t.Fatal(err)
	}
	m.Swap(l, clk.Now())
	for until := clk.Now() + 10*time.Second; clk.Now() < until; clk.Advance(10 * time.Millisecond) {
		for more := true; more; {
			more, _ = m.Script(clk.Now())
		}
		m.Engine(clk.Now())
	}
	m.End(clk.Now())
	_, last := m.Leave(clk.Now(), false)
	last.End()
	log.Flush()
	cfg, _, log = config(&again)
	r := show.NewReplay(cfg)
	slices.SortStableFunc(inputs, func(a, b any) int { return cmp.Compare(show.NumberOf(a), show.NumberOf(b)) })
	for _, in := range inputs {
		if err := r.Feed(passedOn(t, in)); err != nil {
			t.Fatal(err)
		}
	}
	log.Flush()
	if live.String() != again.String() || !strings.Contains(live.String(), "0/1=254") {
		t.Errorf("live\n%.600s\nagain\n%.600s", live.String(), again.String())
	}
}
