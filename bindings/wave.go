package bindings

import (
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	"showrun/runtime/color"
	"showrun/runtime/curve"
	"showrun/runtime/engine"
	"showrun/runtime/patch"
)

// wave has channels go up and down until something else is done with them. Those of a
// group do so one after the other, spread over so many cycles.
func (s *Show) wave(c module.Call, g *group) int {
	if _, ok := c.Get(1).(*lua.LTable); !ok {
		c.Wrong("the wave", `a table such as { period = "1bar" }`, c.Get(1))
	}
	o := c.Options(1, false, "channels", "shape", "period", "from", "to", "phase", "width", "spread")
	shape, _ := curve.ParseShape(o.Choice("shape", curve.ShapeNames()))
	w := waving{Wave: engine.Wave{Shape: shape, Period: s.Duration(c, o.Get("period"), "period"), Width: o.Ratio("width", 0.5, 1)}}
	if w.Period.Time <= 0 && w.Period.Beats <= 0 {
		o.Wrong("period", "more than 0", o.Get("period"))
	}
	if w.colors(o) {
		w.from, w.to = color.RGB{}, color.RGB{R: 255, G: 255, B: 255}
		if o.Has("from") {
			w.from = readColor(c, o.Get("from"), "from")
		}
		if o.Has("to") {
			w.to = readColor(c, o.Get("to"), "to")
		}
	}
	phase, spread := o.Ratio("phase", 0, 1), o.Ratio("spread", 0, 1000)
	var waves []engine.Command
	for i, f := range g.fixtures {
		w.Phase = phase - spread*float64(i)/float64(len(g.fixtures))
		if shape == curve.Random {
			w.Seed = s.drawn(c)
		}
		waves = append(waves, w.of(o, g, f)...)
	}
	for _, w := range waves {
		s.G.Emit(w)
	}
	return 0
}

// waving is what a wave is, of channels or of colours.
type waving struct {
	engine.Wave
	from, to color.RGB
	names    []string // of the channels; none for all
}

// colors tells whether the wave is one of colours.
func (w *waving) colors(o module.Options) bool {
	if !o.Has("channels") {
		return false
	}
	w.names = o.Names(o.Get("channels"), "channels", "channel")
	if !slices.Contains(w.names, "color") {
		return false
	}
	if len(w.names) > 1 {
		o.Fail("a wave of color stands alone, since from and to are colours; make another wave of %s",
			strings.Join(slices.DeleteFunc(slices.Clone(w.names), func(name string) bool { return name == "color" }), ", "))
	}
	return true
}

// of are the waves of one fixture; at least one fixture of the group has each channel named.
func (w waving) of(o module.Options, g *group, f patch.Fixture) (list []engine.Command) {
	add := func(ch patch.Channel, p patch.Property) {
		w.Channel, w.From, w.To = ch, 0, 255
		if o.Has("from") {
			w.From = levelOf(o.Call, f, p, o.Get("from"), "from")
		}
		if o.Has("to") {
			w.To = levelOf(o.Call, f, p, o.Get("to"), "to")
		}
		list = append(list, w.Wave)
	}
	if len(w.names) == 0 {
		for _, ch := range f.Channels {
			add(ch, patch.Property{}) // all take the same levels
		}
	}
	for _, name := range w.names {
		switch {
		case name == "color" && g.some(patch.Fixture.Colored):
			if f.Colored() {
				list = append(list, engine.WaveColor{
					At: f.Mix.Attribute(1).Coarse, Shape: w.Shape, Period: w.Period, From: w.from, To: w.to,
					Phase: w.Phase, Width: w.Width, Seed: w.Seed,
				})
			}
		case name == "color":
			g.noColor(o.Call)
		case name == "intensity" && g.some(lit):
			for _, ch := range f.Dimmer() {
				add(ch, patch.Property{})
			}
		case name == "intensity":
			g.noIntensity(o.Call)
		default:
			g.channel(o.Call, name)
			if ch, err := f.Channel(name); err == nil {
				add(ch, f.Property(ch))
			}
		}
	}
	return list
}

// some tells whether any fixture of the group is so.
func (g *group) some(is func(patch.Fixture) bool) bool { return slices.ContainsFunc(g.fixtures, is) }

// lit tells whether a fixture has an intensity.
func lit(f patch.Fixture) bool { return len(f.Dimmer()) > 0 }

// drawn is a seed by the numbers of math.random, so that a run repeats.
func (s *Show) drawn(c module.Call) uint64 {
	c.L.Push(s.random)
	c.L.Call(0, 1)
	n := lua.LVAsNumber(c.L.Get(-1))
	c.L.Pop(1)
	return uint64(n * (1 << 53))
}

// stageMaster fades the grand master.
func (s *Show) stageMaster(c module.Call) int {
	to := c.Level(c.Get(1), "the level")
	s.G.Emit(engine.Master{To: to, Duration: s.atOnceOr(c, 2)})
	return 0
}

// stageBlackout takes away the light, or gives it back.
func (s *Show) stageBlackout(c module.Call) int {
	on := c.Get(1)
	if on != lua.LTrue && on != lua.LFalse {
		c.Wrong("the blackout", "true or false", on)
	}
	s.G.Emit(engine.Blackout{On: on == lua.LTrue, Duration: s.atOnceOr(c, 2)})
	return 0
}

// atOnceOr takes a duration that may be left out.
func (s *Show) atOnceOr(c module.Call, i int) engine.Length {
	if c.None(i) {
		return engine.Length{}
	}
	return s.Duration(c, c.Get(i), "the duration")
}
