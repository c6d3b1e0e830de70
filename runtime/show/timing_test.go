package show_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"showrun/runtime/raced"
)

// TestFadesOverChangesOfTempo: a fade of so many beats takes those, whatever the tempo does
// meanwhile, and never runs backwards.
func TestFadesOverChangesOfTempo(t *testing.T) {
	for seed := range raced.Of[uint64](10, 3) * *rounds {
		h := newLabOf(t, seed, `local tempi = { 20, 30, 60, 120, 240, 480, 999 }
			clock.set_tempo(tempi[math.random(#tempi)])
			clock.on_beat("1/2b", function(b)
				if b.count == 1 then one:fade(1, 255, "12b") mark("begins") end
				if math.random(3) == 1 then clock.set_tempo(tempi[math.random(#tempi)]) clock.set_tempo(tempi[math.random(#tempi)]) end
				if math.random(5) == 1 then clock.sleep(math.random() / 9) clock.nudge(math.random() * 0.3 - 0.15) end
			end)`)
		h.run(25 * time.Second)
		before := byte(0)
		for _, f := range h.frames {
			want := math.Max(0, math.Min(1, (h.course.At(f.at).Float()-1)/12)) * 255
			if f.value < before || math.Abs(float64(f.value)-want) > 1 {
				t.Fatalf("seed %d: at %v %d after %d, want %.1f", seed, f.at, f.value, before, want)
			}
			before = f.value
		}
		if len(h.marks) != 1 || before == 0 {
			t.Errorf("seed %d: the fade ended at %d; %v", seed, before, h.marks)
		}
	}
}

// TestFollowInScheduledCode: the deck is heard all the time, so it is not lost, and leads
// from the instant of the call on.
func TestFollowInScheduledCode(t *testing.T) {
	for _, way := range []string{
		"clock.on_beat(4, function(b) if b.number == 4 then clock.follow(deck) mark(b.count) end end)",
		"clock.at_beat(4, function(b) clock.follow(deck) mark(b.count) end)",
		"clock.run(function() clock.sync(4) clock.follow(deck) mark(clock.beats()) end)",
		`clock.every("4b", function() clock.follow(deck) mark(clock.beats()) clock.sleep("2b") clock.follow("internal") clock.sleep("1b") clock.follow(deck) end)`,
		"clock.after(2, function() mark(clock.beats()) clock.follow(deck) end)",
		"clock.after(2, function() lab.busy(0.25) clock.follow(deck) mark(4) end)",
	} {
		h := newLab(t, `local deck = stagelinq.sink{}:deck(1)
			clock.on("lost", function() mark("lost") end) clock.on("found", function() mark("found") end) `+way)
		h.deck = &deck{key: h.follows(), did: []played{{0, 100.3, 120}}}
		h.run(1900 * time.Millisecond)
		if at := h.m.Plan().Course.At(h.clock.Now()).Float(); math.Abs(at-3.8) > 1e-3 {
			t.Errorf("%s: before it the beat is %v", way, at)
		}
		h.run(3900 * time.Millisecond)
		if len(h.marks) == 0 || number(h.marks[0].args[0]) != 4 {
			t.Errorf("%s: %v", way, h.marks)
		}
		for _, m := range h.marks {
			if _, said := m.args[0].(string); said {
				t.Errorf("%s: %v", way, m)
			}
		}
		if is, at := h.m.Plan().Course.At(h.clock.Now()).Float(), h.deck.on(h.clock.Now()).is(h.clock.Now()); math.Abs(is-at) > 0.01 {
			t.Errorf("%s: the beat is %v, the deck at %v", way, is, at)
		}
	}
}

// TestCueTakesBackWhatWasRunAhead: of the beat behind the cue point nothing is seen, and it
// is waited for again.
func TestCueTakesBackWhatWasRunAhead(t *testing.T) {
	for name, ways := range map[string][]played{
		"cue":          {{3970 * time.Millisecond, 4, 0}, {6 * time.Second, 4, 120}},
		"hot cue":      {{3970 * time.Millisecond, 4.3, 120}},
		"pause, cue":   {{3935 * time.Millisecond, 7.87, 0}, {5 * time.Second, 4, 0}, {6 * time.Second, 4, 120}},
		"pause, seek":  {{3935 * time.Millisecond, 7.87, 0}, {5 * time.Second, 4.2, 120}},
		"back a beat":  {{3970 * time.Millisecond, 6.94, 120}},
		"back and off": {{3970 * time.Millisecond, 4.1, 120}, {4300 * time.Millisecond, 4.76, 0}, {6 * time.Second, 4.76, 120}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newLab(t, `local deck = stagelinq.sink{}:deck(1)
				clock.follow(deck)
				clock.at_beat(8, function(b) one:set(1, 200) mark("once", b.count) end)
				clock.on_beat(8, function(b) mark("bars", b.count) end)
				clock.run(function() clock.sync(8) mark("task", clock.beats()) clock.sync(8) mark("task", clock.beats()) end)`)
			h.deck = &deck{key: h.follows(), did: []played{{0, 0, 120}}}
			h.deck.jumps = func(now time.Duration, d *deck) {
				if len(ways) > 0 && now >= ways[0].at {
					d.goes(ways[0].at, ways[0].beat, ways[0].bpm)
					ways = ways[1:]
				}
			}
			h.run(4400 * time.Millisecond)
			if name != "back a beat" && (len(h.marks) > 0 || h.frames[len(h.frames)-1].value != 0) {
				t.Errorf("of a beat that was not played: %v", h.marks)
			}
			h.run(8400 * time.Millisecond)
			seen := map[any]int{}
			for _, m := range h.marks {
				if is := h.deck.on(m.at).is(m.at); math.Abs(is-8) > 0.05 {
					t.Errorf("%v: the deck is at %v", m, is)
				}
				seen[m.args[0]]++
			}
			if seen["once"] != 1 || seen["bars"] != 1 || h.frames[len(h.frames)-1].value != 200 {
				t.Errorf("when it comes: %v", h.marks)
			}
			if late := h.m.Stats().Late.Count; late != 0 {
				t.Errorf("%d late", late)
			}
		})
	}
}

// TestAJumpToBeforeABeatRunAhead: the first beat there comes, though one behind it has been
// run ahead.
func TestAJumpToBeforeABeatRunAhead(t *testing.T) {
	h := newLab(t, `local deck = stagelinq.sink{}:deck(1) clock.follow(deck)
		clock.on_beat(1, function(b) mark(b.count) end)`)
	h.deck = &deck{key: h.follows(), did: []played{{0, 0, 120}}}
	h.deck.jumps = func(now time.Duration, d *deck) {
		if at := 3935 * time.Millisecond; len(d.did) == 1 && now >= at {
			d.goes(at, 4.9, 120) // beat 5 is at 3.985 s, where beat 8 would have come at 4 s
		}
	}
	h.run(5 * time.Second)
	var beats []any
	for _, m := range h.marks[5:] {
		beats = append(beats, m.args[0])
	}
	if fmt.Sprint(beats) != "[6 7 5 6 7]" {
		t.Errorf("beats %v", beats)
	}
}

// TestALateJumpTakesNothing: a handler that is late nudges the beat far. What others put
// out for beats behind that is not taken for what was run by mistake.
func TestALateJumpTakesNothing(t *testing.T) {
	h := newLab(t, `clock.at_beat(4, function() lab.busy(0.2) end) clock.at_beat(4.25, function() clock.nudge(2.3) end)
		clock.on_beat("1/16b", function(b) mark(b.count) end)`)
	h.run(4 * time.Second)
	jumps := 0
	for i := 1; i < len(h.marks); i++ {
		if d := number(h.marks[i].args[0]) - number(h.marks[i-1].args[0]); math.Abs(d-1.0/16) > 1e-3 {
			if jumps++; d < 2 || d > 2.4 {
				t.Errorf("%v after %v", h.marks[i], h.marks[i-1])
			}
		}
	}
	if jumps != 1 {
		t.Errorf("%d jumps: %v", jumps, h.marks)
	}
}

// TestAnEndedLoadShowsNothing: what it has put out for beats that have not come does not
// come either when a deck that was paused plays again.
func TestAnEndedLoadShowsNothing(t *testing.T) {
	const deckShow = `local deck = stagelinq.sink{}:deck(1) clock.follow(deck) `
	for seed := range raced.Of[uint64](10, 3) * *rounds {
		h := newLab(t, deckShow+`clock.on_beat(1, function(b) mark("old", b.count) one:set(1, 100 + b.number) end)
			clock.run(function() while true do clock.sleep("1/3b") mark("old") end end)`)
		stop := 3900*time.Millisecond + time.Duration(seed)*5*time.Millisecond // around beat 8
		h.deck = &deck{key: h.follows(), did: []played{{0, 0, 120}}}
		h.deck.jumps = func(now time.Duration, d *deck) {
			switch {
			case len(d.did) == 1 && now >= stop:
				d.goes(stop, d.on(stop).is(stop), 0)
			case len(d.did) == 2 && now >= 6*time.Second:
				d.goes(now, d.on(now).is(now), 120)
			}
		}
		h.run(stop + time.Duration(seed%7)*40*time.Millisecond)
		h.load(deckShow + `one:set(1, 10) clock.on_beat(1, function(b) mark("new", b.count) end)`)
		swapped := h.clock.Now() + 2*lookahead
		h.run(9 * time.Second)
		for _, m := range h.marks {
			if m.args[0] == "old" && m.left > swapped {
				t.Errorf("stopped at %v: %v left at %v", stop, m, m.left)
			}
		}
		if f := h.frames[len(h.frames)-1]; f.value != 10 {
			t.Errorf("stopped at %v: the look is %d", stop, f.value)
		}
		if last := h.marks[len(h.marks)-1]; last.args[0] != "new" {
			t.Errorf("stopped at %v: the new load runs no beat: %v", stop, h.marks)
		}
	}
}

// TestASwapSkipsNothing: of what is scheduled, however much that is and wherever a turn
// ends, each beat is run once over a reload.
func TestASwapSkipsNothing(t *testing.T) {
	for name, show := range map[string]string{
		"few":         `clock.on_beat("1/4b", function(b) mark("beat", b.count) end)`,
		"many":        `for i = 1, 600 do clock.on_beat("1/4b", function(b) if i == 600 then mark("beat", b.count) end end) end`,
		"long":        fmt.Sprintf(`for i = 1, 30 do clock.on_beat("1/4b", function(b) for _ = 1, %d do end if i == 30 then mark("beat", b.count) end end) end`, raced.Of(40_000, 10_000)),
		"busy":        `clock.on_beat("1/4b", function(b) lab.busy(0.03) mark("beat", b.count) end)`,
		"tasks":       `for i = 1, 3000 do clock.run(function() clock.sleep(100) end) end clock.on_beat("1/4b", function(b) mark("beat", b.count) end)`,
		"slow starts": `for i = 1, 30 do clock.run(function() lab.busy(0.05) clock.sleep(100) end) end clock.on_beat("1/4b", function(b) mark("beat", b.count) end)`,
		"much state":  `if not show.state.big then local t = {} for i = 1, 60000 do t["entry" .. i] = i end show.state.big = t end clock.on_beat("1/4b", function(b) mark("beat", b.count) end)`,
	} {
		t.Run(name, func(t *testing.T) {
			h := newLab(t, show)
			for i := range 3 {
				at := time.Duration(500+i*337) * time.Millisecond
				h.run(at)
				if i%2 == 1 {
					h.clock.Set(at + 90*time.Millisecond) // the loop was busy, and has one turn
					if _, err := h.m.Script(h.clock.Now()); err != nil {
						t.Fatal(err)
					}
				}
				h.load(show)
			}
			h.run(2 * time.Second)
			for i, m := range h.marks {
				if want := float64(i+1) / 4; number(m.args[1]) != want {
					t.Fatalf("%v, want %v; all %v", m, want, h.marks)
				}
			}
			if len(h.marks) < 15 {
				t.Errorf("only %v", h.marks)
			}
		})
	}
}

// TestChainsStarveNothing: what schedules itself again and again, as good as at once, is
// stopped with an error, and beats and timers go on.
func TestChainsStarveNothing(t *testing.T) {
	for chain, fails := range map[string]bool{
		`local function again() clock.after(0, again) end again()`:                                             true,
		`local function again() clock.after(1e-9, again) end clock.after(0.1, again)`:                          true,
		`local function again() clock.after("0.000001b", again) end again()`:                                   true,
		`local function again() clock.run(again) end clock.on_beat(1, again)`:                                  true,
		`local function again() clock.at_beat(clock.beats(), again) end again()`:                               true,
		`local function again() clock.at_beat(clock.beats() + 1e-6, again) end clock.after(1, again)`:          true,
		`local function again() clock.at_beat(-1, again) end again() clock.at_beat(1, again)`:                  false,
		`clock.run(function() while true do clock.sleep(0) end end)`:                                           true,
		`clock.run(function() while true do clock.sleep(1e-6) end end)`:                                        true,
		`clock.every(0.001, function() end) clock.every("1/1000b", function() end)`:                            false,
		`for i = 1, 50 do clock.on_beat(1, function() for k = 1, 50 do clock.run(function() end) end end) end`: false,
	} {
		h := newLab(t, `clock.on_beat("1/4b", function(b) mark(b.count) end) clock.every(0.1, function() mark(-1) end) `+chain)
		h.run(1500 * time.Millisecond)
		beats, ticks := 0, 0
		for _, m := range h.marks {
			if n := number(m.args[0]); n < 0 {
				ticks++
			} else if beats++; n != float64(beats)/4 {
				t.Errorf("%s: %v, not beat %d", chain, m, beats)
			}
			if m.left != m.at {
				t.Errorf("%s: %v left %v late", chain, m, m.left-m.at)
			}
		}
		if beats != 12 || ticks != 15 || fails != strings.Contains(h.log.String(), "level=ERROR") {
			t.Errorf("%s: %d beats, %d ticks; log %.300s", chain, beats, ticks, h.log.String())
		}
	}
}
