package beat

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// plan is where a conductor's beat goes, at a moment.
func (c *Conductor) planAt(now time.Duration) *Plan { return c.Plan(0, now) }

// TestCommandsTakeEffectAtTheirInstants: what is ordered ahead is in the plan at once,
// and happens at its instant, not when it was ordered.
func TestCommandsTakeEffectAtTheirInstants(t *testing.T) {
	c := NewConductor(0, 120)
	ahead := 950 * ms
	for at, cmd := range map[float64]Command{
		1: {Kind: SetTempo, BPM: 240},
		2: {Kind: Nudge, Beats: 8 * Beat},
		3: {Kind: SetTempo, BPM: 60},
	} {
		if err := c.Do(cmd, Stamp{At: time.Duration(at * 1e9)}, ahead); err != nil {
			t.Fatal(err)
		}
	}
	// Beats 0-2 in the first second, 2-6 in the second, then a jump to 14, 14-18, and one
	// a second from there on.
	want := map[float64]float64{0.5: 1, 1: 2, 1.5: 4, 2: 14, 2.5: 16, 3: 18, 5: 20}
	check := func(when string) {
		t.Helper()
		course := c.planAt(0).Course
		for s, b := range want {
			if got := course.At(at(s)).Float(); got < b-1e-3 || got > b+1e-3 {
				t.Errorf("%s: beat %.4f at %v s, want %v", when, got, s, b)
			}
		}
	}
	check("planned")
	p := c.planAt(0)
	if when, ok := p.Course.Time(1, 4*Beat); !ok || when != at(1.5) {
		t.Errorf("beat 4 at %v %t", when, ok)
	}
	if _, ok := p.Course.Time(1, 7*Beat); ok {
		t.Error("beat 7 of the first epoch comes, though the jump is before it")
	}
	if turn, ok := p.Course.Jump(1); !ok || turn.From != at(2) {
		t.Errorf("the jump is %+v", turn)
	}
	if next := c.Next(); next != at(1) {
		t.Errorf("due at %v", next)
	}
	delete(want, 0.5)
	c.Step(1500 * ms)
	want[1.5] = 4
	delete(want, 1)
	check("half-way")
	if got := c.Tempo(); got != 240 {
		t.Errorf("tempo %v", got)
	}
	for _, s := range []float64{2, 3} {
		c.Step(at(s))
	}
	delete(want, 1.5)
	delete(want, 2)
	delete(want, 2.5)
	check("done")
}

// TestCommandOnABeatFollowsIt: what is to happen on a beat happens on it, also when the
// beat comes at another instant than it seemed.
func TestCommandOnABeatFollowsIt(t *testing.T) {
	c := NewConductor(0, 60)
	c.Do(Command{Kind: SetTempo, BPM: 120}, Stamp{At: 4 * time.Second, Beat: 4 * Beat, Epoch: 1, OnBeat: true}, 0)
	c.Do(Command{Kind: SetTempo, BPM: 240}, Stamp{At: 2 * time.Second}, 0) // beat 4 is at 2.5 s now
	p := c.planAt(0)
	for s, b := range map[float64]float64{2: 2, 2.5: 4, 3: 5, 4: 7} {
		if got := p.Course.At(at(s)).Float(); got < b-1e-3 || got > b+1e-3 {
			t.Errorf("beat %.4f at %v s, want %v", got, s, b)
		}
	}
}

// TestPlanWith: a script that gives a command sees the plan that the conductor will
// publish.
func TestPlanWith(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		c := NewConductor(0, 120)
		now := time.Duration(0)
		for range 20 {
			now += time.Duration(rng.IntN(400)) * ms
			c.Step(now)
			before := c.planAt(now)
			cmd := Command{Kind: SetTempo, BPM: 20 + 900*rng.Float64()}
			switch rng.IntN(4) {
			case 0:
				cmd = Command{Kind: Nudge, Beats: FromFloat(8*rng.Float64() - 4)}
			case 1:
				cmd = Command{Kind: Tap}
			}
			s := Stamp{At: now + time.Duration(1+rng.IntN(100))*ms}
			foreseen, err := before.With(cmd, s)
			if err != nil {
				t.Fatal(err)
			}
			c.Do(cmd, s, now)
			if is := c.planAt(now); !is.Course.equal(foreseen.Course) {
				t.Fatalf("seed %d: %+v at %v\nforeseen %+v\nis       %+v", seed, cmd, s.At, foreseen.Course, is.Course)
			}
		}
	}
}

// TestPlanPromises: whatever is ordered, in which order and when, what a plan tells of an
// instant that is near comes true, unless something else is ordered for before it.
func TestPlanPromises(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 2))
		c := NewConductor(0, 120)
		var log []string
		for now := time.Duration(0); now < 10*time.Second; now += time.Duration(rng.IntN(50)) * ms {
			if rng.IntN(3) == 0 {
				s := Stamp{At: now + 60*ms}
				cmd := Command{Kind: SetTempo, BPM: 20 + 500*rng.Float64()}
				if rng.IntN(2) == 0 {
					cmd = Command{Kind: Nudge, Beats: FromFloat(4*rng.Float64() - 2)}
				}
				c.Do(cmd, s, now)
				log = append(log, fmt.Sprintf("%v %+v", s.At, cmd))
			}
			told := c.planAt(now).Course
			for d := time.Duration(0); d <= 50*ms; d += 10 * ms {
				at := now + d
				c.Step(at)
				is := c.planAt(at).Course
				if a, b := told.Line(at), is.Line(at); a.Epoch != b.Epoch || a.At(at) != b.At(at) {
					t.Fatalf("seed %d: at %v beat %d of epoch %d, told %d of %d\n%v\n%+v\n%+v", seed, at, b.At(at), b.Epoch, a.At(at), a.Epoch, log, told, is)
				}
			}
			now += 50 * ms
		}
	}
}

// TestCourseThen: one course until an instant, another from there on.
func TestCourseThen(t *testing.T) {
	line := func(epoch uint32, bpm float64) Timeline { return Timeline{Epoch: epoch, BPM: bpm} }
	a := Course{{From: always, Line: line(1, 60)}, {From: at(2), Line: line(2, 60)}, {From: at(4), Line: line(3, 60)}}
	b := Course{{From: always, Line: line(4, 60)}, {From: at(5), Line: line(5, 60)}}
	joined := a.Then(at(3), b)
	for s, epoch := range map[float64]uint32{0: 1, 2: 2, 2.9: 2, 3: 4, 4.9: 4, 5: 5} {
		if got := joined.Line(at(s)).Epoch; got != epoch {
			t.Errorf("epoch %d at %v s, want %d", got, s, epoch)
		}
	}
	if got := joined.Since(at(3)); len(got) != 2 || got[0].Line.Epoch != 4 {
		t.Errorf("since 3 s: %+v", got)
	}
	if !joined.Has(2) || joined.Has(3) {
		t.Error("the epochs are others")
	}
}
