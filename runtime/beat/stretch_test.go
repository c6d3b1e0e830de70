package beat

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestStretch tells a stretch from beat 32 to 64 where decks are, "a 33 playing", and
// what that means.
func TestStretch(t *testing.T) {
	names := map[StretchEvent]string{Entered: "enter", Began: "start", BeganLate: "late", Ended: "stop", Exited: "exit"}
	for _, c := range []struct{ name, steps, want string }{
		{"played into and out of", "a 31 playing, a 32 playing, a 40 playing, a 64 playing", "| enter start | | stop exit"},
		{"cued, played and paused", "a 40, a 40 playing, a 50, a 50 playing, a 10", "enter | late | stop | late | stop exit"},
		{"landed on its beginning", "a 32.01 playing, a 70", "enter start | stop exit"},
		{"landed behind it", "a 33 playing, a 31.9 playing", "enter late | stop exit"},
		{"does not count", "a 40 playing off, a 40 playing, a 41 playing off", "| enter late | stop exit"},
		{"the first in and the last out", "a 40, b 32 playing, a 64, a 50 playing, b 64, a 64", "enter | start | | | | stop exit"},
		{"one that plays is enough", "a 40 playing, b 40 playing, a 41, b 41, a 10, b 10", "enter late | | | stop | | exit"},
	} {
		s := Stretch{From: 32 * Beat, To: 64 * Beat}
		var told []string
		for _, step := range strings.Split(c.steps, ", ") {
			var deck string
			var at float64
			fmt.Sscan(step, &deck, &at)
			var list []string
			is := Spot{At: FromFloat(at), Counts: !strings.Contains(step, "off"), Playing: strings.Contains(step, "playing")}
			for _, e := range s.Look(deck, is) {
				list = append(list, names[e])
			}
			told = append(told, strings.Join(list, " "))
		}
		if got := strings.Join(strings.Fields(strings.Join(told, " | ")), " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestWhatIsLandedOn has epochs begin at beats, and grids find their first point there.
func TestWhatIsLandedOn(t *testing.T) {
	at := func(beat, back float64) Turn {
		return Turn{From: time.Second, Line: Timeline{Origin: time.Second, Beat: FromFloat(beat), BPM: 120}, Back: FromFloat(back)}
	}
	for _, c := range []struct {
		turn    Turn
		quantum float64
		came    time.Duration
		want    float64
		landed  bool
	}{
		{at(8, 0), 1, 0, 8, true},
		{at(8, 0), 1, time.Second, 9, false}, // it was run as another beat, at the same instant
		{at(8.05, 0), 1, 0, 9, false},        // it begins behind it
		{at(8.05, 0.07), 1, 0, 8, true},      // ... or perhaps has landed on it
		{at(8.05, 0.07), 4, 0, 8, true},
		{at(8.05, 0.04), 1, 0, 9, false},
		{at(8.05, 0.07), 1, 975 * time.Millisecond, 8, true},   // a hot cue is no beat twice: it is another one
		{at(8.05, -0.07), 1, 975 * time.Millisecond, 9, false}, // the end of a loop is its beginning
		{at(8.05, -0.07), 1, 700 * time.Millisecond, 8, true},  // ... if it came
		{at(7.95, 0.07), 1, 1020 * time.Millisecond, 8, false},
		{at(7.95, 0.07), 1, 1025 * time.Millisecond, 9, false}, // it has been run ahead
	} {
		b, landed := Grid{Quantum: c.quantum}.Lands(c.turn, c.came)
		if b.Float() != c.want || landed != c.landed {
			t.Errorf("%+v by %v, after one at %v: %v, landed %v; want %v, %v", c.turn, c.quantum, c.came, b.Float(), landed, c.want, c.landed)
		}
	}
}

// TestABeatThatIsStoodOn comes when the deck moves on.
func TestABeatThatIsStoodOn(t *testing.T) {
	stands := Timeline{Epoch: 2, Origin: time.Second, Beat: 64 * Beat, BPM: 120, Stopped: true}
	plays := Timeline{Epoch: 2, Origin: 3 * time.Second, Beat: 64 * Beat, BPM: 120}
	c := Course{{From: Always, Line: Timeline{Epoch: 1, BPM: 120}}, {From: time.Second, Line: stands}}
	if at, ok := c.Moves(2, 64*Beat); at != Never || !ok {
		t.Errorf("standing: %v, %v", at, ok)
	}
	c = append(c, Turn{From: 3 * time.Second, Line: plays})
	if at, ok := c.Moves(2, 64*Beat); at != 3*time.Second || !ok {
		t.Errorf("playing: %v, %v", at, ok)
	}
	c = append(c[:2], Turn{From: 4 * time.Second, Line: Timeline{Epoch: 3, BPM: 120}})
	if at, ok := c.Moves(2, 64*Beat); ok {
		t.Errorf("taken elsewhere: %v", at)
	}
}
