package show_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"showrun/runtime/raced"
)

// TestBeatsOfADeckThatIsPlayedWith lets a deck play, jump, stop and go on at random, while
// handlers are quick or slow. What the deck plays is run, each beat once. What was run
// ahead and then not played is not seen, but for what left before that was known.
func TestBeatsOfADeckThatIsPlayedWith(t *testing.T) {
	for seed := range raced.Of[uint64](20, 4) * *rounds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 3))
			slow := seed%2 == 1
			h := newLabOf(t, seed, fmt.Sprintf(`
				local deck = stagelinq.sink{}:deck(1)
				clock.follow(deck)
				local quiet, slow = 0, %t
				local function busy() if slow and clock.time() > quiet and math.random(6) == 1 then quiet = clock.time() + 2 lab.busy(math.random() * 0.8) end end
				clock.on_beat(1, function(b) mark(1, b.count) busy() end)
				clock.on_beat("1/2b", function(b) mark(2, b.count) end)
				clock.on_beat(1, function(b) mark(1, b.count) end)`, slow))
			h.deck = &deck{key: h.follows(), did: []played{{0, 0, 120}}}
			until := 2 * time.Second
			h.deck.jumps = func(now time.Duration, d *deck) {
				if now < until {
					return
				}
				until = now + 700*time.Millisecond + time.Duration(r.IntN(2000))*time.Millisecond
				at := now - time.Duration(r.IntN(30))*time.Millisecond
				is := d.on(at).is(at)
				switch r.IntN(6) {
				case 0, 1: // a hot cue, or a seek
					d.goes(at, is+float64(1-2*r.IntN(2))*(0.5+r.Float64()*30), 120)
				case 2: // a jump in phase
					d.goes(at, is+float64(r.IntN(16)-8), 120)
				case 3: // CUE
					d.goes(at, math.Floor(is-8*r.Float64()), 0)
				case 4:
					d.goes(at, is, 0)
				default:
					d.goes(at, is, 120)
				}
			}
			h.run(30 * time.Second)
			checkDeck(t, h)
		})
		if t.Failed() {
			break
		}
	}
}

// TestBeatsOfADeckThatIsHalted has handlers of the beats of a deck, which the show follows
// or does not. What they have set for a beat that the deck is halted before comes when it
// plays on to it, and does not when it is taken elsewhere.
func TestBeatsOfADeckThatIsHalted(t *testing.T) {
	for _, follows := range []string{"", "clock.follow(deck)"} {
		h := newLab(t, `local deck = stagelinq.sink{}:deck(1) `+follows+`
			deck:on_beat(1, function(b) mark(b.number) end)
			deck:on_beat(1, function(b) clock.run(function() mark(b.number + 100) end) end)`)
		h.deck = &deck{key: h.follows(), did: []played{{0, 0.5, 120}}}
		h.deck.jumps = func(now time.Duration, d *deck) {
			for i, p := range []played{{1720 * time.Millisecond, 0, 0}, {3 * time.Second, 0, 120}, {4720 * time.Millisecond, 0, 0}, {6 * time.Second, 64, 0}, {7 * time.Second, 64, 120}} {
				if len(d.did) == i+1 && now >= p.at {
					if p.beat == 0 {
						p.beat = d.on(now).is(p.at)
					}
					d.goes(p.at, p.beat, p.bpm)
				}
			}
		}
		h.run(8 * time.Second)
		var left []string
		for _, m := range h.marks {
			left = append(left, fmt.Sprintf("%v@%.1f", m.args[0], m.at.Seconds()))
		}
		want := "1@0.3 101@0.3 2@0.8 102@0.8 3@1.3 103@1.3 4@3.1 104@3.1 5@3.5 105@3.5 6@4.0 106@4.0 7@4.5 107@4.5 64@7.1 164@7.1 65@7.5 165@7.5"
		if got := strings.Join(left, " "); got != want {
			t.Errorf("%q:\n%s\nwant\n%s", follows, got, want)
		}
	}
}

// TestWhatAJumpLandsOnIsRun lets a deck jump while it plays, out of phase and in phase with
// where it was, and loop: a beat that is landed on is run, one that is passed is not, and
// the end of a loop is its beginning.
func TestWhatAJumpLandsOnIsRun(t *testing.T) {
	const deckBeats, showBeats, atBeat = 1, 2, 3
	for _, c := range []struct {
		name string
		jump played
		loop [2]float64
		want string // beats around the jump
		once string // at_beat(64) came so often
	}{
		{"on a beat", played{2210 * time.Millisecond, 64, 120}, [2]float64{}, "3 4 64 65", "1"},
		{"on a beat, in phase", played{2000 * time.Millisecond, 64, 120}, [2]float64{}, "3 4 64 65", "1"},
		{"before a beat", played{2210 * time.Millisecond, 63.9, 120}, [2]float64{}, "3 4 64 65", "1"},
		{"behind a beat", played{2210 * time.Millisecond, 64.2, 120}, [2]float64{}, "3 4 65 66", "0"},
		{"back", played{2210 * time.Millisecond, 2, 120}, [2]float64{}, "3 4 2 3", "0"},
		{"a loop of half a beat more", played{1750 * time.Millisecond, 0.01, 120}, [2]float64{0.01, 3.51}, "3 0 1 2", "0"},
		{"a loop", played{1995 * time.Millisecond, 0, 120}, [2]float64{0, 4}, "3 0 1 2", "0"},
	} {
		h := newLab(t, `local deck = stagelinq.sink{}:deck(1) clock.follow(deck)
			deck:on_beat(1, function(b) mark(1, b.number) end)
			clock.on_beat(1, function(b) mark(2, b.number) end)
			clock.at_beat(64, function(b) mark(3, b.number) end)`)
		h.deck = &deck{key: h.follows(), did: []played{{0, 0.01, 120}}, loop: c.loop}
		h.deck.jumps = func(now time.Duration, d *deck) {
			if len(d.did) == 1 && now >= c.jump.at {
				d.goes(c.jump.at, c.jump.beat, c.jump.bpm)
			}
		}
		h.run(4 * time.Second)
		got := map[int][]string{}
		for _, m := range h.marks {
			if m.at > 1400*time.Millisecond && m.at < 3500*time.Millisecond {
				got[int(number(m.args[0]))] = append(got[int(number(m.args[0]))], fmt.Sprint(m.args[1]))
			}
		}
		for _, beats := range []int{deckBeats, showBeats} {
			if c.name == "a loop" && beats == showBeats {
				c.want = "3 4 1 2" // the show counts on to where the deck is back
			}
			if text := strings.Join(got[beats], " "); !strings.HasPrefix(text, c.want) {
				t.Errorf("%s: beats %s, want %s", c.name, text, c.want)
			}
		}
		if n := fmt.Sprint(len(got[atBeat])); n != c.once {
			t.Errorf("%s: at_beat came %s times, want %s", c.name, n, c.once)
		}
	}
}

func checkDeck(t *testing.T, h *lab) {
	const known = 150 * time.Millisecond // until when a jump is understood
	near := func(at time.Duration) (since time.Duration) { return at - h.deck.on(at).at }
	count := map[string]int{}
	for _, m := range h.marks {
		beat := number(m.args[1])
		is := h.deck.on(m.at)
		if off := math.Abs(is.is(m.at) - beat); off > 0.06 && near(m.at) > known && m.at > time.Second {
			t.Errorf("%v left at %.3f: the deck is at %.3f", m, m.left.Seconds(), is.is(m.at))
		}
		if near(m.at) > known {
			count[fmt.Sprint(m.args[0], " ", int(math.Round(2*beat)), " ", is.at)]++
		}
	}
	for i, p := range h.deck.did {
		end := 29 * time.Second
		if i+1 < len(h.deck.did) {
			end = min(end, h.deck.did[i+1].at)
		}
		from := p.at + known + 30*time.Millisecond
		if p.bpm == 0 || end < from+10*time.Millisecond || p.at == 0 {
			continue
		}
		for b := math.Ceil(p.is(from)*2) / 2; b <= p.is(end-10*time.Millisecond); b += 0.5 {
			if n := count[fmt.Sprint("2 ", int(math.Round(2*b)), " ", p.at)]; n != 1 {
				t.Errorf("half beat %v of %+v was run %d times", b, p, n)
			}
			if n := count[fmt.Sprint("1 ", int(math.Round(2*b)), " ", p.at)]; b == math.Floor(b) && n != 2 {
				t.Errorf("beat %v of %+v was run %d times of 2", b, p, n)
			}
		}
	}
	if t.Failed() {
		for _, p := range h.deck.did {
			t.Logf("%+v", p)
		}
		for _, m := range h.marks {
			t.Logf("%v left %.3f; deck %.3f", m, m.left.Seconds(), h.deck.on(m.at).is(m.at))
		}
	}
}
