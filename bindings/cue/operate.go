package cue

import (
	"fmt"
	"strconv"
	"time"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/cue"
	"showrun/runtime/script"
	"showrun/runtime/show"
)

// events are what a list tells, in the order of cue.Event.
var events = []string{"go", "done", "stop"}

func (l *list) topic(event string) string { return "cue/" + l.Name + "/" + event }

// listOn registers for an event, which is "go" if there is none but a function.
func (s *Lists) listOn(c module.Call, l *list) int {
	event := events[0]
	if _, alone := c.Get(1).(*lua.LFunction); alone {
		c.First--
	} else {
		event = c.Word(1, "the event", events)
	}
	return s.PushHandle(c, s.G.On(c.Fn+" "+event, c.Function(2, "the callback"), func(_ *lua.LState, _ *script.Task, ev script.Event) []lua.LValue {
		told, _ := ev.Value.(*cue.Cue)
		return []lua.LValue{l.object(told)}
	}, l.topic(event)))
}

// now reports whether a list can be operated, and raises where that makes no sense.
func (s *Lists) now(c module.Call, l *list) bool {
	switch {
	case s.G.Collecting():
		c.Fail(`a list is operated in a task or a handler, such as show.on("start", …): at the top level it would be again with every reload`)
	case len(l.Cues()) == 0:
		c.Fail("list %q has no cues; list:cue{ 1, … } makes one", module.Cut(l.Name))
	}
	return !s.G.Shadowing()
}

// number takes the number of a cue that there is.
func (l *list) number(c module.Call, i int) float64 {
	if o, ok := c.Get(i).(*lua.LUserData); ok {
		if o, ok := o.Value.(one); ok && o.list == l {
			return o.cue.Number
		}
	}
	n := c.Number(i, "the number of the cue")
	if _, err := l.Find(n); err != nil {
		c.Fail("%s", err)
	}
	return n
}

func (s *Lists) listGo(c module.Call, l *list) int {
	now := s.now(c, l)
	if c.None(1) {
		if now {
			l.do(l.Press(s.moment()))
		}
		return 0
	}
	if number := l.number(c, 1); now {
		e, _ := l.GoTo(s.moment(), number)
		l.do(e)
	}
	return 0
}

func (s *Lists) listJump(c module.Call, l *list) int {
	now := s.now(c, l)
	number := l.number(c, 1)
	var over *cue.Length
	if !c.None(2) {
		d := cue.Length(s.Duration(c, c.Get(2), "the duration"))
		over = &d
	}
	if now {
		e, _ := l.Jump(s.moment(), number, over)
		l.do(e)
	}
	return 0
}

func (s *Lists) listBack(c module.Call, l *list) int {
	if s.now(c, l) {
		l.do(l.Back(s.moment()))
	}
	return 0
}

func (s *Lists) listStop(c module.Call, l *list) int {
	if s.now(c, l) {
		l.do(l.Stop(l.moment()))
	}
	return 0
}

func (s *Lists) listReset(c module.Call, l *list) int {
	if s.now(c, l) {
		l.do(l.Reset())
	}
	return 0
}

func (s *Lists) listLook(c module.Call, l *list) int {
	look, _ := l.Look(l.number(c, 1))
	c.L.Push(s.stage.Write(c.L, look))
	return 1
}

// View implements module.List.
func (l *list) View() show.List {
	if len(l.shown) < len(l.Cues()) { // all are made while the show loads
		l.shown = nil
		for _, c := range l.Cues() {
			l.shown = append(l.shown, show.Cue{Number: cue.Number(c.Number), Label: c.Label})
		}
	}
	v := show.List{Name: l.Name, Cues: l.shown}
	if c := l.Current(); c != nil {
		v.Current = cue.Number(c.Number)
	}
	if c := l.Next(); c != nil {
		v.Next = cue.Number(c.Number)
		if next, _ := l.Timers(); next.Kind != cue.Idle {
			v.Pending = show.Pending{Kind: next.Kind.String(), Cue: v.Next, At: next.Due()}
		}
	}
	v.From, v.To = l.Fades()
	return v
}

// Operate implements module.List.
func (l *list) Operate(op show.Operation) (err error) {
	var e cue.Effect
	switch op := op.(type) {
	case show.Go:
		if op.Cue == "" {
			if l.Next() == nil {
				return fmt.Errorf("list %s is at its end", l.Name)
			}
			e = l.Press(l.moment())
			break
		}
		e, err = l.GoTo(l.moment(), parsed(op.Cue))
	case show.Back:
		if e = l.Back(l.moment()); e.Cue == nil {
			return fmt.Errorf("list %s has no cue to go back to", l.Name)
		}
	case show.StopList:
		e = l.Stop(l.moment())
	case show.Jump:
		over := cue.Length{Time: op.Over}
		e, err = l.Jump(l.moment(), parsed(op.Cue), &over)
	default:
		return fmt.Errorf("a cue list does not know how to %T", op)
	}
	if err == nil {
		l.do(e)
	}
	return err
}

// Timed implements module.List.
func (l *list) Timed(number string, over time.Duration) error {
	var to *float64
	if number != "" {
		n := parsed(number)
		to = &n
	}
	if to == nil && l.Next() == nil {
		return fmt.Errorf("list %s is at its end", l.Name)
	}
	e, err := l.List.Timed(l.moment(), to, cue.Length{Time: over})
	if err == nil {
		l.do(e)
	}
	return err
}

// Resume implements module.List.
func (l *list) Resume(number string) error {
	if c := l.Current(); c != nil && number != "" && parsed(number) != c.Number {
		return fmt.Errorf("list %s is at cue %s: there is nothing of cue %s to go on with", l.Name, cue.Number(c.Number), number)
	}
	e, ok := l.List.Resume(l.moment())
	if !ok {
		return fmt.Errorf("list %s was not stopped in a fade: there is nothing to go on with", l.Name)
	}
	l.do(e)
	return nil
}

// parsed is the number of a cue as the board writes it.
func parsed(text string) float64 {
	n, _ := strconv.ParseFloat(text, 64)
	return n
}
