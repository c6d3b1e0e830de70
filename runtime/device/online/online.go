// Package online runs what a device is made of: a machine of a driver with its sockets, in
// whose place another comes when it fails, or in virtual time the machine alone, which is
// stepped and nobody hears.
package online

import (
	"context"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/device"
)

// Connection is a machine of the driver on the network.
type Connection interface {
	Run(context.Context) error
	Close() error
}

// Device runs the connection of a device. One that fails is closed for good, and another
// takes its place at the next call.
type Device struct {
	conn    Connection
	connect func() (Connection, error) // opens one, and makes the device use it
	lost    func()                     // tells that the connection has failed
	broken  bool                       // it is to be replaced
}

// Connect opens the first connection. connect opens one and makes the device use it, and
// lost is told when it has failed.
func Connect(connect func() (Connection, error), lost func()) (*Device, error) {
	conn, err := connect()
	if err != nil {
		return nil, err
	}
	return &Device{conn: conn, connect: connect, lost: lost}, nil
}

// Loops implements device.Device.
func (o *Device) Loops() []func(context.Context) error {
	return []func(context.Context) error{o.run}
}

// Close closes a device whose loop never ran.
func (o *Device) Close() error { return o.conn.Close() }

func (o *Device) run(ctx context.Context) error {
	if o.broken {
		next, err := o.connect()
		if err != nil {
			return err
		}
		o.conn, o.broken = next, false
	}
	err := o.conn.Run(ctx)
	if ctx.Err() != nil {
		return nil
	}
	o.broken = true
	o.lost()
	return err
}

// Stepped runs the machine of a device in virtual time.
type Stepped struct {
	device.Silent
	Protocol string // for the log
	Env      device.Env
	Machine  Machine
}

// Machine is one of a driver, without sockets.
type Machine interface {
	Step(now time.Time) error
	Deadline() time.Time
}

// Next implements device.Stepper.
func (s Stepped) Next() time.Duration {
	next := s.Machine.Deadline()
	if next.IsZero() {
		return beat.Never
	}
	return max(0, s.Env.Since(next))
}

// Step implements device.Stepper. A machine whose numbers are spent says no more.
func (s Stepped) Step(now time.Duration) {
	if err := s.Machine.Step(s.Env.Time(now)); err != nil {
		s.Env.Log.Error(s.Protocol+": nothing more is sent", "error", err)
	}
}
