package beat

import "math"

const (
	landSlack = 0.01 // beats by which a position may be off that was put on a beat
	landGap   = 0.1  // seconds between two observations after which nothing is known of between
	startGap  = 0.25 // seconds that it may take to see that a source plays
)

// played is how many beats were played since an observation, at most.
func (f *Follower) played(since sample, now sample) float64 {
	return max(f.Line.Slope, 0) * math.Min(now.C-since.C, landGap)
}

// wrap tells whether the source has come to the end of the loop it plays since the last
// observation, and plays on at its beginning.
func (f *Follower) wrap(s sample) bool {
	in, out := f.Loop[0], f.Loop[1]
	return in < out && f.Prev.B < out+landSlack && s.B < f.Prev.B &&
		math.Abs(s.B-in+out-f.Prev.B-f.played(f.Prev, s)) < unsteadyBeats/8
}

// leap tells how far back from the last observation the source may have jumped to, if it
// has since the one before. One that stood may have been put there to play. At the end of a
// loop it is negative: that has been foreseen.
func (f *Follower) leap(before sample) Micro {
	if f.Motion == paused {
		return FromFloat(landSlack)
	}
	played := f.played(before, f.Prev)
	if f.wraps {
		return -FromFloat(played + landSlack)
	}
	if f.Path.Line.Stopped {
		played = max(f.Line.Slope, 0) * math.Min(f.Prev.C-f.Stood, startGap)
	}
	return FromFloat(played + landSlack)
}
