package cue

import (
	"fmt"
	"slices"
)

// State is where a list stands, by the numbers of its cues: a plain value that outlives
// the list.
type State struct {
	At      float64 // the current cue, if On is set
	On      bool
	Loose   bool // the stage may differ from it
	Next    Timer
	Ends    Timer
	Started Moment    // of the current cue
	Running []float64 // cues whose function had not returned
	Pass    int64     // the frame of the timecode that was reached, if Timed is set
	Timed   bool
}

// State returns where the list stands.
func (l *List) State() State {
	s := State{On: l.at >= 0, Loose: l.loose, Next: l.next, Ends: l.ends, Started: l.started, Pass: l.chase.pos, Timed: l.chase.known}
	if s.On {
		s.At = l.cues[l.at].Number
	}
	for _, p := range l.plays {
		if p.running {
			s.Running = append(s.Running, p.cue.Number)
		}
	}
	return s
}

// Used tells whether the list has done anything, or is about to.
func (s State) Used() bool { return s.On || s.Next.Kind != Idle }

// Gone tells that there is no list any more that goes on where this one stood.
func (s State) Gone(name string) error {
	where := ""
	if s.On {
		where = ", which was at cue " + Number(s.At)
	}
	return fmt.Errorf("cue list %q is gone%s%s", name, where, s.off())
}

// off tells that what was waited for does not come.
func (s State) off() string {
	if s.Next.Kind == Idle {
		return ""
	}
	return fmt.Sprintf("; its %s is off", s.Next.Kind)
}

// Take puts a list that has not been used where another one stood. What was moving goes on
// by itself, but for what functions would have done: that is for Rest. The errors name cues
// that are gone.
func (l *List) Take(s State) (gone []error) {
	l.position = position{at: -1, loose: s.Loose, lost: s.Loose, next: s.Next, ends: s.Ends, started: s.Started}
	if s.Timed {
		// A frame that goes on from where it was is believed at once.
		l.chase = chase{last: s.Pass, steady: steadyFrames - 1, pos: s.Pass, known: true}
	}
	l.until = max(l.ends.Due(), l.started.At)
	if s.On {
		i, found := l.search(s.At)
		if !found {
			i, l.loose, l.lost, l.next, l.ends = i-1, true, true, Timer{}, Timer{}
			gone = append(gone, l.gone(s, i))
		}
		l.at = i
		l.owed = i + 1
		l.rest = s.Running
	}
	if _, found := l.search(l.next.Cue); l.next.Kind == Waiting && !found {
		gone = append(gone, fmt.Errorf("cue list %q: cue %s is gone, for which it waited", l.Name, Number(l.next.Cue)))
		l.next = Timer{}
	}
	return gone
}

// gone tells that the current cue of a state is not there any more.
func (l *List) gone(s State, i int) error {
	where := "before its first cue"
	if i >= 0 {
		where = "at cue " + l.cues[i].String()
	}
	return fmt.Errorf("cue list %q: cue %s is gone, at which it was; it stands %s now%s", l.Name, Number(s.At), where, s.off())
}

// Resting tells that there is something for Rest.
func (l *List) Resting() bool { return len(l.rest) > 0 && l.at >= 0 }

// Rest is what the functions of another list, which do not go on, had still to do, as
// their cues leave it.
func (l *List) Rest(now Moment) (e Effect) {
	l.settle()
	stands := l.standing()
	l.ends = Timer{Kind: Ending, From: now, Span: l.ends.Left(now)}
	for _, number := range l.rest {
		i, found := l.search(number)
		if !found || !l.cues[i].Function {
			continue
		}
		for _, late := range l.Shadow(l.cues[i]) {
			n := l.number(late.Change)
			if v, _ := stands(n); v != late.Value || v.Motion != nil {
				continue
			}
			left := Timer{From: l.started, Span: late.After}.Left(now)
			e.Moves = append(e.Moves, Move{Key: late.Key, Class: late.Class, Value: late.Value, Duration: left})
			l.ends.Span = longer(l.ends.Span, left, now.BPM)
		}
	}
	l.rest = nil
	l.until = l.ends.Due()
	return e
}

// Edited are the moves to what the cues up to the current one say otherwise than those of
// the list before did, which stood at the same cue. Functions are left alone, and so is
// what they have changed.
func (l *List) Edited(before *List) (moves []Move) {
	if l.at < 0 || l.loose {
		return nil
	}
	i, found := before.search(l.cues[l.at].Number)
	if !found || before.at != i {
		return nil
	}
	old, stood := before.written(i), before.standing()
	for k, v := range l.written(l.at) {
		was, known := old[k]
		if known && was == v {
			continue
		}
		if n, ok := before.numbers[k]; ok {
			if stands, known := stood(n); known && stands != was {
				continue
			}
		}
		n := l.numbers[k]
		moves = append(moves, Move{Key: k, Class: l.channels[n].class, Value: v})
	}
	slices.SortFunc(moves, func(a, b Move) int { return int(l.numbers[a.Key] - l.numbers[b.Key]) })
	return moves
}

// written is what cues up to the one at i say, without their functions.
func (l *List) written(i int) map[Key]Value {
	levels := map[Key]Value{}
	for k, c := range l.cues[:i+1] {
		if c.CueOnly && k != i {
			continue
		}
		for _, change := range c.Changes {
			levels[change.Key] = change.Value
		}
	}
	return levels
}
