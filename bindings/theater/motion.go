package theater

import (
	"math"
	"slices"
	"strconv"
	"time"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	device "showrun/runtime/device/theater"
	"showrun/runtime/script"
)

// motion is a declared motion device.
type motion struct {
	decl    *device.MotionDecl
	paths   uint64     // numbered so far
	emitted []*emitted // that the device may not have taken yet
	limit   int        // of them, until it is asked about them
	done    map[uint64]*done
	heard   bool // ends of paths are listened to
	pace    map[device.Axis]pace
}

func (m *motion) String() string { return m.decl.Address() }

// emitted is an order on its way that changes where an axis will stand.
type emitted struct {
	path     uint64 // its number
	axis     device.Axis
	segments int
	at       time.Duration // of the order
	target   target
}

// maxOnWay is after how long an order that was not carried out is taken for lost: its
// task was cancelled before it let go of it.
const maxOnWay = 2 * time.Second

// done is the callback of a path.
type done struct {
	m    *motion
	path uint64
	fn   *lua.LFunction
}

// Cancel implements module.Registration. The path goes on.
func (d *done) Cancel() { delete(d.m.done, d.path) }

func (s *house) motion(c module.Call) int {
	o := c.Options(1, false, "host", "port", "interface", "safe", "limits")
	decl := &device.MotionDecl{
		Server: server(o, device.MotionPort), Safe: o.Choice("safe", []string{"stop", "hold"}), Limits: limits(o),
	}
	m, ok := s.motions[decl.Address()]
	switch {
	case !ok:
		module.Declare(s.Load, c, decl)
		m = &motion{decl: decl, done: map[uint64]*done{}, pace: map[device.Axis]pace{}}
		s.motions[decl.Address()] = m
	case *m.decl != *decl:
		declaredOtherwise(c, decl.Address())
	}
	c.L.Push(module.OneObject(s.Load, c.L, "theater.motion", m, func() module.Class[*motion] {
		return module.Class[*motion]{Methods: map[string]func(module.Call, *motion) int{
			"spline": s.move, "tempo": s.axisTempo, "follow": s.axisFollow, "pending": s.pending, "stop": s.stop,
			"home": s.home, "position": s.position,
		}}
	}))
	return 1
}

// axis takes the letter or the number of an axis.
func axis(c module.Call, i int) device.Axis {
	name := ""
	switch v := c.Get(i).(type) {
	case lua.LString:
		name = string(v)
	case lua.LNumber:
		name = strconv.FormatFloat(float64(v), 'f', -1, 64)
	}
	a, err := device.ParseAxis(name)
	if err != nil {
		c.Wrong("the axis", `"x", "y", "z", "a" or 0-3`, c.Get(i))
	}
	return a
}

func (s *house) axisTempo(c module.Call, m *motion) int {
	a, rate := axis(c, 1), tempo(c, 2)
	m.pace[a] = pace{rate: rate}
	s.Order(m.decl, device.AxisTempo{Axis: a, Rate: rate})
	return 0
}

func (s *house) axisFollow(c module.Call, m *motion) int {
	a, n := axis(c, 1), perBeat(c, 2)
	m.pace[a] = pace{perBeat: n}
	s.Order(m.decl, device.AxisFollow{Axis: a, SegmentsPerBeat: n})
	return 0
}

func (s *house) stop(c module.Call, m *motion) int {
	a := axis(c, 1)
	number := s.number(m)
	s.Order(m.decl, device.StopAxis{Path: number, Axis: a})
	s.onItsWay(m, &emitted{path: number, axis: a, target: target{unknown: true}})
	return 0
}

// generationPaths is how many paths a load may have numbers for.
const generationPaths = 1 << 32

// number numbers an order. No other one of the device has the same.
func (s *house) number(m *motion) uint64 {
	m.paths++
	return uint64(s.G.Number()-1)*generationPaths + m.paths
}

// onItsWay notes an order that was just emitted.
func (s *house) onItsWay(m *motion, e *emitted) {
	if len(m.emitted) >= m.limit {
		s.prune(m)
	}
	e.at = math.MaxInt64 - maxOnWay
	s.G.WhenLive(func() { e.at = s.G.Instant() })
	m.emitted = append(m.emitted, e)
}

// move sends a path. If there is a callback it returns a handle of that.
func (s *house) move(c module.Call, m *motion) int {
	a := axis(c, 1)
	knots := c.Knots(2, 1, "axis "+a.String())
	s.checkLimits(c, m, a, knots)
	e := &emitted{axis: a, segments: len(knots) / 3, target: target{degrees: knots[len(knots)-1]}}
	return s.start(c, m, e, 3, func(path uint64) any { return device.Move{Path: path, Axis: a, Knots: knots} })
}

// start sends an order that begins a path, unless a reload gives it. If there is a
// callback, as argument i, it returns a handle of that.
func (s *house) start(c module.Call, m *motion, e *emitted, i int, order func(path uint64) any) int {
	var fn *lua.LFunction
	if !c.None(i) {
		fn = c.Function(i, "the callback")
	}
	d := &done{m: m, fn: fn}
	if s.moves(c) {
		d.path = s.number(m)
		e.path = d.path
		s.Order(m.decl, order(d.path))
		s.onItsWay(m, e)
		if fn != nil {
			m.done[d.path] = d
			s.listen(c, m)
		}
	}
	if fn == nil {
		return 0
	}
	return s.PushHandle(c, d)
}

// listen listens to the ends of paths. A callback becomes a task of its own.
func (s *house) listen(c module.Call, m *motion) {
	if m.heard {
		return
	}
	m.heard = true
	name := c.Fn + " done"
	call := c.L.NewFunction(func(L *lua.LState) int {
		path := uint64(L.CheckNumber(1))
		if d := m.done[path]; d != nil {
			d.Cancel()
			s.G.Run(name, d.fn, []lua.LValue{L.Get(2)})
		}
		return 0
	})
	s.G.On(name, call, func(_ *lua.LState, _ *script.Task, ev script.Event) []lua.LValue {
		end := ev.Value.(device.PathEnd)
		args := []lua.LValue{lua.LNumber(end.Path), lua.LNil}
		if end.Err != "" {
			args[1] = lua.LString(end.Err)
		}
		return args
	}, m.decl.EndTopic())
}

// prune forgets the orders that have been carried out, or never will be.
func (s *house) prune(m *motion) {
	m.emitted = slices.DeleteFunc(m.emitted, func(e *emitted) bool {
		if module.Ask[bool](s.Load, m.decl, device.TookOf{Path: e.path}) {
			return true
		}
		lost := s.G.Instant() > e.at+maxOnWay
		if lost {
			delete(m.done, e.path)
		}
		return lost
	})
	m.limit = 2*len(m.emitted) + 16
}

// pending counts the segments before an axis. Scripts run ahead of the device, so
// paths on their way to it count as well.
func (s *house) pending(c module.Call, m *motion) int {
	a := axis(c, 1)
	s.prune(m)
	n := 0
	for _, e := range m.emitted {
		if e.axis == a {
			n += e.segments
		}
	}
	n += module.Ask[int](s.Load, m.decl, device.PendingOf{Axis: a})
	c.L.Push(lua.LNumber(n))
	return 1
}
