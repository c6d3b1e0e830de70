package signet

import (
	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/bindings/universe"
	"showrun/runtime/device/signet"
)

// sender is a declared Sender.
type sender struct {
	decl      *signet.SenderDecl
	universes *universe.Sender
	timecodes map[int]*timecode
}

func (s *sender) String() string { return s.decl.Scope }

// sent is what the universes of a Sender are.
var sent = universe.Kind{Class: "signet.universe", Priority: true, Preview: true, Multicast: true, Unicast: true}

// lastUniverse is the highest number of a universe.
const lastUniverse = 63999

// modes are the security modes of a Sender.
var modes = []string{"secure", "open", "both"}

// maxSyncRate leaves a frame's levels the time to settle before the sync.
const maxSyncRate = 120

func (s *sig) sender(c module.Call) int {
	o := c.Options(1, false, "scope", "interface", "key", "endpoint", "label", "rate", "mode", "sync", "latency")
	decl := &signet.SenderDecl{
		Scope:     scope(o),
		Interface: o.Str("interface", ""),
		KeyFrom:   key(o),
		Endpoint:  o.Integer("endpoint", 1, 1, 0xff00),
		Label:     o.Str("label", ""),
		Rate:      o.Integer("rate", 44, 1, 250),
		Mode:      o.Choice("mode", modes),
		Sync:      o.Bool("sync"),
		Latency:   s.Latency(o),
	}
	if decl.Sync && decl.Rate > maxSyncRate {
		c.Fail("rate must be 1-%d with sync, got %d", maxSyncRate, decl.Rate)
	}
	v, ok := s.senders[decl.Key()]
	if !ok {
		s.LoadingOnly(c, "devices are declared")
		for _, other := range s.senders {
			if other.decl.Lane() == decl.Lane() {
				c.Fail("endpoint %d is declared with other options already, and receivers could not tell the two senders apart; give one of them another endpoint", decl.Endpoint)
			}
		}
		module.Declare(s.Load, c, decl)
		v = &sender{decl, universe.NewSender(s.Load, sent, decl, decl.Lane(), &decl.Universes), map[int]*timecode{}}
		s.senders[decl.Key()] = v
	}
	c.L.Push(module.OneObject(s.Load, c.L, "signet.sender", v, func() module.Class[*sender] {
		return module.Class[*sender]{Methods: map[string]func(module.Call, *sender) int{
			"timecode": s.timecode,
			"universe": func(c module.Call, v *sender) int {
				return v.universes.Declare(c, c.Integer(1, "universe number", 1, lastUniverse), 2)
			},
		}}
	}))
	return 1
}

// timecode is a timecode a Sender sends.
type timecode struct {
	sender *sender
	stream signet.TimecodeStream

	// state is how it stands at the logical instant: ahead of what the device has
	// been told, which orders reach at their instant. It is known once this load
	// has moved it.
	state signet.Timecode
	known bool
}

func (t *timecode) String() string { return t.stream.Rate.String() }

func (s *sig) timecode(c module.Call, v *sender) int {
	n := c.Integer(1, "the stream", 1, 255)
	o := c.Options(2, false, "rate")
	text := "25"
	if o.Has("rate") {
		text = o.Get("rate").String()
	}
	rate, err := signet.ParseTimecodeRate(text)
	if err != nil {
		c.Wrong("rate", "24, 25, 29.97, 30, 48, 50, 59.94, 60, 100, 119.88 or 120", o.Get("rate"))
	}
	t, ok := v.timecodes[n]
	switch {
	case !ok:
		s.LoadingOnly(c, "timecodes are declared")
		t = &timecode{sender: v, stream: signet.TimecodeStream{Number: n, Rate: rate}}
		v.timecodes[n] = t
		v.decl.Timecodes = append(v.decl.Timecodes, t.stream)
	case o.Has("rate") && rate != t.stream.Rate:
		c.Fail("stream %d has the rate %v already", n, t.stream.Rate)
	}
	c.L.Push(module.OneObject(s.Load, c.L, "signet.timecode", t, s.timecodeClass))
	return 1
}

func (s *sig) timecodeClass() module.Class[*timecode] {
	return module.Class[*timecode]{
		Methods: map[string]func(module.Call, *timecode) int{
			"start": func(c module.Call, t *timecode) int {
				m := signet.TimecodeMove{Start: true}
				if !c.None(1) {
					m.Locate, m.To = true, t.frame(c)
				}
				return s.move(t, m)
			},
			"stop": func(c module.Call, t *timecode) int { return s.move(t, signet.TimecodeMove{Stop: true}) },
			"locate": func(c module.Call, t *timecode) int {
				return s.move(t, signet.TimecodeMove{Locate: true, To: t.frame(c)})
			},
		},
		Properties: map[string]func(*timecode) lua.LValue{
			"position": func(t *timecode) lua.LValue {
				return lua.LString(t.stream.Rate.Label(s.timecodeState(t).FrameAt(s.G.Instant())))
			},
			"running": func(t *timecode) lua.LValue { return lua.LBool(s.timecodeState(t).Running) },
			"rate":    func(t *timecode) lua.LValue { return lua.LString(t.stream.Rate.String()) },
			"stream":  func(t *timecode) lua.LValue { return lua.LNumber(t.stream.Number) },
		},
	}
}

// frame takes a position.
func (t *timecode) frame(c module.Call) int64 {
	frame, err := t.stream.Rate.Parse(c.Str(1, "the position"))
	if err != nil {
		c.Wrong("the position", `hh:mm:ss:ff at `+t.stream.Rate.String()+" frames a second", c.Get(1))
	}
	return frame
}

// timecodeState is how a timecode stands for the script.
func (s *sig) timecodeState(t *timecode) signet.Timecode {
	if t.known {
		return t.state
	}
	if live := module.Ask[signet.Standing](s.Load, t.sender.decl, signet.TimecodeOf{Stream: t.stream.Number}); live.Known {
		return live.Timecode
	}
	return signet.Timecode{Rate: t.stream.Rate}
}

func (s *sig) move(t *timecode, m signet.TimecodeMove) int {
	s.Order(t.sender.decl, signet.MoveTimecode{Stream: t.stream.Number, Move: m})
	if s.G.Shadowing() {
		return 0
	}
	s.G.WhenLive(func() {
		t.state, t.known = s.timecodeState(t).Moved(m, s.G.Instant()), true
	})
	return 0
}
