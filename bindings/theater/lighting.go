package theater

import (
	"fmt"
	"math"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"showrun/bindings/module"
	device "showrun/runtime/device/theater"
	"showrun/runtime/level"
)

// lighting is a declared lighting server.
type lighting struct {
	decl *device.LightingDecl
}

func (l *lighting) String() string { return l.decl.Address() }

func (s *house) lighting(c module.Call) int {
	o := c.Options(1, false, "host", "port", "interface")
	decl := &device.LightingDecl{Server: server(o, device.LightingPort)}
	l, ok := s.lightings[decl.Address()]
	switch {
	case !ok:
		module.Declare(s.Load, c, decl)
		l = &lighting{decl}
		s.lightings[decl.Address()] = l
	case l.decl.Key() != decl.Key():
		declaredOtherwise(c, decl.Address())
	}
	c.L.Push(module.OneObject(s.Load, c.L, "theater.lighting", l, func() module.Class[*lighting] {
		return module.Class[*lighting]{Methods: map[string]func(module.Call, *lighting) int{
			"fixture": s.change, "spline": s.spline, "tempo": s.tempo, "follow": s.follow, "slot": s.slot,
		}}
	}))
	return 1
}

// fixture takes the name or the number of a fixture.
func fixture(c module.Call, i int) device.ID {
	switch v := c.Get(i).(type) {
	case lua.LNumber:
		if n := float64(v); n >= 0 && n <= math.MaxInt32 && n == math.Trunc(n) {
			return device.Number(int(n))
		}
	case lua.LString:
		if v != "" && !strings.ContainsRune(string(v), 0) {
			return device.Name(string(v))
		}
	}
	c.Wrong("the fixture", "a name or a number from 0", c.Get(i))
	return device.ID{}
}

// channels is how many channels a fixture is known to have, 0 if it is not.
func (l *lighting) channels(id device.ID) int {
	for _, f := range l.decl.Fixtures {
		if f.ID.String() == id.String() {
			return f.Channels
		}
	}
	return 0
}

func (s *house) change(c module.Call, l *lighting) int {
	id := fixture(c, 1)
	n := c.Count() - 1
	if have := l.channels(id); n < 1 || have != 0 && n != have {
		c.Fail("%d levels for fixture %q; give one for each of its channels", max(n, 0), id)
	}
	levels := make([]float64, n)
	for i := range levels {
		levels[i] = c.Level(c.Get(i+2), fmt.Sprintf("level %d", i+1))
	}
	s.Order(l.decl, device.Change{Fixture: id, Levels: levels})
	return 0
}

func (s *house) spline(c module.Call, l *lighting) int {
	id := fixture(c, 1)
	knots := c.Knots(2, max(l.channels(id), 1), fmt.Sprintf("fixture %q", id))
	if len(knots) > device.MaxKnots {
		c.Fail("%d knots; one message holds %d", len(knots), device.MaxKnots)
	}
	s.Order(l.decl, device.Spline{Fixture: id, Knots: knots})
	return 0
}

func (s *house) tempo(c module.Call, l *lighting) int {
	s.Order(l.decl, device.Tempo{Fixture: fixture(c, 1), Rate: tempo(c, 2)})
	return 0
}

func (s *house) follow(c module.Call, l *lighting) int {
	s.Order(l.decl, device.Follow{Fixture: fixture(c, 1), SegmentsPerBeat: perBeat(c, 2)})
	return 0
}

// slot declares that the levels of a fixture are sent, and returns its address.
func (s *house) slot(c module.Call, l *lighting) int {
	id := fixture(c, 1)
	channels := 1
	if !c.None(2) {
		channels = c.Integer(2, "the channels", 1, 512)
	}
	name := fmt.Sprintf("fixture %v of %s", id, l.decl.Address())
	output := s.Registry.Output(fmt.Sprintf("theater lighting: %s with %d channels", name, channels), channels)
	switch have := l.channels(id); {
	case have == 0:
		s.LoadingOnly(c, "fixtures are declared")
		l.decl.Fixtures = append(l.decl.Fixtures, device.Fixture{ID: id, Channels: channels, Output: output})
	case have != channels:
		c.Fail("fixture %q has %d channels already", id, have)
	}
	return s.PushAddress(c.L, level.Address{Output: output, Slot: 1}, name)
}
