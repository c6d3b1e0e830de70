package bindings

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/curve"
	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/patch"
	"showrun/runtime/script"
)

// address is where a fixture can be patched: a slot of an output.
type address struct{ at level.Address }

func (s *Show) pushAddress(L *lua.LState, at level.Address) int {
	L.Push(s.object(L, "address", address{at}, func() *lua.LTable {
		return methods[address](L, "address", nil, nil)
	}))
	return 1
}

// group is one or more fixtures that are told the same.
type group struct {
	name     string
	fixtures []patch.Fixture
}

func (g *group) String() string { return g.name }

// channel finds the named channel of those fixtures that have it.
func (g *group) channel(c call, name string) []patch.Channel {
	var found []patch.Channel
	var missing error
	for _, f := range g.fixtures {
		if ch, err := f.Channel(name); err == nil {
			found = append(found, ch)
		} else {
			missing = err
		}
	}
	if found == nil && missing != nil {
		c.fail("%s", missing)
	}
	return found
}

// target is a channel and the level it is to have.
type target struct {
	patch.Channel
	level float64
}

// targets reads a levels argument: a number for all channels, a list in the order
// of the channels, or a table by name.
func (g *group) targets(c call, v lua.LValue) []target {
	var out []target
	switch v := v.(type) {
	case lua.LNumber:
		l := c.level(v, "the level")
		for _, f := range g.fixtures {
			for _, ch := range f.Channels {
				out = append(out, target{ch, l})
			}
		}
	case *lua.LTable:
		if n := v.Len(); n > 0 {
			return g.listed(c, v, n)
		}
		for k, lv := v.Next(lua.LNil); k != lua.LNil; k, lv = v.Next(k) {
			name, ok := k.(lua.LString)
			if !ok {
				c.wrong("a channel", "a name", k)
			}
			l := c.level(lv, string(name))
			for _, ch := range g.channel(c, string(name)) {
				out = append(out, target{ch, l})
			}
		}
	default:
		c.wrong("the levels", "a number, a list or a table by channel name", v)
	}
	return out
}

func (g *group) listed(c call, list *lua.LTable, n int) []target {
	var out []target
	for _, f := range g.fixtures {
		if n > len(f.Channels) {
			c.fail("%d levels for fixture %q, which has %d channels", n, f.Name, len(f.Channels))
		}
		for i := range n {
			out = append(out, target{f.Channels[i], c.level(list.RawGetInt(i+1), fmt.Sprintf("level %d", i+1))})
		}
	}
	return out
}

func (s *Show) openStage(L *lua.LState) *lua.LTable {
	m := L.NewTable()
	m.RawSetString("fixture", function(L, "stage.fixture", s.stageFixture))
	m.RawSetString("group", function(L, "stage.group", s.stageGroup))
	m.RawSetString("get", function(L, "stage.get", s.stageGet))
	return m
}

// stageFixture patches a fixture.
func (s *Show) stageFixture(c call) int {
	o := c.options(1, false, "name", "at", "kind", "channels")
	name := o.asString(o.get("name"), "name")
	ud, _ := o.get("at").(*lua.LUserData)
	var at address
	ok := false
	if ud != nil {
		at, ok = ud.Value.(address)
	}
	if !ok {
		c.wrong("at", "an address such as net:universe(1):slot(1)", o.get("at"))
	}
	slots := s.env.Registry.Slots(at.at.Output)
	var f patch.Fixture
	var err error
	switch {
	case o.has("kind") == o.has("channels"):
		c.fail("give either kind or channels")
	case o.has("kind"):
		f, err = patch.New(name, o.str("kind", ""), at.at, slots)
	default:
		list, isList := o.get("channels").(*lua.LTable)
		if !isList {
			c.wrong("channels", "a list of names", o.get("channels"))
		}
		var names []string
		for i := 1; i <= list.Len(); i++ {
			names = append(names, c.asString(list.RawGetInt(i), fmt.Sprintf("channel %d", i)))
		}
		f, err = patch.NewCustom(name, names, at.at, slots)
	}
	if err == nil {
		err = s.Patch.Fixture(f)
	}
	if err != nil {
		c.fail("%s", err)
	}
	return s.pushFixture(c, f)
}

func (s *Show) pushFixture(c call, f patch.Fixture) int {
	v := s.object(c.L, "fixture", &group{f.Name, []patch.Fixture{f}}, func() *lua.LTable {
		return methods(c.L, "fixture", s.levelMethods(), func(L *lua.LState, g *group, name string) lua.LValue {
			switch name {
			case "name":
				return lua.LString(g.name)
			case "kind":
				return lua.LString(g.fixtures[0].Kind)
			}
			return nil
		})
	})
	c.L.Push(v)
	return 1
}

// stageGroup makes a group of fixtures and of groups.
func (s *Show) stageGroup(c call) int {
	o := c.options(1, true, "name")
	g := &group{name: o.str("name", "")}
	var names []string
	for i := 1; i <= o.t.Len(); i++ {
		ud, _ := o.t.RawGetInt(i).(*lua.LUserData)
		var member *group
		if ud != nil {
			member, _ = ud.Value.(*group)
		}
		if member == nil {
			c.wrong(fmt.Sprintf("member %d", i), "a fixture or a group", o.t.RawGetInt(i))
		}
		for _, f := range member.fixtures {
			g.fixtures = append(g.fixtures, f)
			names = append(names, f.Name)
		}
	}
	if len(g.fixtures) == 0 {
		c.fail("a group needs at least one fixture")
	}
	if g.name != "" {
		if err := s.Patch.Group(g.name, names...); err != nil {
			c.fail("%s", err)
		}
	}
	return s.pushGroup(c, g)
}

func (s *Show) pushGroup(c call, g *group) int {
	c.L.Push(s.object(c.L, "group", g, func() *lua.LTable {
		fns := s.levelMethods()
		fns["each"] = s.groupEach
		mt := methods(c.L, "group", fns, func(L *lua.LState, g *group, name string) lua.LValue {
			if name == "name" {
				return lua.LString(g.name)
			}
			return nil
		})
		byName := mt.RawGetString("__index")
		mt.RawSetString("__index", function(c.L, "group", func(c call) int {
			i, ok := c.get(2).(lua.LNumber)
			if !ok {
				c.L.Push(byName)
				c.L.Push(c.get(1))
				c.L.Push(c.get(2))
				c.L.Call(2, 1)
				return 1
			}
			g := self[*group](c, "group")
			if i < 1 || int(i) > len(g.fixtures) {
				c.L.Push(lua.LNil)
				return 1
			}
			return s.pushFixture(c, g.fixtures[int(i)-1])
		}))
		mt.RawSetString("__len", function(c.L, "group", func(c call) int {
			c.L.Push(lua.LNumber(len(self[*group](c, "group").fixtures)))
			return 1
		}))
		return mt
	}))
	return 1
}

func (s *Show) groupEach(c call, g *group) int {
	fn := c.function(1, "the callback")
	for i, f := range g.fixtures {
		c.L.Push(fn)
		s.pushFixture(c, f)
		c.L.Push(lua.LNumber(i + 1))
		c.L.Call(2, 0)
	}
	return 0
}

// stageGet finds a fixture or group by name.
func (s *Show) stageGet(c call) int {
	name := c.str(1, "the name")
	p := s.Patch.Build()
	if f, ok := p.Fixture(name); ok {
		return s.pushFixture(c, f)
	}
	if g, ok := p.Group(name); ok {
		return s.pushGroup(c, &group{g.Name, g.Fixtures})
	}
	c.L.Push(lua.LNil)
	return 1
}

// levelMethods are what fixtures and groups share.
func (s *Show) levelMethods() map[string]func(call, *group) int {
	return map[string]func(call, *group) int{"set": s.set, "fade": s.fade, "get": s.levels, "stop": s.stop}
}

func (s *Show) set(c call, g *group) int {
	for _, t := range g.targets(c, c.get(1)) {
		s.g.Emit(engine.Set{Channel: t.Channel, Value: t.level})
	}
	return 0
}

func (s *Show) fade(c call, g *group) int {
	targets := g.targets(c, c.get(1))
	d := s.duration(c, c.get(2), "the duration")
	easing, delay := s.fadeOptions(c, 3)
	for _, t := range targets {
		s.g.Emit(engine.Fade{Channel: t.Channel, To: t.level, Duration: d, Delay: delay, Curve: easing})
	}
	return 0
}

// fadeOptions takes { curve=, delay= }.
func (s *Show) fadeOptions(c call, i int) (curve.Easing, script.Span) {
	o := c.options(i, false, "curve", "delay")
	name := o.str("curve", "linear")
	easing, ok := curve.ParseEasing(name)
	if !ok {
		c.fail("curve must be one of %s, got %q%s", strings.Join(curve.Names(), ", "), name, suggestion(name, curve.Names()))
	}
	var delay script.Span
	if o.has("delay") {
		delay = s.duration(c, o.get("delay"), "delay")
	}
	return easing, delay
}

// levels returns the present level of one channel, or of all in a table by name.
// Of a group it is asked of the first fixture that has the channel.
func (s *Show) levels(c call, g *group) int {
	if !c.none(1) {
		ch := g.channel(c, c.str(1, "the channel"))[0]
		c.L.Push(lua.LNumber(s.level(ch)))
		return 1
	}
	t := c.L.NewTable()
	for _, ch := range g.fixtures[0].Channels {
		t.RawSetString(ch.Name, lua.LNumber(s.level(ch)))
	}
	c.L.Push(t)
	return 1
}

func (s *Show) level(ch patch.Channel) float64 { return s.env.Levels.Value(ch.Coarse) }

func (s *Show) stop(c call, g *group) int {
	for _, f := range g.fixtures {
		for _, ch := range f.Channels {
			s.g.Emit(engine.Stop{Channel: ch})
		}
	}
	return 0
}
