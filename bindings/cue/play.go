package cue

import (
	"cmp"
	"maps"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/cue"
	"showrun/runtime/engine"
	"showrun/runtime/patch"
	"showrun/runtime/script"
)

// moment is the present.
func (s *Lists) moment() cue.Moment {
	return cue.Moment{At: s.G.Instant(), Beat: s.G.Position(), BPM: s.G.Tempo()}
}

// credit has what f does count as done by a cue, or by the list if that is nil.
func (l *list) credit(c *cue.Cue, f func()) {
	if c == nil {
		l.G.Credit(l.Name, "", f)
		return
	}
	l.G.Credit(l.calls(c), l.where[c.Number], f)
}

// calls is how people call a cue of the list.
func (l *list) calls(c *cue.Cue) string { return l.Name + " " + cue.Number(c.Number) }

// do carries out what a step of the list leads to, in a task.
func (l *list) do(e cue.Effect) {
	l.credit(e.Cue, func() { l.carry(e) })
}

func (l *list) carry(e cue.Effect) {
	l.G.Within(nil, func() {
		if e.Drop {
			for _, s := range l.scopes {
				l.G.EndScope(s)
			}
			l.scopes = nil
		}
		for _, k := range e.Halt {
			if k.Slot > 0 {
				l.G.Emit(engine.Stop{Channel: l.stage.Channel(k)})
			}
		}
		l.move(e.Moves)
		if e.Event != cue.Nothing {
			l.G.Tell(script.Event{Topic: l.topic(events[e.Event-1]), Value: e.Cue})
		}
		if e.Play != 0 {
			l.call(e.Cue, e.Play)
		}
		l.set()
	})
}

// move begins moves.
func (l *list) move(moves []cue.Move) {
	levels := make([]cue.Move, 0, len(moves))
	for _, m := range moves {
		switch d := engine.Length(m.Duration); {
		case m.Value.Motion != nil:
		case m.Key == master.Coarse:
			l.G.Emit(engine.Master{To: m.Value.Level, Duration: d})
		case m.Key == blackout.Coarse:
			l.G.Emit(engine.Blackout{On: m.Value.Level > 0, Duration: d})
		default:
			levels = append(levels, m)
		}
	}
	slices.SortStableFunc(levels, func(a, b cue.Move) int {
		if x, y := a.Key.Output.IsAttribute(), b.Key.Output.IsAttribute(); x != y || !x {
			return attributesFirst(x, y)
		}
		return cmp.Or(cmp.Compare(a.Key.Output, b.Key.Output), cmp.Compare(a.Key.Slot, b.Key.Slot))
	})
	l.stage.Fade(levels)
	for _, m := range moves {
		if wave, ok := m.Value.Motion.(engine.WaveColor); ok && wave.At != m.Key {
			continue // for three channels it begins once
		}
		if c, ok := m.Value.Motion.(engine.Command); ok {
			l.G.Emit(c)
		}
	}
}

func attributesFirst(x, y bool) int {
	switch {
	case x == y:
		return 0
	case x:
		return -1
	}
	return 1
}

// call begins the function of a cue.
func (l *list) call(c *cue.Cue, play uint64) {
	scope := &script.Scope{Value: l.Fade(), Cue: l.calls(c), Keep: func(command engine.Command) bool { return l.keep(play, command) }}
	l.scopes = append(l.scopes, scope)
	l.G.Within(scope, func() {
		t := l.G.Run(l.task(c), l.functions[c], []lua.LValue{l.object(c)})
		t.WhenOver(func() { l.do(l.Returned(play)) })
	})
}

// task is what the function of a cue is called in logs.
func (l *list) task(c *cue.Cue) string { return "cue " + c.String() + " of " + l.Name }

// keep notes a command of a function, and tells whether it is carried out.
func (l *list) keep(play uint64, command engine.Command) bool {
	all := leaves(command)
	keep := len(all) == 0
	for _, left := range all {
		changes := l.changes(left)
		if !l.Note(l.moment(), play, changes[0], left.span) {
			continue
		}
		keep = true
		for _, c := range changes[1:] {
			l.Note(l.moment(), play, c, cue.Length{})
		}
	}
	l.G.Within(nil, l.set)
	return keep
}

// changes is what a command leaves as changes of a cue.
func (l *list) changes(left left) []cue.Change {
	c := cue.Change{Key: left.Coarse, Value: left.value, Class: patch.Intensity}
	if left.Coarse.Slot > 0 {
		c.Fixture, c.Class = l.stage.Place(left.Channel)
	}
	all := append([]cue.Change{c}, l.stage.Follow(left.Coarse)...)
	l.know(all[:1])
	return all
}

// shadow is what the function of a cue would leave.
func (l *list) shadow(c *cue.Cue) (list []cue.Late) {
	casts, err := l.G.Shadow(l.task(c), &script.Scope{Value: c.Fade}, l.functions[c], []lua.LValue{l.object(c)})
	if err != nil {
		l.G.Log().Warn("the look of " + l.task(c) + " is incomplete, as its function failed: " + err.Error())
	}
	for _, cast := range casts {
		for _, left := range leaves(cast.Command) {
			after := cue.Sum(cue.Length{Time: cast.After}, left.span, l.G.Tempo())
			for _, c := range l.changes(left) {
				list = append(list, cue.Late{Change: c, After: after})
			}
		}
	}
	return list
}

// set sets the timers that the list waits for.
func (l *list) set() { l.setIn(cue.Timer.Left) }

func (l *list) setIn(left func(cue.Timer, cue.Moment) cue.Length) {
	l.Touch()
	next, ends := l.Timers()
	now := l.moment()
	l.alarm(&l.next, next, left(next, now), func() { l.do(l.Due(l.moment())) })
	l.alarm(&l.ends, ends, left(ends, now), func() { l.do(l.Ended()) })
}

func (l *list) alarm(a *alarm, t cue.Timer, left cue.Length, ring func()) {
	if a.timer == t {
		return
	}
	if a.handle != nil {
		a.handle.Cancel()
	}
	*a = alarm{timer: t}
	if t.Kind == cue.Idle {
		return
	}
	fn := l.G.L.NewFunction(func(*lua.LState) int {
		*a = alarm{}
		ring()
		return 0
	})
	a.handle = l.G.After("cue list "+l.Name, script.Span(left), fn)
}

// begin goes on where the list stood before this load. What was due while there was no show
// comes as of its instant.
func (l *list) begin() {
	l.setIn(cue.Timer.Until)
	if l.Resting() {
		l.G.Run("cue list "+l.Name, l.G.L.NewFunction(func(*lua.LState) int {
			l.do(l.Rest(l.moment()))
			return 0
		}), nil)
	}
}

// States are where all lists stand, by their names.
func (s *Lists) States() map[string]cue.State {
	states := map[string]cue.State{}
	for _, l := range s.lists {
		states[l.Name] = l.State()
	}
	return states
}

// Take puts lists where others stood, before they begin. The
// errors tell what is gone.
func (s *Lists) Take(states map[string]cue.State) (gone []error) {
	for _, l := range s.lists {
		if state, ok := states[l.Name]; ok {
			gone = append(gone, l.List.Take(state)...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(states)) {
		state := states[name]
		if !slices.ContainsFunc(s.lists, func(l *list) bool { return l.Name == name }) && state.Used() {
			gone = append(gone, state.Gone(name))
		}
	}
	return gone
}

// Ready is Take of what an earlier run has left, when the top level has run.
func (s *Lists) Ready(states map[string]cue.State) (gone []error) {
	if len(s.lists) > 0 {
		s.findHomes()
	}
	return s.Take(states)
}

// TakeOver is Take, and brings what the present cues say otherwise than those of the load
// before onto the stage.
func (s *Lists) TakeOver(before *Lists) []error {
	gone := s.Take(before.States())
	for _, l := range s.lists {
		if i := slices.IndexFunc(before.lists, func(b *list) bool { return b.Name == l.Name }); i >= 0 {
			l.move(l.Edited(before.lists[i].List))
		}
	}
	return gone
}
