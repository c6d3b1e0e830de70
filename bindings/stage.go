package bindings

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// address is where a fixture can be patched: a slot of an output.
type address struct{ at level.Address }

func (a address) String() string { return fmt.Sprintf("slot %d", a.at.Slot) }

func (s *Show) pushAddress(L *lua.LState, at level.Address) int {
	L.Push(oneObject(s, L, "address", address{at}, func() class[address] { return class[address]{} }))
	return 1
}

// group is one or more fixtures that are told the same.
type group struct {
	name     string
	fixtures []patch.Fixture
}

func (g *group) String() string { return g.name }

func (s *Show) openStage(L *lua.LState) *lua.LTable {
	m := L.NewTable()
	functions(L, m, "stage", map[string]func(call) int{
		"fixture": s.stageFixture, "group": s.stageGroup, "get": s.stageGet,
	})
	return m
}

// stageFixture patches a fixture.
func (s *Show) stageFixture(c call) int {
	o := c.options(1, false, "name", "at", "kind", "channels")
	name := o.asString(o.get("name"), "name")
	var at address
	ok := false
	if ud, isObject := o.get("at").(*lua.LUserData); isObject {
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
		f, err = patch.NewCustom(name, c.names(o.get("channels"), "channels", "channel"), at.at, slots)
	}
	if err == nil {
		s.loadingOnly(c, "fixtures are patched")
		err = s.Patch.Fixture(f)
	}
	if err != nil {
		c.fail("%s", err)
	}
	s.named[name] = object(s, c.L, "stage.fixture", &group{name, []patch.Fixture{f}}, s.fixtureClass)
	c.L.Push(s.named[name])
	return 1
}

func (s *Show) fixtureClass() class[*group] {
	return class[*group]{
		methods: s.levelMethods(),
		properties: map[string]func(*group) lua.LValue{
			"name": func(g *group) lua.LValue { return lua.LString(g.name) },
			"kind": func(g *group) lua.LValue {
				if kind := g.fixtures[0].Kind; kind != "" {
					return lua.LString(kind)
				}
				return lua.LNil
			},
		},
	}
}

// stageGroup makes a group of fixtures and of groups. A fixture that is in it
// more than once counts at its first place.
func (s *Show) stageGroup(c call) int {
	o := c.options(1, true, "name")
	g := &group{name: o.str("name", "")}
	var names []string
	seen := map[string]bool{}
	for i := 1; i <= o.t.Len(); i++ {
		var member *group
		if ud, ok := o.t.RawGetInt(i).(*lua.LUserData); ok {
			member, _ = ud.Value.(*group)
		}
		if member == nil {
			c.wrong(fmt.Sprintf("member %d", i), "a fixture or a group", o.t.RawGetInt(i))
		}
		for _, f := range member.fixtures {
			if !seen[f.Name] {
				seen[f.Name] = true
				g.fixtures = append(g.fixtures, f)
				names = append(names, f.Name)
			}
		}
	}
	if len(g.fixtures) == 0 {
		c.fail("a group needs at least one fixture")
	}
	ud := object(s, c.L, "stage.group", g, s.groupClass)
	if g.name != "" {
		s.loadingOnly(c, "groups with a name are made")
		if err := s.Patch.Group(g.name, names...); err != nil {
			c.fail("%s", err)
		}
		s.named[g.name] = ud
	}
	c.L.Push(ud)
	return 1
}

func (s *Show) groupClass() class[*group] {
	methods := s.levelMethods()
	methods["each"] = s.groupEach
	return class[*group]{
		methods: methods,
		properties: map[string]func(*group) lua.LValue{
			"name": func(g *group) lua.LValue {
				if g.name == "" {
					return lua.LNil
				}
				return lua.LString(g.name)
			},
		},
		item:   func(_ *lua.LState, g *group, i int) lua.LValue { return s.named[g.fixtures[i-1].Name] },
		length: func(g *group) int { return len(g.fixtures) },
	}
}

func (s *Show) groupEach(c call, g *group) int {
	fn := c.function(1, "the callback")
	for i, f := range g.fixtures {
		c.L.Push(fn)
		c.L.Push(s.named[f.Name])
		c.L.Push(lua.LNumber(i + 1))
		c.L.Call(2, 0)
	}
	return 0
}

// stageGet finds a fixture or group by name.
func (s *Show) stageGet(c call) int {
	if ud, ok := s.named[c.str(1, "the name")]; ok {
		c.L.Push(ud)
	} else {
		c.L.Push(lua.LNil)
	}
	return 1
}
