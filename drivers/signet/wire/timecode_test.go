package wire

import (
	"testing"
	"time"
)

func TestTimecodeCountsEveryFrame(t *testing.T) {
	for r := Rate24; r < rateCount; r++ {
		label := Timecode{Rate: r}
		day := r.FramesPerDay()
		for n := int64(0); n < 12*60*int64(r.Labels()); n++ { // past minute 10
			if got := TimecodeOf(r, n); got != label {
				t.Fatalf("%v: frame %d is %v, want %v", r, n, got, label)
			}
			if got := label.Frame(); got != n {
				t.Fatalf("%v: %v is frame %d, want %d", r, label, got, n)
			}
			label = following(label)
		}
		last := Timecode{23, 59, 59, byte(r.Labels() - 1), r}
		if TimecodeOf(r, day-1) != last || TimecodeOf(r, -1) != last || TimecodeOf(r, day) != (Timecode{Rate: r}) {
			t.Errorf("%v: the day does not wrap", r)
		}
		for n := int64(0); n < day; n += 997 {
			if got := r.Frames(r.At(n)); got != n {
				t.Fatalf("%v: frame %d after At is %d", r, n, got)
			}
			if n > 0 && r.Frames(r.At(n)-1) != n-1 {
				t.Fatalf("%v: frame %d comes too early", r, n)
			}
		}
	}
	for r, want := range map[TimecodeRate]int64{Rate2997Drop: 2589408, Rate5994Drop: 5178816, Rate11988Drop: 10357632} {
		if got := r.FramesPerDay(); got != want {
			t.Errorf("%v: a day of %d frames, want %d", r, got, want)
		}
	}
	if got := Rate2997Drop.At(30); got != 1001*time.Millisecond {
		t.Errorf("30 frames of 29.97 take %v", got)
	}
}

// following counts one label up by the rule of the page, without arithmetic.
func following(t Timecode) Timecode {
	t.Frames++
	if int(t.Frames) < t.Rate.Labels() {
		return t
	}
	t.Frames = 0
	if t.Seconds++; t.Seconds < 60 {
		return t
	}
	t.Seconds = 0
	if t.Minutes++; t.Minutes < 60 {
		if t.Minutes%10 != 0 {
			t.Frames = map[TimecodeRate]byte{Rate2997Drop: 2, Rate5994Drop: 4, Rate11988Drop: 8}[t.Rate]
		}
		return t
	}
	t.Minutes = 0
	t.Hours++
	return t
}

func TestTimecodeText(t *testing.T) {
	for _, c := range []struct {
		in   string
		rate TimecodeRate
		want string
	}{
		{"01:02:03:04", Rate25, "01:02:03:04"},
		{"01:02:03;04", Rate2997Drop, "01:02:03;04"},
		{"1:2:3:4", Rate30, "01:02:03:04"},
		{"23:59:59:119", Rate120, "23:59:59:119"},
		{"01:02:03:25", Rate25, ""},
		{"24:00:00:00", Rate25, ""},
		{"01:02:03", Rate25, ""},
		{"01:02:03:04x", Rate25, ""},
		{"01;02:03:04", Rate25, ""},
		{"a:b:c:d", Rate25, ""},
		{"01:02:03:04", rateCount, ""},
		{"-1:02:03:04", Rate25, ""},
	} {
		got, err := ParseTimecodeLabel(c.in, c.rate)
		if (err == nil) != (c.want != "") || err == nil && got.String() != c.want {
			t.Errorf("%q at %v: %v, %v", c.in, c.rate, got, err)
		}
	}
	for r := Rate24; r < rateCount; r++ {
		if got, err := ParseTimecodeRate(r.String()); err != nil || got != r {
			t.Errorf("%v: %v, %v", r, got, err)
		}
	}
	if _, err := ParseTimecodeRate("23.976"); err == nil || rateCount.String() != "reserved" {
		t.Error("a rate that does not exist")
	}
	skipped := Timecode{0, 1, 0, 0, Rate2997Drop}
	if !skipped.Skipped() || skipped.Frame() != 1800 {
		t.Errorf("a skipped label is frame %d", skipped.Frame())
	}
}

func FuzzTimecodeLabel(f *testing.F) {
	f.Add("01:02:03;04", byte(2))
	f.Fuzz(func(t *testing.T, s string, r byte) {
		tc, err := ParseTimecodeLabel(s, TimecodeRate(r))
		if err != nil {
			return
		}
		if back, err := ParseTimecodeLabel(tc.String(), tc.Rate); err != nil || back != tc {
			t.Errorf("%q: %v, %v", s, back, err)
		}
		if !tc.Skipped() && TimecodeOf(tc.Rate, tc.Frame()) != tc {
			t.Errorf("%v is frame %d", tc, tc.Frame())
		}
	})
}
