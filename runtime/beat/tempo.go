package beat

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

const (
	slowest = 20.0  // BPM the internal tempo can have
	fastest = 999.0 //

	nudgeMost = 1_000_000 * Beat
	nudgeSlew = Beat / 2 // nudges from here on jump

	tapGap  = 2 * time.Second // taps further apart begin anew
	tapsMin = 4               // taps that make a tempo
	tapsMax = 8               // taps looked back at
)

// errFollowing refuses what only the internal tempo can do.
var errFollowing = errors.New("the tempo comes from a followed source: follow \"internal\" first")

// checkTempo returns an error for a tempo outside 20-999 BPM.
func checkTempo(bpm float64) error {
	if !(bpm >= slowest && bpm <= fastest) {
		return fmt.Errorf("tempo must be %v-%v BPM, got %v", slowest, fastest, bpm)
	}
	return nil
}

// SetTempo sets the internal tempo, 20-999 BPM, from now on. The position and
// the epoch go on.
func (c *Conductor) SetTempo(bpm float64, now time.Duration) error {
	if err := checkTempo(bpm); err != nil {
		return err
	}
	if c.source != Internal {
		return errFollowing
	}
	c.tempo = bpm
	c.internal = Timeline{Origin: now, Beat: c.internal.At(now), BPM: bpm}
	c.path.aim(now, c.internal, nudgeSlew-1, c.internal.Span(Beat))
	return nil
}

// Nudge moves the internal beat by b, forward if positive. Less than half a
// beat is slewed within one beat, in the same epoch; more is a jump. Beyond a
// million beats it is refused.
func (c *Conductor) Nudge(b Micro, now time.Duration) error {
	if c.source != Internal {
		return errFollowing
	}
	if b > nudgeMost || b < -nudgeMost {
		return fmt.Errorf("nudge must be at most %d beats either way, got %v", nudgeMost/Beat, b.Float())
	}
	c.internal = Timeline{Origin: now, Beat: c.internal.At(now) + b, BPM: c.tempo}
	c.path.aim(now, c.internal, nudgeSlew-1, c.internal.Span(Beat))
	return nil
}

// Tap takes a tap of the operator. From the fourth one on the internal tempo is
// the median interval of the last taps; a gap of more than two seconds begins
// anew. The position goes on. It fails when a source is followed, or when the
// taps give a tempo outside 20-999 BPM.
func (c *Conductor) Tap(now time.Duration) error {
	if c.source != Internal {
		return errFollowing
	}
	if n := len(c.taps); n > 0 && (now-c.taps[n-1] > tapGap || now < c.taps[n-1]) {
		c.taps = c.taps[:0]
	}
	if len(c.taps) == tapsMax {
		c.taps = slices.Delete(c.taps, 0, 1)
	}
	if c.taps = append(c.taps, now); len(c.taps) < tapsMin {
		return nil
	}
	gaps := make([]time.Duration, len(c.taps)-1)
	for i := range gaps {
		gaps[i] = c.taps[i+1] - c.taps[i]
	}
	slices.Sort(gaps)
	middle := (gaps[(len(gaps)-1)/2] + gaps[len(gaps)/2]) / 2
	return c.SetTempo(time.Minute.Seconds()/math.Max(middle.Seconds(), 1e-9), now)
}
