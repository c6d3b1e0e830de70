package cue

import (
	"slices"
	"time"

	"showrun/runtime/beat"
)

// Kind says what a timer waits for.
type Kind uint8

const (
	Idle      Kind = iota // nothing
	Following             // the next cue, so long after the current one started
	Hanging               // the next cue, so long after the fades of the current one end
	Waiting               // the start of a cue that was told to go
	Ending                // the end of fades
)

// String names the option of a cue that the timer is for.
func (k Kind) String() string {
	return [...]string{"", "follow", "hang", "wait", "fade"}[k]
}

// Timer is something that comes Span after From. The zero value waits for nothing.
type Timer struct {
	Kind Kind
	From Moment
	Span Length  // may be negative, which is at once
	Cue  float64 // that starts, if the list waits
}

// Left is how long it is until the timer is due, not negative.
func (t Timer) Left(now Moment) Length {
	if t.Span.Beats != 0 {
		return Length{Beats: max(t.Span.Beats-(now.Beat-t.From.Beat), 0)}
	}
	return Length{Time: max(t.Span.Time-(now.At-t.From.At), 0)}
}

// Until is Left, but that it is less than nothing for a timer that was due before.
func (t Timer) Until(now Moment) Length {
	if t.Span.Beats != 0 {
		return Length{Beats: max(t.Span.Beats, 0) - (now.Beat - t.From.Beat)}
	}
	return Length{Time: max(t.Span.Time, 0) - (now.At - t.From.At)}
}

// Due is the instant of the timer if the tempo stays.
func (t Timer) Due() time.Duration { return t.From.At + t.Span.at(t.From.BPM) }

// at is a length at a tempo.
func (d Length) at(bpm float64) time.Duration {
	if d.Beats == 0 || bpm <= 0 {
		return d.Time
	}
	return time.Duration(d.Beats.Float() * 60 / bpm * 1e9)
}

// Times is a length so many times.
func (d Length) Times(n int) Length {
	return Length{d.Time * time.Duration(n), d.Beats * beat.Micro(n)}
}

// Sum is one length after the other, at a tempo. Beats stay beats, unless one of both is a
// time.
func Sum(a, b Length, bpm float64) Length {
	switch {
	case b == Length{}:
		return a
	case a == Length{}:
		return b
	case a.Beats != 0 && b.Beats != 0:
		return Length{Beats: a.Beats + b.Beats}
	}
	return Length{Time: a.at(bpm) + b.at(bpm)}
}

func longer(a, b Length, bpm float64) Length {
	if b.at(bpm) > a.at(bpm) {
		return b
	}
	return a
}

// Timers are what the list waits for: what starts a cue, and the end of its fades.
func (l *List) Timers() (next, ends Timer) {
	if l.over {
		return l.next, Timer{}
	}
	return l.next, l.ends
}

// Due is told that what starts a cue has come.
func (l *List) Due(now Moment) Effect {
	t := l.next
	l.next = Timer{}
	switch t.Kind {
	case Waiting:
		if i, found := l.search(t.Cue); found {
			return l.start(now, i)
		}
	case Following, Hanging:
		if l.at+1 < len(l.cues) {
			return l.wait(now, l.at+1)
		}
	}
	return Effect{}
}

// lasts has the fades of the current cue last until a span from now is over.
func (l *List) lasts(now Moment, n int32, span Length) {
	l.moves(n)
	from := l.ends.From
	if l.ends.Kind != Ending {
		l.ends, from = Timer{Kind: Ending, From: now}, now
	}
	since := Length{Time: now.At - from.At}
	if span.Beats != 0 {
		since = Length{Beats: now.Beat - from.Beat}
	}
	l.ends.Span = longer(l.ends.Span, Sum(since, span, now.BPM), now.BPM)
	l.until = l.ends.Due()
	l.over, l.dark = false, false
	l.hang(now)
}

// moves notes a channel as one that moves. A function may go on for days, so it is there
// about once.
func (l *List) moves(n int32) {
	if len(l.moving) > 2*len(l.channels) {
		slices.Sort(l.moving)
		l.moving = slices.Compact(l.moving)
	}
	l.moving = append(l.moving, n)
}

// Ended is told that the end of the fades has come.
func (l *List) Ended() Effect {
	if n := len(l.plays); n > 0 && l.plays[n-1].running {
		l.over = true
		return Effect{}
	}
	return l.finish()
}
