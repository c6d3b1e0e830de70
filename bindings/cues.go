package bindings

import (
	"fmt"
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
	places map[cue.Key]place // of all channels of fixtures, once they were asked for
	count  int               // fixtures there were then
}

// place is a channel of a fixture.
type place struct {
	fixture string
	target
}

// Read implements cue.Stage.
func (s *cueStage) Read(c module.Call, who, levels lua.LValue) (changes []cue.Change) {
	c.Fn += " of " + fmt.Sprint(who)
	g := s.who(c, who)
	targets := g.lights(c, levels)
	if targets == nil {
		targets = g.targets(c, levels)
	}
	s.know()
	for _, t := range targets {
		changes = append(changes, cue.Change{
			Key: t.Coarse, Class: t.class, Fixture: s.places[t.Coarse].fixture, Value: cue.Value{Level: t.level},
		})
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

// lights takes a bare number as the intensity of each fixture that has one; nil unless it is
// one.
func (g *group) lights(c module.Call, v lua.LValue) (out []target) {
	n, ok := v.(lua.LNumber)
	if !ok {
		return nil
	}
	l := c.Level(n, "the level")
	for _, f := range g.fixtures {
		channels := slices.DeleteFunc(slices.Clone(f.Channels), func(ch patch.Channel) bool { return patch.ClassOf(ch.Name) != patch.Intensity })
		if len(channels) == 0 {
			channels = f.Channels
		}
		for _, ch := range channels {
			out = append(out, to(ch, l))
		}
	}
	return out
}

// know finds out where all channels of fixtures are.
func (s *cueStage) know() {
	if s.count == len(s.named) {
		return
	}
	s.places, s.count = map[cue.Key]place{}, len(s.named)
	for _, ud := range s.named {
		g := ud.Value.(*group)
		for _, f := range g.fixtures {
			for _, ch := range f.Channels {
				s.places[ch.Coarse] = place{f.Name, to(ch, 0)}
			}
		}
	}
}

// Place implements cue.Stage.
func (s *cueStage) Place(ch patch.Channel) (fixture string, class patch.Class) {
	s.know()
	if p, ok := s.places[ch.Coarse]; ok {
		return p.fixture, p.class
	}
	s.places[ch.Coarse] = place{"", to(ch, 0)}
	return "", patch.Beam
}

// Fade implements cue.Stage.
func (s *cueStage) Fade(moves []cue.Move) {
	s.know()
	var lengths []cue.Length
	byLength := map[cue.Length][]target{}
	for _, m := range moves {
		if byLength[m.Duration] == nil {
			lengths = append(lengths, m.Duration)
		}
		t := s.places[m.Key].target
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
		if ud == nil {
			continue
		}
		t, ok := all.RawGet(ud).(*lua.LTable)
		if !ok {
			t = L.NewTable()
			all.RawSet(ud, t)
		}
		t.RawSetString(s.places[change.Key].Name, lua.LNumber(change.Value.Level))
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
