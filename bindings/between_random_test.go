package bindings

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"showrun/drivers/stagelinq/source"
	"showrun/runtime/raced"
)

// seenDeck is what a deck truly did at an instant.
type seenDeck struct {
	beat                           float64
	loaded, playing, master, onAir bool
	touched                        bool // since the instant before, or it has come to the end of a loop
}

// booth plays two decks at random and notes what they do.
type booth struct {
	*stand
	r     *rand.Rand
	seen  [2][]seenDeck // every hundredth of a second
	fader [2]float64
	loop  [2][2]float64
}

const hundredth = 10 * time.Millisecond

// move does something with a deck.
func (b *booth) move(p *source.Player, now time.Time) (deck int) {
	deck = 1 + b.r.IntN(2)
	is := p.Deck(deck, now)
	if !is.Loaded || b.r.IntN(12) == 0 {
		p.Load(deck, source.Track{Title: fmt.Sprint("T", b.r.IntN(4)), Artist: "A", BPM: 120, Length: time.Minute}, now)
		b.loop[deck-1] = [2]float64{}
		return deck
	}
	switch b.r.IntN(12) {
	case 0, 1, 2:
		p.Play(deck, now)
	case 3:
		p.Pause(deck, now)
	case 4: // a hot cue
		p.SeekBeat(deck, float64(4*b.r.IntN(12)), now)
	case 5: // a seek
		p.SeekBeat(deck, b.r.Float64()*40, now)
	case 6: // a jump in phase
		p.Jump(deck, float64(b.r.IntN(17)-8), now)
	case 7:
		n := float64(int(2) << b.r.IntN(2))
		p.Loop(deck, n, now)
		b.loop[deck-1] = [2]float64{is.Beat, is.Beat + n}
	case 8:
		p.EndLoop(deck, now)
		b.loop[deck-1] = [2]float64{}
	case 9:
		p.SetMaster(deck, now)
	case 10:
		b.fader[deck-1] = 1 - b.fader[deck-1]
		p.SetFader(deck, b.fader[deck-1], now)
	default:
		p.Unload(deck, now)
		b.loop[deck-1] = [2]float64{}
	}
	return deck
}

// look notes what the decks are at.
func (b *booth) look(touched int) {
	p, now := b.player.Player(), b.time(b.now())
	for i := range b.seen {
		is := p.Deck(i+1, now)
		s := seenDeck{is.Beat, is.Loaded, is.Playing, is.Master, is.Playing && b.fader[i] > 0, touched == i+1}
		if n := len(b.seen[i]); n > 0 && s.beat < b.seen[i][n-1].beat {
			s.touched = true
		}
		b.seen[i] = append(b.seen[i], s)
	}
}

// of is what a watch looks at: deck 1, deck 2 or the one that leads, and of that only what
// counts.
type watchOf struct {
	name     string
	deck     int // 0 = the master, 3 = both
	from, to float64
	onAir    bool
}

var watches = []watchOf{
	{"one", 1, 8, 16, false}, {"two", 2, 4, 28.5, false}, {"master", 0, 8, 24, false}, {"air", 1, 2, 30, true}, {"both", 3, 10, 20, false},
}

// is tells what a watch must have told by an instant: whether a deck is in, and plays there.
func (b *booth) is(w watchOf, at int) (in, playing, touched bool) {
	for i := range b.seen {
		s := b.seen[i][at]
		touched = touched || s.touched && (w.deck == i+1 || w.deck == 3 || w.deck == 0) || w.deck == 0 && s.master != b.seen[i][max(at-1, 0)].master
		if w.deck == 0 && !s.master || w.deck != 0 && w.deck != 3 && w.deck != i+1 || w.onAir && !s.onAir {
			continue
		}
		if s.loaded && s.beat >= w.from && s.beat < w.to {
			in, playing = true, playing || s.playing
		}
	}
	return in, playing, touched
}

// moment is what a watch told.
type moment struct {
	at   time.Duration
	what string
}

func (b *booth) moments(name string) (list []moment) {
	for _, l := range b.log {
		var seconds float64
		at, text, _ := strings.Cut(l, " ")
		fmt.Sscan(at, &seconds)
		if rest, of := strings.CutPrefix(text, name+"\t"); of {
			list = append(list, moment{time.Duration(math.Round(seconds*1000)) * time.Millisecond, strings.ReplaceAll(rest, "\t", " ")})
		}
	}
	return list
}

// TestBetweenKeepsItsPromises plays two decks at random. What was entered is left, what has
// begun ends, by turns and in their order; a while after anything was touched what was told
// is what the decks do, and every beat of a range that is played then comes once.
func TestBetweenKeepsItsPromises(t *testing.T) {
	const settles = 300 * time.Millisecond // until a player's word, or its silence, is understood
	for seed := range raced.Of[uint64](30, 4) {
		b := &booth{stand: live(t, bothDecks+watched+`
			watch("one", one, 8, "4bar") watch("two", two, 4, 28.5) watch("master", master, 8, 24)
			watch("air", one, 2, 30, { on_air = true }) watch("both", one, 10, 20, { decks = { two } })`),
			r: rand.New(rand.NewPCG(seed, 7)), fader: [2]float64{1, 1}}
		b.play(120)
		next := time.Second
		for at := time.Duration(0); at < 40*time.Second; at += hundredth {
			b.run(at)
			touched := 0
			if at >= next {
				next = at + 400*time.Millisecond + time.Duration(b.r.IntN(250))*hundredth
				touched = b.move(b.player.Player(), b.time(at))
			}
			b.look(touched)
		}
		b.run(40*time.Second + settles)
		b.wantFailures()
		for _, w := range watches {
			b.check(t, w, b.moments(w.name), settles)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func (b *booth) check(t *testing.T, w watchOf, told []moment, settles time.Duration) {
	t.Helper()
	in, playing := false, false
	var last time.Duration // of the last thing that was touched
	beats := map[string]int{}
	i := 0
	for at := range b.seen[0] {
		now := time.Duration(at) * hundredth
		for ; i < len(told) && told[i].at <= now; i++ {
			switch what := told[i].what; {
			case what == "enter" && !in:
				in = true
			case strings.HasPrefix(what, "start") && in && !playing:
				playing = true
			case what == "stop" && playing:
				playing = false
			case what == "exit" && in && !playing:
				in = false
			case what[0] >= '0' && what[0] <= '9' && playing:
				var n float64
				fmt.Sscan(what, &n)
				if n < w.from || n >= w.to {
					t.Errorf("%s: beat %s at %v is out of range", w.name, what, told[i].at)
				}
				if now > last+settles {
					beats[fmt.Sprint(what, " ", last)]++
				}
			default:
				t.Errorf("%s: %s at %v, in %v, playing %v", w.name, what, told[i].at, in, playing)
			}
		}
		isIn, isPlaying, touched := b.is(w, at)
		wasIn, _, _ := b.is(w, max(at-1, 0))
		if touched {
			last = now
		}
		if isIn != wasIn && now > last+settles {
			continue // within a hundredth
		}
		if now > last+settles && (isIn != in || isPlaying != playing) && b.steady(w, at) {
			t.Errorf("%s: at %v it is in %v, playing %v; told in %v, playing %v", w.name, now, isIn, isPlaying, in, playing)
		}
		if w.deck == 3 || t.Failed() {
			continue
		}
		for d, s := range b.seen {
			if w.deck == 0 && !s[at].master || w.deck != 0 && w.deck != d+1 || at == 0 || !s[at].playing {
				continue
			}
			whole := math.Floor(s[at].beat)
			if crossed := math.Floor(s[at-1].beat) < whole; crossed && isIn && isPlaying && now > last+settles+3*hundredth && b.steady(w, at) {
				beats[fmt.Sprint(whole, " ", last)] += 100
			}
		}
	}
	for beat, n := range beats {
		if n != 101 && n != 1 && w.deck != 3 {
			t.Errorf("%s: beat %s came %d times of %d", w.name, beat, n%100, n/100)
		}
	}
	if t.Failed() {
		for _, m := range told {
			t.Log(w.name, m)
		}
	}
}

// steady reports whether nothing happens at an instant, but for hundredths. A deck that was
// halted just before an edge may have been run ahead to that: it waits there.
func (b *booth) steady(w watchOf, at int) bool {
	const ahead = 0.12 // beats
	for _, d := range b.seen {
		if s := d[at]; !s.playing && (s.beat < w.from && s.beat > w.from-ahead || s.beat < w.to && s.beat > w.to-ahead) {
			return false
		}
	}
	in, playing, _ := b.is(w, at)
	for i := max(at-4, 0); i < min(at+4, len(b.seen[0])); i++ {
		if x, y, touched := b.is(w, i); x != in || y != playing || touched {
			return false
		}
	}
	return true
}
