package bindings

import (
	"math"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/color"
	"showrun/runtime/level"
	"showrun/runtime/patch"
	"showrun/runtime/show"
)

// levels returns the present level of one channel or attribute, or of all in a table by
// name. Of a group it is asked of the first fixture that has the channel.
func (s *Show) levels(c module.Call, g *group) int {
	if c.None(1) {
		c.L.Push(s.all(c, g.fixtures[0]))
		return 1
	}
	name := c.Str(1, "the channel")
	for _, f := range g.fixtures {
		if v := s.present(f, name); v != lua.LNil {
			c.L.Push(v)
			return 1
		}
	}
	g.lacks(c, name)
	return 0
}

// all is what a fixture is at, by name.
func (s *Show) all(c module.Call, f patch.Fixture) lua.LValue {
	t := c.L.NewTable()
	for _, ch := range f.Channels {
		t.RawSetString(ch.Name, s.present(f, ch.Name))
	}
	for _, name := range []string{"color", "intensity"} {
		if v := s.present(f, name); v != lua.LNil {
			t.RawSetString(name, v)
		}
	}
	return t
}

// present is what one channel or attribute of a fixture is at; nil if it has none.
func (s *Show) present(f patch.Fixture, name string) lua.LValue {
	ch, err := f.Channel(name)
	switch {
	case err == nil:
		l := s.Level(ch)
		if p := f.Property(ch); p.Degrees != 0 {
			l = p.Turned(l)
		}
		return lua.LNumber(l)
	case name == "color" && f.Colored():
		_, c := s.light(f)
		return lua.LString(c.String())
	case name == "intensity" && len(f.Dimmer()) > 0:
		if d := f.Dimmer()[0]; !d.Coarse.Output.IsAttribute() {
			return lua.LNumber(s.Level(d))
		}
		intensity, _ := s.light(f)
		return lua.LNumber(intensity)
	}
	return lua.LNil
}

// light is the intensity and the colour that a fixture shows: its attributes, or what its
// channels make if something else was done with them.
func (s *Show) light(f patch.Fixture) (intensity float64, c color.RGB) {
	m := f.Mix
	intensity = 255
	if m.Dims {
		intensity = s.Level(m.Attribute(0))
	}
	c = color.RGB{R: s.Level(m.Attribute(1)), G: s.Level(m.Attribute(2)), B: s.Level(m.Attribute(3))}
	shown := make([]float64, len(m.Channels))
	for i, ch := range m.Channels {
		shown[i] = s.Level(ch)
	}
	for i, l := range m.Levels(nil, c.Times(intensity/255)) {
		if math.Abs(min(max(l, 0), 255)-shown[i]) > 0.25 {
			return m.Infer(shown, intensity)
		}
	}
	return intensity, c
}

// held tells whether an operator holds a channel, or any without a name.
func (s *Show) held(c module.Call, g *group) int {
	var list []level.Address
	for _, f := range g.fixtures {
		list = append(list, s.holdable(c, g, f)...)
	}
	held := false
	for _, a := range list {
		held = held || s.G.Ask(show.AskHeld{At: a}).(bool)
	}
	c.L.Push(lua.LBool(held))
	return 1
}

// holdable are the addresses at which a channel or an attribute of a fixture is held, or
// any of them without a name.
func (s *Show) holdable(c module.Call, g *group, f patch.Fixture) (list []level.Address) {
	add := func(channels ...patch.Channel) {
		for _, ch := range channels {
			list = append(list, ch.Coarse)
		}
	}
	if c.None(1) {
		add(f.Channels...)
	}
	name := ""
	if !c.None(1) {
		name = c.Str(1, "the channel")
	}
	if f.Mix != nil && (name == "" || name == "color") {
		add(f.Mix.ColorChannels()...)
	}
	if name == "" || name == "intensity" {
		add(f.Dimmer()...)
	}
	if name != "" && name != "color" && name != "intensity" {
		g.channel(c, name)
		if ch, err := f.Channel(name); err == nil {
			add(ch)
		}
	}
	return list
}
