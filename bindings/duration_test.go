package bindings

import (
	"testing"
	"time"

	"showrun/runtime/beat"
)

func TestParseDuration(t *testing.T) {
	span := func(d time.Duration) length { return length{time: d} }
	beats := func(f float64) length { return length{beats: f} }
	for text, want := range map[string]length{
		"250ms": span(250 * time.Millisecond), "2s": span(2 * time.Second), "1m30s": span(90 * time.Second),
		"1h": span(time.Hour), "1h1m1s1ms": span(time.Hour + time.Minute + time.Second + time.Millisecond),
		"1m 30s": span(90 * time.Second), " 2 s ": span(2 * time.Second), "0s": {}, "0.5s": span(time.Second / 2),
		".5s": span(time.Second / 2), "1/2s": span(time.Second / 2), "1000h": span(1000 * time.Hour),
		"4b": beats(4), "3/4b": beats(0.75), "0.25b": beats(0.25), "2bar": beats(6), "1/2bar": beats(1.5), "4 b": beats(4),
	} {
		if got, err := parseDuration(text, 3*beat.Beat); err != nil || got != want {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", " ", "s", "b", "2", "2x", "2S", "2 sec", "-2s", "+2s", "1e3s", "1..5s", "1/0s", "1/s", "/2s", "1/2/3s", "s2",
		"2s4b", "4b2s", "4b4b", "2bar1b", "0b", "-4b", "1001h", "1e9b", "1000000b", "99999999999999999999s", "4beats", "2s!", "٣s",
		"infs", "nans", "0x10s", "1_0s",
	} {
		if got, err := parseDuration(text, 4*beat.Beat); err == nil {
			t.Errorf("%q is %v, want an error", text, got)
		}
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, text := range []string{"1m30s", "3/4b", "2bar", "0.25b", "1/3 bar", "1000h"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := parseDuration(text, 4*beat.Beat)
		switch {
		case err != nil:
		case d.time < 0 || d.time > maxDuration || d.beats < 0 || d.beats > 64e6:
			t.Errorf("%q is %v", text, d)
		case d.time != 0 && d.beats != 0:
			t.Errorf("%q is time and beats", text)
		}
	})
}
