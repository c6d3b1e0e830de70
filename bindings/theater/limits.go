package theater

import (
	"math"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	device "showrun/runtime/device/theater"
)

// axisNames are the names of axes.
var axisNames = []string{"x", "y", "z", "a"}

// limits takes the limits of the axes.
func limits(o module.Options) (list device.AxisLimits) {
	if !o.Has("limits") {
		return list
	}
	axes := o.Fields(o.Get("limits"), "limits", "limits = { x = { min = -90, max = 90 } }", axisNames)
	for i, name := range axisNames {
		if v := axes.RawGetString(name); v != lua.LNil {
			list[i] = axisLimits(o.Call, v, "limits."+name)
		}
	}
	return list
}

// axisLimits takes the limits of one axis.
func axisLimits(c module.Call, v lua.LValue, what string) (l device.Limits) {
	t := c.Fields(v, what, "x = { min = -90, max = 90, speed = 45, home = 0 }", []string{"min", "max", "speed", "home"})
	number := func(field string, def float64) float64 {
		v := t.RawGetString(field)
		if v == lua.LNil {
			return def
		}
		n, ok := v.(lua.LNumber)
		if !ok || !(math.Abs(float64(n)) <= maxDegrees) {
			c.WrongNumber(what+"."+field, "a number of degrees from -1e9 to 1e9", v)
		}
		return float64(n)
	}
	l.Home = number("home", 0)
	if lo, hi := number("min", math.Inf(-1)), number("max", math.Inf(1)); !math.IsInf(lo, 0) || !math.IsInf(hi, 0) {
		l.Min, l.Max = lo, hi
		if lo >= hi {
			c.Fail("%s.min must be below its max, got %v and %v", what, lo, hi)
		}
		if l.Home < lo || l.Home > hi {
			c.Fail("%s.home must be between its min and its max, got %v", what, l.Home)
		}
	}
	l.Speed = number("speed", 0)
	if t.RawGetString("speed") != lua.LNil && l.Speed <= 0 {
		c.Fail("%s.speed must be more than 0 degrees a second, got %v", what, l.Speed)
	}
	return l
}

// maxDegrees bounds limits, as knots are bounded.
const maxDegrees = 1e9

// pace is the tempo of an axis as this load has set it; the zero value if it has not.
type pace struct{ rate, perBeat float64 }

// target is where an axis stands after an order: so many degrees on, or at home, or where
// only the machine will know.
type target struct {
	degrees float64
	home    bool
	unknown bool
}

// plan is what a path begins with that is given now, behind the orders on their way; not
// known while a stop is among them.
func (s *house) plan(m *motion, a device.Axis) (p device.Plan, known bool) {
	s.prune(m)
	p = module.Ask[device.Plan](s.Load, m.decl, device.PlanOf{Axis: a})
	if p.Rate == 0 { // nothing is live yet
		p = device.Plan{End: m.decl.Limits[a].Home, Rate: device.DefaultTempo}
	}
	switch set := m.pace[a]; {
	case set.rate > 0:
		p.Rate = set.rate
	case set.perBeat > 0 && s.G.Tempo() > 0:
		p.Rate = min(max(set.perBeat*s.G.Tempo(), device.MinTempo), device.MaxTempo)
	}
	known = true
	for _, e := range m.emitted {
		switch {
		case e.axis != a:
		case e.target.unknown:
			known = false
		case e.target.home:
			p.End, known = m.decl.Limits[a].Home, true
		default:
			p.End += e.target.degrees
		}
	}
	return p, known
}

// checkLimits raises for a path beyond the limits of its axis. What is not known here, or
// comes otherwise, the machine refuses by itself.
func (s *house) checkLimits(c module.Call, m *motion, a device.Axis, knots []float64) {
	l := m.decl.Limits[a]
	if l == (device.Limits{}) {
		return
	}
	if p, known := s.plan(m, a); known {
		if text := l.Beyond(a, p.End, p.Rate, knots); text != "" {
			s.Refuse(c, "%s", text)
		}
	}
}

// home moves an axis home. If there is a callback it returns a handle of that.
func (s *house) home(c module.Call, m *motion) int {
	a := axis(c, 1)
	e := &emitted{axis: a, segments: 1, target: target{home: true}}
	return s.start(c, m, e, 2, func(path uint64) any { return device.Home{Path: path, Axis: a} })
}

// position tells where an axis is at the logical instant.
func (s *house) position(c module.Call, m *motion) int {
	a := axis(c, 1)
	if s.G.Collecting() {
		c.Fail("where the axis is cannot be told while the show loads; ask in a task or a handler")
	}
	degrees := module.Ask[float64](s.Load, m.decl, device.PositionOf{Axis: a, At: s.G.Instant()})
	c.L.Push(lua.LNumber(degrees))
	return 1
}
