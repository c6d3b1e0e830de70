package theater

import (
	"cmp"
	"context"
	"sync/atomic"
	"time"

	driver "showrun/drivers/theater"
	"showrun/runtime/device"
)

// ValveDecl declares a pneumatic valve device to be controlled.
type ValveDecl struct {
	Server
	Safe string // empty, stop or hold
}

// Orders a Valve takes.
type (
	// Feed feeds one side of a joint, 1 or 2, and exhausts the other: the pulse width
	// is -100 to 100, 0 stops.
	Feed struct {
		Joint int
		PWM   float64
	}
	// Empty vents all outputs.
	Empty struct{}
)

// Key implements device.Declaration.
func (d *ValveDecl) Key() string { return d.key("valve") }

// String implements device.Declaration.
func (d *ValveDecl) String() string { return "theater.valve " + d.Address() }

// SafeRecord implements device.Guarded.
func (d *ValveDecl) SafeRecord(networkInterface string) []byte {
	return machine{Kind: kindValve, Host: d.Host, Port: d.Port, Interface: cmp.Or(d.Interface, networkInterface), Safe: d.Safe}.record()
}

// Valve controls a valve device.
type Valve struct {
	env      device.Env
	driver   *driver.Valve
	refusals refusals

	held    atomic.Bool
	feeding atomic.Pointer[feeding]
	safe    atomic.Pointer[string] // the safe action
}

// Open implements device.Declaration.
func (d *ValveDecl) Open(env device.Env) (device.Device, error) {
	server, err := d.in(env, (*Rig).valve)
	if err != nil {
		return nil, err
	}
	return d.open(env, server, driver.OpenValve)
}

// OpenVirtual implements device.Declaration.
func (d *ValveDecl) OpenVirtual(env device.Env) (device.Device, error) {
	return d.open(env, d.Server, func(cfg driver.ValveConfig) (*driver.Valve, error) { return driver.NewValve(cfg, unsent) })
}

func (d *ValveDecl) open(env device.Env, server Server, open func(driver.ValveConfig) (*driver.Valve, error)) (device.Device, error) {
	safe, err := driver.ParseSafe(d.Safe)
	if err != nil {
		return nil, err
	}
	drv, err := open(driver.ValveConfig{Config: server.config(env), Safe: safe})
	if err != nil {
		return nil, err
	}
	v := &Valve{env: env, driver: drv, refusals: refusals{log: env.Log, what: d}}
	v.safe.Store(&d.Safe)
	return v, nil
}

// Take implements device.Taker.
func (v *Valve) Take(_ time.Duration, message any) {
	var err error
	switch o := message.(type) {
	case Feed:
		err = v.driver.Move(o.Joint, o.PWM)
	case Empty:
		err = v.driver.Empty()
	}
	if err == nil {
		v.tell(message)
	}
	v.refusals.report(err)
}

// Adopt implements device.Adopter: the safe action may be another one.
func (v *Valve) Adopt(decl device.Declaration) {
	d := decl.(*ValveDecl)
	safe, err := driver.ParseSafe(d.Safe)
	if err == nil {
		err = v.driver.SetSafe(safe)
		v.safe.Store(&d.Safe)
	}
	v.refusals.report(err)
}

// Safe implements device.Machinery.
func (v *Valve) Safe() {
	v.driver.Safe(now(v.env))
	v.tellSafe()
}

// Drop implements device.Machinery.
func (v *Valve) Drop(any) {}

// AtRest implements device.Machinery.
func (v *Valve) AtRest() bool { return v.driver.AtRest() }

// Hold implements device.Machinery.
func (v *Valve) Hold(on bool) {
	v.held.Store(on)
	v.refusals.held.Store(false)
	v.driver.Hold(now(v.env), on)
	if on {
		v.tellSafe()
	}
}

// Counts implements device.Counted.
func (v *Valve) Counts() []device.Count { return counts(v.driver.Stats()) }

// Close closes a Valve whose loops never ran.
func (v *Valve) Close() error { return v.driver.Close() }

// Loops implements device.Device.
func (v *Valve) Loops() []func(context.Context) error {
	return []func(context.Context) error{v.driver.Run}
}
