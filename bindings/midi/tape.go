package midi

import (
	"showrun/bindings/module"
	tc "showrun/bindings/timecode"
	"showrun/runtime/device/midi"
	devtimecode "showrun/runtime/device/timecode"
)

// tape is the timecode that a port sends.
type tape = tc.Sent[midi.TimecodeRate]

// sentTimecode declares the timecode of an output; there is one.
func (s *control) sentTimecode(c module.Call, p output) int {
	o := c.Options(1, false, "rate")
	text := "25"
	if o.Has("rate") {
		text = o.Get("rate").String()
	}
	rate, err := midi.ParseTimecodeRate(text)
	if err != nil {
		c.Wrong("rate", "24, 25, 29.97 or 30", o.Get("rate"))
	}
	t := s.tapes[p.decl]
	switch {
	case t == nil:
		s.LoadingOnly(c, "timecodes are declared")
		t = s.newTape(p.decl, rate)
	case o.Has("rate") && rate != t.Rate:
		c.Fail("the timecode of this port has the rate %v already", t.Rate)
	}
	c.L.Push(module.OneObject(s.Load, c.L, "midi.output.timecode", t, tc.Class[midi.TimecodeRate]))
	return 1
}

func (s *control) newTape(d *midi.PortDecl, rate midi.TimecodeRate) *tape {
	t := &tape{
		Load: s.Load, Rate: rate, Title: "midi: timecode to " + d.Title(),
		Order: func(m devtimecode.Move) { s.Order(d, midi.MoveTimecode{Move: m}) },
		Live: func() (midi.Timecode, bool) {
			live := module.Ask[midi.Standing](s.Load, d, midi.TimecodeOf{Sent: true})
			return live.Timecode, live.Known
		},
	}
	s.tapes[d], d.Sends = t, &rate
	return t
}
