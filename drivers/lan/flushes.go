package lan

import "time"

// Flushes tells when a sender of levels sends by itself: each frame, unless somebody calls
// it for each frame, and then only what that one has left lying. It is the owner's to lock.
type Flushes struct {
	Frame   time.Duration // from a frame to the next
	Called  time.Time     // when somebody last asked for a frame
	Flushed time.Time     // when levels last left
}

// callerGone is how long after the last call a caller counts as gone.
const callerGone = time.Second

// Due reports whether the sender sends at now: two frames after the last while somebody
// calls, so that a frame is not used up just before the caller's, else one.
func (f *Flushes) Due(now time.Time) bool {
	patience := f.Frame
	if now.Sub(f.Called) < callerGone {
		patience *= 2
	}
	return now.Sub(f.Flushed) >= patience
}

// Next is when Due becomes true.
func (f *Flushes) Next() time.Time {
	gone := f.Called.Add(callerGone)
	next := f.Flushed.Add(2 * f.Frame)
	if next.Before(gone) {
		return next
	}
	if next = f.Flushed.Add(f.Frame); next.Before(gone) {
		return gone
	}
	return next
}
