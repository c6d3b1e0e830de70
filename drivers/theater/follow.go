package theater

import (
	"math"
	"time"
)

const (
	// followEvery is how often a tempo that follows the beat is sent at most, and
	// followStep by which part it has to have moved (PROTOCOL.md ruling 5).
	followEvery = 500 * time.Millisecond
	followStep  = 0.005
)

// follower makes a tempo of beats per minute. The zero value follows nothing.
type follower struct {
	perBeat float64 // segments
	wanted  float64 // segments a minute; 0 for none yet
	sent    float64 // the last one taken; 0 for none yet
	at      time.Time
}

// beat notes a tempo in beats per minute.
func (f *follower) beat(bpm float64) {
	rate := bpm * f.perBeat
	if rate > 0 && !math.IsInf(rate, 0) { // a deck that stands has no tempo: the last one stays
		f.wanted = max(MinTempo, min(rate, MaxTempo))
	}
}

// moved tells whether the tempo is another than the one sent.
func (f *follower) moved() bool {
	return f.perBeat > 0 && math.Abs(f.wanted-f.sent) > followStep*f.sent
}

// deadline is when take has a tempo, zero for not before the next beat.
func (f *follower) deadline() time.Time {
	if !f.moved() {
		return time.Time{}
	}
	return f.at.Add(followEvery)
}

// take gives the tempo to send now, 0 for none.
func (f *follower) take(now time.Time) float64 {
	if !f.moved() || now.Before(f.deadline()) {
		return 0
	}
	f.sent, f.at = f.wanted, now
	return f.sent
}

// checkPerBeat checks segments per beat; 0 ends following.
func checkPerBeat(perBeat float64) error {
	if !(perBeat >= 0 && perBeat <= MaxTempo) {
		return wrong("follow: %v segments per beat: expected 0 to %d", perBeat, MaxTempo)
	}
	return nil
}

// sooner gives the earlier of two instants; zero ones do not count.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
