package osc

import (
	"testing"
	"time"
)

func TestTimeTags(t *testing.T) {
	for _, c := range []struct {
		tag  TimeTag
		time string
	}{
		{0x83AA7E80_00000000, "1970-01-01T00:00:00Z"},
		{0x83AA7E80_80000000, "1970-01-01T00:00:00.5Z"},
		{0xEE9FF080_40000000, "2026-11-12T08:00:00.25Z"},
		{0xFFFFFFFF_00000000, "2036-02-07T06:28:15Z"},
		{0x00000000_00000000, "2036-02-07T06:28:16Z"},
		{0x00000001_C0000000, "2036-02-07T06:28:17.75Z"},
	} {
		want, err := time.Parse(time.RFC3339Nano, c.time)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.tag.Time(); !got.Equal(want) {
			t.Errorf("%#x is %v, want %v", uint64(c.tag), got.UTC(), want)
		}
		if got := Tag(want); got != c.tag {
			t.Errorf("%v is %#x, want %#x", want, uint64(got), uint64(c.tag))
		}
	}
	if !Immediately.Time().IsZero() {
		t.Error("Immediately has a time")
	}
}

// TestTimeTagsKeepNanoseconds: go-osc loses them.
func TestTimeTagsKeepNanoseconds(t *testing.T) {
	start := time.Date(2026, 11, 20, 20, 0, 0, 0, time.UTC)
	for n := 0; n < 1e9; n += 9973 {
		at := start.Add(time.Duration(n))
		if got := Tag(at).Time(); !got.Equal(at) {
			t.Fatalf("%v becomes %v", at, got.UTC())
		}
	}
	last := start.Add(time.Second - 1)
	if got := Tag(last).Time(); !got.Equal(last) {
		t.Errorf("%v becomes %v", last, got.UTC())
	}
}
