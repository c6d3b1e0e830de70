package bindings

import (
	"fmt"
	"math"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/color"
	"showrun/runtime/curve"
	"showrun/runtime/engine"
	"showrun/runtime/patch"
	"showrun/runtime/script"
)

// levelMethods are what fixtures and groups share.
func (s *Show) levelMethods() map[string]func(module.Call, *group) int {
	return map[string]func(module.Call, *group) int{
		"set": s.set, "fade": s.fade, "spline": s.spline, "get": s.levels, "stop": s.stop, "wave": s.wave,
		"aim": s.aim, "held": s.held, "check": check,
	}
}

// target is a channel and the level it is to have: a plain value, to be kept and put out
// later. The three of a colour follow one another.
type target struct {
	patch.Channel
	class  patch.Class
	level  float64
	direct bool // whether a colour takes the straight way
}

// put sets levels at once.
func (s *Show) put(targets []target) {
	for _, t := range targets {
		s.G.Emit(engine.Set{Channel: t.Channel, Value: t.level})
	}
}

// fadeTo fades to levels, after a delay.
func (s *Show) fadeTo(targets []target, duration, delay script.Span, easing curve.Easing) {
	for i := 0; i < len(targets); i++ {
		t := targets[i]
		if !colored(targets[i:]) {
			s.G.Emit(engine.Fade{Channel: t.Channel, To: t.level, Duration: duration, Delay: delay, Curve: easing})
			continue
		}
		s.G.Emit(engine.FadeColor{
			At: t.Coarse, To: color.RGB{R: t.level, G: targets[i+1].level, B: targets[i+2].level},
			Duration: duration, Delay: delay, Curve: easing, Direct: t.direct,
		})
		i += 2
	}
}

// colored tells whether targets begin with the three of a colour.
func colored(targets []target) bool {
	a := targets[0].Coarse
	if !a.Output.IsAttribute() || a != a.Fixture().Attribute(2) || len(targets) < 3 {
		return false
	}
	f := a.Fixture()
	return targets[1].Coarse == f.Attribute(3) && targets[2].Coarse == f.Attribute(4)
}

// targets reads a levels argument: a number or a percentage for all channels, a list in
// the order of the channels, or a table by name of channels and attributes.
func (g *group) targets(c module.Call, v lua.LValue) []target {
	var out []target
	if t, ok := v.(*lua.LTable); ok {
		if n := t.Len(); n > 0 {
			return g.listed(c, t, n)
		}
		return g.named(c, t)
	}
	l, ok := c.Percent(v, "the level")
	if !ok {
		if _, number := v.(lua.LNumber); !number {
			g.noLevels(c, v)
		}
		l = c.Level(v, "the level")
	}
	for _, f := range g.fixtures {
		for i, ch := range f.Channels {
			out = append(out, target{Channel: ch, class: f.Properties[i].Class, level: l})
		}
	}
	return out
}

// noLevels raises for a value that is no levels at all.
func (g *group) noLevels(c module.Call, v lua.LValue) {
	if text, ok := v.(lua.LString); ok {
		if _, err := color.Parse(string(text), patch.Closest); err == nil {
			c.Fail("the levels must be a number, a list or a table by channel name, got %s; a colour is written { color = %s }", module.Describe(v), module.Describe(v))
		}
	}
	c.WrongNumber("the levels", "a number, a list or a table by channel name", v)
}

// named reads a table by name: attributes come first, since a channel beside them is meant
// to be other than they would have it.
func (g *group) named(c module.Call, t *lua.LTable) []target {
	var attributes, channels []target
	for k, lv := t.Next(lua.LNil); k != lua.LNil; k, lv = t.Next(k) {
		name, ok := k.(lua.LString)
		switch {
		case !ok:
			c.Wrong("a channel", "a name", k)
		case name == "intensity":
			attributes = append(g.intensities(c, lv), attributes...)
		case name == "color" && !g.channelColor(lv):
			attributes = append(attributes, g.colors(c, lv)...)
		default:
			channels = append(channels, g.onChannel(c, string(name), lv)...)
		}
	}
	return append(attributes, channels...)
}

// onChannel reads what the channels of a name are to be.
func (g *group) onChannel(c module.Call, name string, v lua.LValue) (out []target) {
	g.channel(c, name) // at least one fixture has it
	for _, f := range g.fixtures {
		if ch, err := f.Channel(name); err == nil {
			p := f.Property(ch)
			out = append(out, target{Channel: ch, class: p.Class, level: levelOf(c, f, p, v, module.Cut(name))})
		}
	}
	return out
}

// levelOf reads the level of a channel: a number, which is an angle where the range is known,
// a percentage, or the name of a part of the channel.
func levelOf(c module.Call, f patch.Fixture, p patch.Property, v lua.LValue, what string) float64 {
	if l, ok := c.Percent(v, what); ok {
		return l
	}
	if name, ok := v.(lua.LString); ok && len(p.Capabilities) > 0 {
		l, err := p.Named(what, string(name))
		if err != nil {
			c.Fail("fixture %q: %s", module.Cut(f.Name), err)
		}
		return l
	}
	if p.Degrees == 0 {
		return c.Level(v, what)
	}
	half := math.Abs(p.Degrees) / 2
	n, ok := v.(lua.LNumber)
	if !ok {
		c.WrongNumber(what, fmt.Sprintf("%g to %g degrees", -half, half), v)
	}
	l, ok := p.Angle(float64(n))
	if !ok {
		c.Wrong(what, fmt.Sprintf("%g to %g degrees, as far as fixture %q turns", -half, half, f.Name), v)
	}
	return l
}

func (g *group) listed(c module.Call, list *lua.LTable, n int) []target {
	var out []target
	for _, f := range g.fixtures {
		if n > len(f.Channels) {
			c.Fail("%d levels for fixture %q, which has %d channels", n, f.Name, len(f.Channels))
		}
		for i := range n {
			l := c.Level(list.RawGetInt(i+1), fmt.Sprintf("level %d", i+1))
			out = append(out, target{Channel: f.Channels[i], class: f.Properties[i].Class, level: l})
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

// check raises what set would have against levels, and does nothing else.
func check(c module.Call, g *group) int {
	g.targets(c, c.Get(1))
	return 0
}

// byName is how a script writes the level of one channel.
func byName(channel string) string {
	if channel == "color" {
		return `{ color = "red" }`
	}
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
		channels = append(channels, f.Names()...)
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

// spaces are the ways a colour can take.
var spaces = []string{"bright", "direct"}

func (s *Show) fade(c module.Call, g *group) int {
	if _, swapped := c.Get(2).(*lua.LTable); swapped {
		c.Fail("the levels come first and then the duration, as in x:fade({ red = 0 }, 2)")
	}
	targets := g.targets(c, c.Get(1))
	easing, delay := s.FadeOptions(c, 3, "space")
	direct := c.Options(3, false, "curve", "delay", "space").Choice("space", spaces) == "direct"
	for i := range targets {
		targets[i].direct = direct
	}
	if of, inCue := s.cueFade(c); inCue {
		for len(targets) > 0 {
			n := 1
			for n < len(targets) && of(targets[n]) == of(targets[0]) {
				n++
			}
			s.fadeTo(targets[:n], of(targets[0]), delay, easing)
			targets = targets[n:]
		}
		return 0
	}
	if c.None(2) {
		s.Depends() // in a cue it may be left out
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

func (s *Show) stop(c module.Call, g *group) int {
	for _, f := range g.fixtures {
		for _, ch := range f.Channels {
			s.G.Emit(engine.Stop{Channel: ch})
		}
		for n := 0; f.Mix != nil && n < 4; n++ {
			s.G.Emit(engine.Stop{Channel: f.Mix.Attribute(n)})
		}
	}
	return 0
}
