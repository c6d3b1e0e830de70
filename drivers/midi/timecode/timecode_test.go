package timecode

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"showrun/drivers/midi/wire"
)

var begin = time.Unix(1000, 0)

// play runs a Sender for a time into a Reader whose messages are late by what delay says.
func play(s *Sender, r *Reader, from, to time.Time, delay func() time.Duration, lost func() bool) {
	last := from
	for {
		due := s.Deadline()
		if due.IsZero() || !due.Before(to) {
			break
		}
		m, _ := s.Step(due)
		if lost() {
			continue
		}
		at := due.Add(delay())
		if at.Before(last) {
			at = last
		}
		for d := r.Deadline(); !d.IsZero() && d.Before(at); d = r.Deadline() {
			r.Step(d)
		}
		last = at
		r.Receive(m, at)
	}
	for d := r.Deadline(); !d.IsZero() && d.Before(to); d = r.Deadline() {
		r.Step(d)
	}
}

func never() bool            { return false }
func exactly() time.Duration { return 0 }
func frames(list []Event) (n []int64) {
	for _, e := range list {
		if e.Change == Frame {
			n = append(n, e.Number)
		}
	}
	return n
}

// TestEveryFrameOnceAndInTime plays all four rates over a cable with jitter: every frame
// from the first is told once, in order, less than a frame after it began.
func TestEveryFrameOnceAndInTime(t *testing.T) {
	for _, rate := range []wire.Rate{wire.Rate24, wire.Rate25, wire.RateDrop, wire.Rate30} {
		for seed := range uint64(5) {
			random := rand.New(rand.NewPCG(seed, 1))
			var got []Event
			r := New(0, func(e Event) { got = append(got, e) })
			s := NewSender(rate)
			first := wire.Label{Rate: rate, Minutes: 9, Seconds: 58}.Number() // over a minute where labels are left out, and one where none are
			s.Start(first, begin)
			play(s, r, begin, begin.Add(70*time.Second), func() time.Duration { return time.Duration(random.Float64() * 3e6) }, never)
			if got[0].Change != Found || got[0].Number != first+1 {
				t.Fatalf("%v: begins with %+v", rate, got[0])
			}
			want := first + 1
			for _, e := range got[1:] {
				if e.Change != Frame || e.Number != want || e.Jump {
					t.Fatalf("%v, seed %d: %+v, want frame %d", rate, seed, e, want)
				}
				late := e.At.Sub(begin.Add(rate.Time(want - first)))
				most := 3 * time.Millisecond // that of the cable
				if want == first+1 {
					most = rate.Time(1) // it was not known before
				}
				if late < 0 || late > most {
					t.Fatalf("%v: frame %d is told %v after it began", rate, want, late)
				}
				want++
			}
			if n := want - first; n < rate.Frames(69*time.Second) {
				t.Errorf("%v: only %d frames", rate, n)
			}
		}
	}
}

// TestLossesFireNothingTwice loses quarter frames: no frame is told twice and none is left
// out for long.
func TestLossesFireNothingTwice(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 2))
		var got []Event
		r := New(0, func(e Event) { got = append(got, e) })
		s := NewSender(wire.Rate25)
		s.Start(100, begin)
		play(s, r, begin, begin.Add(30*time.Second), func() time.Duration { return time.Duration(random.Float64() * 3e6) },
			func() bool { return random.Float64() < 0.05 })
		n := frames(got)
		if !slices.IsSorted(n) || len(slices.Compact(slices.Clone(n))) != len(n) {
			t.Fatalf("seed %d: a frame is told twice or goes back: %v", seed, n)
		}
		if len(n) < 700 {
			t.Errorf("seed %d: only %d of 750 frames", seed, len(n))
		}
	}
}

// TestFreewheelAndStop breaks the cable for a while, and then for good.
func TestFreewheelAndStop(t *testing.T) {
	var got []Event
	r := New(300*time.Millisecond, func(e Event) { got = append(got, e) })
	s := NewSender(wire.Rate25)
	s.Start(0, begin)
	gone := begin.Add(2 * time.Second)
	back := gone.Add(250 * time.Millisecond)
	play(s, r, begin, gone, exactly, never)
	play(s, r, gone, back, exactly, func() bool { return true })
	play(s, r, back, begin.Add(4*time.Second), exactly, never)
	n := frames(got)
	for i := range n {
		if n[i] != int64(i)+1 {
			t.Fatalf("frames %v", n)
		}
	}
	s.Stop()
	for d := r.Deadline(); !d.IsZero(); d = r.Deadline() {
		r.Step(d)
	}
	end := got[len(got)-1]
	if end.Change != Lost || end.Running || end.At.Sub(begin) > 4300*time.Millisecond {
		t.Errorf("ends with %+v", end)
	}
	told := end.Number

	s.Start((told-5)&^1, begin.Add(10*time.Second)) // it goes on from where it stood, before the freewheel
	count := len(got)
	play(s, r, begin.Add(10*time.Second), begin.Add(11*time.Second), exactly, never)
	for _, e := range got[count:] {
		if e.Jump || e.Change == Frame && e.Number <= told {
			t.Fatalf("going on gives %+v after %d", e, told)
		}
	}
}

// TestJumps locates while it stands and while it runs.
func TestJumps(t *testing.T) {
	var got []Event
	r := New(0, func(e Event) { got = append(got, e) })
	s := NewSender(wire.RateDrop)
	r.Receive(s.Locate(17982), begin) // 00:10:00;00
	if want := []Event{{Found, wire.RateDrop, 17982, begin, false, false}, {Frame, wire.RateDrop, 17982, begin, false, true}}; !slices.Equal(got, want) {
		t.Fatalf("got %+v, want %+v", got, want)
	}
	s.Start(17982, begin.Add(time.Second))
	play(s, r, begin.Add(time.Second), begin.Add(2*time.Second), exactly, never)
	for _, e := range got[2:] {
		if e.Jump {
			t.Fatalf("starting where it was put is a jump: %+v", e)
		}
	}
	count := len(got)
	s.Start(100, begin.Add(2*time.Second))
	play(s, r, begin.Add(2*time.Second), begin.Add(3*time.Second), exactly, never)
	jumps := 0
	for _, e := range got[count:] {
		if e.Jump {
			jumps++
			if e.Number != 101 {
				t.Errorf("jumps to %d", e.Number)
			}
		}
	}
	if jumps != 1 {
		t.Errorf("%d jumps", jumps)
	}
}

// TestBackwards plays back to front.
func TestBackwards(t *testing.T) {
	var got []Event
	r := New(0, func(e Event) { got = append(got, e) })
	at := begin
	for frame := int64(200); frame > 190; frame -= 2 {
		pieces := wire.QuarterFrames(wire.LabelOf(wire.Rate25, frame))
		for i := range 8 {
			r.Receive(wire.Message{Kind: wire.QuarterFrame, Number: int(pieces[7-i])}, at)
			at = at.Add(10 * time.Millisecond)
		}
	}
	if n := frames(got); fmt.Sprint(n) != "[200 198 196 194 192]" {
		t.Errorf("frames %v", n)
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte{0, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xff, 3, 0, 0x10})
	f.Fuzz(func(t *testing.T, in []byte) {
		at, last := begin, int64(-1)
		r := New(0, func(e Event) {
			if e.Change == Frame && !e.Jump && last >= 0 && e.Number <= last {
				t.Fatalf("frame %d after %d", e.Number, last)
			}
			if e.Change == Frame {
				last = e.Number
			}
		})
		for _, b := range in {
			if b >= 0x80 {
				at = at.Add(time.Duration(b-0x80) * time.Millisecond)
				r.Step(at)
				continue
			}
			r.Receive(wire.Message{Kind: wire.QuarterFrame, Number: int(b)}, at)
		}
		for d := r.Deadline(); !d.IsZero(); d = r.Deadline() {
			r.Step(d)
		}
	})
}

// TestSenderSleeps: what was slept through is not sent, and labels begin at even frames.
func TestSenderSleeps(t *testing.T) {
	s := NewSender(wire.Rate30)
	s.Start(91, begin)
	if got, want := s.Deadline(), begin.Add(wire.Rate30.Time(1)); !got.Equal(want) {
		t.Errorf("the label after an odd frame begins at %v, want %v", got, want)
	}
	now := begin.Add(10 * time.Second)
	if m, due := s.Step(now); due {
		t.Errorf("%+v is sent, late by nearly ten seconds", m)
	}
	frame := wire.Rate30.Frames(s.Deadline().Sub(begin)+time.Millisecond) + 91 // instants are rounded
	m, due := s.Step(s.Deadline())
	if label := wire.LabelOf(wire.Rate30, frame); !due || frame%2 != 0 || m.Number != int(wire.QuarterFrames(label)[0]) || frame < 391 || frame > 393 {
		t.Errorf("goes on at frame %d with %+v", frame, m)
	}
}
