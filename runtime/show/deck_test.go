package show_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// TestBeatsOfADeckThatIsPlayedWith lets a deck play, jump, stop and go on at random, while
// handlers are quick or slow. What the deck plays is run, each beat once. What was run
// ahead and then not played is not seen, but for what left before that was known.
func TestBeatsOfADeckThatIsPlayedWith(t *testing.T) {
	for seed := range 20 * *rounds {
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
