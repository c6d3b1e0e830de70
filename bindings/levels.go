package bindings

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"showrun/runtime/curve"
	"showrun/runtime/engine"
	"showrun/runtime/patch"
	"showrun/runtime/script"
)

// levelMethods are what fixtures and groups share.
func (s *Show) levelMethods() map[string]func(call, *group) int {
	return map[string]func(call, *group) int{"set": s.set, "fade": s.fade, "get": s.levels, "stop": s.stop}
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
			l := c.level(lv, cut(string(name)))
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
	c.onlyList(list, n, "the levels")
	return out
}

// channel finds the named channel of those fixtures that have it.
func (g *group) channel(c call, name string) []patch.Channel {
	var found []patch.Channel
	var missing error
	for _, f := range g.fixtures {
		if ch, err := f.Channel(name); err == nil {
			found = append(found, ch)
		} else if missing == nil {
			missing = err
		}
	}
	if found == nil {
		c.fail("%s", missing)
	}
	return found
}

func (s *Show) set(c call, g *group) int {
	if c.count() > 1 {
		c.fail("takes one value for all channels, a list or a table, got %d values; did you mean a list, as in x:set{ 255, 40, 0 }?", c.count())
	}
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
		c.fail("curve must be %s, got %q%s", oneOf(curve.Names()), cut(name), suggestion(name, curve.Names()))
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
