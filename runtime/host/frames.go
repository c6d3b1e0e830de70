package host

import (
	"slices"
	"sync/atomic"
	"time"

	"showrun/runtime/console"
)

// frameStats watches how late frames come; the engine loop adds, anybody reads.
type frameStats struct {
	frames atomic.Uint64
	timed  atomic.Uint64 // of them, those whose lateness counts
	recent [256]atomic.Int64
	worst  atomic.Int64

	counts [len(lateBounds) + 1]atomic.Uint64 // of timed, by lateBounds
	sum    atomic.Int64

	second   atomic.Int64  // of show time, in which the last frame was
	inSecond atomic.Uint64 // frames in it
	before   atomic.Uint64 // and in the one before it
}

// lateBounds are the upper bounds of the histogram of lateness.
var lateBounds = [...]time.Duration{
	50 * time.Microsecond, 100 * time.Microsecond, 200 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond,
}

// add counts a frame that was made at now, where one was planned for another moment. One
// that was not planned, since what it shows has only just come, is not late.
func (s *frameStats) add(woken bool, planned, now time.Duration) {
	s.frames.Add(1)
	s.rate(now)
	late := int64(now - planned)
	if woken || late < 0 {
		return
	}
	n := s.timed.Load()
	s.recent[n%uint64(len(s.recent))].Store(late)
	s.worst.Store(max(s.worst.Load(), late))
	s.timed.Store(n + 1)
	i := 0
	for i < len(lateBounds) && late > int64(lateBounds[i]) {
		i++
	}
	s.counts[i].Add(1)
	s.sum.Add(late)
}

// rate counts a frame in its second.
func (s *frameStats) rate(now time.Duration) {
	switch second := int64(now / time.Second); second - s.second.Load() {
	case 0:
	case 1:
		s.before.Store(s.inSecond.Swap(0))
		s.second.Store(second)
	default:
		s.before.Store(0)
		s.inSecond.Store(0)
		s.second.Store(second)
	}
	s.inSecond.Add(1)
}

// perSecond is how many frames there were in the last whole second.
func (s *frameStats) perSecond(now time.Duration) float64 {
	switch int64(now/time.Second) - s.second.Load() {
	case 0:
		return float64(s.before.Load())
	case 1:
		return float64(s.inSecond.Load())
	}
	return 0
}

// histogram is how late frames have come since the start.
func (s *frameStats) histogram() console.Histogram {
	h := console.Histogram{Sum: time.Duration(s.sum.Load()).Seconds()}
	for _, b := range lateBounds {
		h.Bounds = append(h.Bounds, b.Seconds())
	}
	for i := range s.counts {
		h.Counts = append(h.Counts, s.counts[i].Load())
	}
	return h
}

func (s *frameStats) read() (frames uint64, p99, worst time.Duration) {
	frames = s.frames.Load()
	recent := make([]int64, min(s.timed.Load(), uint64(len(s.recent))))
	if len(recent) == 0 {
		return frames, 0, 0
	}
	for i := range recent {
		recent[i] = s.recent[i].Load()
	}
	slices.Sort(recent)
	return frames, time.Duration(recent[len(recent)*99/100]), time.Duration(s.worst.Load())
}
