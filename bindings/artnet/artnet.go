// Package artnet is the Lua module of that name: senders and receivers with their
// universes, and the devices on the network.
package artnet

import (
	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/bindings/universe"
	"showrun/runtime/device/artnet"
)

// art is the module in one load.
type art struct {
	*module.Load
	senders []*sender
}

// sender is a declared sender.
type sender struct {
	decl      *artnet.SenderDecl
	universes *universe.Sender
}

func (s *sender) String() string { return s.decl.Name }

// receiver is a declared receiver. Equal ones are the same.
type receiver struct {
	decl *artnet.ReceiverDecl
}

func (r receiver) String() string { return r.decl.Name }

// Open returns what makes the module.
func Open(l *module.Load) func(L *lua.LState, m *lua.LTable) {
	a := &art{Load: l}
	return func(L *lua.LState, m *lua.LTable) {
		module.Functions(L, m, "artnet", map[string]func(module.Call) int{
			"sender": a.sender, "receiver": a.receiver, "nodes": a.nodes,
		})
	}
}

// maxName is how long a name may be on the wire.
const maxName = 17

func name(o module.Options) string {
	s := o.Str("name", "")
	if len(s) > maxName {
		o.Wrong("name", "at most 17 bytes of text", o.Get("name"))
	}
	return s
}

// on takes an option that is true unless it is said otherwise.
func on(o module.Options, what string) bool { return !o.Has(what) || o.Bool(what) }

func (a *art) sender(c module.Call) int {
	o := c.Options(1, false, "interface", "name", "rate", "discover", "unicast", "broadcast", "sync", "latency")
	decl := &artnet.SenderDecl{
		Interface: o.Str("interface", ""), Name: name(o), Rate: o.Integer("rate", 44, 1, 250),
		Quiet: !on(o, "discover"), Unicast: universe.Unicast(o), Broadcast: o.Bool("broadcast"), Sync: on(o, "sync"), Latency: a.Latency(o),
	}
	if decl.Quiet && !decl.Broadcast && decl.Unicast == "" {
		c.Fail("without discover nobody would get levels: give addresses with unicast, or set broadcast")
	}
	c.L.Push(module.OneObject(a.Load, c.L, "artnet.sender", a.declared(c, decl), func() module.Class[*sender] {
		return module.Class[*sender]{Methods: map[string]func(module.Call, *sender) int{"universe": a.universe}}
	}))
	return 1
}

// declared is the sender of a declaration.
func (a *art) declared(c module.Call, decl *artnet.SenderDecl) *sender {
	for _, s := range a.senders {
		switch {
		case s.decl.Key() == decl.Key():
			return s
		case s.decl.Lane() == decl.Lane():
			c.Fail("a sender of this interface and name is declared with other options already; give one of them another name")
		}
	}
	module.Declare(a.Load, c, decl)
	s := &sender{decl, universe.NewSender(a.Load, universe.Kind{Class: "artnet.universe"}, decl, decl.Lane(), &decl.Universes)}
	a.senders = append(a.senders, s)
	return s
}

// number takes a universe: its number, or net, subnet and universe.
func number(c module.Call) int {
	if c.None(2) {
		return c.Integer(1, "universe number", 0, artnet.LastUniverse)
	}
	net, subnet := c.Integer(1, "net", 0, 127), c.Integer(2, "subnet", 0, 15)
	return artnet.Number(net, subnet, c.Integer(3, "universe", 0, 15))
}

func (a *art) universe(c module.Call, s *sender) int {
	n := number(c)
	for _, other := range a.senders {
		if other == s || other.decl.Interface != s.decl.Interface {
			continue
		}
		for _, u := range other.decl.Universes {
			if u.Number == n {
				c.Fail("universe %d is sent by another sender on this interface already, and devices could not tell the two apart", n)
			}
		}
	}
	return s.universes.Declare(c, n, 2)
}

// merges are how the levels of two sources become one.
var merges = []string{"htp", "ltp"}

func (a *art) receiver(c module.Call) int {
	o := c.Options(1, false, "interface", "name", "merge")
	decl := &artnet.ReceiverDecl{Interface: o.Str("interface", ""), Name: name(o), LTP: o.Choice("merge", merges) == "ltp"}
	r := receiver{module.Declare(a.Load, c, decl)}
	c.L.Push(module.OneObject(a.Load, c.L, "artnet.receiver", r, func() module.Class[receiver] {
		return module.Class[receiver]{Methods: map[string]func(module.Call, receiver) int{"universe": a.heard}}
	}))
	return 1
}

func (a *art) heard(c module.Call, r receiver) int {
	return universe.Receiver{
		Class: "artnet.receiver.universe", Load: a.Load, Decl: r.decl, Streams: &r.decl.Universes,
	}.Declare(c, number(c), 2)
}

// nodes lists who answers the polls of the senders of the show.
func (a *art) nodes(c module.Call) int {
	list, seen := c.L.NewTable(), map[string]bool{}
	for _, s := range a.senders {
		for _, n := range module.Ask[[]artnet.Node](a.Load, s.decl, artnet.NodesOf{}) {
			if !seen[n.Address] {
				list.Append(nodeTable(c.L, n))
			}
			seen[n.Address] = true
		}
	}
	c.L.Push(list)
	return 1
}

func nodeTable(L *lua.LState, n artnet.Node) *lua.LTable {
	t := L.CreateTable(0, 5)
	t.RawSetString("address", lua.LString(n.Address))
	t.RawSetString("name", lua.LString(n.Name))
	t.RawSetString("label", lua.LString(n.Label))
	t.RawSetString("style", lua.LString(n.Style))
	ports := L.CreateTable(len(n.Ports), 0)
	for _, p := range n.Ports {
		pt := L.CreateTable(0, 3)
		pt.RawSetString("universe", lua.LNumber(p.Universe))
		pt.RawSetString("direction", lua.LString(p.Direction))
		pt.RawSetString("merging", lua.LBool(p.Merging))
		ports.Append(pt)
	}
	t.RawSetString("ports", ports)
	return t
}
