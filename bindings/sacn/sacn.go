// Package sacn is the Lua module of that name: senders and receivers of streaming ACN.
package sacn

import (
	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/bindings/universe"
	"showrun/runtime/device/sacn"
)

// lastUniverse is the highest number of a universe.
const lastUniverse = 63999

// stream is the module in one load.
type stream struct {
	*module.Load
	senders map[string]*sender
}

// Open returns what makes the module.
func Open(l *module.Load) func(L *lua.LState, m *lua.LTable) {
	s := &stream{l, map[string]*sender{}}
	return func(L *lua.LState, m *lua.LTable) {
		module.Functions(L, m, "sacn", map[string]func(module.Call) int{"sender": s.sender, "receiver": s.receiver})
	}
}

// sender is a declared sender.
type sender struct {
	decl      *sacn.SenderDecl
	universes *universe.Sender
}

func (s *sender) String() string { return s.decl.Name }

// sent is what the universes of a sender are.
var sent = universe.Kind{Class: "sacn.universe", Priority: true, Preview: true, Unicast: true}

// maxName is how much of a name fits into packets, in bytes.
const maxName = 63

func (s *stream) sender(c module.Call) int {
	o := c.Options(1, false, "interface", "rate", "priority", "name", "cid", "sync", "unicast", "latency")
	decl := &sacn.SenderDecl{
		Interface: o.Str("interface", ""), Name: o.Str("name", "showrun"), CID: o.Str("cid", ""),
		Rate: o.Integer("rate", 44, 1, 250), Priority: o.Integer("priority", 100, 0, 200),
		Sync: o.Integer("sync", 0, 0, lastUniverse), Unicast: universe.Unicast(o), Latency: s.Latency(o),
	}
	if len(decl.Name) > maxName {
		c.Fail("name must be at most %d bytes long, got %d", maxName, len(decl.Name))
	}
	if decl.CID != "" && sacn.CheckCID(decl.CID) != nil {
		o.Wrong("cid", `a UUID such as "5a7ab3a0-3fa4-4b71-9b1c-6d2c3a7d0a10"`, o.Get("cid"))
	}
	v, ok := s.senders[decl.Key()]
	if !ok {
		s.LoadingOnly(c, "devices are declared")
		for _, other := range s.senders {
			if other.decl.Lane() == decl.Lane() {
				c.Fail("%q is declared with other options already, and receivers could not tell the two senders apart; give one of them another name", decl.Name)
			}
		}
		module.Declare(s.Load, c, decl)
		v = &sender{decl, universe.NewSender(s.Load, sent, decl, decl.Lane(), &decl.Universes)}
		s.senders[decl.Key()] = v
	}
	c.L.Push(module.OneObject(s.Load, c.L, "sacn.sender", v, func() module.Class[*sender] {
		return module.Class[*sender]{Methods: map[string]func(module.Call, *sender) int{
			"universe": func(c module.Call, v *sender) int {
				return v.universes.Declare(c, c.Integer(1, "universe number", 1, lastUniverse), 2)
			},
		}}
	}))
	return 1
}

// receiver is a declared receiver. Equal ones are the same.
type receiver struct {
	decl *sacn.ReceiverDecl
}

func (r receiver) String() string { return r.decl.Interface }

func (s *stream) receiver(c module.Call) int {
	o := c.Options(1, false, "interface")
	r := receiver{module.Declare(s.Load, c, &sacn.ReceiverDecl{Interface: o.Str("interface", "")})}
	c.L.Push(module.OneObject(s.Load, c.L, "sacn.receiver", r, func() module.Class[receiver] {
		return module.Class[receiver]{Methods: map[string]func(module.Call, receiver) int{"universe": s.heard}}
	}))
	return 1
}

func (s *stream) heard(c module.Call, r receiver) int {
	return universe.Receiver{
		Class: "sacn.receiver.universe", Load: s.Load, Decl: r.decl, Streams: &r.decl.Universes, Preview: true,
	}.Declare(c, c.Integer(1, "universe number", 1, lastUniverse), 2)
}
