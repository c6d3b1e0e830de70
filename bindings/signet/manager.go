package signet

import (
	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/device/signet"
	"showrun/runtime/script"
)

// manager is the declared read side of a Manager. Equal ones are the same.
type manager struct {
	decl *signet.ManagerDecl
}

func (m manager) String() string { return m.decl.Scope }

func (s *sig) manager(c module.Call) int {
	o := c.Options(1, false, "scope", "interface", "key", "label")
	decl := &signet.ManagerDecl{
		Scope: scope(o), Interface: o.Str("interface", ""), KeyFrom: key(o), Label: o.Str("label", ""),
	}
	m := manager{module.Declare(s.Load, c, decl)}
	c.L.Push(module.OneObject(s.Load, c.L, "signet.manager", m, func() module.Class[manager] {
		return module.Class[manager]{Methods: map[string]func(module.Call, manager) int{"nodes": s.nodes, "on": s.onNode}}
	}))
	return 1
}

func (s *sig) nodes(c module.Call, m manager) int {
	list := c.L.NewTable()
	for _, n := range module.Ask[[]signet.Node](s.Load, m.decl, signet.NodesOf{}) {
		list.Append(nodeTable(c.L, n))
	}
	c.L.Push(list)
	return 1
}

func (s *sig) onNode(c module.Call, m manager) int {
	return s.OnEvent(c, signet.NodeEvents, m.decl.EventTopic, func(L *lua.LState, _ *script.Task, ev script.Event) []lua.LValue {
		return []lua.LValue{nodeTable(L, ev.Value.(signet.Node))}
	})
}

func nodeTable(L *lua.LState, n signet.Node) *lua.LTable {
	t := L.CreateTable(0, 9)
	t.RawSetString("tuid", lua.LString(n.TUID))
	t.RawSetString("label", told(n.Label))
	t.RawSetString("model", told(n.Model))
	t.RawSetString("soem_code", lua.LNumber(n.SoemCode))
	t.RawSetString("address", lua.LString(n.Address))
	t.RawSetString("online", lua.LBool(n.Online))
	t.RawSetString("roles", words(L, n.Roles))
	t.RawSetString("notes", words(L, n.Notes))
	endpoints := L.CreateTable(len(n.Endpoints), 0)
	for _, e := range n.Endpoints {
		et := L.CreateTable(0, 4)
		et.RawSetString("number", lua.LNumber(e.Number))
		et.RawSetString("universe", lua.LNumber(e.Universe))
		et.RawSetString("label", told(e.Label))
		et.RawSetString("direction", lua.LString(e.Direction))
		endpoints.Append(et)
	}
	t.RawSetString("endpoints", endpoints)
	return t
}

// told is a text that a device has told, nil if it has not.
func told(text string) lua.LValue {
	if text == "" {
		return lua.LNil
	}
	return lua.LString(text)
}

func words(L *lua.LState, list []string) *lua.LTable {
	t := L.CreateTable(len(list), 0)
	for _, w := range list {
		t.Append(lua.LString(w))
	}
	return t
}
