// Package timecode is the timecodes that shows send, of all protocols: they are started,
// stopped, put somewhere, and follow others.
package timecode

import (
	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/device/timecode"
	"showrun/runtime/script"
)

// Sent is a timecode that a show sends.
type Sent[R timecode.Rate] struct {
	Load   *module.Load
	Rate   R
	Title  string                                    // for the log, such as "signet: timecode 1"
	Number int                                       // of its stream, 0 if there is but one
	Order  func(timecode.Move)                       // has the device move it
	Live   func() (is timecode.Position[R], ok bool) // asks the device where it stands

	// state is how it stands at the logical instant: ahead of what the device has
	// been told, which orders reach at their instant. It is known once this load
	// has moved it.
	state timecode.Position[R]
	known bool

	warned string // rate of a source that it cannot follow
}

func (t *Sent[R]) String() string { return t.Rate.String() }

// Class is what scripts see of it.
func Class[R timecode.Rate]() module.Class[*Sent[R]] {
	return module.Class[*Sent[R]]{
		Methods: map[string]func(module.Call, *Sent[R]) int{
			"start": func(c module.Call, t *Sent[R]) int {
				m := timecode.Move{Start: true}
				if !c.None(1) {
					m.Locate, m.To = true, t.frame(c)
				}
				return t.move(m)
			},
			"stop": func(_ module.Call, t *Sent[R]) int { return t.move(timecode.Move{Stop: true}) },
			"locate": func(c module.Call, t *Sent[R]) int {
				return t.move(timecode.Move{Locate: true, To: t.frame(c)})
			},
			"follow": func(c module.Call, t *Sent[R]) int { return t.follow(c) },
		},
		Properties: map[string]func(*Sent[R]) lua.LValue{
			"position": func(t *Sent[R]) lua.LValue {
				return lua.LString(t.Rate.Label(t.stands().FrameAt(t.Load.G.Instant())))
			},
			"running": func(t *Sent[R]) lua.LValue { return lua.LBool(t.stands().Running) },
			"rate":    func(t *Sent[R]) lua.LValue { return lua.LString(t.Rate.String()) },
		},
	}
}

// frame takes a position.
func (t *Sent[R]) frame(c module.Call) int64 {
	frame, err := t.Rate.Parse(c.Str(1, "the position"))
	if err != nil {
		c.Wrong("the position", `hh:mm:ss:ff at `+t.Rate.String()+" frames a second", c.Get(1))
	}
	return frame
}

// stands is how it stands for the script.
func (t *Sent[R]) stands() timecode.Position[R] {
	if t.known {
		return t.state
	}
	if is, ok := t.Live(); ok {
		return is
	}
	return timecode.Position[R]{Rate: t.Rate}
}

func (t *Sent[R]) move(m timecode.Move) int {
	t.Order(m)
	if t.Load.G.Shadowing() {
		return 0
	}
	t.Load.G.WhenLive(func() {
		t.state, t.known = t.stands().Moved(m, t.Load.G.Instant()), true
	})
	return 0
}

// follow has it be where another is.
func (t *Sent[R]) follow(c module.Call) int {
	var source module.TimecodeSource
	if ud, ok := c.Get(1).(*lua.LUserData); ok {
		source, _ = ud.Value.(module.TimecodeSource)
	}
	if source == nil {
		c.Wrong("the source", "a timecode that is heard, such as midi.timecode(input)", c.Get(1))
	}
	fn := t.Load.G.L.NewFunction(func(L *lua.LState) int {
		t.chase(L.CheckUserData(1).Value.(module.Frame))
		return 0
	})
	return t.Load.PushHandle(c, t.Load.G.On(c.Fn, fn, func(L *lua.LState, _ *script.Task, ev script.Event) []lua.LValue {
		ud := L.NewUserData()
		ud.Value = source.FrameOf(ev)
		return []lua.LValue{ud}
	}, source.FrameTopic(), source.LostTopic()))
}

// chase moves it to where its source is, if it is not there by itself. A frame that is told
// late is none to go back to: the earliest counts.
func (t *Sent[R]) chase(f module.Frame) {
	if rate := t.Rate.String(); f.Rate != rate {
		if t.warned != f.Rate {
			t.warned = f.Rate
			t.Load.G.Log().Warn(t.Title + " cannot follow: it has " + rate + " frames a second, and its source has " + f.Rate)
		}
		return
	}
	frame, err := t.Rate.Parse(f.Label)
	if err != nil {
		return // there is no such label at this rate
	}
	is := t.stands()
	off := frame - is.FrameAt(t.Load.G.Instant())
	if is.Running == f.Running && (off == 0 || off == -1 && f.Running) {
		return
	}
	t.move(timecode.Move{Locate: true, To: frame, Start: f.Running, Stop: !f.Running})
}
