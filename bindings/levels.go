package bindings

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/curve"
	"showrun/runtime/engine"
	"showrun/runtime/patch"
	"showrun/runtime/script"
)

// levelMethods are what fixtures and groups share.
func (s *Show) levelMethods() map[string]func(module.Call, *group) int {
	return map[string]func(module.Call, *group) int{
		"set": s.set, "fade": s.fade, "spline": s.spline, "get": s.levels, "stop": s.stop, "wave": s.wave,
	}
}

// target is a channel and the level it is to have: a plain value, to be kept and put out
// later.
type target struct {
	patch.Channel
	class patch.Class
	level float64
}

// to is the target of a channel.
func to(ch patch.Channel, l float64) target { return target{ch, patch.ClassOf(ch.Name), l} }

// put sets levels at once.
func (s *Show) put(targets []target) {
	for _, t := range targets {
		s.G.Emit(engine.Set{Channel: t.Channel, Value: t.level})
	}
}

// fadeTo fades to levels, after a delay.
func (s *Show) fadeTo(targets []target, duration, delay script.Span, easing curve.Easing) {
	for _, t := range targets {
		s.G.Emit(engine.Fade{Channel: t.Channel, To: t.level, Duration: duration, Delay: delay, Curve: easing})
	}
}

// targets reads a levels argument: a number for all channels, a list in the order
// of the channels, or a table by name.
func (g *group) targets(c module.Call, v lua.LValue) []target {
	var out []target
	switch v := v.(type) {
	case lua.LNumber:
		l := c.Level(v, "the level")
		for _, f := range g.fixtures {
			for _, ch := range f.Channels {
				out = append(out, to(ch, l))
			}
		}
	case *lua.LTable:
		if n := v.Len(); n > 0 {
			return g.listed(c, v, n)
		}
		for k, lv := v.Next(lua.LNil); k != lua.LNil; k, lv = v.Next(k) {
			name, ok := k.(lua.LString)
			if !ok {
				c.Wrong("a channel", "a name", k)
			}
			l := c.Level(lv, module.Cut(string(name)))
			for _, ch := range g.channel(c, string(name)) {
				out = append(out, to(ch, l))
			}
		}
	default:
		c.WrongNumber("the levels", "a number, a list or a table by channel name", v)
	}
	return out
}

func (g *group) listed(c module.Call, list *lua.LTable, n int) []target {
	var out []target
	for _, f := range g.fixtures {
		if n > len(f.Channels) {
			c.Fail("%d levels for fixture %q, which has %d channels", n, f.Name, len(f.Channels))
		}
		for i := range n {
			out = append(out, to(f.Channels[i], c.Level(list.RawGetInt(i+1), fmt.Sprintf("level %d", i+1))))
		}
	}
	c.OnlyList(list, n, "the levels")
	return out
}

// channel finds the named channel of those fixtures that have it.
func (g *group) channel(c module.Call, name string) []patch.Channel {
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
		c.Fail("%s", missing)
	}
	return found
}

func (s *Show) set(c module.Call, g *group) int {
	if c.Count() > 1 {
		likely := "a list, as in x:set{ 255, 40, 0 }"
		if name, ok := c.Get(1).(lua.LString); ok {
			likely = fmt.Sprintf("a table, as in x:set%s", byName(module.Cut(string(name))))
		}
		c.Fail("takes one value for all channels, a list or a table, got %d values; did you mean %s?", c.Count(), likely)
	}
	s.put(g.targets(c, c.Get(1)))
	return 0
}

// byName is how a script writes the level of one channel.
func byName(channel string) string {
	if strings.IndexFunc(channel, func(r rune) bool { return (r < 'a' || r > 'z') && r != '_' }) >= 0 {
		channel = fmt.Sprintf("[%q]", channel)
	}
	return fmt.Sprintf("{ %s = 255 }", channel)
}

// levelOf tells how the level of a channel is read and set, where somebody wrote it as
// a field.
func (g *group) levelOf(key lua.LValue) (get, set string) {
	var channels []string
	for _, f := range g.fixtures {
		for _, ch := range f.Channels {
			channels = append(channels, ch.Name)
		}
	}
	name, ok := key.(lua.LString)
	channel := patch.Closest(string(name), channels)
	if !ok || channel == "" {
		return "", ""
	}
	return fmt.Sprintf("%s:get(%q)", g.call(), channel), fmt.Sprintf("%s:set%s", g.call(), byName(channel))
}

// call is what a script is likely to call a group in an example.
func (g *group) call() string {
	if g.name == "" || strings.IndexFunc(g.name, func(r rune) bool { return (r < 'a' || r > 'z') && r != '_' }) >= 0 {
		return "x"
	}
	return g.name
}

func (s *Show) fade(c module.Call, g *group) int {
	if _, swapped := c.Get(2).(*lua.LTable); swapped {
		c.Fail("the levels come first and then the duration, as in x:fade({ red = 0 }, 2)")
	}
	targets := g.targets(c, c.Get(1))
	easing, delay := s.FadeOptions(c, 3)
	if of, inCue := s.cueFade(c); inCue {
		for _, t := range targets {
			s.fadeTo([]target{t}, of(t), delay, easing)
		}
		return 0
	}
	s.fadeTo(targets, s.Duration(c, c.Get(2), "the duration"), delay, easing)
	return 0
}

// spline moves all channels of each fixture along a Bezier path that begins at the
// levels they have.
func (s *Show) spline(c module.Call, g *group) int {
	var paths []engine.Path
	for _, f := range g.fixtures {
		knots := c.Knots(1, len(f.Channels), fmt.Sprintf("fixture %q", f.Name))
		path, err := curve.NewPath(len(f.Channels), knots)
		if err != nil {
			c.Fail("%s", err)
		}
		paths = append(paths, engine.Path{Channels: f.Channels, Path: path})
	}
	d := s.Duration(c, c.Get(2), "the duration of a segment")
	for _, p := range paths {
		p.Segment = d
		s.G.Emit(p)
	}
	return 0
}

// levels returns the present level of one channel, or of all in a table by name.
// Of a group it is asked of the first fixture that has the channel.
func (s *Show) levels(c module.Call, g *group) int {
	if !c.None(1) {
		ch := g.channel(c, c.Str(1, "the channel"))[0]
		c.L.Push(lua.LNumber(s.Level(ch)))
		return 1
	}
	t := c.L.NewTable()
	for _, ch := range g.fixtures[0].Channels {
		t.RawSetString(ch.Name, lua.LNumber(s.Level(ch)))
	}
	c.L.Push(t)
	return 1
}

func (s *Show) stop(c module.Call, g *group) int {
	for _, f := range g.fixtures {
		for _, ch := range f.Channels {
			s.G.Emit(engine.Stop{Channel: ch})
		}
	}
	return 0
}
