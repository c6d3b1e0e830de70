package signet

import (
	"strconv"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	tc "showrun/bindings/timecode"
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
type timecode = tc.Sent[signet.TimecodeRate]

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
		t = s.newTimecode(v, n, rate)
	case o.Has("rate") && rate != t.Rate:
		c.Fail("stream %d has the rate %v already", n, t.Rate)
	}
	c.L.Push(module.OneObject(s.Load, c.L, "signet.timecode", t, func() module.Class[*timecode] {
		class := tc.Class[signet.TimecodeRate]()
		class.Properties["stream"] = func(t *timecode) lua.LValue { return lua.LNumber(t.Number) }
		return class
	}))
	return 1
}

// newTimecode declares one.
func (s *sig) newTimecode(v *sender, n int, rate signet.TimecodeRate) *timecode {
	t := &timecode{
		Load: s.Load, Rate: rate, Title: "signet: timecode " + strconv.Itoa(n), Number: n,
		Order: func(m signet.TimecodeMove) { s.Order(v.decl, signet.MoveTimecode{Stream: n, Move: m}) },
		Live: func() (signet.Timecode, bool) {
			live := module.Ask[signet.Standing](s.Load, v.decl, signet.TimecodeOf{Stream: n})
			return live.Timecode, live.Known
		},
	}
	v.timecodes[n] = t
	v.decl.Timecodes = append(v.decl.Timecodes, signet.TimecodeStream{Number: n, Rate: rate})
	return t
}
