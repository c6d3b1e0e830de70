package bindings

import (
	"cmp"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/cue"
	"showrun/runtime/curve"
	"showrun/runtime/engine"
	"showrun/runtime/patch"
)

// cueStage is what cues see of the stage.
type cueStage struct {
	*Show
	spots map[cue.Key]spot // of all channels of fixtures, once they were asked for
	count int              // names there were then
}

// spot is a channel or an attribute of a fixture.
type spot struct {
	fixture patch.Fixture
	target
}

// Read implements cue.Stage.
func (s *cueStage) Read(c module.Call, who, levels lua.LValue) (changes []cue.Change) {
	g := s.who(c, who)
	c.Fn += " of " + cmp.Or(g.name, "a group")
	targets := g.lights(c, levels)
	if targets == nil {
		targets = g.targets(c, levels)
	}
	s.know()
	changes = make([]cue.Change, 0, len(targets))
	for _, t := range targets {
		f := s.spots[t.Coarse].fixture
		changes = append(changes, cue.Change{Key: t.Coarse, Class: t.class, Fixture: f.Name, Value: cue.Value{Level: t.level}})
		changes = append(changes, s.Follow(t.Coarse)...)
	}
	return changes
}

// Attributes implements cue.Stage.
func (s *cueStage) Attributes(fixture string) (all []cue.Change) {
	ud := s.named[fixture]
	if ud == nil {
		return nil
	}
	f := ud.Value.(*group).fixtures[0]
	if f.Mix == nil {
		return nil
	}
	for i, class := range attributeClasses {
		if i > 0 && f.Colored() || i == 0 && f.Mix.Dims {
			all = append(all, cue.Change{Key: f.Mix.Attribute(i).Coarse, Class: class, Fixture: fixture})
		}
	}
	return all
}

// attributeClasses are those of the attributes of a mix.
var attributeClasses = [...]patch.Class{patch.Intensity, patch.Color, patch.Color, patch.Color}

// Follow implements cue.Stage.
func (s *cueStage) Follow(k cue.Key) (changes []cue.Change) {
	f := s.spots[k].fixture
	if !k.Output.IsAttribute() || f.Mix == nil {
		return nil
	}
	for _, ch := range f.Mix.Channels {
		changes = append(changes, cue.Change{Key: ch.Coarse, Class: patch.Color, Fixture: f.Name, Value: cue.Value{Motion: cue.Follows{}}})
	}
	return changes
}

// who is the fixture or group that a look means.
func (s *cueStage) who(c module.Call, v lua.LValue) *group {
	ud, _ := v.(*lua.LUserData)
	name, isName := v.(lua.LString)
	if isName {
		ud = s.named[string(name)]
	}
	if ud == nil && isName {
		var names []string
		for n := range s.named {
			names = append(names, n)
		}
		slices.Sort(names)
		c.Fail("no fixture or group is called %s%s", module.Describe(name), module.Hint(string(name), "there are", names))
	}
	if ud != nil {
		if g, ok := ud.Value.(*group); ok {
			return g
		}
	}
	hint := ""
	if _, ok := v.(lua.LNumber); ok {
		hint = `; write [wash] = … or ["wash"] = … for each`
	}
	c.Fail("what a look names must be a fixture, a group or the name of one, got %s%s", module.Describe(v), hint)
	return nil
}

// lights takes a bare number, or a percentage, as the intensity of each fixture that gives
// light; nil unless it is one.
func (g *group) lights(c module.Call, v lua.LValue) (out []target) {
	l, ok := c.Percent(v, "the level")
	if _, number := v.(lua.LNumber); number {
		l, ok = c.Level(v, "the level"), true
	}
	if !ok {
		return nil
	}
	for _, f := range g.fixtures {
		for _, ch := range f.Dimmer() {
			out = append(out, target{Channel: ch, class: patch.Intensity, level: l})
		}
		if len(f.Dimmer()) > 0 {
			continue
		}
		for i, ch := range f.Channels {
			out = append(out, target{Channel: ch, class: f.Properties[i].Class, level: l})
		}
	}
	return out
}

// know finds out where all channels and attributes of fixtures are.
func (s *cueStage) know() {
	if s.count == len(s.named) {
		return
	}
	s.spots, s.count = map[cue.Key]spot{}, len(s.named)
	for _, ud := range s.named {
		for _, f := range ud.Value.(*group).fixtures {
			for i, ch := range f.Channels {
				s.spots[ch.Coarse] = spot{f, target{Channel: ch, class: f.Properties[i].Class}}
			}
			if f.Mix == nil {
				continue
			}
			for i, class := range attributeClasses {
				ch := f.Mix.Attribute(i)
				s.spots[ch.Coarse] = spot{f, target{Channel: ch, class: class}}
			}
		}
	}
}

// Place implements cue.Stage.
func (s *cueStage) Place(ch patch.Channel) (fixture string, class patch.Class) {
	s.know()
	if _, ok := s.spots[ch.Coarse]; !ok {
		s.spots[ch.Coarse] = spot{target: target{Channel: ch}} // of no fixture
	}
	p := s.spots[ch.Coarse]
	return p.fixture.Name, p.class
}

// Channel implements cue.Stage.
func (s *cueStage) Channel(k cue.Key) patch.Channel { return s.spots[k].Channel }

// Fade implements cue.Stage.
func (s *cueStage) Fade(moves []cue.Move) {
	s.know()
	var lengths []cue.Length
	byLength := map[cue.Length][]target{}
	for _, m := range moves {
		if byLength[m.Duration] == nil {
			lengths = append(lengths, m.Duration)
			byLength[m.Duration] = make([]target, 0, len(moves)) // most often it is one length for all
		}
		t := s.spots[m.Key].target
		t.level = m.Value.Level
		byLength[m.Duration] = append(byLength[m.Duration], t)
	}
	for _, d := range lengths {
		if d == (cue.Length{}) {
			s.put(byLength[d])
		} else {
			s.fadeTo(byLength[d], engine.Length(d), engine.Length{}, curve.Linear)
		}
	}
}

// Write implements cue.Stage.
func (s *cueStage) Write(L *lua.LState, look []cue.Change) *lua.LTable {
	s.know()
	all := L.NewTable()
	for _, change := range look {
		ud := s.named[change.Fixture]
		if ud == nil || change.Value.Motion != nil {
			continue
		}
		t, ok := all.RawGet(ud).(*lua.LTable)
		if !ok {
			t = L.NewTable()
			all.RawSet(ud, t)
		}
		p, l := s.spots[change.Key], change.Value.Level
		n := change.Key.Slot - change.Key.Fixture().Attribute(1).Slot
		switch property := p.fixture.Property(p.Channel); {
		case change.Key.Output.IsAttribute() && n > 0:
			colour, ok := t.RawGetString("color").(*lua.LTable)
			if !ok {
				colour = L.CreateTable(3, 0)
				t.RawSetString("color", colour)
			}
			colour.RawSetInt(int(n), lua.LNumber(l))
		case property.Degrees != 0:
			t.RawSetString(p.Name, lua.LNumber(property.Turned(l)))
		default:
			t.RawSetString(p.Name, lua.LNumber(l))
		}
	}
	return all
}

// cueFade is how long a fade to a target takes that the function of a cue leaves to the cue;
// false if it does not.
func (s *Show) cueFade(c module.Call) (of func(target) engine.Length, inCue bool) {
	scope := s.G.Scope()
	if scope == nil || !c.None(2) {
		return nil, false
	}
	fade, inCue := scope.Value.(cue.Fade)
	return func(t target) engine.Length {
		from := 0.0
		if fade.Up != fade.Down {
			from = s.Level(t.Channel)
		}
		return engine.Length(fade.Of(t.class, cue.Value{Level: from}, cue.Value{Level: t.level}))
	}, inCue
}
