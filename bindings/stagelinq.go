package bindings

import (
	"fmt"
	"slices"
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

// deck is one deck of a sink, or its master. Equal ones are the same.
type deck struct {
	sink   *sink
	number int // 0 = whichever deck is master
}

func (d deck) tempoKey() string {
	if d.number == 0 {
		return d.sink.decl.MasterKey()
	}
	return d.sink.decl.DeckKey(d.number)
}

func (d deck) String() string {
	if d.number == 0 {
		return "master of " + d.sink.decl.Name
	}
	return fmt.Sprintf("%d of %s", d.number, d.sink.decl.Name)
}

func (s *Show) openStagelinq(L *lua.LState) *lua.LTable {
	m := L.NewTable()
	functions(L, m, "stagelinq", map[string]func(call) int{"sink": s.stagelinqSink})
	return m
}

func (s *Show) stagelinqSink(c call) int {
	o := c.options(1, false, "name", "interface", "devices")
	decl := &device.SinkDecl{Name: o.str("name", "showrun"), Interface: o.str("interface", "")}
	if o.has("devices") {
		decl.Devices = strings.Join(c.names(o.get("devices"), "devices", "device"), "\n")
	}
	k, ok := s.sinks[decl.Key()]
	if !ok {
		s.declare(c, decl)
		k = &sink{decl}
		s.sinks[decl.Key()] = k
	}
	c.L.Push(oneObject(s, c.L, "stagelinq.sink", k, s.sinkClass))
	return 1
}

func (s *Show) sinkClass() class[*sink] {
	return class[*sink]{methods: map[string]func(call, *sink) int{
		"devices": s.sinkDevices,
		"on":      s.sinkOn,
		"master":  func(c call, k *sink) int { return s.pushDeck(c, deck{k, 0}) },
		"deck":    s.sinkDeck,
		"get":     s.sinkGet,
	}}
}

func (s *Show) sinkDeck(c call, k *sink) int {
	d := deck{k, c.integer(1, "the deck", 1, 4)}
	if !c.none(2) {
		c.fail("a deck is that of the first player found; it cannot be asked of another")
	}
	return s.pushDeck(c, d)
}

func (s *Show) pushDeck(c call, d deck) int {
	c.L.Push(oneObject(s, c.L, "stagelinq.deck", d, func() class[deck] { return class[deck]{} }))
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
	name, _ := c.get(1).(lua.LString)
	if !slices.Contains(device.PlayerEvents, string(name)) {
		c.wrong("the event", oneOf(device.PlayerEvents), c.get(1))
	}
	return s.pushHandle(c, s.g.On(c.fn, k.decl.EventTopic(string(name)), c.function(2, "the callback"), func(L *lua.LState, _ *script.Task, ev script.Event) []lua.LValue {
		return []lua.LValue{playerTable(L, ev.Value.(device.Player))}
	}))
}

func (s *Show) sinkGet(c call, k *sink) int {
	path := c.str(1, "the path")
	token := lua.LString("")
	if !c.none(2) {
		if t, ok := c.get(2).(*lua.LTable); ok {
			token, _ = t.RawGetString("token").(lua.LString)
		}
		if token == "" {
			c.wrong("the device", "one of sink:devices()", c.get(2))
		}
	}
	v, ok := s.env.Players.State(k.decl.Key(), string(token), path)
	if !ok {
		c.L.Push(lua.LNil)
		return 1
	}
	c.L.Push(script.Import(c.L, v))
	return 1
}
