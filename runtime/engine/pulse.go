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
// beats whatever the deck does, and a paused deck does not leave it hanging. The
// fields are exported for the snapshot.
type pulse struct {
	Line   beat.Timeline // the timeline of the show
	Run    beat.Timeline // what is counted on; it always moves
	Shift  beat.Micro    // Run minus Line while the count follows Line
	Follow bool          // whether it does: Line moves
}

func newPulse(start time.Duration) pulse {
	line := beat.Timeline{Origin: start, BPM: defaultTempo}
	return pulse{Line: line, Run: line, Follow: true}
}

// retime makes the pulse follow line from the instant now on. Timelines of
// one epoch continue one another by themselves.
func (p *pulse) retime(line beat.Timeline, now time.Duration) {
	follow := !line.Stopped && line.BPM > 0 && !math.IsInf(line.BPM, 1)
	switch here := p.Run.At(now); {
	case !follow && p.Follow:
		p.Run = beat.Timeline{Origin: now, Beat: here, BPM: p.Run.BPM}
	case follow && (!p.Follow || line.Epoch != p.Line.Epoch):
		p.Shift = here - line.At(now)
	}
	if follow {
		p.Run = line
		p.Run.Beat += p.Shift
	}
	p.Line, p.Follow = line, follow
}

// A timer tells how far a length has run, after a delay. The fields are exported
// for the snapshot.
type timer struct {
	Delay, Length Length
	// Start and Base are the instant and the pulse at which the delay began,
	// or, from the moment it is over, the length.
	Start time.Duration
	Base  beat.Micro
	Begun bool
}

func newTimer(p *pulse, start time.Duration, delay, length Length) timer {
	delay.Beats = min(delay.Beats, maxBeats)
	return timer{Delay: delay, Length: length, Start: start, Base: p.Run.At(start)}
}

// progress returns how many times the length has passed since the delay was
// over: negative before, and +Inf after it if there is no length.
func (t *timer) progress(p *pulse, now time.Duration) float64 {
	if !t.Begun && !t.begin(p, now) {
		return -1
	}
	var passed, length int64
	if t.Length.Beats != 0 {
		passed, length = int64(p.Run.At(now)-t.Base), int64(t.Length.Beats)
	} else {
		passed, length = int64(now-t.Start), int64(t.Length.Time)
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
	if t.Delay.Beats != 0 {
		base := t.Base + max(t.Delay.Beats, 0)
		if p.Run.At(now) < base {
			return false
		}
		if base != t.Base {
			t.Start, t.Base = p.Run.Time(base), base
		}
	} else if t.Delay.Time > 0 {
		if now-t.Start < t.Delay.Time {
			return false
		}
		t.Start += t.Delay.Time
		t.Base = p.Run.At(t.Start)
	}
	t.Begun = true
	return true
}
