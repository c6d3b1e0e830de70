package device

import (
	"context"
	"log/slog"
	"time"
)

// A Protocol is what the shells of a show have to know of one. Only the command names
// protocols; everybody else has a list of these.
type Protocol struct {
	// Name is that of its Lua module, and of what it keeps.
	Name string
	// Shared tells that who speaks it meets at a UDP port that programs share, so that all on
	// one machine hear one another: a rig has a port of its own.
	Shared bool
	// Values has a value of each type that its events, orders and answers carry, for
	// who writes them down.
	Values []any
	// MakeSafe performs the safe action of a machine by the record its declaration
	// made, in the process after the one that opened it. It may take two seconds. It is
	// nil for a protocol without machinery.
	MakeSafe func(record []byte, now time.Time, log *slog.Logger) error
	// NewRig makes its part of a virtual rig, and NewVirtualRig that of a run in virtual
	// time. They are nil if there is nothing to bring.
	NewRig        func(RigEnv) (Rig, error)
	NewVirtualRig func(RigEnv) (VirtualRig, error)
}

// RigEnv is what a part of a rig reaches of its host.
type RigEnv struct {
	Interface string         // loopback
	Ports     map[string]int // as in Env
	Time      func(time.Duration) time.Time
	Since     func(time.Time) time.Duration
	Log       *slog.Logger
}

// Opened is a declaration and the live device of it.
type Opened struct {
	Declaration Declaration
	Device      Device
}

// A Rig is the other side of a protocol on loopback, for a show without its hardware:
// a player, nodes, gateways, servers. Its methods are safe from any goroutine.
type Rig interface {
	// Patch makes it what the devices of the live load need; those of other protocols
	// are among them.
	Patch([]Opened)
	// Run runs it until ctx ends.
	Run(ctx context.Context)
}

// Meter is a Rig that shows levels.
type Meter interface {
	// Levels returns the first n levels of what it shows first; nil if there is nothing.
	Levels(n int) []byte
}

// VirtualRig is the other side of a protocol in virtual time. It belongs to the
// goroutine that steps it.
type VirtualRig interface {
	Stepper
	// Patch lets the devices of the live load hear it.
	Patch([]Opened)
}

// Record is how a machine is made safe, with the protocol that knows how.
func Record(protocol string, how []byte) []byte { return append([]byte(protocol+"\n"), how...) }
