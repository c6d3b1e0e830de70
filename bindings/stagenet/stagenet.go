// Package stagenet is the Lua module of that name: consoles, their gateways and
// the addresses these lease.
package stagenet

import (
	"slices"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/device/stagenet"
	"showrun/runtime/script"
)

// console is a declared console.
type console struct {
	decl *stagenet.ConsoleDecl
	used numbers
}

func (v *console) String() string { return v.decl.Interface }

// net is the module in one load.
type net struct {
	*module.Load
	consoles []*console
	tables   map[gateway]knownLease
}

// Open returns what makes the module.
func Open(l *module.Load) func(L *lua.LState, m *lua.LTable) {
	s := &net{Load: l, tables: map[gateway]knownLease{}}
	return func(L *lua.LState, m *lua.LTable) {
		module.Functions(L, m, "stagenet", map[string]func(module.Call) int{"console": s.console})
	}
}

// console declares a console. Addresses belong to the console of a network, so
// there is one for each.
func (s *net) console(c module.Call) int {
	o := c.Options(1, false, "discover", "interface", "gateways", "rate", "latency")
	decl := &stagenet.ConsoleDecl{
		Load:      s.G.Number(),
		Discover:  !o.Has("discover") || o.Bool("discover"),
		Interface: o.Str("interface", ""),
		Rate:      o.Integer("rate", 44, 1, 250),
		Latency:   s.Latency(o),
	}
	if o.Has("gateways") {
		decl.URLs = c.Names(o.Get("gateways"), "gateways", "gateway")
		for _, url := range decl.URLs {
			if err := stagenet.CheckURL(url); err != nil {
				c.Wrong("a gateway", `a URL such as "ws://10.0.0.7:4000"`, lua.LString(url))
			}
		}
	}
	i := slices.IndexFunc(s.consoles, func(v *console) bool { return v.decl.Interface == decl.Interface })
	switch {
	case i < 0:
		module.Declare(s.Load, c, decl)
		s.consoles = append(s.consoles, &console{decl: decl, used: numbers{}})
		i = len(s.consoles) - 1
	case s.consoles[i].decl.Key() != decl.Key():
		c.Fail("there is a console with other options already; a network has one, so give this one an interface of its own, or use the first")
	}
	c.L.Push(module.OneObject(s.Load, c.L, "stagenet.console", s.consoles[i], s.consoleClass))
	return 1
}

func (s *net) consoleClass() module.Class[*console] {
	return module.Class[*console]{Methods: map[string]func(module.Call, *console) int{
		"gateway":  s.consoleGateway,
		"gateways": s.gateways,
		"leases":   s.leases,
		"on":       s.on,
		"set":      s.set,
		"fade":     s.fade,
		"get":      s.get,
	}}
}

// known are the gateways a console knows of; none before the show is live. Brief ones
// lack the lists of their leases.
func (s *net) known(v *console, brief bool) []stagenet.Gateway {
	return module.Ask[[]stagenet.Gateway](s.Load, v.decl, stagenet.GatewaysOf{Brief: brief})
}

func (s *net) gateways(c module.Call, v *console) int {
	list := c.L.NewTable()
	for _, g := range s.known(v, true) {
		list.Append(s.gateway(c.L, gateway{v, g.ID}))
	}
	c.L.Push(list)
	return 1
}

func (s *net) leases(c module.Call, v *console) int {
	list := c.L.NewTable()
	for _, g := range s.known(v, false) {
		if g.Lease.ID == "" {
			continue
		}
		t := leaseTable(c.L, g.Lease)
		t.RawSetString("gateway", lua.LString(g.ID))
		t.RawSetString("connected", lua.LBool(g.Connected))
		list.Append(t)
	}
	c.L.Push(list)
	return 1
}

// leaseTable is what a script sees of a lease.
func leaseTable(L *lua.LState, l stagenet.Lease) *lua.LTable {
	addresses := L.CreateTable(len(l.Addresses), 0)
	for _, a := range l.Addresses {
		addresses.Append(lua.LString(stagenet.AddressName(a)))
	}
	mappings := L.CreateTable(len(l.Mappings), 0)
	for _, m := range l.Mappings {
		t := L.CreateTable(0, 3)
		t.RawSetString("address", lua.LString(stagenet.AddressName(m.Address)))
		t.RawSetString("type", lua.LString(m.Type))
		t.RawSetString("channel", lua.LNumber(m.Channel))
		mappings.Append(t)
	}
	t := L.CreateTable(0, 5)
	t.RawSetString("id", lua.LString(l.ID))
	t.RawSetString("addresses", addresses)
	t.RawSetString("mappings", mappings)
	return t
}

func (s *net) on(c module.Call, v *console) int {
	return s.OnEvent(c, stagenet.Events, v.decl.EventTopic, func(L *lua.LState, _ *script.Task, ev script.Event) []lua.LValue {
		return []lua.LValue{s.gateway(L, gateway{v, ev.Value.(stagenet.Gateway).ID})}
	})
}
