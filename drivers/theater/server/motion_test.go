package server

import (
	"math"
	"testing"
	"time"

	"showrun/drivers/osc"
)

// The worked example of PROTOCOL.md: a rotation, half of it back with a jump in
// speed, and home.
func TestRotationAndBack(t *testing.T) {
	var segments []Segment
	d := NewMotion(MotionConfig{OnSegment: func(s Segment) { segments = append(segments, s) }})
	say(t, d, "/spline x 0 360 360 180 180 180 0 0 0", start)
	knots := []float64{0, 360, 360, 180, 180, 180, 0, 0, 0}
	for s := 0.0; s < 3.2; s += 0.003 {
		near(t, after(s).String(), d.Position(0, after(s)), closed(0, knots, 60, s))
		for other := 1; other < Axes; other++ {
			if d.Position(other, after(s)) != 0 {
				t.Fatalf("axis %d moves too", other)
			}
		}
	}
	want := []Segment{
		{0, after(0), after(1), 360, 0, 2},
		{0, after(1), after(2), 180, 0, 1},
		{0, after(2), after(3), 0, 0, 0},
	}
	if len(segments) != 3 || segments[0] != want[0] || segments[1] != want[1] || segments[2] != want[2] {
		t.Errorf("executed %v, want %v", segments, want)
	}
}

// A path begins where the axis is, whenever it comes: its knots are relative.
func TestPathsAreRelative(t *testing.T) {
	var segments []Segment
	d := NewMotion(MotionConfig{OnSegment: func(s Segment) { segments = append(segments, s) }})
	say(t, d, "/spline 1 0 90 90", start)
	say(t, d, "/tempo y 120.0", after(0.1))
	say(t, d, "/spline y 0 -30 -30", after(0.2))
	say(t, d, "/spline y 0 10 10", after(4))
	for s := 0.0; s < 5; s += 0.01 {
		want := closed(0, []float64{0, 90, 90}, 60, s)
		switch {
		case s >= 4:
			want = 60 + closed(0, []float64{0, 10, 10}, 120, s-4)
		case s >= 1:
			want = 90 + closed(0, []float64{0, -30, -30}, 120, s-1)
		}
		if s >= 4 {
			near(t, after(s).String(), d.Position(1, after(s)), want)
		}
	}
	d.Step(after(5))
	want := []Segment{{1, after(0), after(1), 90, 0, 1}, {1, after(1), after(1.5), 60, 0, 0}, {1, after(4), after(4.5), 70, 2500 * time.Millisecond, 0}}
	if len(segments) != 3 || segments[0] != want[0] || segments[1] != want[1] || segments[2] != want[2] {
		t.Errorf("executed %v, want %v", segments, want)
	}
}

// The buffer holds 20 segments with the running one; what is more is gone.
func TestBufferTruncates(t *testing.T) {
	var told []int
	d := NewMotion(MotionConfig{OnTruncated: func(axis, n int, _ time.Time) { told = append(told, axis, n) }})
	long := osc.Message{Address: "/spline", Args: []any{"z"}}
	for n := range 25 {
		end := float32(n + 1)
		long.Args = append(long.Args, end-1, end, end)
	}
	if err := d.Receive(start, long, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if d.Buffered(2, start) != 20 || d.Stats().Truncated != 5 {
		t.Fatalf("%d segments kept, %d dropped", d.Buffered(2, start), d.Stats().Truncated)
	}
	say(t, d, "/spline z 0 7 7", after(0.5)) // no room before the first segment is over
	say(t, d, "/spline a 0 7 7", after(0.5)) // each axis has a buffer of its own
	if d.Buffered(2, after(0.5)) != 20 || d.Buffered(3, after(0.5)) != 1 || d.Stats().Truncated != 6 {
		t.Fatalf("%d and %d segments kept, %d dropped", d.Buffered(2, after(0.5)), d.Buffered(3, after(0.5)), d.Stats().Truncated)
	}
	say(t, d, "/spline z 0 7 7 7 8 8", after(1)) // one slot is free
	if d.Buffered(2, after(1)) != 20 || d.Stats().Truncated != 7 {
		t.Fatalf("%d segments kept, %d dropped", d.Buffered(2, after(1)), d.Stats().Truncated)
	}
	near(t, "the end", d.Position(2, after(100)), 20+7)
	d.Step(after(100))
	if s := d.Stats(); s.Executed != 4 || s.Total() != 0 || s.Segments != 22 {
		t.Errorf("%+v", s)
	}
	if want := []int{2, 5, 2, 1, 2, 1}; len(told) != len(want) || told[1] != 5 || told[3] != 1 || told[5] != 1 || told[0] != 2 {
		t.Errorf("told %v, want %v", told, want)
	}
}

// A path fed segment by segment, each when a slot is free, arrives whole and
// without a gap.
func TestFedPathHasNoGaps(t *testing.T) {
	var gaps time.Duration
	d := NewMotion(MotionConfig{OnSegment: func(s Segment) { gaps += s.Gap }})
	say(t, d, "/tempo a 70", start)
	sent := 0
	feed := func(now time.Time) {
		for ; sent < 200 && d.Buffered(3, now) < BufferSegments; sent++ {
			say(t, d, "/spline a 0 1.5 1.5", now)
		}
	}
	feed(start)
	for now := d.Deadline(); !now.IsZero(); now = d.Deadline() {
		if err := d.Step(now); err != nil {
			t.Fatal(err)
		}
		feed(now)
	}
	if s := d.Stats(); s.Segments != 200 || s.Truncated != 0 || gaps != 0 {
		t.Errorf("%+v with gaps of %v", s, gaps)
	}
	near(t, "the end", d.Position(3, after(1000)), 300)
}

func TestMotionRefuses(t *testing.T) {
	for _, c := range []struct {
		message osc.Message
		want    Reason
	}{
		{message("/fixture x 1"), UnknownAddress},
		{message("/spline"), WrongCount},
		{message("/spline b 1 2 3"), UnknownName},
		{message("/spline xy 1 2 3"), UnknownName},
		{message("/spline X 1 2 3"), UnknownName},
		{osc.Message{Address: "/spline", Args: []any{"", int32(1), int32(2), int32(3)}}, UnknownName},
		{message("/spline 4 1 2 3"), UnknownName},
		{message("/spline -1 1 2 3"), UnknownName},
		{message("/spline x"), WrongCount},
		{message("/spline x 1 2"), WrongCount},
		{osc.Message{Address: "/spline", Args: []any{"x", int32(1), "2", int32(3)}}, WrongType},
		{osc.Message{Address: "/spline", Args: []any{"x", int32(1), math.NaN(), int32(3)}}, NotFinite},
		{osc.Message{Address: "/spline", Args: []any{"x", int32(1), int32(1), math.MaxFloat64}}, NotFinite}, // from where it is
		{message("/tempo x 0"), BadRate},
		{message("/tempo x"), WrongCount},
		{osc.Message{Address: "/tempo", Args: []any{"x", "60"}}, WrongType},
	} {
		d := NewMotion(MotionConfig{})
		far := osc.Message{Address: "/spline", Args: []any{"x", int32(0), math.MaxFloat64, math.MaxFloat64}}
		if err := d.Receive(start, far, time.Time{}); err != nil {
			t.Fatal(err)
		}
		refused(t, d, c.message, start, c.want)
		if s := d.Stats(); s.Refused[c.want] != 1 || s.Total() != 1 || s.Executed != 1 || s.Truncated != 0 || d.Buffered(0, start) != 1 {
			t.Errorf("%v: counted %+v", c.message, s)
		}
	}
}
