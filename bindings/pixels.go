package bindings

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// pixels sets the colours of all fixtures of a group from one list: red, green and blue of
// the first, then of the next.
func (s *Show) pixels(c module.Call, g *group) int {
	t, ok := c.Get(1).(*lua.LTable)
	if !ok {
		c.Wrong("the pixels", "a list of red, green and blue for each fixture in turn", c.Get(1))
	}
	at := g.pixelAddresses(c)
	if n := t.Len(); n != 3*len(at) {
		c.Fail("%d levels for %d fixtures; it takes %d: red, green and blue of each", n, len(at), 3*len(at))
	}
	levels := make([]float32, 3*len(at))
	for i := range levels {
		v := t.RawGetInt(i + 1)
		n, ok := v.(lua.LNumber)
		if !ok || !(n >= 0 && n <= 255) {
			n = lua.LNumber(c.Level(v, fmt.Sprintf("level %d", i+1)))
		}
		levels[i] = float32(n)
	}
	s.G.Emit(engine.SetColors{At: at, Levels: levels})
	return 0
}

// pixelAddresses are where the colours of the fixtures are.
func (g *group) pixelAddresses(c module.Call) []level.Address {
	if g.at != nil {
		return g.at
	}
	at := make([]level.Address, len(g.fixtures))
	for i, f := range g.fixtures {
		if !f.Colored() {
			(&group{fixtures: []patch.Fixture{f}}).noColor(c)
		}
		at[i] = f.Mix.Attribute(1).Coarse
	}
	g.at = at
	return at
}
