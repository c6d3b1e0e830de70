package bindings

import (
	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/script"
	"showrun/runtime/script/plain"
	"showrun/runtime/show"
)

// trigger is a button that people press while the show runs.
type trigger struct {
	show.Trigger
	s *Show
}

func (t *trigger) String() string { return t.Name }

func (t *trigger) topic() string { return "show/trigger/" + t.Name }

func (s *Show) showTrigger(c module.Call) int {
	t := &trigger{show.Trigger{Name: s.controlName(c, c.Get(1), "trigger")}, s}
	if c.Count() > 1 {
		s.G.On(c.Fn+" "+t.Name, c.Function(2, "the callback"), triggerArgs, t.topic())
	}
	s.triggers = append(s.triggers, t)
	s.Touch()
	c.L.Push(module.OneObject(s.Load, c.L, "show.trigger", t, triggerClass))
	return 1
}

func triggerClass() module.Class[*trigger] {
	return module.Class[*trigger]{
		Methods: map[string]func(module.Call, *trigger) int{
			"fire": triggerFire,
			"on": func(c module.Call, t *trigger) int {
				return t.s.PushHandle(c, t.s.G.On(c.Fn+" "+t.Name, c.Function(1, "the callback"), triggerArgs, t.topic()))
			},
		},
		Properties: map[string]func(*trigger) lua.LValue{
			"name": func(t *trigger) lua.LValue { return lua.LString(t.Name) },
		},
	}
}

// triggerFire calls the trigger's functions with whatever it is given.
func triggerFire(c module.Call, t *trigger) int {
	var args []lua.LValue
	for i := 1; i <= c.Count(); i++ {
		args = append(args, c.Get(i))
	}
	if !t.s.G.Shadowing() {
		t.s.G.WhenLive(func() { t.press(args) })
	}
	return 0
}

// fire fires a trigger that the board has.
func (s *Show) fire(op show.Fire) {
	var args []lua.LValue
	for _, a := range op.Args {
		args = append(args, plain.Import(s.G.L, a))
	}
	for _, t := range s.triggers {
		if t.Name == op.Name {
			t.press(args)
		}
	}
}

func (t *trigger) press(args []lua.LValue) {
	t.Fired++
	t.s.Touch()
	t.s.G.Tell(script.Event{Topic: t.topic(), Value: args})
}

func triggerArgs(_ *lua.LState, _ *script.Task, ev script.Event) []lua.LValue {
	return ev.Value.([]lua.LValue)
}
