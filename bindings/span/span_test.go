package span

import (
	"testing"
	"time"

	"showrun/runtime/beat"
)

func TestParse(t *testing.T) {
	long := func(d time.Duration) Length { return Length{Time: d} }
	beats := func(f float64) Length { return Length{Beats: f} }
	for text, want := range map[string]Length{
		"250ms": long(250 * time.Millisecond), "2s": long(2 * time.Second), "1m30s": long(90 * time.Second),
		"1h": long(time.Hour), "1h1m1s1ms": long(time.Hour + time.Minute + time.Second + time.Millisecond),
		"1m 30s": long(90 * time.Second), " 2 s ": long(2 * time.Second), "0s": {}, "0.5s": long(time.Second / 2),
		".5s": long(time.Second / 2), "1/2s": long(time.Second / 2), "1000h": long(1000 * time.Hour),
		"4b": beats(4), "3/4b": beats(0.75), "0.25b": beats(0.25), "2bar": beats(6), "1/2bar": beats(1.5), "4 b": beats(4),
	} {
		if got, err := Parse(text, 3*beat.Beat); err != nil || got != want {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", " ", "s", "b", "2", "2x", "2S", "2 sec", "-2s", "+2s", "1e3s", "1..5s", "1/0s", "1/s", "/2s", "1/2/3s", "s2",
		"2s4b", "4b2s", "4b4b", "2bar1b", "0b", "-4b", "1001h", "1e9b", "1000000b", "99999999999999999999s", "4beats", "2s!", "٣s",
		"infs", "nans", "0x10s", "1_0s",
	} {
		if got, err := Parse(text, 4*beat.Beat); err == nil {
			t.Errorf("%q is %v, want an error", text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"1m30s", "3/4b", "2bar", "0.25b", "1/3 bar", "1000h"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse(text, 4*beat.Beat)
		switch {
		case err != nil:
		case d.Time < 0 || d.Time > Max || d.Beats < 0 || d.Beats > 64e6:
			t.Errorf("%q is %v", text, d)
		case d.Time != 0 && d.Beats != 0:
			t.Errorf("%q is time and beats", text)
		}
	})
}
