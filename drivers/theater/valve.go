package theater

import (
	"time"

	"showrun/drivers/theater/osc"
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
	safe Safe
	held bool
}

// joints of a valve device are 1 and 2.
const joints = 2

// NewValve makes a Valve that sends through a function.
func NewValve(cfg ValveConfig, send SendFunc) (*Valve, error) {
	if err := cfg.Safe.check(SafeDefault, SafeStop, SafeEmpty, SafeHold); err != nil {
		return nil, err
	}
	return &Valve{link: newLink("valve", cfg.Config, send), safe: cfg.Safe}, nil
}

// OpenValve makes a Valve with a socket, which Run closes. It sends nothing yet.
func OpenValve(cfg ValveConfig) (*Valve, error) {
	v, err := NewValve(cfg, nil)
	if err != nil {
		return nil, err
	}
	if v.link, err = openLink("valve", cfg.Config, ValvePort); err != nil {
		return nil, err
	}
	return v, nil
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
	v.link.mu.Lock()
	defer v.link.mu.Unlock()
	if v.held {
		return ErrHeld
	}
	return v.link.send(m)
}

// Safe performs the safe action at once, also while the device is held. The
// messages that can be sent are sent, whatever becomes of the others.
func (v *Valve) Safe() {
	v.link.mu.Lock()
	defer v.link.mu.Unlock()
	v.makeSafe()
}

// makeSafe is Safe with the lock held.
func (v *Valve) makeSafe() {
	if v.safe == SafeHold {
		return
	}
	for j := range joints {
		v.link.send(numbers("/move", int32(j+1), []float64{0}))
	}
	if v.safe != SafeStop {
		v.link.send(osc.Message{Address: "/empty"})
	}
}

// Hold performs the safe action and refuses every command from now on, or lets
// them pass again.
func (v *Valve) Hold(on bool) {
	v.link.mu.Lock()
	defer v.link.mu.Unlock()
	v.held = on
	if on {
		v.makeSafe()
	}
}

// Stats are the counters.
func (v *Valve) Stats() Stats {
	v.link.mu.Lock()
	defer v.link.mu.Unlock()
	return v.link.stats
}

// Step has nothing to do: commands leave at once.
func (v *Valve) Step(time.Time) {}

// Deadline is never.
func (v *Valve) Deadline() time.Time { return time.Time{} }
