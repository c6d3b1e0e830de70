package beat

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"showrun/runtime/raced"
)

// copied sends a snapshot through its encoding.
func copied(t testing.TB, s ConductorState) ConductorState {
	t.Helper()
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(s); err != nil {
		t.Fatal(err)
	}
	var read ConductorState
	if err := gob.NewDecoder(&b).Decode(&read); err != nil {
		t.Fatal(err)
	}
	return read
}

// handled is a deck that somebody plays on: it seeks, pauses, goes on at another tempo,
// reboots and is silent for a while.
func handled(r *rand.Rand, seconds float64) *deck {
	var pieces []piece
	for t := 0.0; t < seconds; t += 0.3 + 2*r.Float64() {
		p := piece{t, same, 100 + 60*r.Float64()}
		switch r.IntN(5) {
		case 0:
			p.bpm = 0
		case 1:
			p.bpm = -300
		}
		if t == 0 || r.IntN(3) == 0 {
			p.beat = 200 * r.Float64()
		}
		pieces = append(pieces, p)
	}
	d := playingDeck([]float64{20, 30, 100}[r.IntN(3)], pieces...)
	d.silent[0] = seconds * r.Float64()
	d.silent[1] = d.silent[0] + 3*r.Float64()
	if r.IntN(3) == 0 {
		d.reboot = seconds * r.Float64()
	}
	if r.IntN(2) == 0 {
		d.bpm = func(float64) float64 { return 0 } // it names no tempo
	}
	return d
}

// crowd is what several decks send over networks of all kinds, by arrival.
func crowd(r *rand.Rand, seconds float64) (list []heard) {
	for i := range 4 {
		for _, o := range handled(r, seconds).stream(r, networks[r.IntN(3)].make(r), seconds) {
			list = append(list, heard{string(rune('a' + i)), o})
		}
	}
	slices.SortStableFunc(list, func(a, b heard) int { return int(a.o.Arrival - b.o.Arrival) })
	return list
}

// ordered is any command, for now, for an instant to come or for a beat, as the plan has
// it.
func ordered(r *rand.Rand, p *Plan, now time.Duration) (Command, Stamp) {
	cmd := Command{Kind: Tap}
	switch r.IntN(6) {
	case 0:
		cmd = Command{Kind: SetTempo, BPM: 1100 * r.Float64()}
	case 1:
		cmd = Command{Kind: Nudge, Beats: FromFloat(4*r.Float64() - 2)}
	case 2, 3, 4:
		cmd = Command{Kind: Follow, Source: []string{"a", "b", "c", "d", "master", "nobody", Internal}[r.IntN(7)]}
	}
	s := Stamp{At: now + time.Duration(r.IntN(400))*ms}
	switch line := p.Course.Line(s.At); r.IntN(3) {
	case 0:
		s.At = now
	case 1:
		s.Beat, s.Epoch, s.OnBeat = Grid{Quantum: 1}.Next(line.At(s.At)), line.Epoch, true
		s.At = line.Time(s.Beat)
	}
	return cmd, s
}

// do lets a conductor do something at a moment, the same if r is.
func do(c *Conductor, r *rand.Rand, now time.Duration) []Change {
	switch r.IntN(4) {
	case 0:
		cmd, s := ordered(r, c.Plan(0, now), now)
		c.Do(cmd, s, now)
	case 1:
		c.Alias([]string{"master", "other"}[r.IntN(2)], []string{"a", "b", "c", "d", ""}[r.IntN(5)], now)
	case 2:
		if until := now + time.Duration(r.IntN(400))*ms; r.IntN(3) == 0 {
			c.Withdraw(func(_ Command, s Stamp) bool { return s.At > until })
		}
	}
	return c.Step(now)
}

// difference is what two conductors say differently at a moment, "" if nothing; a and b
// are the changes they told of. The second looks at all of it anew.
func difference(c, d *Conductor, a, b []Change, now time.Duration) string {
	d.stale = true
	p, q := c.Plan(0, now), d.Plan(0, now)
	switch {
	case !slices.Equal(a, b):
		return fmt.Sprintf("changes %+v\n%+v", a, b)
	case !p.Course.Since(now).equal(q.Course.Since(now)):
		return fmt.Sprintf("courses %+v\n%+v", p.Course, q.Course)
	case !slices.EqualFunc(p.lanes, q.lanes, lane.equal):
		return fmt.Sprintf("lanes %+v\n%+v", p.lanes, q.lanes)
	case p.trust != q.trust:
		return fmt.Sprintf("trust %+v\n%+v", p.trust, q.trust)
	case c.Next() != d.Next():
		return fmt.Sprintf("next %v %v", c.Next(), d.Next())
	case c.refused != d.refused || c.epochs != d.epochs || c.lanes != d.lanes || p.given != q.given:
		return fmt.Sprintf("refused %d %d, epochs %d %d, of lanes %d %d, given %d %d",
			c.refused, d.refused, c.epochs, d.epochs, c.lanes, d.lanes, p.given, q.given)
	}
	return ""
}

// TestARestoredConductorGoesOn compares a conductor with those that are restored from it
// at random moments, while decks are played on and the tempo is conducted.
func TestARestoredConductorGoesOn(t *testing.T) {
	const seconds = 8
	planned, changed, taken := 0, 0, 0
	for seed := range raced.Of[uint64](40, 5) {
		r := rand.New(rand.NewPCG(seed, 9))
		was := NewConductor(0, 120)
		is := RestoreConductor(copied(t, was.Snapshot()))
		for _, h := range append(crowd(r, seconds), heard{"a", Observation{Arrival: 10 * time.Second}}) {
			for next := was.Next(); next <= h.o.Arrival; next = was.Next() {
				a, b := was.Step(next), is.Step(next)
				if diff := difference(was, is, a, b, next); diff != "" {
					t.Fatalf("seed %d, due at %v: %s", seed, next, diff)
				}
			}
			now, what := h.o.Arrival, r.Uint64()
			if r.IntN(100) == 0 { // another process takes over, in place of one before
				is, taken = RestoreConductor(copied(t, was.Snapshot())), taken+1
				planned += len(was.planned)
			}
			check := func(a, b []Change) {
				t.Helper()
				changed += len(a)
				if diff := difference(was, is, a, b, now); diff != "" {
					t.Fatalf("seed %d, at %v: %s", seed, now, diff)
				}
			}
			check(was.Observe(h.key, h.o), is.Observe(h.key, h.o))
			if r.IntN(20) == 0 {
				check(do(was, rand.New(rand.NewPCG(what, 0)), now), do(is, rand.New(rand.NewPCG(what, 0)), now))
			}
		}
	}
	if t.Logf("%d snapshots with %d commands that waited, %d changes", taken, planned, changed); min(planned, changed) < raced.Of(100, 10) {
		t.Error("too little happened")
	}
}

// TestASnapshotOfAConductorSharesNothing: the conductor goes on, and those restored from
// the snapshot; the snapshot stays.
func TestASnapshotOfAConductorSharesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	c := NewConductor(0, 120)
	list := crowd(r, 4)
	play := func(c *Conductor, list []heard) {
		for _, h := range list {
			c.Observe(h.key, h.o)
			do(c, r, h.o.Arrival)
		}
	}
	half := len(list) / 2
	play(c, list[:half])
	kept := c.Snapshot()
	before := copied(t, kept)
	restored := RestoreConductor(kept)
	play(c, list[half:])
	play(restored, list[half:])
	restored.Alias("third", "a", 4*time.Second)
	RestoreConductor(kept).Withdraw(func(Command, Stamp) bool { return true })
	if len(kept.Sources) == 0 || len(kept.Planned) == 0 || len(kept.Aliases) == 0 || !reflect.DeepEqual(copied(t, kept), before) {
		t.Errorf("the snapshot is %+v", kept)
	}
}

// TestRestoreOfADamagedConductor: nonsense in a snapshot is no panic.
func TestRestoreOfADamagedConductor(t *testing.T) {
	c := NewConductor(0, 120)
	c.Observe("a", Observation{Arrival: ms, Clock: 1, Beat: 1, BPM: 120})
	s := c.Snapshot()
	a := s.Sources["a"]
	a.Line.Next, a.Line.N = 99, -7
	s.Sources["a"] = a
	c = RestoreConductor(s)
	for i := range 100 {
		c.Observe("a", Observation{Arrival: time.Duration(i+2) * 10 * ms, Clock: uint64(i+2) * 1e7, Beat: 1 + float64(i)/50, BPM: 120})
	}
	if !RestoreConductor(ConductorState{}).Plan(0, 0).Course.equal(Course{{From: Always}}) {
		t.Error("a conductor of nothing goes somewhere")
	}
}
