package beat

import (
	"fmt"
	"math/rand/v2"
	"strings"
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
	if got := c.drive.Tempo; got != 240 {
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
			if is := c.planAt(now); !is.Course.Since(now).equal(foreseen.Course.Since(now)) {
				t.Fatalf("seed %d: %+v at %v\nforeseen %+v\nis       %+v", seed, cmd, s.At, foreseen.Course, is.Course)
			}
		}
	}
}

// TestPlanWithWhileFollowing: what only the internal tempo can do is refused at instants
// at which a source drives, also if that is only planned.
func TestPlanWithWhileFollowing(t *testing.T) {
	c := NewConductor(0, 120)
	c.Do(Command{Kind: Follow, Source: "a"}, Stamp{At: time.Second}, 0)
	c.Do(Command{Kind: Follow}, Stamp{At: 4 * time.Second, Beat: 4 * Beat, Epoch: 1, OnBeat: true}, 0) // at 2 s
	p := c.planAt(0)
	const following = `the tempo comes from a followed source: follow "internal" first`
	for _, cmd := range []Command{{Kind: SetTempo, BPM: 100}, {Kind: Nudge, Beats: Beat}, {Kind: Tap}} {
		for s, want := range map[float64]string{0.9: "", 1: following, 1.9: following, 2: "", 3: ""} {
			next, err := p.With(cmd, Stamp{At: at(s)})
			if got := fmt.Sprint(err); err != nil && got != want || err == nil && want != "" {
				t.Errorf("%+v at %v s: %v, want %q", cmd, s, err, want)
			}
			if err != nil && next != p {
				t.Errorf("%+v at %v s: another plan", cmd, s)
			}
		}
	}
	for want, cmd := range map[string]Command{
		"tempo must be 20-999 BPM, got 7":                            {Kind: SetTempo, BPM: 7},
		"nudge must be at most 1000000 beats either way, got -2e+06": {Kind: Nudge, Beats: -2_000_000 * Beat},
	} {
		if _, err := p.With(cmd, Stamp{At: 3 * time.Second}); err == nil || err.Error() != want {
			t.Errorf("%+v: %v, want %q", cmd, err, want)
		}
	}
	if _, err := p.With(Command{Kind: SetTempo, BPM: 7}, Stamp{At: time.Second}); err == nil || !strings.Contains(err.Error(), "20-999") {
		t.Errorf("a tempo that cannot be, while following: %v", err)
	}
	// A follow that a script has just planned counts as well.
	next, err := p.With(Command{Kind: Follow, Source: "b"}, Stamp{At: 3 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := next.With(Command{Kind: Tap}, Stamp{At: 3 * time.Second}); err == nil {
		t.Error("a tap after a follow of the same instant is taken")
	}
	if next.Course.Turn(3*time.Second).Source != "b" || next.Course.Turn(2*time.Second).Source != Internal || p.Course.Turn(3*time.Second).Source != Internal {
		t.Errorf("it goes along %+v", next.Course)
	}
}

// TestPlanOfSources: a plan has the course of every source by all its names, and says
// whether anything that somebody watches differs.
func TestPlanOfSources(t *testing.T) {
	list := together(map[string]*deck{"a": playingDeck(30), "b": playingDeck(30, piece{0, 50, 90})}, 6)
	c := NewConductor(0, 120)
	c.Alias("master", "b", 0)
	c.Alias("nobody's", "z", 0)
	p := promise(t, c)
	feed(t, p, &list, 2*time.Second)
	plan := c.planAt(2 * time.Second)
	for name, key := range map[string]string{"a": "a", "b": "b", "master": "b"} {
		if got, want := plan.Source(name), c.followers[key].Course(); !got.Since(2 * time.Second)[1:].equal(want[1:]) || got.Line(2*time.Second) != want[0].Line || got.At(2*time.Second) < 10*Beat {
			t.Errorf("%q goes along %+v, want %+v", name, got, want)
		}
	}
	for _, name := range []string{"nobody's", "z", ""} {
		if line := plan.Source(name).Line(time.Hour); line != (Timeline{Stopped: true}) {
			t.Errorf("%q goes along %+v", name, line)
		}
	}
	c.Observe("b", Observation{Arrival: 2010 * ms, Clock: 1 << 60, Beat: 7, BPM: 90})
	next := c.planAt(2010 * ms)
	for names, want := range map[string]bool{"": true, "a": true, "a nobody's": true, "b": false, "a master": false} {
		if got := plan.Same(next, strings.Fields(names)); got != want {
			t.Errorf("the same to who watches %q: %t", names, got)
		}
	}
	if heard := c.Plan(1, 2010*ms); heard.Same(next, nil) || heard.Version != next.Version+1 {
		t.Error("a plan with one more command is the same")
	}
	c.SetTempo(100, 2010*ms)
	if c.planAt(2010*ms).Same(next, nil) {
		t.Error("a plan of another tempo is the same")
	}
}

// TestPlanConfidence: a plan trusts its course as far as the source that drives can be
// trusted, whatever that does.
func TestPlanConfidence(t *testing.T) {
	d := playingDeck(30, piece{0, 10, 128}, piece{3, same, 0}, piece{6, same, 128}, piece{8, same, -400}, piece{9, same, 128})
	d.silent = [2]float64{10, 11}
	c := NewConductor(0, 120)
	if got := c.planAt(0).Confidence(time.Hour); got != 1 {
		t.Errorf("%v by the internal tempo", got)
	}
	c.Follow("a", 0)
	if got := c.planAt(0).Confidence(0); got != 0 {
		t.Errorf("%v before anything is heard", got)
	}
	least := 1.0
	for _, h := range together(map[string]*deck{"a": d}, 12) {
		for next := c.Next(); next <= h.o.Arrival; next = c.Next() {
			c.Step(next)
		}
		c.Observe("a", h.o)
		now := h.o.Arrival
		p := c.planAt(now)
		for _, at := range []time.Duration{now, now + 20*ms, now + time.Second} {
			if got, want := p.Confidence(at), c.followers["a"].trust().at(at); got != want {
				t.Fatalf("%v at %v, the follower's is %v", got, at, want)
			}
		}
		if now > time.Second {
			least = min(least, p.Confidence(now))
		}
		if now > 4*time.Second && now < 6*time.Second && p.Confidence(now) != 1 {
			t.Fatalf("%v at %v of a deck that is paused and heard", p.Confidence(now), now)
		}
	}
	if least > 0.9 {
		t.Errorf("never below %v, though the deck was spun back", least)
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
	a := Course{{From: Always, Line: line(1, 60)}, {From: at(2), Line: line(2, 60)}, {From: at(4), Line: line(3, 60)}}
	b := Course{{From: Always, Line: line(4, 60)}, {From: at(5), Line: line(5, 60)}}
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
