package bindings

import (
	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
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
	w := engine.Wave{
		Shape: shape, Period: s.Duration(c, o.Get("period"), "period"),
		From: o.Level("from", 0), To: o.Level("to", 255), Width: o.Ratio("width", 0.5, 1),
	}
	if w.Period.Time <= 0 && w.Period.Beats <= 0 {
		o.Wrong("period", "more than 0", o.Get("period"))
	}
	phase, spread := o.Ratio("phase", 0, 1), o.Ratio("spread", 0, 1000)
	var waves []engine.Wave
	for i, channels := range g.waving(o) {
		w.Phase = phase - spread*float64(i)/float64(len(g.fixtures))
		if shape == curve.Random {
			w.Seed = s.drawn(c)
		}
		for _, w.Channel = range channels {
			waves = append(waves, w)
		}
	}
	for _, w := range waves {
		s.G.Emit(w)
	}
	return 0
}

// waving are the channels of each fixture that the option names: all unless it does.
func (g *group) waving(o module.Options) [][]patch.Channel {
	list := make([][]patch.Channel, len(g.fixtures))
	for i, f := range g.fixtures {
		list[i] = f.Channels
	}
	if !o.Has("channels") {
		return list
	}
	clear(list)
	for _, name := range o.Names(o.Get("channels"), "channels", "channel") {
		g.channel(o.Call, name) // at least one fixture has it
		for i, f := range g.fixtures {
			if ch, err := f.Channel(name); err == nil {
				list[i] = append(list[i], ch)
			}
		}
	}
	return list
}

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
