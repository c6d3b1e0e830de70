package cue

import "fmt"

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

// Take puts a list that has not been used where another one stood. What was running goes on
// by itself; the rest of what functions would have done is in the effect, as they cannot go
// on. The errors name cues that are gone.
func (l *List) Take(now Moment, s State) (e Effect, gone []error) {
	l.at, l.loose, l.lost, l.next, l.ends, l.started = -1, s.Loose, s.Loose, s.Next, s.Ends, s.Started
	l.chase = chase{pos: s.Pass, known: s.Timed}
	if s.On {
		i, found := l.search(s.At)
		if !found {
			i, l.loose, l.lost, l.next, l.ends = i-1, true, true, Timer{}, Timer{}
			gone = append(gone, l.gone(s, i))
		}
		l.at = i
		l.owed = i + 1
	}
	if _, found := l.search(l.next.Cue); l.next.Kind == Waiting && !found {
		gone = append(gone, fmt.Errorf("cue list %q: cue %s is gone, for which it waited", l.Name, Number(l.next.Cue)))
		l.next = Timer{}
	}
	if len(s.Running) > 0 && l.at >= 0 {
		e.Moves = l.rest(now, s)
	}
	return e, gone
}

// gone tells that the current cue of a state is not there any more.
func (l *List) gone(s State, i int) error {
	where := "before its first cue"
	if i >= 0 {
		where = "at cue " + l.cues[i].String()
	}
	waited := ""
	if s.Next.Kind != Idle {
		waited = fmt.Sprintf("; its %s is off", s.Next.Kind)
	}
	return fmt.Errorf("cue list %q: cue %s is gone, at which it was; it stands %s now%s", l.Name, Number(s.At), where, waited)
}

// rest is what functions that ran had still to do, as their cues leave it.
func (l *List) rest(now Moment, s State) (moves []Move) {
	l.settle()
	stands := l.standing()
	for _, number := range s.Running {
		i, found := l.search(number)
		if !found || !l.cues[i].Function {
			continue
		}
		for _, late := range l.Shadow(l.cues[i]) {
			n := l.number(late.Change)
			if v, _ := stands(n); v != late.Value || v.Motion != nil {
				continue
			}
			left := Timer{From: s.Started, Span: late.After}.Left(now)
			moves = append(moves, Move{Key: late.Key, Class: late.Class, Value: late.Value, Duration: left})
			l.ends = Timer{Kind: Ending, From: now, Span: longer(l.ends.Left(now), left, now.BPM)}
		}
	}
	return moves
}
