package signet

import (
	"slices"
	"strconv"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/device/signet"
	"showrun/runtime/script"
)

// receiver is a declared Receiver. Equal ones are the same.
type receiver struct {
	decl *signet.ReceiverDecl
}

func (r receiver) String() string { return r.decl.Scope }

func (s *sig) receiver(c module.Call) int {
	o := c.Options(1, false, "scope", "interface", "key", "mode", "label")
	decl := &signet.ReceiverDecl{
		Scope: scope(o), Interface: o.Str("interface", ""), KeyFrom: key(o),
		Mode: o.Choice("mode", modes[:2]), Label: o.Str("label", ""),
	}
	r := receiver{module.Declare(s.Load, c, decl)}
	c.L.Push(module.OneObject(s.Load, c.L, "signet.receiver", r, func() module.Class[receiver] {
		return module.Class[receiver]{Methods: map[string]func(module.Call, receiver) int{
			"universe": s.heardUniverse, "timecode": s.heardTimecode,
		}}
	}))
	return 1
}

// heardUniverse is a universe of a receiver. Equal ones are the same.
type heardUniverse struct {
	receiver receiver
	number   int
	preview  bool
}

func (u heardUniverse) String() string { return strconv.Itoa(u.number) }

func (s *sig) heardUniverse(c module.Call, r receiver) int {
	n := c.Integer(1, "universe number", 1, 63999)
	u := heardUniverse{r, n, c.Options(2, false, "preview").Bool("preview")}
	list := &r.decl.Universes
	if u.preview {
		list = &r.decl.Previews
	}
	if !slices.Contains(*list, n) {
		s.LoadingOnly(c, "universes are declared")
		*list = append(*list, n)
	}
	c.L.Push(module.OneObject(s.Load, c.L, "signet.receiver.universe", u, func() module.Class[heardUniverse] {
		return module.Class[heardUniverse]{
			Methods: map[string]func(module.Call, heardUniverse) int{
				"on": s.onLevels, "get": s.heardLevel, "levels": s.heardLevels,
			},
			Properties: map[string]func(heardUniverse) lua.LValue{
				"number":  func(u heardUniverse) lua.LValue { return lua.LNumber(u.number) },
				"preview": func(u heardUniverse) lua.LValue { return lua.LBool(u.preview) },
			},
		}
	}))
	return 1
}

func (s *sig) onLevels(c module.Call, u heardUniverse) int {
	if c.Get(1) != lua.LString("levels") {
		c.Wrong("the event", `"levels"`, c.Get(1))
	}
	topic := u.receiver.decl.LevelsTopic(u.number)
	if u.preview {
		topic = u.receiver.decl.PreviewTopic(u.number)
	}
	return s.PushHandle(c, s.G.On(c.Fn+" levels", c.Function(2, "the callback"), func(L *lua.LState, _ *script.Task, ev script.Event) []lua.LValue {
		v := ev.Value.(signet.Levels)
		source := lua.LValue(lua.LNil)
		if v.Source != "" {
			source = lua.LString(v.Source)
		}
		return []lua.LValue{levelList(L, v.Levels), source}
	}, topic))
}

func levelList(L *lua.LState, levels []byte) *lua.LTable {
	t := L.CreateTable(len(levels), 0)
	for i, l := range levels {
		t.RawSetInt(i+1, lua.LNumber(l))
	}
	return t
}

// heardLevel returns the level of a slot and whether anybody sends it.
func (s *sig) heardLevel(c module.Call, u heardUniverse) int {
	slot := c.Integer(1, "slot", 1, slots)
	heard := module.Ask[signet.SlotLevel](s.Load, u.receiver.decl, signet.LevelOf{Universe: u.number, Slot: slot, Preview: u.preview})
	c.L.Push(lua.LNumber(heard.Level))
	c.L.Push(lua.LBool(heard.Driven))
	return 2
}

func (s *sig) heardLevels(c module.Call, u heardUniverse) int {
	c.L.Push(levelList(c.L, module.Ask[[]byte](s.Load, u.receiver.decl, signet.LevelsOf{Universe: u.number, Preview: u.preview})))
	return 1
}

// heardTimecode is a timecode of a receiver. Equal ones are the same.
type heardTimecode struct {
	receiver receiver
	stream   int
}

func (t heardTimecode) String() string { return strconv.Itoa(t.stream) }

func (s *sig) heardTimecode(c module.Call, r receiver) int {
	n := c.Integer(1, "the stream", 1, 255)
	if !slices.Contains(r.decl.Timecodes, n) {
		s.LoadingOnly(c, "timecodes are declared")
		r.decl.Timecodes = append(r.decl.Timecodes, n)
	}
	known := func(f func(signet.Timecode) lua.LValue, unheard lua.LValue) func(heardTimecode) lua.LValue {
		return func(t heardTimecode) lua.LValue {
			if state := module.Ask[signet.Standing](s.Load, t.receiver.decl, signet.TimecodeOf{Stream: t.stream}); state.Known {
				return f(state.Timecode)
			}
			return unheard
		}
	}
	c.L.Push(module.OneObject(s.Load, c.L, "signet.receiver.timecode", heardTimecode{r, n}, func() module.Class[heardTimecode] {
		return module.Class[heardTimecode]{
			Methods: map[string]func(module.Call, heardTimecode) int{"on": s.onTimecode},
			Properties: map[string]func(heardTimecode) lua.LValue{
				"stream": func(t heardTimecode) lua.LValue { return lua.LNumber(t.stream) },
				"position": known(func(t signet.Timecode) lua.LValue {
					return lua.LString(t.Rate.Label(t.FrameAt(s.G.Instant())))
				}, lua.LNil),
				"rate":    known(func(t signet.Timecode) lua.LValue { return lua.LString(t.Rate.String()) }, lua.LNil),
				"running": known(func(t signet.Timecode) lua.LValue { return lua.LBool(t.Running) }, lua.LFalse),
			},
		}
	}))
	return 1
}

func (s *sig) onTimecode(c module.Call, t heardTimecode) int {
	topic := func(event string) string { return t.receiver.decl.TimecodeTopic(t.stream, event) }
	return s.OnEvent(c, signet.TimecodeEvents, topic, func(_ *lua.LState, _ *script.Task, ev script.Event) []lua.LValue {
		v := ev.Value.(signet.TimecodeEvent)
		return []lua.LValue{lua.LString(v.Position), lua.LBool(v.Jump)}
	})
}

// FrameTopic implements module.TimecodeSource.
func (t heardTimecode) FrameTopic() string { return t.receiver.decl.TimecodeTopic(t.stream, "frame") }

// LostTopic implements module.TimecodeSource.
func (t heardTimecode) LostTopic() string { return t.receiver.decl.TimecodeTopic(t.stream, "lost") }

// FrameOf implements module.TimecodeSource.
func (t heardTimecode) FrameOf(ev script.Event) module.Frame {
	v := ev.Value.(signet.TimecodeEvent)
	return module.Frame{Number: v.Frame, Rate: v.Rate.String(), Label: v.Position, Running: v.Running, Parse: v.Rate.Parse}
}
