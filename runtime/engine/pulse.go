package engine

import (
	"math"
	"time"

	"showrun/runtime/beat"
)

// defaultTempo is the tempo in BPM before the first Retime.
const defaultTempo = 120

// maxBeats bounds delays, so that adding one never overflows. It is some
// thousand million years.
const maxBeats beat.Micro = 1 << 60

// A pulse counts beats as they pass, for lengths given in beats. It follows
// the timeline of the show, but unlike that it neither jumps nor stops: where
// the timeline jumps the count goes on from where it was, and where it stops
// the count goes on at the last tempo. So a fade of four beats takes four
// beats whatever the deck does, and a paused deck does not leave it hanging.
type pulse struct {
	line   beat.Timeline // the timeline of the show
	run    beat.Timeline // what is counted on; it always moves
	shift  beat.Micro    // run minus line while the count follows line
	follow bool          // whether it does: line moves
}

func newPulse(start time.Duration) pulse {
	line := beat.Timeline{Origin: start, BPM: defaultTempo}
	return pulse{line: line, run: line, follow: true}
}

// retime makes the pulse follow line from the instant now on. Timelines of
// one epoch continue one another by themselves.
func (p *pulse) retime(line beat.Timeline, now time.Duration) {
	follow := !line.Stopped && line.BPM > 0 && !math.IsInf(line.BPM, 1)
	switch here := p.run.At(now); {
	case !follow:
		p.run = beat.Timeline{Origin: now, Beat: here, BPM: p.run.BPM}
	case !p.follow || line.Epoch != p.line.Epoch:
		p.shift = here - line.At(now)
	}
	if follow {
		p.run = line
		p.run.Beat += p.shift
	}
	p.line, p.follow = line, follow
}

// A timer tells how far a length has run, after a delay.
type timer struct {
	delay, length Length
	// start and base are the instant and the pulse at which the delay began,
	// or, from the moment it is over, the length.
	start time.Duration
	base  beat.Micro
	begun bool
}

func newTimer(p *pulse, start time.Duration, delay, length Length) timer {
	delay.Beats = min(delay.Beats, maxBeats)
	return timer{delay: delay, length: length, start: start, base: p.run.At(start)}
}

// progress returns how many times the length has passed since the delay was
// over: negative before, and +Inf after it if there is no length.
func (t *timer) progress(p *pulse, now time.Duration) float64 {
	if !t.begun && !t.begin(p, now) {
		return -1
	}
	var passed, length int64
	if t.length.Beats != 0 {
		passed, length = int64(p.run.At(now)-t.base), int64(t.length.Beats)
	} else {
		passed, length = int64(now-t.start), int64(t.length.Time)
	}
	switch {
	case length > 0:
		return float64(passed) / float64(length)
	case passed < 0:
		return -1
	}
	return math.Inf(1)
}

// begin reports whether the delay is over, and if so counts from the exact
// instant at which it was.
func (t *timer) begin(p *pulse, now time.Duration) bool {
	if t.delay.Beats != 0 {
		base := t.base + max(t.delay.Beats, 0)
		if p.run.At(now) < base {
			return false
		}
		if base != t.base {
			t.start, t.base = p.run.Time(base), base
		}
	} else if t.delay.Time > 0 {
		if now-t.start < t.delay.Time {
			return false
		}
		t.start += t.delay.Time
		t.base = p.run.At(t.start)
	}
	t.begun = true
	return true
}
