package signet

import (
	"fmt"
	"testing"
	"time"

	"showrun/drivers/signet/wire"
)

func TestTimecodeEveryRate(t *testing.T) {
	for r := wire.Rate24; r.Valid(); r++ {
		t.Run(r.String(), func(t *testing.T) {
			b := newBench(t, SenderConfig{})
			tc := b.timecode(5, r)
			b.flush(0)
			start := b.now.Add(250 * time.Millisecond) // in the future
			first := wire.Timecode{Minutes: 9, Seconds: 58, Rate: r}.Frame()
			tc.running, tc.base, tc.start, tc.last = true, first, start, time.Time{}
			b.expect(b.flush(0), fmt.Sprintf("239.254.255.250 2/2 tc5 %v", wire.TimecodeOf(r, first)))
			frames := first
			for b.now.Before(start.Add(3 * time.Second)) {
				next := b.output.timecodes[0].deadline()
				got := b.flush(next.Sub(b.now))
				frames++
				want := fmt.Sprintf("239.254.255.250 2/%d tc5 %v", frames-first+2, wire.TimecodeOf(r, frames))
				if at := start.Add(r.At(frames - first)); !b.now.Equal(at) {
					t.Fatalf("frame %d at %v, want %v", frames, b.now, at)
				}
				b.expect(got, want)
			}
			if min := first + int64(r.Labels())*3 - 1; frames < min {
				t.Errorf("%d frames in three seconds", frames-first)
			}
		})
	}
}

// timecode opens a stream on the bench.
func (b *bench) timecode(stream int, r wire.TimecodeRate) *Timecode {
	b.t.Helper()
	t := newTimecode(b.output, stream, r)
	b.output.timecodes = append(b.output.timecodes, t)
	return t
}

// TestTimecodeNeverGoesBack: the engine flushes a frame for its own instant, which may
// be before one that the Sender's own loop has told the label of already.
func TestTimecodeNeverGoesBack(t *testing.T) {
	b := newBench(t, SenderConfig{})
	tc := b.timecode(1, wire.Rate25)
	tc.running, tc.start = true, epoch
	b.fill(time.Time{})
	for _, step := range []struct {
		at   time.Duration
		want []string
	}{
		{40100 * time.Microsecond, []string{"239.254.255.250 2/2 tc1 00:00:00:01"}},
		{39900 * time.Microsecond, nil}, // another label
		{40000 * time.Microsecond, nil}, // the same
		{40200 * time.Microsecond, nil},
		{80000 * time.Microsecond, []string{"239.254.255.250 2/3 tc1 00:00:00:02"}},
	} {
		b.now = epoch.Add(step.at)
		b.expect(b.fill(b.now), step.want...)
	}
	// What is moved on purpose may go back, and is told at once.
	tc.base, tc.start, tc.last = 1, epoch.Add(80*time.Millisecond), time.Time{}
	b.now = epoch.Add(79900 * time.Microsecond)
	b.expect(b.fill(b.now), "239.254.255.250 2/4 tc1 00:00:00:01")
}

func TestTimecodeFrozen(t *testing.T) {
	b := newBench(t, SenderConfig{TimecodeEndpoint: 9})
	b.timecode(1, wire.Rate25)
	b.expect(b.flush(0), "239.254.255.250 9/1 tc1 00:00:00:00")
	b.expect(b.flush(899 * time.Millisecond))
	b.expect(b.flush(time.Millisecond), "239.254.255.250 9/2 tc1 00:00:00:00")
	if n := b.output.dataEndpoints(); n != 9 {
		t.Errorf("%d data endpoints", n)
	}
}
