package cue

import (
	"slices"
)

// Jump goes to the look of a cue without starting it: nothing waits, follows or is called.
// Channels take over, or as the cue says if that is nil.
func (l *List) Jump(now Moment, number float64, over *Length) (Effect, error) {
	c, err := l.Find(number)
	if err != nil {
		return Effect{}, err
	}
	i, _ := l.search(number)
	f := c.Fade
	if over != nil {
		f = Every(*over)
	}
	moves := l.state(i, f, true)
	l.at, l.loose, l.started, l.next, l.moving, l.stopped = i, false, now, Timer{}, nil, nil
	l.begin(now, moves)
	return Effect{Drop: true, Moves: moves, Cue: c}, nil
}

// Back goes to the look of the cue before the current one, as Jump does.
func (l *List) Back(now Moment) Effect {
	if l.at < 1 {
		return Effect{}
	}
	e, _ := l.Jump(now, l.cues[l.at-1].Number, nil)
	return e
}

// Stop ends all that runs and all that is waited for: the list stays at its cue, and
// channels stay where they are in their fades.
func (l *List) Stop(now Moment) Effect {
	e := Effect{Drop: true, Event: Stopped, Cue: l.Current()}
	if l.ends.Kind == Ending {
		if left := l.ends.Left(now); left != (Length{}) {
			l.stopped = &left
		}
		moving := slices.Clone(l.moving)
		slices.Sort(moving)
		stands := l.standing()
		for _, n := range slices.Compact(moving) {
			if v, _ := stands(n); v.Motion == nil {
				e.Halt = append(e.Halt, l.channels[n].Key)
			}
		}
		l.loose, l.halted = true, append(l.halted, moving...)
		l.until = l.started.At // they do not last any longer
	}
	l.next, l.ends, l.moving, l.over, l.dark = Timer{}, Timer{}, nil, false, false
	l.end()
	return e
}

// Reset goes before the first cue. Nothing moves; the next start states everything.
func (l *List) Reset() Effect {
	l.at, l.loose, l.stopped = -1, true, nil
	l.next, l.ends, l.moving, l.over, l.dark = Timer{}, Timer{}, nil, false, false
	l.end()
	return Effect{Drop: true}
}

// end takes it that no function runs any more.
func (l *List) end() {
	for _, p := range l.plays {
		l.loose = l.loose || p.running
		p.running = false
	}
}

// Resume goes on with fades that Stop has stopped, for as long as was left of them. It is
// false if there are none.
func (l *List) Resume(now Moment) (Effect, bool) {
	if l.stopped == nil || l.at < 0 {
		return Effect{}, false
	}
	e, err := l.Jump(now, l.cues[l.at].Number, l.stopped)
	return e, err == nil
}
