package engine

import "time"

// horizon is how far ahead the schedule looks for an instant to meet. Nearer
// ones are met by stretching the intervals up to them; a whole second leaves
// no interval stretched by more than a fraction at the usual rates.
const horizon = time.Second

// A schedule says when frames are due. Without anything to meet they lie on a
// grid: frame n at base + n/rate, in integer arithmetic, so it never drifts.
//
// To put a frame on the instant t after a last frame at t0, n = ⌊(t-t0)·rate⌋
// intervals of equal length lead up to it. They are never shorter than 1/rate
// and shorter than 2/rate, or by an eighth of a period longer if t is nudged
// to later while the last interval runs. If n is 0, t is too near: the frame comes
// 1/rate after the last. A frame off the grid is the base of a new one.
//
// Woken frames come in between, for batches that the schedule did not know of in
// time. It does not see them: frames due stay where they are. What each output is
// promised is that it changes at most once in 1/rate, and that beats known in time
// are exact:
//
//   - An output takes part in a woken frame if it has not changed for 1/rate, and
//     so does a batch if that holds for all outputs it changes. Others stand as
//     they were.
//   - No frame is woken less than 1/rate and an eighth before an instant that a
//     frame is planned for: no output would be free to change at it. The eighth
//     is for an instant that is nudged to earlier afterwards.
//   - An output that changed in a woken frame less than 1/rate before one of the
//     schedule is left out of that, with the batches that change it; its effects
//     are back in the next. So the intervals between its changes are never shorter
//     than 1/rate either, and while something runs on it one of them is longer
//     than the schedule's, by less than 1/rate.
//   - A batch that had to wait is shown in the next frame, woken or of the
//     schedule, that its outputs may take part in; those after it that have an
//     output in common with it do not overtake it.
//
// The fields are exported for the snapshot.
type schedule struct {
	Rate  int64         // frames per second
	Base  time.Duration // the instant of frame 0 of the grid
	Index int64         // the last frame is frame Index of the grid
	Last  time.Duration // its instant, or that of the first to come
	Begun bool          // whether there has been a frame
	Seen  time.Duration // the latest moment known to have passed
}

func newSchedule(rate int, start time.Duration) schedule {
	return schedule{Rate: int64(rate), Base: start, Last: start, Seen: start}
}

// setRate begins a new grid at the last frame, if the rate is another.
func (s *schedule) setRate(rate int) {
	if s.Rate != int64(rate) {
		s.Rate, s.Base, s.Index = int64(rate), s.Last, 0
	}
}

// grid returns the instant of frame n of the grid: base + ⌊n·1 s/rate⌋.
func (s *schedule) grid(n int64) time.Duration {
	const second = int64(time.Second)
	return s.Base + time.Duration(n/s.Rate*second+n%s.Rate*second/s.Rate)
}

// periods returns how many whole periods 1/rate fit into d, which is not
// negative: ⌊d·rate/1 s⌋.
func (s *schedule) periods(d time.Duration) int64 {
	const second = int64(time.Second)
	return int64(d)/second*s.Rate + int64(d)%second*s.Rate/second
}

// period returns 1/rate, rounded down.
func (s *schedule) period() time.Duration {
	return time.Second / time.Duration(s.Rate)
}

// gap returns 1/rate, rounded up: no frame of the grid comes later after another.
func (s *schedule) gap() time.Duration {
	return (time.Second + time.Duration(s.Rate) - 1) / time.Duration(s.Rate)
}

// clearance returns how long before an instant to meet no frame is woken.
func (s *schedule) clearance() time.Duration {
	return s.gap() + s.period()/8
}

// meets reports whether a frame can still be put on the instant at.
func (s *schedule) meets(at time.Duration) bool {
	return at >= s.Seen && at > s.Last && s.periods(at-s.Last) > 0
}

// next returns when the next frame is due if the next instant to meet is at;
// that may be beat.Never. It is no moment that has passed, but for an instant to
// meet that the loop was on its way to.
func (s *schedule) next(at time.Duration) time.Duration {
	if !s.Begun {
		return max(s.Base, s.Seen) // the first may come when it will
	}
	due := s.grid(s.Index + 1)
	if at > s.Last && at-s.Last <= horizon {
		span := at - s.Last
		if n := s.periods(span); n > 0 {
			due = s.Last + span/time.Duration(n)
		}
	}
	if due >= s.Seen {
		return due
	}
	// The plan was changed half-way through a stretched interval. If at was
	// only nudged beyond two periods, the interval gives way a little rather
	// than that the beat is missed.
	period := s.period()
	if at-s.Last >= period && at-s.Last < 2*period+period/8 && at-s.Seen < period && s.Seen-at <= period/32 {
		return at // which may just have passed: the frame is a little late, and on the beat
	}
	return s.Seen
}

// skip returns the instant to take instead of due when the moment is now
// already: due itself unless a whole period has passed since, else the newest
// frame of the grid. It returns how many frames are left out by that.
func (s *schedule) skip(due, now time.Duration) (time.Duration, uint64) {
	if now-due < s.period() {
		return due, 0
	}
	n := s.periods(now - s.Base)
	if s.grid(n+1) <= now {
		n++ // the grid is rounded down
	}
	newest := max(s.grid(n), due)
	return newest, uint64(s.periods(newest - due + 1))
}

// frame notes that there was a frame at the instant at, sent at the moment now.
func (s *schedule) frame(at, now time.Duration) {
	n := s.periods(at - s.Base)
	if s.grid(n) != at {
		n++
	}
	if s.grid(n) != at {
		s.Base, n = at, 0
	}
	s.Index, s.Last, s.Begun = n, at, true
	s.pass(now)
}

// pass notes that the moment now has come.
func (s *schedule) pass(now time.Duration) {
	s.Seen = max(s.Seen, now)
}
