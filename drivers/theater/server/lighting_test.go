package server

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"showrun/drivers/osc"
)

// message makes a message of the words of a line: whole numbers become int32,
// other numbers float32, the rest strings.
func message(line string) osc.Message {
	words := strings.Fields(line)
	m := osc.Message{Address: words[0]}
	for _, w := range words[1:] {
		var i int32
		var f float32
		var rest string
		if n, _ := fmt.Sscanf(w, "%d%s", &i, &rest); n == 1 {
			m.Args = append(m.Args, i)
		} else if n, _ := fmt.Sscanf(w, "%g%s", &f, &rest); n == 1 {
			m.Args = append(m.Args, f)
		} else {
			m.Args = append(m.Args, w)
		}
	}
	return m
}

// say lets a machine take a message that must be accepted.
func say(t *testing.T, m Machine, line string, now time.Time) {
	t.Helper()
	if err := m.Receive(now, message(line), time.Time{}); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
}

// refused checks that a machine refuses a message for a reason.
func refused(t *testing.T, m Machine, msg osc.Message, now time.Time, want Reason) {
	t.Helper()
	err := m.Receive(now, msg, time.Time{})
	var r *Refusal
	if !errors.As(err, &r) || r.Reason != want {
		t.Errorf("%v: got %v, want it refused for %v", msg, err, want)
	}
}

// frames is a Sink that keeps what it gets.
type frames struct {
	levels [][]byte
	at     []time.Time
}

func (f *frames) Show(levels []byte, at time.Time) {
	f.levels, f.at = append(f.levels, slices.Clone(levels)), append(f.at, at)
}

func newLighting(t *testing.T, cfg LightingConfig) *Lighting {
	t.Helper()
	if cfg.Fixtures == nil {
		cfg.Fixtures = DefaultFixtures()
	}
	l, err := NewLighting(cfg, start)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// sample compares a fixture with closed forms, one per channel, every 7 ms.
func sample(t *testing.T, l *Lighting, name string, from, to float64, want func(channel int, seconds float64) float64) {
	t.Helper()
	for s := from; s <= to; s += 0.007 {
		values, ok := l.Values(nil, name, after(s))
		if !ok {
			t.Fatalf("no fixture %s", name)
		}
		for c, v := range values {
			near(t, fmt.Sprintf("%s channel %d at %.3f s", name, c, s), v, want(c, s))
		}
	}
}

// The examples of the protocol's publication.
func TestExamplesOfTheDocument(t *testing.T) {
	t.Run("to full", func(t *testing.T) {
		l := newLighting(t, LightingConfig{})
		say(t, l, "/spline white 0 255 255", start)
		sample(t, l, "white", 0, 1.1, func(_ int, s float64) float64 { return closed(0, []float64{0, 255, 255}, 60, s) })
	})
	t.Run("half, then off", func(t *testing.T) {
		l := newLighting(t, LightingConfig{})
		say(t, l, "/spline white 255 180 180 180 0 0", start)
		sample(t, l, "white", 0, 2.1, func(_ int, s float64) float64 {
			return closed(0, []float64{255, 180, 180, 180, 0, 0}, 60, s)
		})
	})
	t.Run("white without amber", func(t *testing.T) {
		l := newLighting(t, LightingConfig{})
		say(t, l, "/fixture rgba1 0 0 100 200", start)
		say(t, l, "/spline rgba1 0 0 0 0 255 255 255 0 255 255 255 0", after(2))
		before := []float64{0, 0, 100, 200}
		knots := [][]float64{{0, 255, 255}, {0, 255, 255}, {0, 255, 255}, {0, 0, 0}}
		sample(t, l, "rgba1", 2, 3.1, func(c int, s float64) float64 { return closed(before[c], knots[c], 60, s-2) })
	})
	t.Run("tempo", func(t *testing.T) {
		l := newLighting(t, LightingConfig{})
		say(t, l, "/tempo rgba1 120", start)
		say(t, l, "/fixture rgba1 255 255 255 0", start)
		want := []float64{255, 255, 255, 0}
		sample(t, l, "rgba1", 0, 0.6, func(c int, s float64) float64 { return closed(0, []float64{0, want[c], want[c]}, 120, s) })
	})
	t.Run("by number", func(t *testing.T) {
		l := newLighting(t, LightingConfig{})
		say(t, l, "/fixture 0 128", start)
		say(t, l, "/fixture fan 128", start)
		for _, name := range []string{"white", "fan"} {
			sample(t, l, name, 0, 1.1, func(_ int, s float64) float64 { return closed(0, []float64{0, 128, 128}, 60, s) })
		}
	})
}

// A /fixture is the segment with its first knot doubled, wherever the fixture is.
func TestFixtureEqualsItsSegment(t *testing.T) {
	a, b := newLighting(t, LightingConfig{}), newLighting(t, LightingConfig{})
	for _, l := range []*Lighting{a, b} {
		say(t, l, "/tempo rgba2 40", start)
		say(t, l, "/spline rgba2 9 8 7 6 50 60 70 80 11.5 22.25 33 44", start)
	}
	say(t, a, "/fixture rgba2 200 100 50 25", after(0.4))
	say(t, b, "/spline rgba2 11.5 22.25 33 44 200 100 50 25 200 100 50 25", after(0.4))
	for s := 0.4; s < 4; s += 0.003 {
		va, _ := a.Values(nil, "rgba2", after(s))
		vb, _ := b.Values(nil, "rgba2", after(s))
		if !slices.Equal(va, vb) {
			t.Fatalf("at %.3f s: %v by /fixture, %v by /spline", s, va, vb)
		}
	}
}

// Paths wait for those before them, and a tempo is that of the paths after it.
func TestPathsAppend(t *testing.T) {
	l := newLighting(t, LightingConfig{})
	say(t, l, "/fixture white 100", start)
	say(t, l, "/tempo white 30", after(0.2))
	say(t, l, "/fixture white 0", after(0.3))
	say(t, l, "/tempo white 120", after(0.4))
	say(t, l, "/spline white -50 300 200", after(0.5))
	sample(t, l, "white", 0.5, 4, func(_ int, s float64) float64 {
		switch {
		case s < 1:
			return closed(0, []float64{0, 100, 100}, 60, s)
		case s < 3:
			return closed(100, []float64{100, 0, 0}, 30, s-1)
		}
		return closed(0, []float64{-50, 300, 200}, 120, s-3)
	})
	say(t, l, "/fixture white 10", after(10)) // long after: it starts at once
	sample(t, l, "white", 10, 11, func(_ int, s float64) float64 { return closed(200, []float64{200, 10, 10}, 120, s-10) })
}

// Frames come at their rate while something moves, the last one shows the end, and
// values beyond the range are cut at the output only.
func TestFrames(t *testing.T) {
	var f frames
	l := newLighting(t, LightingConfig{Rate: 50, Sink: &f})
	step := func(now time.Time) {
		t.Helper()
		if err := l.Step(now); err != nil {
			t.Fatal(err)
		}
	}
	if !l.Deadline().Equal(start) {
		t.Fatalf("the first frame is due at %v", l.Deadline())
	}
	step(start)
	if len(f.levels) != 1 || len(f.levels[0]) != Slots || slices.Max(f.levels[0]) != 0 || !l.Deadline().IsZero() {
		t.Fatalf("%d frames at the start, next %v; want one that is dark and no more", len(f.levels), l.Deadline())
	}
	say(t, l, "/spline blue 400 400 400 -100 -100 -100", after(0.0301))
	for now := l.Deadline(); !now.IsZero(); now = l.Deadline() {
		if n := now.Sub(start) % (20 * time.Millisecond); n != 0 {
			t.Fatalf("a frame is due %v beside the grid", n)
		}
		step(now)
	}
	if got := l.Stats(); got.Frames != 102 || got.Late != 0 || got.Changed != uint64(len(f.levels)) {
		t.Errorf("%+v, want 102 frames: one, and those from 0.04 to 2.04 s", got)
	}
	top := 0
	for i, levels := range f.levels {
		s := f.at[i].Sub(start).Seconds() - 0.0301
		want := math.Round(math.Min(math.Max(closed(0, []float64{400, 400, 400, -100, -100, -100}, 60, s), 0), 255))
		if levels[1] != byte(want) {
			t.Errorf("frame %d at %.3f s: level %d, want %v", i, s, levels[1], want)
		}
		if levels[1] == 255 {
			top++
		}
		if levels[0] != 0 || levels[2] != 0 {
			t.Errorf("frame %d: the neighbours are at %d and %d", i, levels[0], levels[2])
		}
	}
	if top < 1 || f.levels[len(f.levels)-1][1] != 0 || !slices.Equal(l.Levels(), f.levels[len(f.levels)-1]) {
		t.Errorf("%d frames at full, last level %d", top, f.levels[len(f.levels)-1][1])
	}
	if v, _ := l.Values(nil, "blue", after(3)); v[0] != -100 {
		t.Errorf("the interpolator clamps: %v", v)
	}
}

// A server that was held up leaves frames out; it does not run after them.
func TestLateFrames(t *testing.T) {
	l := newLighting(t, LightingConfig{Rate: 44})
	l.Step(start)
	say(t, l, "/tempo white 6", start)
	say(t, l, "/fixture white 255", start)
	l.Step(after(2.5))
	if s := l.Stats(); s.Frames != 2 || s.Late != 109 { // 110 frames in 2.5 s, the last of them at its instant
		t.Errorf("%+v", s)
	}
	if next := l.Deadline(); !next.After(after(2.5)) || next.After(after(2.5+1.0/44)) {
		t.Errorf("next frame %v", next.Sub(start))
	}
}

// Numbers come in every type, and names as what they are (PROTOCOL.md ruling 1).
func TestArgumentTypes(t *testing.T) {
	id := []any{"rgba1", "8", int32(8), int64(8), float32(8), float64(8)}
	for _, id := range id {
		l := newLighting(t, LightingConfig{})
		m := osc.Message{Address: "/fixture", Args: []any{id, int32(1), float32(2.5), int64(3), float64(4.25)}}
		if err := l.Receive(start, m, time.Time{}); err != nil {
			t.Errorf("%T: %v", id, err)
		}
		if v, _ := l.Values(nil, "rgba1", after(1)); !slices.Equal(v, []float64{1, 2.5, 3, 4.25}) {
			t.Errorf("%T %v: %v", id, id, v)
		}
	}
}

// What cannot be used is dropped whole, counted, and changes nothing (PROTOCOL.md ruling 3).
func TestLightingRefuses(t *testing.T) {
	long := make([]any, 1+3*(MaxSegments+1))
	for i := range long {
		long[i] = int32(0)
	}
	for _, c := range []struct {
		message osc.Message
		want    Reason
	}{
		{message("/move 1 100"), UnknownAddress},
		{osc.Message{}, UnknownAddress},
		{message("/fixture green 1"), UnknownName},
		{message("/fixture 99 1"), UnknownName},
		{message("/fixture -1 1"), UnknownName},
		{message("/fixture 0.5 1"), UnknownName},
		{osc.Message{Address: "/fixture", Args: []any{1e300, int32(1)}}, UnknownName},
		{osc.Message{Address: "/fixture", Args: []any{math.NaN(), int32(1)}}, NotFinite},
		{osc.Message{Address: "/fixture", Args: []any{nil, int32(1)}}, WrongType},
		{osc.Message{Address: "/fixture", Args: []any{true, int32(1)}}, WrongType},
		{osc.Message{Address: "/fixture", Args: []any{"white", "255"}}, WrongType},
		{osc.Message{Address: "/fixture", Args: []any{"white", []byte{1}}}, WrongType},
		{osc.Message{Address: "/fixture", Args: []any{"white", osc.Immediately}}, WrongType},
		{osc.Message{Address: "/fixture", Args: []any{"white", math.Inf(1)}}, NotFinite},
		{osc.Message{Address: "/fixture", Args: []any{"white", float32(math.NaN())}}, NotFinite},
		{message("/fixture"), WrongCount},
		{message("/fixture white"), WrongCount},
		{message("/fixture white 1 2"), WrongCount},
		{message("/fixture rgba1 1 2 3"), WrongCount},
		{message("/spline white"), WrongCount},
		{message("/spline white 1 2"), WrongCount},
		{message("/spline white 1 2 3 4"), WrongCount},
		{message("/spline rgba1 1 2 3 4 5 6"), WrongCount},
		{osc.Message{Address: "/spline", Args: []any{"white", int32(1), int32(2), math.Inf(-1)}}, NotFinite},
		{message("/tempo white"), WrongCount},
		{message("/tempo white 60 60"), WrongCount},
		{message("/tempo white 0"), BadRate},
		{message("/tempo white -60"), BadRate},
		{osc.Message{Address: "/tempo", Args: []any{"white", math.Inf(1)}}, NotFinite},
		{osc.Message{Address: "/spline", Args: long}, PathFull},
	} {
		l := newLighting(t, LightingConfig{})
		say(t, l, "/fixture white 200", start)
		l.Step(start)
		refused(t, l, c.message, start, c.want)
		s := l.Stats()
		if s.Refused[c.want] != 1 || s.Total() != 1 || s.Executed != 1 {
			t.Errorf("%v: counted %+v", c.message.Address, s.Counters)
		}
		sample(t, l, "white", 0, 1.1, func(_ int, s float64) float64 { return closed(0, []float64{0, 200, 200}, 60, s) })
		if l.lights[0].track.tempo != DefaultTempo {
			t.Errorf("%v: the tempo is %v", c.message, l.lights[0].track.tempo)
		}
	}
}

func TestRates(t *testing.T) {
	for _, rate := range []int{-1, 1001} {
		if _, err := NewLighting(LightingConfig{Fixtures: DefaultFixtures(), Rate: rate}, start); err == nil {
			t.Errorf("rate %d is taken", rate)
		}
	}
	if _, err := NewLighting(LightingConfig{Fixtures: []Fixture{{"a", 0, 512, 2}}}, start); err == nil {
		t.Error("a fixture beyond the universe is taken")
	}
}
