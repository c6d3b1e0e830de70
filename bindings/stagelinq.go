package bindings

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/device"
	"showrun/runtime/script"
)

// sink is a declared StageLinQ sink.
type sink struct {
	decl *device.SinkDecl
}

func (k *sink) String() string { return k.decl.Name }

// deck is one deck of a sink, or its master.
type deck struct {
	sink   *sink
	number int // 0 = whichever deck is master
}

func (d *deck) tempoKey() string {
	if d.number == 0 {
		return d.sink.decl.MasterKey()
	}
	return d.sink.decl.DeckKey(d.number)
}

func (d *deck) String() string { return d.tempoKey() }

func (s *Show) openStagelinq(L *lua.LState) *lua.LTable {
	m := L.NewTable()
	m.RawSetString("sink", function(L, "stagelinq.sink", s.stagelinqSink))
	return m
}

func (s *Show) stagelinqSink(c call) int {
	o := c.options(1, false, "name", "interface", "devices")
	decl := &device.SinkDecl{Name: o.str("name", "showrun"), Interface: o.str("interface", "")}
	if o.has("devices") {
		list, ok := o.get("devices").(*lua.LTable)
		if !ok || list.Len() == 0 {
			c.wrong("devices", "a list of names, software names or addresses", o.get("devices"))
		}
		var names []string
		for i := 1; i <= list.Len(); i++ {
			names = append(names, c.asString(list.RawGetInt(i), fmt.Sprintf("device %d", i)))
		}
		decl.Devices = strings.Join(names, "\n")
	}
	k, ok := s.sinks[decl.Key()]
	if !ok {
		k = &sink{decl}
		s.sinks[decl.Key()] = k
		s.declare(decl)
	}
	c.L.Push(s.object(c.L, "stagelinq.sink", k, func() *lua.LTable {
		return methods(c.L, "stagelinq.sink", map[string]func(call, *sink) int{
			"devices": s.sinkDevices,
			"on":      s.sinkOn,
			"master":  func(c call, k *sink) int { return s.pushDeck(c, &deck{k, 0}) },
			"deck":    func(c call, k *sink) int { return s.pushDeck(c, &deck{k, c.integer(1, "the deck", 1, 4)}) },
			"get":     s.sinkGet,
		}, nil)
	}))
	return 1
}

func (s *Show) pushDeck(c call, d *deck) int {
	c.L.Push(s.object(c.L, "stagelinq.deck", d, func() *lua.LTable {
		return methods[*deck](c.L, "stagelinq.deck", nil, nil)
	}))
	return 1
}

func playerTable(L *lua.LState, p device.Player) *lua.LTable {
	t := L.CreateTable(0, 6)
	t.RawSetString("name", lua.LString(p.Name))
	t.RawSetString("software", lua.LString(p.Software))
	t.RawSetString("version", lua.LString(p.Version))
	t.RawSetString("address", lua.LString(p.Address))
	t.RawSetString("token", lua.LString(p.Token))
	t.RawSetString("decks", lua.LNumber(p.Decks))
	return t
}

func (s *Show) sinkDevices(c call, k *sink) int {
	list := c.L.NewTable()
	for _, p := range s.env.Players.Devices(k.decl.Key()) {
		list.Append(playerTable(c.L, p))
	}
	c.L.Push(list)
	return 1
}

func (s *Show) sinkOn(c call, k *sink) int {
	name := c.str(1, "the event")
	if !contains(device.PlayerEvents, name) {
		c.wrong("the event", "one of "+strings.Join(device.PlayerEvents, ", "), c.get(1))
	}
	return s.pushHandle(c, s.g.On(c.fn, k.decl.EventTopic(name), c.function(2, "the callback"), func(L *lua.LState, _ *script.Task, ev script.Event) []lua.LValue {
		return []lua.LValue{playerTable(L, ev.Value.(device.Player))}
	}))
}

func (s *Show) sinkGet(c call, k *sink) int {
	path := c.str(1, "the path")
	token := ""
	if t, ok := c.get(2).(*lua.LTable); ok {
		token = t.RawGetString("token").String()
	}
	v, ok := s.env.Players.State(k.decl.Key(), token, path)
	if !ok {
		c.L.Push(lua.LNil)
		return 1
	}
	c.L.Push(script.Import(c.L, v))
	return 1
}
