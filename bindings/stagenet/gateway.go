package stagenet

import (
	"fmt"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/device/stagenet"
	"showrun/runtime/level"
)

// Limits of what a gateway can be asked for.
const (
	maxID      = 255   // characters of an id
	maxSlot    = 65536 // addresses of a gateway
	maxChannel = 65535
)

// gateway is a gateway of a console. Equal ones are the same.
type gateway struct {
	console *console
	id      string
}

func (g gateway) String() string { return g.id }

// gateway returns the object of a gateway.
func (s *net) gateway(L *lua.LState, g gateway) *lua.LUserData {
	return module.OneObject(s.Load, L, "stagenet.gateway", g, s.gatewayClass)
}

func (s *net) gatewayClass() module.Class[gateway] {
	return module.Class[gateway]{
		Methods: map[string]func(module.Call, gateway) int{"slot": s.slot, "channel": s.channel},
		Properties: map[string]func(gateway) lua.LValue{
			"id":        func(g gateway) lua.LValue { return lua.LString(g.id) },
			"type":      func(g gateway) lua.LValue { return lua.LString(s.state(g).Type) },
			"version":   func(g gateway) lua.LValue { return lua.LString(s.state(g).Version) },
			"address":   func(g gateway) lua.LValue { return lua.LString(s.state(g).Address) },
			"connected": func(g gateway) lua.LValue { return lua.LBool(s.state(g).Connected) },
			"lease":     s.lease,
		},
	}
}

// state is what is known of a gateway, without the lists of its lease.
func (s *net) state(g gateway) stagenet.Gateway {
	return module.Ask[stagenet.Gateway](s.Load, g.console.decl, stagenet.GatewayOf{ID: g.id, Brief: true})
}

// knownLease is the table of a lease that scripts have been given.
type knownLease struct {
	id       string
	revision uint64
	table    *lua.LTable
}

// lease is the table of a gateway's lease, the same one until the lease or its mappings
// are others: there may be thousands of addresses, and a loop asks for each.
func (s *net) lease(g gateway) lua.LValue {
	brief := s.state(g).Lease
	if brief.ID == "" {
		return lua.LNil
	}
	known, ok := s.tables[g]
	if !ok || known.id != brief.ID || known.revision != brief.Revision {
		l := module.Ask[stagenet.Gateway](s.Load, g.console.decl, stagenet.GatewayOf{ID: g.id}).Lease
		known = knownLease{l.ID, l.Revision, leaseTable(s.G.L, l)}
		s.tables[g] = known
	}
	return known.table
}

// consoleGateway names a gateway, which need not be there.
func (s *net) consoleGateway(c module.Call, v *console) int {
	g := gateway{v, c.Str(1, "the id of the gateway")}
	if len(g.id) > maxID {
		c.Fail("the id of a gateway has at most %d characters, got %d", maxID, len(g.id))
	}
	g.declared(s)
	c.L.Push(s.gateway(c.L, g))
	return 1
}

// declared returns the declaration of a gateway. One that is named only after the
// show has gone live is none: it has an empty one.
func (g gateway) declared(s *net) *stagenet.GatewayDecl {
	decl := g.console.decl
	for _, d := range decl.Gateways {
		if d.ID == g.id {
			return d
		}
	}
	d := &stagenet.GatewayDecl{ID: g.id}
	if s.G.Collecting() {
		decl.Gateways = append(decl.Gateways, d)
	}
	return d
}

func (s *net) slot(c module.Call, g gateway) int {
	n := c.Integer(1, "slot", 1, maxSlot)
	return s.at(c, g, "", n, fmt.Sprintf("slot %d of gateway %s", n, g.id))
}

func (s *net) channel(c module.Call, g gateway) int {
	kind := c.Str(1, "the type of the channel")
	first := stagenet.FirstChannel(kind)
	n := c.Integer(2, kind+" channel", first, maxChannel)
	return s.at(c, g, kind, n-first+1, fmt.Sprintf("%s channel %d of gateway %s", kind, n, g.id))
}

// at returns the address of a slot of the levels a gateway has for one type of
// channels.
func (s *net) at(c module.Call, g gateway, kind string, slot int, text string) int {
	d := g.declared(s)
	i := slices.IndexFunc(d.Levels, func(l stagenet.Levels) bool { return l.Type == kind })
	if i < 0 || slot > d.Levels[i].Slots {
		s.LoadingOnly(c, "gateways are patched")
	}
	if i < 0 {
		i = len(d.Levels)
		d.Levels = append(d.Levels, stagenet.Levels{Type: kind})
	}
	l := &d.Levels[i]
	if s.G.Collecting() {
		l.Used = max(l.Used, slot)
		l.Slots = max(l.Slots, (slot+stagenet.Block-1)/stagenet.Block*stagenet.Block)
		l.Output = s.Registry.Output(g.console.decl.OutputKey(fmt.Sprintf("gateway %q %q", g.id, kind)), l.Slots)
		l.Slots = s.Registry.Slots(l.Output) // it has more if a load before needed more
	}
	return s.PushAddress(c.L, level.Address{Output: l.Output, Slot: int32(slot)}, text)
}
