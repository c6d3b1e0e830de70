package device

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/level"
)

// A Declaration is a device as a show asks for it. It is filled while the show
// loads and not changed afterwards.
type Declaration interface {
	// Key tells devices apart: a declaration with the key of a live device keeps
	// that device. What a live device can change is not part of it. The keys of its
	// outputs hold less still, or a changed option loses their levels.
	Key() string
	// String names the device for people.
	String() string
	// Open makes the device, on a goroutine of its own. Nothing is sent before its loops
	// run. An error that is Missing, or one of the system about a network, an address, a
	// name or a port that may come, is waited for: the show goes on without the device and
	// it is tried again. With any other, as a wrong option is, the load fails.
	Open(Env) (Device, error)
	// OpenVirtual makes what stands for the device in virtual time: without
	// sockets and goroutines, and the same in every run. It is published to and takes
	// orders as the device does; one with deadlines is a Stepper.
	OpenVirtual(Env) (Device, error)
}

// Outputs is implemented by declarations whose levels the engine has to fill.
type Outputs interface {
	// Outputs are in every frame, set or not.
	Outputs() []level.Output
}

// Early is implemented by declarations of devices that want frames before their
// instant.
type Early interface {
	// Lead is how long before.
	Lead() time.Duration
}

// Frequent is implemented by declarations of devices that may want more frames than
// there are by default.
type Frequent interface {
	// FrameRate is how many a second it wants at least.
	FrameRate() int
}

// Guarded is implemented by declarations of machinery.
type Guarded interface {
	// SafeRecord tells the MakeSafe of its protocol how to perform the safe action when
	// the process that opened the device is gone. The network interface is for a device
	// that names none.
	SafeRecord(networkInterface string) []byte
}

// Absentee is implemented by declarations of devices of which scripts wait for the end of
// an order.
type Absentee interface {
	// Absent is the event that says that an order was not carried out since the device is
	// not there; false if nobody waits for it. It must not wait.
	Absent(message any) (Event, bool)
}

// Device is an opened device. One that was opened but never run is closed if it
// has a method Close() error.
type Device interface {
	// Loops are the functions that run it; the host gives each a goroutine. A loop
	// blocks until ctx ends or it fails. When ctx ends, it sends what it has still got,
	// and closes what it or Open opened before it returns. After a failure it is called
	// again, and opens anew what it needs.
	Loops() []func(ctx context.Context) error
}

// Publisher takes frames.
type Publisher interface {
	Device
	// Publish takes the newest frame, on the engine loop, which lends it for the call;
	// it shows at Env.Time of its instant. It waits for nothing: what might wait for its
	// network puts the frame into a mailbox and sends from a goroutine of its own.
	Publish(*level.Frame)
	// Universes counts what it sends, for the status line; any goroutine.
	Universes() int
}

// Releaser is a publisher that sends frames ahead and makes them visible at a word.
type Releaser interface {
	// ReleaseLead is how long before a frame's instant Release is called for it,
	// on the engine loop; less than the Lead of its declaration.
	ReleaseLead() time.Duration
	Release(at time.Duration)
}

// Taker takes orders.
type Taker interface {
	// Take carries out an engine.Order at its instant at, in show time, on the
	// engine loop, before the frame of that instant; it must not wait.
	Take(at time.Duration, message any)
}

// Answerer is a device that scripts can ask.
type Answerer interface {
	// Answer answers a question of its protocol with a plain value, on the script loop;
	// it must not wait.
	Answer(question any) any
}

// Adopter is a device that a reload can change while it lives.
type Adopter interface {
	// Adopt takes the declaration of a load: that of the load that opened the device
	// before anything else is done with it, and that of each later one on the engine
	// loop, before the first order of that load. It must not wait: neither for a socket,
	// a log or another goroutine, nor for a lock that one of those holds meanwhile.
	Adopt(Declaration)
}

// Paced is a device that goes by the show's tempo.
type Paced interface {
	// Tempo tells, on the engine loop, that from the instant at on the show has a
	// tempo in beats per minute; 0 while the beat stands.
	Tempo(at time.Duration, bpm float64)
}

// Waiter is a device that needs others to do what it is there for.
type Waiter interface {
	// WaitsFor names those that are not there as people know them, such as "gateway
	// relay-box", in an order that stays; any goroutine.
	WaitsFor() []string
}

// Source is a device whose tempo sources have names for people.
type Source interface {
	// SourceName is what a tempo source is now, such as "deck 2 of prime5"; "" if it is
	// none of the device. Any goroutine.
	SourceName(source string) string
}

// Stepper is what has to be called at instants of its own. It is for virtual time
// only: what is live has loops.
type Stepper interface {
	// Next is the show time at which Step has something to do, beat.Never for not
	// before something else has happened.
	Next() time.Duration
	Step(now time.Duration)
}

// Machinery is a device that moves things; its declaration is Guarded. Its methods may
// be called from any goroutine and wait for nobody.
type Machinery interface {
	// Safe performs the safe action at once.
	Safe()
	// AtRest reports that the safe action is the last thing the device was told, or
	// that it was told nothing; false if it could not be told.
	AtRest() bool
	// Drop is told of an order that is not carried out, since machinery was stopped or
	// released before its instant.
	Drop(message any)
	// Hold performs the safe action and refuses every order until released with
	// false.
	Hold(bool)
}

// Counted is a device that counts what it had no room or no use for.
type Counted interface {
	// Counts are its counters since it was opened; any goroutine.
	Counts() []Count
}

// Count is one counter, and what it counts, in the plural.
type Count struct {
	What string
	N    uint64
}

// Event is something that happened, for handlers of the script. Its value is plain: no
// pointers, nothing that changes, and of a type that its protocol lists.
type Event struct {
	Topic string
	Key   string // of events with the same key only the newest matters; "" = all do
	Brief bool   // the key counts only while the script is behind
	From  string // the key of the device, if it may report so much that it must be held back
	At    time.Duration
	Value any
}

// SourceTopic is the topic of an event of a tempo source: "jump" when its own beat is
// at another place.
func SourceTopic(source, event string) string { return source + " " + event }

// Store keeps what has to outlive the process, by bucket and key.
type Store interface {
	Get(bucket, key string) (value []byte, found bool, err error)
	// Put returns when the value is on disk.
	Put(bucket, key string, value []byte) error
	Delete(bucket, key string) error
	// Each calls f for every key that begins with prefix, in order.
	Each(bucket, prefix string, f func(key string, value []byte)) error
}

// Env is what a device reaches of its host. Its functions may be called from any
// goroutine and wait for nobody.
type Env struct {
	// Now is the present show time.
	Now func() time.Duration
	// Since converts a driver's arrival stamp to show time, Time the other way.
	Since func(time.Time) time.Duration
	Time  func(time.Duration) time.Time
	// Observe reports where a tempo source stands.
	Observe func(source string, o beat.Observation)
	// Alias makes a tempo source stand for another.
	Alias func(source, target string, at time.Duration)
	// Event reports to scripts. It is false if there was no room.
	Event func(Event) bool

	Interface string         // network interface of devices that name none
	Ports     map[string]int // by protocol: UDP ports that differ from the usual ones
	Dir       string         // of the show; relative names of files are relative to it
	Keys      []string       // folders in which a key may be kept, in the order to look
	Getenv    func(string) (string, bool)
	Store     Store
	Rigs      map[string]Rig // the parts of the virtual rig, by protocol; nil without one
	Shared    *Shared        // what devices have in common; nil for nothing
	Log       *slog.Logger
}

// Shared is what devices of a protocol have in common as long as the host lives, over all
// loads, such as the sockets that several use. The zero Shared has nothing. Its methods
// are safe from any goroutine.
type Shared struct{ by sync.Map }

// Of is what the devices of a protocol share: that of create, the first time. Without a
// Shared each call creates another.
func (s *Shared) Of(protocol string, create func() any) any {
	if s == nil {
		return create()
	}
	if have, ok := s.by.Load(protocol); ok {
		return have
	}
	have, _ := s.by.LoadOrStore(protocol, create())
	return have
}

// NetworkInterface is the one a device named, or else that of all. With a rig it is that of
// the rig, whatever a device names: nothing leaves it.
func (e Env) NetworkInterface(named string) string {
	if named != "" && e.Rigs == nil {
		return named
	}
	return e.Interface
}

// Silent stands for a device in virtual time with which nothing happens.
type Silent struct{}

// Loops implements Device.
func (Silent) Loops() []func(context.Context) error { return nil }
