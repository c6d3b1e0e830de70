package bindings

import (
	"fmt"
	"math"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/patch"
	"showrun/runtime/patch/profile"
)

// group is one or more fixtures that are told the same.
type group struct {
	name     string
	fixtures []patch.Fixture
	at       []level.Address // of the colours, once they were set as pixels
}

func (g *group) String() string { return g.name }

func (s *Show) openStage(L *lua.LState, m *lua.LTable) {
	if math, ok := L.GetGlobal("math").(*lua.LTable); ok {
		s.random = math.RawGetString("random")
	}
	module.Functions(L, m, "stage", map[string]func(module.Call) int{
		"fixture": s.stageFixture, "group": s.stageGroup, "get": s.stageGet,
		"master": s.stageMaster, "blackout": s.stageBlackout, "layout": s.stageLayout, "color": s.stageColor,
	})
}

// stageFixture patches a fixture.
func (s *Show) stageFixture(c module.Call) int {
	o := c.Options(1, false, "name", "at", "kind", "channels", "profile", "mode", "range", "at_position", "rotation")
	name := o.AsString(o.Get("name"), "name")
	at := fixtureAddress(o, name)
	m, err := s.fixtureModel(o, name)
	if err == nil && o.Has("range") {
		m, err = turning(o, m)
	}
	if err != nil {
		c.Fail("fixture %q: %s", name, err)
	}
	f, err := patch.NewModel(name, m, at.At, s.Registry.Slots(at.At.Output))
	f.Kind = o.Str("kind", "")
	place(o, &f)
	if err == nil {
		s.LoadingOnly(c, "fixtures are patched")
		err = s.patch.Fixture(f)
	}
	if err != nil {
		c.Fail("%s", err)
	}
	for i, p := range f.Properties {
		if p.Default > 0 {
			s.G.Emit(engine.Set{Channel: f.Channels[i], Value: p.Default})
		}
	}
	c.L.Push(s.object(c.L, f))
	return 1
}

// object makes the object of a fixture, with those of its parts.
func (s *Show) object(L *lua.LState, f patch.Fixture) *lua.LUserData {
	for _, part := range f.Parts {
		s.object(L, part)
	}
	ud := module.Object(s.Load, L, "stage.fixture", &group{name: f.Name, fixtures: []patch.Fixture{f}}, s.fixtureClass)
	s.named[objectName(f)] = ud
	return ud
}

// objectName is what a fixture is found by; parts are not found by their names alone.
func objectName(f patch.Fixture) string {
	if f.Of == "" {
		return f.Name
	}
	return f.Of + "\x00" + f.Name
}

// parts is the group of what can be lit on its own of a fixture, nil if nothing can.
func (s *Show) parts(L *lua.LState, g *group) lua.LValue {
	f := g.fixtures[0]
	if len(f.Parts) == 0 {
		return lua.LNil
	}
	key := f.Name + "\x00"
	if s.named[key] == nil {
		s.named[key] = module.Object(s.Load, L, "stage.group", &group{name: f.Name + ".parts", fixtures: f.Parts}, s.groupClass)
	}
	return s.named[key]
}

// fixtureModel takes what the fixture is.
func (s *Show) fixtureModel(o module.Options, name string) (patch.Model, error) {
	given := 0
	for _, what := range []string{"kind", "channels", "profile"} {
		if o.Has(what) {
			given++
		}
	}
	switch {
	case given != 1:
		o.Fail("fixture %q: give one of kind, channels and profile", module.Cut(name))
	case o.Has("mode") && !o.Has("profile"):
		o.Fail("fixture %q: mode stands with profile", module.Cut(name))
	case o.Has("profile"):
		return s.profile(o)
	case o.Has("kind"):
		return patch.Kind(o.Str("kind", ""))
	}
	return patch.ModelOf(o.Names(o.Get("channels"), "channels", "channel"))
}

// profileMode names a mode of a profile.
type profileMode struct{ file, mode string }

// profile reads a mode of a file in the show folder, once for all fixtures of a load.
func (s *Show) profile(o module.Options) (patch.Model, error) {
	s.LoadingOnly(o.Call, "fixtures are patched") // nobody waits for a file once the show is live
	key := profileMode{o.Str("profile", ""), o.Str("mode", "")}
	if m, ok := s.profiles[key]; ok {
		return m, nil
	}
	p, err := profile.Read(s.G.Folder(), key.file, key.mode)
	if err != nil {
		return patch.Model{}, err
	}
	s.profiles[key] = p.Model()
	return s.profiles[key], nil
}

// turning takes how far a fixture turns.
func turning(o module.Options, m patch.Model) (patch.Model, error) {
	t, ok := o.Get("range").(*lua.LTable)
	if !ok {
		o.Wrong("range", "a table of degrees such as { pan = 540, tilt = 270 }", o.Get("range"))
	}
	ways := map[string]float64{}
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		name, _ := k.(lua.LString)
		n, ok := v.(lua.LNumber)
		switch {
		case name != "pan" && name != "tilt":
			o.Fail("range is for pan and tilt, got the key %s", module.Describe(k))
		case !ok || !(math.Abs(float64(n)) >= 1 && math.Abs(float64(n)) <= 3600):
			o.WrongNumber("range of "+string(name), "1-3600 degrees, or less than 0 for one that turns the other way", v)
		}
		ways[string(name)] = float64(n)
	}
	return m.Turn(ways["pan"], ways["tilt"])
}

// place takes where a fixture is on the stage.
func place(o module.Options, f *patch.Fixture) {
	if o.Has("at_position") {
		f.Placed, f.Position = true, vector(o.Call, o.Get("at_position"), "at_position", "metres")
	}
	if o.Has("rotation") {
		if !f.Placed {
			o.Fail("rotation stands with at_position = { x, y, z }")
		}
		f.Rotation = vector(o.Call, o.Get("rotation"), "rotation", "degrees")
	}
}

// fixtureAddress takes the place of a fixture.
func fixtureAddress(o module.Options, name string) module.Address {
	ud, isObject := o.Get("at").(*lua.LUserData)
	if isObject {
		if at, ok := ud.Value.(module.Address); ok {
			return at
		}
	}
	hint := ""
	if isObject && module.Method(ud, "slot") != nil {
		hint = "; name the first slot as well, as in x:slot(1)"
	}
	o.Fail("fixture %q: at must be an address such as net:universe(1):slot(1), got %s%s", module.Cut(name), module.Describe(o.Get("at")), hint)
	return module.Address{}
}

func (s *Show) fixtureClass() module.Class[*group] {
	return module.Class[*group]{
		Methods: s.levelMethods(),
		Level:   (*group).levelOf,
		Properties: map[string]func(*group) lua.LValue{
			"name":  func(g *group) lua.LValue { return lua.LString(g.name) },
			"parts": func(g *group) lua.LValue { return s.parts(s.G.L, g) },
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
func (s *Show) stageGroup(c module.Call) int {
	o := c.Options(1, true, "name")
	g := &group{name: o.Str("name", "")}
	var names []string
	seen := map[string]bool{}
	for i := 1; i <= o.T.Len(); i++ {
		var member *group
		if ud, ok := o.T.RawGetInt(i).(*lua.LUserData); ok {
			member, _ = ud.Value.(*group)
		}
		if member == nil {
			c.Wrong(fmt.Sprintf("member %d", i), "a fixture or a group", o.T.RawGetInt(i))
		}
		for _, f := range member.fixtures {
			if seen[objectName(f)] {
				continue
			}
			seen[objectName(f)] = true
			g.fixtures = append(g.fixtures, f)
			names = append(names, f.Name)
		}
	}
	if len(g.fixtures) == 0 {
		c.Fail("a group needs at least one fixture")
	}
	ud := module.Object(s.Load, c.L, "stage.group", g, s.groupClass)
	if g.name != "" {
		s.LoadingOnly(c, "groups with a name are made")
		if err := s.patch.Group(g.name, names...); err != nil {
			c.Fail("%s", err)
		}
		s.named[g.name] = ud
	}
	c.L.Push(ud)
	return 1
}

func (s *Show) groupClass() module.Class[*group] {
	methods := s.levelMethods()
	methods["each"], methods["pixels"] = s.groupEach, s.pixels
	return module.Class[*group]{
		Methods: methods,
		Properties: map[string]func(*group) lua.LValue{
			"name": func(g *group) lua.LValue {
				if g.name == "" {
					return lua.LNil
				}
				return lua.LString(g.name)
			},
		},
		Level:  (*group).levelOf,
		Item:   func(_ *lua.LState, g *group, i int) lua.LValue { return s.named[objectName(g.fixtures[i-1])] },
		Length: func(g *group) int { return len(g.fixtures) },
	}
}

func (s *Show) groupEach(c module.Call, g *group) int {
	fn := c.Function(1, "the callback")
	for i, f := range g.fixtures {
		c.L.Push(fn)
		c.L.Push(s.named[objectName(f)])
		c.L.Push(lua.LNumber(i + 1))
		c.L.Call(2, 0)
	}
	return 0
}

// stageGet finds a fixture or group by name.
func (s *Show) stageGet(c module.Call) int {
	if ud, ok := s.named[c.Str(1, "the name")]; ok {
		c.L.Push(ud)
	} else {
		c.L.Push(lua.LNil)
	}
	return 1
}
