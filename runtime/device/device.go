package device

import (
	"context"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/level"
)

// Declaration is what a script asks for. Two declarations with the same key are
// the same device, also across a reload: the live one is kept.
type Declaration interface {
	Key() string
	String() string // for people
}

// Device is a live device.
type Device interface {
	// Loops are the functions that run it; the host gives each a goroutine. A loop
	// blocks until ctx ends or it fails, and closes what it opened before it
	// returns.
	Loops() []func(ctx context.Context) error
}

// Output is a device that takes levels.
type Output interface {
	Device
	// Publish takes the newest frame, on the engine loop. An output that might wait
	// for its network puts it into a mailbox and sends from a goroutine of its own.
	Publish(*level.Frame)
	// Universes counts what it sends, for the status line.
	Universes() int
}

// Event is something a device reports to scripts.
type Event struct {
	Topic string
	Key   string // of events with the same key only the newest matters; "" = all do
	At    time.Duration
	Value any
}

// Env is what a device reaches of the host; its members may be called from any
// goroutine and do not block.
type Env struct {
	// Since converts a driver's arrival stamp to show time.
	Since func(time.Time) time.Duration
	// Observe reports where a tempo source stands.
	Observe func(source string, o beat.Observation)
	// Alias makes a tempo source stand for another.
	Alias func(source, target string, at time.Duration)
	// Event reports to scripts.
	Event func(Event)
}
