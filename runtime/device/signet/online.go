package signet

import (
	"context"
	"crypto/sha256"
	"math/rand/v2"
	"time"

	"showrun/drivers/signet"
	"showrun/runtime/beat"
	"showrun/runtime/device"
)

// connection is a machine of the driver on the network.
type connection interface {
	Run(context.Context) error
	Close() error
}

// online runs the connection of a device. One that fails is closed for good, and another
// takes its place at the next call.
type online struct {
	conn    connection
	connect func() (connection, error) // opens one, and makes the device use it
	lost    func()                     // tells that the connection has failed
	broken  bool                       // it is to be replaced
}

// goOnline opens the first connection.
func goOnline(connect func() (connection, error), lost func()) (*online, error) {
	conn, err := connect()
	if err != nil {
		return nil, err
	}
	return &online{conn: conn, connect: connect, lost: lost}, nil
}

// Loops implements device.Device.
func (o *online) Loops() []func(context.Context) error {
	return []func(context.Context) error{o.run}
}

// Close closes a device whose loop never ran.
func (o *online) Close() error { return o.conn.Close() }

func (o *online) run(ctx context.Context) error {
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

// stepped runs the machine of a device in virtual time.
type stepped struct {
	device.Silent
	env     device.Env
	machine interface {
		Step(now time.Time) error
		Deadline() time.Time
	}
}

// Next implements device.Stepper.
func (s stepped) Next() time.Duration {
	next := s.machine.Deadline()
	if next.IsZero() {
		return beat.Never
	}
	return max(0, s.env.Since(next))
}

// Step implements device.Stepper. A machine whose numbers are spent says no more.
func (s stepped) Step(now time.Duration) {
	if err := s.machine.Step(s.env.Time(now)); err != nil {
		s.env.Log.Error("signet: nothing more is sent", "error", err)
	}
}

// virtualKeys are those of the devices in virtual time, where nobody needs them.
func virtualKeys() signet.Keys { return signet.K0{1}.Keys() }

// virtualIdentity is the TUID of a device in virtual time and its chance, the same in
// every run.
func virtualIdentity(name string) (signet.TUID, *rand.Rand, error) {
	chance := rand.NewChaCha8(sha256.Sum256([]byte(name)))
	tuid, err := signet.NewTUID(chance)
	return tuid, rand.New(chance), err
}
