package beat

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// cue is what a conductor hears of a deck at 120 BPM that plays from beat 0, is sent
// to a cue point at 5.02 s while it plays, stands there, and plays on from it at 7 s. The
// word that it stands comes at said; 0 for never.
func cue(point float64, said time.Duration) []Observation {
	d := playingDeck(30, piece{0, 0, 120}, piece{5.02, point, 0}, piece{7, point, 120})
	d.bpm = func(float64) float64 { return 120 }
	r := rand.New(rand.NewPCG(3, 3))
	stream := d.stream(r, gaussian(r), 9)
	if said > 0 {
		i := slices.IndexFunc(stream, func(o Observation) bool { return o.Arrival > said })
		stream = slices.Insert(stream, i, Observation{Arrival: said, Halt: true})
	}
	return stream
}

// TestCueWhilePlaying: the beats behind a cue point have not been played while the deck
// stands on it, and are when it plays on, in whatever order the player tells of the
// two. Until it plays on the course stands on the very point.
func TestCueWhilePlaying(t *testing.T) {
	whole := Grid{Quantum: 1}
	for _, point := range []float64{3.97, 3.5, 9.8, 0} {
		for _, said := range []time.Duration{0, 5022, 5045, 5070, 5120} {
			t.Run(fmt.Sprintf("%v, said at %d ms", point, said), func(t *testing.T) {
				c := NewConductor(0, 120)
				c.Follow("deck", 0)
				var passed []int
				last := c.course().Line(0)
				var was Micro
				for _, o := range cue(point, said*time.Millisecond) {
					now := o.Arrival
					is := c.course().Line(now)
					if is.Epoch == last.Epoch && now > 7*time.Second {
						for b := whole.Next(was); b <= is.At(now); b = whole.Next(b) {
							passed = append(passed, int(b/Beat))
						}
					}
					last, was = is, is.At(now)
					c.Observe("deck", o)
					c.Step(now)
					if now > 5300*time.Millisecond && now < 7*time.Second {
						if b := c.course().At(now); max(b-FromFloat(point), FromFloat(point)-b) > 3000 {
							t.Fatalf("at %v the course stands at %v", now, b.Float())
						}
					}
				}
				var want []int
				for b := int(point) + 1; float64(b) < point+2*2-0.2; b++ {
					want = append(want, b)
				}
				if !slices.Equal(passed, want) {
					t.Errorf("played on through %v, want %v", passed, want)
				}
			})
		}
	}
}

// TestHaltEndsTheCourse: from the word on that a deck stands no beat is passed, although
// its position comes later, and a last one from before.
func TestHaltEndsTheCourse(t *testing.T) {
	for seed := range uint64(20) {
		said := time.Duration(4960+3*seed) * time.Millisecond // states overtake beats
		d := playingDeck(30, piece{0, 0, 120}, piece{5, same, 0})
		r := rand.New(rand.NewPCG(seed, 3))
		stream := d.stream(r, gaussian(r), 8)
		i := slices.IndexFunc(stream, func(o Observation) bool { return o.Arrival > said })
		f := NewFollower(Config{})
		for _, o := range slices.Insert(stream, i, Observation{Arrival: said, Halt: true}) {
			f.Observe(o)
			if line := f.Path.Line; o.Arrival >= said && (!line.Stopped || line.Beat.Float() > 10.05) {
				t.Fatalf("seed %d: at %v the deck is at %+v", seed, o.Arrival, line)
			}
		}
	}
}

// TestAnEmptyDeckIsNowhere: a deck that holds nothing any more stands, is at no beat and
// has no tempo; what it is loaded with next has its own from the first on.
func TestAnEmptyDeckIsNowhere(t *testing.T) {
	c := NewConductor(0, 120)
	c.Follow("deck", 0)
	var tempi []float64
	hear := func(o Observation) {
		for _, change := range append(c.Observe("deck", o), c.Step(o.Arrival)...) {
			if change.Kind == Tempo {
				tempi = append(tempi, change.BPM)
			}
			if change.Kind == Lost {
				t.Error("lost")
			}
		}
	}
	at := func(n int) time.Duration { return time.Duration(n) * 33 * time.Millisecond }
	for n := range 30 {
		hear(Observation{Arrival: at(n), Empty: true})
	}
	if _, heard := c.Plan(0, at(30)).Position("deck", at(30)); heard {
		t.Error("an empty deck is somewhere")
	}
	for n := 30; n < 60; n++ {
		hear(Observation{Arrival: at(n), Clock: uint64(at(n)), Beat: 2.2 * at(n-30).Seconds(), BPM: 132})
	}
	stood := c.course().At(at(60))
	for n := 60; n < 90; n++ {
		hear(Observation{Arrival: at(n), Empty: true})
	}
	if b := c.course().At(at(90)); b > stood+Beat/10 || !c.course().Line(at(90)).Stopped {
		t.Errorf("unloaded at %v, the beat went on to %v", stood.Float(), b.Float())
	}
	if _, heard := c.Plan(0, at(90)).Position("deck", at(90)); heard {
		t.Error("an unloaded deck is somewhere")
	}
	for n := 90; n < 120; n++ {
		hear(Observation{Arrival: at(n), Clock: uint64(at(n)), Beat: 1.5 * at(n-90).Seconds(), BPM: 90})
	}
	if !slices.Equal(tempi, []float64{132, 90}) {
		t.Errorf("tempi %v, want 132, 90", tempi)
	}
}

// TestPositionInALoop: where a deck is stays in the loop it plays, also for instants
// ahead, whether or not it tells of the loop if that is a short one.
func TestPositionInALoop(t *testing.T) {
	for _, c := range []struct {
		length float64
		told   bool
	}{{1.0 / 16, true}, {1.0 / 16, false}, {0.25, true}, {0.25, false}, {0.5, true}, {0.5, false}, {1, true}, {2, true}, {4, true}} {
		t.Run(fmt.Sprintf("%v beats, told %v", c.length, c.told), func(t *testing.T) {
			pieces := []piece{{0, 0, 120}}
			for at := 2.0; at < 8; at += c.length / 2 {
				pieces = append(pieces, piece{at, 4, 120})
			}
			d := playingDeck(30, pieces...)
			d.noise = 0
			c0 := NewConductor(0, 120)
			r := rand.New(rand.NewPCG(3, 3))
			for _, o := range d.stream(r, gaussian(r), 8) {
				if c.told && o.Arrival > 2*time.Second {
					o.Loop = [2]float64{4, 4 + c.length}
				}
				c0.Observe("deck", o)
				if o.Arrival < 2400*time.Millisecond || !c.told && o.Arrival < 3500*time.Millisecond {
					continue
				}
				for ahead := time.Duration(0); ahead <= 50*time.Millisecond; ahead += 5 * time.Millisecond {
					b, _ := c0.Plan(0, o.Arrival).Position("deck", o.Arrival+ahead)
					if b < 4*Beat || b >= 4*Beat+FromFloat(c.length) {
						t.Fatalf("at %v + %v the deck is at %v", o.Arrival, ahead, b.Float())
					}
				}
			}
		})
	}
}
