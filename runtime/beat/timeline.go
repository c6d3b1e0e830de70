package beat

import (
	"math"
	"time"
)

// Never is the instant that does not come.
const Never = time.Duration(math.MaxInt64)

// Timeline maps show time to beats and back: a straight line through (Origin,
// Beat) rising by BPM/60 beats per second. It is an immutable value; two equal
// timelines say the same, so comparing them tells whether anything moved.
//
// Within one epoch successive timelines continue one another: the beat neither
// steps nor runs backwards from one to the next. A jump starts a new epoch.
//
// Results are exact within a micro-beat for 100 days of show time.
type Timeline struct {
	Epoch   uint32        // counts jumps: positions of different epochs do not continue one another
	Origin  time.Duration // an instant in show time ...
	Beat    Micro         // ... and the beat at it
	BPM     float64       // slope in beats per minute
	Stopped bool          // the source is paused: the beat stays at Beat
}

// nanosPerMinuteByMicro is nanoseconds per minute over micro-beats per beat: BPM
// divided by it is the slope in micro-beats per nanosecond.
const nanosPerMinuteByMicro = float64(time.Minute) / float64(Beat)

// moving reports whether the beat advances at all.
func (t Timeline) moving() bool {
	return !t.Stopped && t.BPM > 0 && !math.IsInf(t.BPM, 1)
}

// At returns the beat at an instant, rounded down. It never decreases with now.
// Before Origin the line is continued backwards.
func (t Timeline) At(now time.Duration) Micro {
	if !t.moving() {
		return t.Beat
	}
	return t.Beat + clampMicro(math.Floor((float64(now)-float64(t.Origin))*t.BPM/nanosPerMinuteByMicro))
}

// Time returns the first instant at which At is at least b. On a timeline that
// does not move it returns Origin for beats up to Beat and Never beyond.
func (t Timeline) Time(b Micro) time.Duration {
	if !t.moving() {
		if b > t.Beat {
			return Never
		}
		return t.Origin
	}
	d := math.Ceil(float64(b-t.Beat) * nanosPerMinuteByMicro / t.BPM)
	if far := float64(t.Origin) + d; math.Abs(far) >= 1<<62 {
		return saturate(far)
	}
	at := t.Origin + time.Duration(d)
	// Rounding of the two divisions may differ by a nanosecond or two.
	for range 4 {
		if t.At(at) < b {
			at++
		} else if t.At(at-1) >= b {
			at--
		} else {
			break
		}
	}
	return at
}

// Span returns how long n beats last at BPM, whether or not the timeline is
// stopped. Without a tempo it is Never for a positive n, 0 otherwise.
func (t Timeline) Span(n Micro) time.Duration {
	if !(t.BPM > 0) {
		if n > 0 {
			return Never
		}
		return 0
	}
	return saturate(math.Round(float64(n) * nanosPerMinuteByMicro / t.BPM))
}

// saturate converts nanoseconds, limited to what a duration can hold.
func saturate(ns float64) time.Duration {
	if ns >= 1<<62 {
		return Never
	}
	if ns <= -(1 << 62) {
		return math.MinInt64
	}
	return time.Duration(ns)
}
