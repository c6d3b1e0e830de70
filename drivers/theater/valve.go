package theater

import (
	"errors"
	"sync/atomic"
	"time"

	"showrun/drivers/osc"
)

// ValveConfig describes a Valve.
type ValveConfig struct {
	Config
	Safe Safe // SafeEmpty by default
}

// Valve controls one pneumatic device: two joints, each an actuator with a side to
// feed and a side to exhaust.
type Valve struct {
	link *link
	held atomic.Bool // true from the call of Hold on, when the safe action may not have left yet

	safe  Safe
	given int  // commands that are not carried out yet
	fed   bool // it was told something since the safe action, or that could not be sent

	again   time.Time // when the safe action is sent again, zero for no more
	repeats int       // how often it was
}

// A datagram may be lost, so the safe action is sent three times. If the network does
// not take it, it is tried on. A command or a release ends that: then the safe action is
// not the last word.
const (
	safeRepeats = 2
	safePause   = 20 * time.Millisecond
	safeRetry   = 500 * time.Millisecond
)

// joints of a valve device are 1 and 2.
const joints = 2

// NewValve makes a Valve that sends through a function.
func NewValve(cfg ValveConfig, send SendFunc) (*Valve, error) {
	if err := checkValveSafe(cfg.Safe); err != nil {
		return nil, err
	}
	return &Valve{link: newLink("valve", cfg.Config, send), safe: cfg.Safe}, nil
}

// Move feeds one side of a joint, 1 or 2, and exhausts the other; the pulse width
// is -100 to 100, 0 stops. The error is ErrArgument, ErrHeld, or one of the network.
func (v *Valve) Move(joint int, pwm float64) error {
	switch {
	case joint < 1 || joint > joints:
		return wrong("/move %d: expected joint 1 or 2", joint)
	case !(pwm >= -100 && pwm <= 100):
		return wrong("/move %d %v: expected a pulse width of -100 to 100", joint, pwm)
	}
	return v.command(numbers("/move", int32(joint), []float64{pwm}))
}

// Empty vents all four outputs to the air. The error is ErrHeld or one of the
// network.
func (v *Valve) Empty() error { return v.command(osc.Message{Address: "/empty"}) }

func (v *Valve) command(m osc.Message) error {
	if v.held.Load() {
		return ErrHeld
	}
	return v.link.try(func() { v.given++ }, func(t timing) error {
		v.given--
		if t == overtaken || v.held.Load() {
			return ErrHeld
		}
		v.fed, v.again = true, time.Time{}
		return v.link.send(m)
	})
}

// SetSafe changes the safe action. The error is ErrArgument.
func (v *Valve) SetSafe(s Safe) error {
	if err := checkValveSafe(s); err != nil {
		return err
	}
	v.link.post(nil, func(timing) { v.safe = s })
	return nil
}

func checkValveSafe(s Safe) error { return s.check(SafeDefault, SafeStop, SafeEmpty, SafeHold) }

// Safe performs the safe action at once, also while the device is held. If a message is
// just leaving on another goroutine, the action leaves right behind it on that one.
// Commands that were given before and have not left are dropped, but for SafeHold, which
// keeps what a show ends with.
func (v *Valve) Safe(now time.Time) {
	act := v.link.overtake
	if v.holds() {
		act = v.link.do
	}
	act(func(timing) {
		v.repeats = 0
		v.makeSafe(now)
	})
}

// holds tells whether the safe action is to do nothing.
func (v *Valve) holds() (holds bool) {
	v.link.see(func() { holds = v.safe == SafeHold })
	return holds
}

// makeSafe sends the safe action. The messages that can be sent are
// sent, whatever becomes of the others.
func (v *Valve) makeSafe(now time.Time) {
	v.again = time.Time{}
	var failed error
	if v.safe != SafeHold {
		vents := v.safe != SafeStop
		// A device that is vented would be shut for a moment by being stopped again.
		if stopped := v.repeats > 0 && !v.fed; !vents || !stopped {
			for j := range joints {
				failed = errors.Join(failed, v.link.send(numbers("/move", int32(j+1), []float64{0})))
			}
		}
		if vents {
			failed = errors.Join(failed, v.link.send(osc.Message{Address: "/empty"}))
		}
		switch {
		case v.repeats < safeRepeats:
			v.again = now.Add(safePause)
		case failed != nil:
			v.again = now.Add(safeRetry)
		}
		v.repeats++
	}
	v.fed = failed != nil
}

// AtRest reports that the device was told nothing since the safe action, or nothing at
// all. It is false if the safe action could not be sent.
func (v *Valve) AtRest() (rest bool) {
	v.link.see(func() { rest = !v.fed && v.given == 0 })
	return rest
}

// Hold performs the safe action, as Safe does, and refuses every command from now on, or
// lets them pass again.
func (v *Valve) Hold(now time.Time, on bool) {
	v.held.Store(on)
	act := v.link.do
	if on {
		act = v.link.overtake
	}
	act(func(timing) {
		if on || !v.held.Load() { // a stop that came meanwhile is repeated as any other
			v.again, v.repeats = time.Time{}, 0
		}
		if on {
			v.makeSafe(now)
		}
	})
}

// Stats are the counters.
func (v *Valve) Stats() (s Stats) {
	v.link.see(func() { s = v.link.stats })
	return s
}

// Step sends the safe action again if that is due.
func (v *Valve) Step(now time.Time) {
	v.link.do(func(timing) {
		if !v.again.IsZero() && !now.Before(v.again) {
			v.makeSafe(now)
		}
	})
}

// Deadline is when Step has something to do, the zero Time for never.
func (v *Valve) Deadline() (next time.Time) {
	v.link.see(func() { next = v.again })
	return next
}
