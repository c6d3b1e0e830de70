package midi

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/device/midi"
	"showrun/runtime/script"
	"showrun/runtime/show"
)

// showControl is MIDI Show Control for one device, of lighting. Equal ones are the same.
type showControl struct {
	decl   *midi.PortDecl
	device int
}

func (v showControl) String() string { return "of " + v.decl.Title() }

// allCall is the device that hears every command.
const allCall = 127

func (s *control) showControl(c module.Call) int {
	v := showControl{s.takeInput(c, 1), c.Options(2, false, "device").Integer("device", allCall, 0, allCall)}
	c.L.Push(module.OneObject(s.Load, c.L, "midi.show_control", v, func() module.Class[showControl] {
		return module.Class[showControl]{Methods: map[string]func(module.Call, showControl) int{
			"on": s.onShowControl, "drive": s.drive,
		}}
	}))
	return 1
}

// heard makes a function that calls fn unless a command is for somebody else, which is told
// as false.
func heard(L *lua.LState, fn *lua.LFunction) *lua.LFunction {
	return L.NewFunction(func(L *lua.LState) int {
		if L.Get(1) == lua.LFalse {
			return 0
		}
		n := L.GetTop()
		L.Insert(fn, 1)
		L.Call(n, 0)
		return 0
	})
}

func (s *control) onShowControl(c module.Call, v showControl) int {
	event := c.Word(1, "the event", midi.ShowEvents)
	fn := heard(c.L, c.Function(2, "the callback"))
	return s.PushHandle(c, s.G.On(c.Fn+" "+event, fn, func(_ *lua.LState, _ *script.Task, ev script.Event) []lua.LValue {
		m := ev.Value.(midi.ShowControl)
		if !m.For(v.device) {
			return []lua.LValue{lua.LFalse}
		}
		return []lua.LValue{text(m.Cue), text(m.List), lua.LNumber(m.Time.Seconds())}
	}, v.decl.ShowTopic(event)))
}

// text is a text, nil for none.
func text(s string) lua.LValue {
	if s == "" {
		return lua.LNil
	}
	return lua.LString(s)
}

// drive has a cue list do what the commands say: GO and TIMED GO of a cue or the next, STOP,
// and RESUME of fades that were stopped. Commands for another list are not for it.
func (s *control) drive(c module.Call, v showControl) int {
	var list module.List
	if ud, ok := c.Get(1).(*lua.LUserData); ok {
		list, _ = ud.Value.(module.List)
	}
	if list == nil {
		c.Wrong("the list", "one of cue.list", c.Get(1))
	}
	o := c.Options(2, false, "number")
	number := o.Str("number", "")
	do := s.G.L.NewFunction(func(L *lua.LState) int {
		ud, ok := L.Get(1).(*lua.LUserData)
		if !ok {
			return 0
		}
		if err := operate(list, ud.Value.(midi.ShowControl)); err != nil {
			s.G.Log().Warn("midi show control: " + err.Error())
		}
		return 0
	})
	var topics []string
	for _, event := range []string{"go", "timed_go", "stop", "resume"} {
		topics = append(topics, v.decl.ShowTopic(event))
	}
	return s.PushHandle(c, s.G.On(c.Fn, do, func(L *lua.LState, _ *script.Task, ev script.Event) []lua.LValue {
		m := ev.Value.(midi.ShowControl)
		if !m.For(v.device) || m.List != "" && number != "" && m.List != number {
			return []lua.LValue{lua.LNil}
		}
		ud := L.NewUserData()
		ud.Value = m
		return []lua.LValue{ud}
	}, topics...))
}

// operate has a list do what a command means.
func operate(list module.List, m midi.ShowControl) error {
	cue := cueNumber(m.Cue)
	switch m.Command {
	case "stop":
		if at := list.View().Current; cue != "" && cue != at {
			return fmt.Errorf("list %v is not at cue %s: nothing is stopped", list, cue)
		}
		return list.Operate(show.StopList{})
	case "resume":
		return list.Resume(cue)
	case "timed_go":
		return list.Timed(cue, m.Time)
	}
	return list.Operate(show.Go{Cue: cue})
}

// cueNumber is the number of a cue as lists write it: without zeros that say nothing, and
// with one point at most.
func cueNumber(s string) string {
	whole, rest, _ := strings.Cut(s, ".")
	if s == "" {
		return ""
	}
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	if rest = strings.TrimRight(rest, "0"); rest == "" {
		return whole
	}
	return whole + "." + rest
}
