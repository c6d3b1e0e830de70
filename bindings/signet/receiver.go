package signet

import (
	"slices"
	"strconv"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/bindings/universe"
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

func (s *sig) heardUniverse(c module.Call, r receiver) int {
	return universe.Receiver{
		Class: "signet.receiver.universe", Load: s.Load, Decl: r.decl, Streams: &r.decl.Universes, Preview: true,
	}.Declare(c, c.Integer(1, "universe number", 1, lastUniverse), 2)
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

// FrameOf implements module.TimecodeSource.
func (t heardTimecode) FrameOf(ev script.Event) module.Frame {
	v := ev.Value.(signet.TimecodeEvent)
	return module.Frame{Number: v.Frame, Rate: v.Rate.String(), Parse: v.Rate.Parse}
}
