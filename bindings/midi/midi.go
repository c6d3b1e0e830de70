// Package midi is the Lua module of that name: what hands do on the keys and faders of
// others, and the clock, timecode and show control that come the same way.
package midi

import (
	"fmt"
	"slices"
	"strconv"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/device/midi"
	"showrun/runtime/script"
)

// control is the module in one load.
type control struct {
	*module.Load
	inputs []*midi.PortDecl // in the order of declaration
	tapes  map[*midi.PortDecl]*tape
}

// input and output are the two sides of a declared port. Equal ones are the same.
type (
	input  struct{ decl *midi.PortDecl }
	output struct{ decl *midi.PortDecl }
)

func (p input) String() string  { return p.decl.Title() }
func (p output) String() string { return p.decl.Title() }

// Open returns what makes the module.
func Open(l *module.Load) func(L *lua.LState, m *lua.LTable) {
	s := &control{Load: l, tapes: map[*midi.PortDecl]*tape{}}
	return func(L *lua.LState, m *lua.LTable) {
		module.Functions(L, m, "midi", map[string]func(module.Call) int{
			"input": s.input, "output": s.output, "map": s.mapTo,
			"clock": s.clock, "timecode": s.timecode, "show_control": s.showControl,
		})
	}
}

// defaultPort is that of a session that names none.
const defaultPort = 5004

// port takes the options that say which port it is.
func (s *control) port(c module.Call) *midi.PortDecl {
	kinds := []string{"name", "session", "host", "offer"}
	o := c.Options(1, false, append(kinds, "port", "interface")...)
	given := slices.DeleteFunc(slices.Clone(kinds), func(k string) bool { return !o.Has(k) })
	if len(given) != 1 {
		c.Fail(`say which one: name = "APC*" for a port of this computer; session = "Desk*", host = "10.0.0.5" or offer = "my show" for a session of RTP-MIDI`)
	}
	d := &midi.PortDecl{Name: o.Str("name", ""), Session: o.Str("session", ""), Offer: o.Str("offer", ""), Interface: o.Str("interface", "")}
	port := o.Integer("port", defaultPort, 1, 65534)
	switch {
	case o.Has("host"):
		d.Host, d.Port = o.Host(), port
	case o.Has("offer"):
		d.Port = port
	case o.Has("port"):
		c.Fail("a port goes with host or offer")
	}
	return module.Declare(s.Load, c, d)
}

func (s *control) input(c module.Call) int {
	p := input{s.port(c)}
	if !slices.Contains(s.inputs, p.decl) {
		s.inputs = append(s.inputs, p.decl)
	}
	c.L.Push(module.OneObject(s.Load, c.L, "midi.input", p, func() module.Class[input] {
		return module.Class[input]{Methods: map[string]func(module.Call, input) int{"on": s.on}}
	}))
	return 1
}

func (s *control) on(c module.Call, p input) int {
	return s.OnEvent(c, midi.Events, p.decl.Topic, func(_ *lua.LState, _ *script.Task, ev script.Event) []lua.LValue {
		return values(ev.Value.(midi.Message))
	})
}

// values is a message for a script, in the order in which send takes it.
func values(m midi.Message) []lua.LValue {
	number, value, channel := lua.LNumber(m.Number), lua.LNumber(m.Value), lua.LNumber(m.Channel)
	switch m.Kind {
	case midi.Note, midi.CC, midi.KeyPressure:
		return []lua.LValue{number, value, channel}
	case midi.Program, midi.PitchBend:
		return []lua.LValue{number, channel}
	case midi.Pressure:
		return []lua.LValue{value, channel}
	case midi.Sysex:
		return []lua.LValue{lua.LString(m.Data)}
	case midi.SongPosition, midi.SongSelect:
		return []lua.LValue{number}
	}
	return nil
}

func (s *control) output(c module.Call) int {
	p := output{s.port(c)}
	c.L.Push(module.OneObject(s.Load, c.L, "midi.output", p, func() module.Class[output] {
		return module.Class[output]{Methods: map[string]func(module.Call, output) int{"send": s.send, "timecode": s.sentTimecode}}
	}))
	return 1
}

// sent are the messages that scripts send.
var sent = []string{"note", "cc", "program", "pitchbend", "keypressure", "pressure", "sysex", "start", "continue", "stop", "clock", "song_position", "song"}

func (s *control) send(c module.Call, p output) int {
	m := midi.Message{Kind: midi.Kind(c.Word(1, "the message", sent))}
	next := 2
	number := func(what string, lo, hi int) int {
		next++
		return c.Integer(next-1, what, lo, hi)
	}
	switch m.Kind {
	case midi.Note:
		m.Number, m.Value = number("the note", 0, 127), number("the velocity", 0, 127)
	case midi.KeyPressure:
		m.Number, m.Value = number("the note", 0, 127), number("the pressure", 0, 127)
	case midi.CC:
		m.Number, m.Value = number("the controller", 0, 127), number("the value", 0, 127)
	case midi.Program:
		m.Number = number("the program", 0, 127)
	case midi.PitchBend:
		m.Number = number("the bend", -8192, 8191)
	case midi.Pressure:
		m.Value = number("the pressure", 0, 127)
	case midi.SongPosition:
		m.Number = number("the sixteenths", 0, 16383)
	case midi.SongSelect:
		m.Number = number("the song", 0, 127)
	case midi.Sysex:
		b, ok := c.Get(2).(lua.LString)
		if !ok {
			c.Wrong("the bytes", "a string", c.Get(2))
		}
		m.Data, next = string(b), 3
	}
	if slices.Contains([]midi.Kind{midi.Note, midi.KeyPressure, midi.CC, midi.Program, midi.PitchBend, midi.Pressure}, m.Kind) {
		m.Channel = 1
		if !c.None(next) {
			m.Channel = c.Integer(next, "the channel", 1, 16)
		}
		next++
	}
	if c.Count() >= next {
		c.Fail("%s has %d values, got %d", m.Kind, next-2, c.Count()-1)
	}
	if err := m.Check(); err != nil {
		c.Fail("%s", err)
	}
	s.Order(p.decl, m)
	return 0
}

// takeInput takes an input as argument i.
func (s *control) takeInput(c module.Call, i int) *midi.PortDecl {
	if ud, ok := c.Get(i).(*lua.LUserData); ok {
		if p, ok := ud.Value.(input); ok {
			return p.decl
		}
	}
	c.Wrong("the input", `one of midi.input, as in midi.input{ name = "APC*" }`, c.Get(i))
	return nil
}

// clock is the tempo source of an input. Equal ones are the same.
type clock struct{ decl *midi.PortDecl }

func (k clock) String() string { return "of " + k.decl.Title() }

// TempoKey implements module.TempoSource.
func (k clock) TempoKey() string { return k.decl.ClockKey() }

func (s *control) clock(c module.Call) int {
	k := clock{s.takeInput(c, 1)}
	c.L.Push(module.OneObject(s.Load, c.L, "midi.clock", k, func() module.Class[clock] { return module.Class[clock]{} }))
	return 1
}

// timecode is that of an input. Equal ones are the same.
type timecode struct{ decl *midi.PortDecl }

func (t timecode) String() string { return "of " + t.decl.Title() }

func (s *control) timecode(c module.Call) int {
	t := timecode{s.takeInput(c, 1)}
	if o := c.Options(2, false, "freewheel"); o.Has("freewheel") {
		d := s.Length(c, o.Get("freewheel"), "freewheel")
		if d.Beats != 0 || d.Time.Seconds() < 0.05 || d.Time.Seconds() > 60 {
			o.Wrong("freewheel", "a time of 0.05 to 60 s", o.Get("freewheel"))
		}
		s.LoadingOnly(c, "the freewheel is set")
		t.decl.Freewheel = d.Time
	}
	known := func(f func(midi.Timecode) lua.LValue, unheard lua.LValue) func(timecode) lua.LValue {
		return func(t timecode) lua.LValue {
			if is := module.Ask[midi.Standing](s.Load, t.decl, midi.TimecodeOf{}); is.Known {
				return f(is.Timecode)
			}
			return unheard
		}
	}
	c.L.Push(module.OneObject(s.Load, c.L, "midi.timecode", t, func() module.Class[timecode] {
		return module.Class[timecode]{
			Methods: map[string]func(module.Call, timecode) int{"on": s.onTimecode},
			Properties: map[string]func(timecode) lua.LValue{
				"position": known(func(t midi.Timecode) lua.LValue {
					return lua.LString(t.Rate.Label(t.FrameAt(s.G.Instant())))
				}, lua.LNil),
				"rate":    known(func(t midi.Timecode) lua.LValue { return lua.LString(t.Rate.String()) }, lua.LNil),
				"running": known(func(t midi.Timecode) lua.LValue { return lua.LBool(t.Running) }, lua.LFalse),
			},
		}
	}))
	return 1
}

func (s *control) onTimecode(c module.Call, t timecode) int {
	return s.OnEvent(c, midi.TimecodeEvents, t.decl.TimecodeTopic, func(_ *lua.LState, _ *script.Task, ev script.Event) []lua.LValue {
		v := ev.Value.(midi.TimecodeEvent)
		return []lua.LValue{lua.LString(v.Rate.Label(v.Frame)), lua.LBool(v.Jump)}
	})
}

// FrameTopic implements module.TimecodeSource.
func (t timecode) FrameTopic() string { return t.decl.TimecodeTopic("frame") }

// LostTopic implements module.TimecodeSource.
func (t timecode) LostTopic() string { return t.decl.TimecodeTopic("lost") }

// FrameOf implements module.TimecodeSource.
func (t timecode) FrameOf(ev script.Event) module.Frame {
	v := ev.Value.(midi.TimecodeEvent)
	return module.Frame{Number: v.Frame, Rate: v.Rate.String(), Running: v.Running, Parse: v.Rate.Parse, Label: v.Rate.Label(v.Frame)}
}

// plain tells a number from what is none, for a pattern of map.
func plain(text string, lo, hi int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < lo || n > hi {
		return 0, fmt.Errorf("want %d-%d, got %q", lo, hi, text)
	}
	return n, nil
}
