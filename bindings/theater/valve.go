package theater

import (
	"showrun/bindings/module"
	device "showrun/runtime/device/theater"
)

// valve is a declared valve device.
type valve struct {
	decl *device.ValveDecl
}

func (v *valve) String() string { return v.decl.Address() }

func (s *house) valve(c module.Call) int {
	o := c.Options(1, false, "host", "port", "interface", "safe")
	decl := &device.ValveDecl{Server: server(o, device.ValvePort), Safe: o.Choice("safe", []string{"empty", "stop", "hold"})}
	v, ok := s.valves[decl.Address()]
	switch {
	case !ok:
		module.Declare(s.Load, c, decl)
		v = &valve{decl}
		s.valves[decl.Address()] = v
	case *v.decl != *decl:
		declaredOtherwise(c, decl.Address())
	}
	c.L.Push(module.OneObject(s.Load, c.L, "theater.valve", v, func() module.Class[*valve] {
		return module.Class[*valve]{Methods: map[string]func(module.Call, *valve) int{"move": s.feed, "empty": s.empty}}
	}))
	return 1
}

func (s *house) feed(c module.Call, v *valve) int {
	joint := c.Integer(1, "the joint", 1, 2)
	pwm := c.Number(2, "the pulse width")
	if pwm < -100 || pwm > 100 {
		c.Wrong("the pulse width", "-100 to 100", c.Get(2))
	}
	if s.moves(c) {
		s.Order(v.decl, device.Feed{Joint: joint, PWM: pwm})
	}
	return 0
}

func (s *house) empty(c module.Call, v *valve) int {
	if s.moves(c) {
		s.Order(v.decl, device.Empty{})
	}
	return 0
}
