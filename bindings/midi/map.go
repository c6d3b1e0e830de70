package midi

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/device/midi"
	"showrun/runtime/script"
)

// place is what a param hangs on: a controller, a note or the bend of a channel.
type place struct {
	kind    midi.Kind
	channel int // 0 for all
	number  int
}

const wantPlace = `a place such as "cc 1/7" (channel 1, controller 7), "cc 7" (all channels), "note 1/36" or "pitchbend 1"`

// takePlace reads a place.
func takePlace(c module.Call, i int) place {
	text, _ := c.Get(i).(lua.LString)
	kind, rest, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	p := place{kind: midi.Kind(kind)}
	channel, number, both := strings.Cut(strings.TrimSpace(rest), "/")
	var err error
	switch {
	case p.kind == midi.PitchBend && !both && channel == "":
	case p.kind == midi.PitchBend && !both:
		p.channel, err = plain(channel, 1, 16)
	case p.kind != midi.CC && p.kind != midi.Note:
		c.Wrong("the place", wantPlace, c.Get(i))
	case !both:
		p.number, err = plain(channel, 0, 127)
	default:
		if p.channel, err = plain(channel, 1, 16); err == nil {
			p.number, err = plain(number, 0, 127)
		}
	}
	if err != nil {
		c.Fail("the place %q is not %s: %v", module.Cut(string(text)), wantPlace, err)
	}
	return p
}

// has tells whether a message is at the place.
func (p place) has(m midi.Message) bool {
	return p.kind == m.Kind && (p.channel == 0 || p.channel == m.Channel) && (p.kind == midi.PitchBend || p.number == m.Number)
}

// part is how far a message turns, 0 to 1.
func part(m midi.Message) float64 {
	if m.Kind == midi.PitchBend {
		return float64(m.Number+8192) / 16383
	}
	return float64(m.Value) / 127
}

// mapTo hangs a param on a place of an input, or of all inputs that there are so far.
func (s *control) mapTo(c module.Call) int {
	var knob module.Knob
	if ud, ok := c.Get(1).(*lua.LUserData); ok {
		knob, _ = ud.Value.(module.Knob)
	}
	if knob == nil {
		c.Wrong("the param", `one of show.param, as in show.param{ "speed", default = 1, min = 0, max = 2 }`, c.Get(1))
	}
	at := takePlace(c, 2)
	inputs := s.inputs
	if !c.None(3) {
		inputs = []*midi.PortDecl{s.takeInput(c, 3)}
	}
	if len(inputs) == 0 {
		c.Fail(`there is no midi.input yet; declare one before, as in midi.input{ name = "APC*" }`)
	}
	if !knob.Turns() {
		c.Fail("a param that hangs on a fader is true or false, has choices, or is a number with a min and a max")
	}
	var topics []string
	for _, d := range inputs {
		topics = append(topics, d.Topic(string(at.kind)))
	}
	turn := s.G.L.NewFunction(func(L *lua.LState) int {
		if n, ok := L.Get(1).(lua.LNumber); ok {
			knob.Turn(float64(n))
		}
		return 0
	})
	return s.PushHandle(c, s.G.On(c.Fn, turn, func(_ *lua.LState, _ *script.Task, ev script.Event) []lua.LValue {
		m := ev.Value.(midi.Message)
		if !at.has(m) || at.kind == midi.Note && m.Value == 0 && !knob.Switch() {
			return []lua.LValue{lua.LNil} // of another key, or the end of one that set a level
		}
		return []lua.LValue{lua.LNumber(part(m))}
	}, topics...))
}
