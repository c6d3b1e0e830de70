package server

import (
	"errors"
	"time"

	"showrun/drivers/osc"
)

// Joints is how many actuators a valve device has; messages count them from 1.
const Joints = 2

// Joint is the state of an actuator.
type Joint struct {
	PWM    float64 // -100 to 100: which side is fed, and how fast; 0 holds both shut
	Vented bool    // both sides are open to the atmosphere
}

// ValveConfig describes a Valve.
type ValveConfig struct {
	// OnChange is told of every joint, 1 or 2, whose state changes; nil for nobody.
	OnChange func(joint int, j Joint, at time.Time)
}

// valveCommand is a checked message: a /move, or an /empty without a joint.
type valveCommand struct {
	joint int // 1 or 2, 0 for /empty
	pwm   float64
}

// Valve is the model of a pneumatic valve device. It belongs to one goroutine.
type Valve struct {
	cfg    ValveConfig
	joints [Joints]Joint
	intake intake[valveCommand]
}

// NewValve makes a device that has just been switched on: both joints are shut.
func NewValve(cfg ValveConfig) *Valve {
	v := &Valve{cfg: cfg}
	v.intake.execute = v.execute
	return v
}

// Receive takes a message that arrived at now and is to be executed at an instant;
// the zero Time means at once. The error is nil or a *Refusal.
func (v *Valve) Receive(now time.Time, m osc.Message, at time.Time) error {
	late := v.intake.step(now)
	return errors.Join(late, each(m, []string{"/move", "/empty"}, func(m osc.Message) error {
		c, err := v.parse(m)
		return v.intake.take(c, err, at, now)
	}))
}

// Step executes what has waited until now.
func (v *Valve) Step(now time.Time) error { return v.intake.step(now) }

// Deadline is when Step has something to do; the zero Time means not before the next
// message.
func (v *Valve) Deadline() time.Time { return v.intake.next() }

// Joint is the state of a joint, 1 or 2.
func (v *Valve) Joint(joint int) Joint { return v.joints[joint-1] }

// Stats are the counters.
func (v *Valve) Stats() Counters { return v.intake.stats() }

// parse checks a message. The error is a *Refusal.
func (v *Valve) parse(m osc.Message) (c valveCommand, err error) {
	switch m.Address {
	case "/empty":
		if len(m.Args) != 0 {
			return c, refuse(WrongCount, "/empty: %s, expected none", arguments(len(m.Args)))
		}
		return c, nil
	case "/move":
	default:
		return c, refuse(UnknownAddress, "%.40q: no such address here, expected /move or /empty", m.Address)
	}
	id, err := identify(m)
	if err != nil {
		return c, err
	}
	if !id.isNumber || id.number < 1 || id.number > Joints {
		return c, refuse(UnknownName, "/move: there is no joint %.40s, expected 1-%d", id, Joints)
	}
	if len(m.Args) != 2 {
		return c, refuse(WrongCount, "/move: %s, expected a joint and a PWM rate", arguments(len(m.Args)))
	}
	list, err := numbers(m, 1)
	if err != nil {
		return c, err
	}
	if list[0] < -100 || list[0] > 100 {
		return c, refuse(OutOfRange, "/move %d: the PWM rate is %v, expected -100 to 100", id.number, list[0])
	}
	return valveCommand{id.number, list[0]}, nil
}

// execute executes a command at its instant.
func (v *Valve) execute(c valveCommand, at time.Time) error {
	if c.joint == 0 {
		for i := range v.joints {
			v.set(i+1, Joint{Vented: true}, at)
		}
		return nil
	}
	v.set(c.joint, Joint{PWM: c.pwm}, at)
	return nil
}

func (v *Valve) set(joint int, j Joint, at time.Time) {
	if v.joints[joint-1] == j {
		return
	}
	v.joints[joint-1] = j
	if v.cfg.OnChange != nil {
		v.cfg.OnChange(joint, j, at)
	}
}
