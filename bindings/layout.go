package bindings

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/patch"
)

// stageLayout keeps where fixtures lie in the picture of the stage.
func (s *Show) stageLayout(c module.Call) int {
	t, ok := c.Get(1).(*lua.LTable)
	if !ok {
		c.Wrong("the layout", "a table of places, as in { wash = { 1, 2 } }", c.Get(1))
	}
	s.LoadingOnly(c, "fixtures are laid out")
	var places []patch.Place
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		name := s.laidOut(c, k)
		xy, ok := v.(*lua.LTable)
		if !ok || xy.Len() != 2 {
			c.Wrong(fmt.Sprintf("the place of %q", name), "{ x, y }", v)
		}
		var n [2]float64
		for i, axis := range []string{"x", "y"} {
			number, ok := xy.RawGetInt(i + 1).(lua.LNumber)
			if !ok || math.IsNaN(float64(number)) || math.IsInf(float64(number), 0) {
				c.WrongNumber(fmt.Sprintf("%s of %q", axis, name), "a number", xy.RawGetInt(i+1))
			}
			n[i] = float64(number)
		}
		places = append(places, patch.Place{Fixture: name, X: n[0], Y: n[1]})
	}
	for _, p := range places {
		s.layout = slices.DeleteFunc(s.layout, func(have patch.Place) bool { return have.Fixture == p.Fixture })
	}
	s.layout = append(s.layout, places...)
	slices.SortFunc(s.layout, func(a, b patch.Place) int { return strings.Compare(a.Fixture, b.Fixture) })
	return 0
}

// laidOut is the fixture that a key of a layout names.
func (s *Show) laidOut(c module.Call, k lua.LValue) string {
	ud, ok := k.(*lua.LUserData)
	if name, text := k.(lua.LString); text {
		if ud, ok = s.named[string(name)]; !ok {
			hint := ""
			if best := patch.Closest(string(name), slices.Sorted(maps.Keys(s.named))); best != "" {
				hint = fmt.Sprintf(" (did you mean %q?)", best)
			}
			c.Fail("no fixture is called %q%s", module.Cut(string(name)), hint)
		}
	}
	var g *group
	if ok {
		g, ok = ud.Value.(*group)
	}
	if !ok {
		c.Wrong("what is laid out", "a fixture or its name", k)
	}
	if ud != s.named[g.fixtures[0].Name] {
		c.Fail("what is laid out must be a fixture, got the group %q; lay out its members", g.name)
	}
	return g.fixtures[0].Name
}
