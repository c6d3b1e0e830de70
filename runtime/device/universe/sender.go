package universe

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"showrun/runtime/device"
	"showrun/runtime/level"
)

// Driver puts universes on a wire. It is a pointer, its methods may be called from any
// goroutine, and they wait for nobody who writes to a socket, parses or logs.
type Driver interface {
	// Join adds a universe, which is sent from the first SetLevels on, and Leave ends one.
	Join(Universe) error
	Leave(Stream) error
	// SetPriority changes the priority of a universe; one value, or 512.
	SetPriority(universe int, priority []byte) error
	// SetLevels takes the newest levels of a stream. It copies them.
	SetLevels(s Stream, levels []byte)
	// FlushFor sends what is due at now: the levels of a frame to be seen at visible.
	FlushFor(now, visible time.Time) (packets int, err error)
	// Release makes a frame visible that is due at now.
	Release(now time.Time) (packets int, err error)
}

// Config describes a Sender.
type Config struct {
	Protocol string // for the log
	Env      device.Env
	Latency  time.Duration // of what hangs on the wire: frames leave so much earlier
	Sync     bool          // frames are released
	// Tell makes a driver that sends one thing besides universes send another: what was
	// given to Adopt before and now, nil before the first. It is nil if there is nothing
	// besides.
	Tell func(driver Driver, before, now any)
}

// Sender puts the universes of a device on the wire.
//
// Adopt, Publish, Release and Take run on the engine loop and wait for nobody: they read
// what is to be sent and by which driver from atomic pointers, and the driver does not let
// them wait either. An order is noted where it belongs before the driver is told. Whoever
// changes the driver does that first and looks at what orders have noted then, so an order
// is never lost between the two.
type Sender struct {
	cfg Config

	driver atomic.Pointer[Driver] // that has been told what to send
	coming atomic.Pointer[Driver] // that is to be
	sent   atomic.Pointer[sent]

	mu   sync.Mutex // of catchUp
	told atomic.Pointer[told]

	lastError string        // that was logged, "" once packets leave again; engine loop only
	failed    time.Duration // when packets did not leave the last time
}

// sent is what a Sender sends. It is replaced, not changed.
type sent struct {
	universes []*universe
	byStream  map[Stream]*universe // there may be a thousand, and the engine waits
	besides   any
}

// universe is a universe that is sent, as declared, and what orders have made of it.
type universe struct {
	Universe
	priority atomic.Pointer[[]byte] // nil as long as that is the declared one
	left     atomic.Bool
}

// now is the universe with the priority it has now.
func (u *universe) now() Universe {
	now := u.Universe
	if p := u.priority.Load(); p != nil {
		now.Priority = *p
	}
	return now
}

// NewSender makes a Sender without universes. It sends once it has a driver: see Use.
func NewSender(cfg Config) *Sender {
	s := &Sender{cfg: cfg}
	s.sent.Store(&sent{})
	s.told.Store(&told{sent: s.sent.Load()})
	return s
}

// Adopt takes what is declared, as device.Adopter says: universes that are new are joined,
// those no longer wanted left. What is declared as before stays as it is, with what orders
// have made of it. besides is for Tell; nobody changes it afterwards.
func (s *Sender) Adopt(universes []Universe, besides any) {
	s.sent.Store(s.sent.Load().adopt(universes, besides))
	s.catchUp()
}

// adopt is what is sent after a reload.
func (x *sent) adopt(universes []Universe, besides any) *sent {
	next := &sent{byStream: make(map[Stream]*universe, len(universes)), besides: besides}
	for _, declared := range universes {
		u := x.byStream[declared.Stream()]
		if u == nil || u.left.Load() || !u.Equal(declared) {
			u = &universe{Universe: declared}
		}
		next.universes = append(next.universes, u)
		next.byStream[declared.Stream()] = u
	}
	return next
}

// Besides is what is sent besides universes; any goroutine.
func (s *Sender) Besides() any { return s.sent.Load().besides }

// Driver is the one that orders go to; nil before the first. Any goroutine.
func (s *Sender) Driver() Driver {
	if d := s.driver.Load(); d != nil {
		return *d
	}
	return nil
}

// Use makes a driver send from now on.
func (s *Sender) Use(driver Driver) {
	s.coming.Store(&driver)
	s.catchUp()
}

// told is what a driver has been told to send.
type told struct {
	driver *Driver
	sent   *sent
}

// catchUp tells the driver what to send. It waits for nobody: if somebody is at it, that
// one looks again when it is done.
func (s *Sender) catchUp() {
	for s.behind() && s.mu.TryLock() {
		before, now := *s.told.Load(), told{s.coming.Load(), s.sent.Load()}
		if before.driver != now.driver {
			before.sent = &sent{}
		}
		if now.driver != nil {
			s.tell(now.driver, before.sent, now.sent)
		}
		s.told.Store(&now)
		s.mu.Unlock()
	}
}

// behind reports whether the driver sends something else than it is to send.
func (s *Sender) behind() bool {
	return *s.told.Load() != told{s.coming.Load(), s.sent.Load()}
}

// tell makes a driver that sends one thing send another, and be the one that orders go
// to.
func (s *Sender) tell(next *Driver, before, now *sent) {
	driver := *next
	var joining []*universe
	for _, u := range now.universes {
		if before.byStream[u.Stream()] != u && !u.left.Load() {
			joining = append(joining, u)
			s.join(driver, u)
		}
	}
	s.driver.Store(next)
	for _, u := range joining {
		s.settle(driver, u)
	}
	for stream, u := range before.byStream {
		if now.byStream[stream] == nil && !u.left.Load() {
			s.leave(driver, u)
		}
	}
	if s.cfg.Tell != nil {
		s.cfg.Tell(driver, before.besides, now.besides)
	}
}

func (s *Sender) join(driver Driver, u *universe) {
	if err := driver.Join(u.now()); err != nil {
		s.cfg.Env.Log.Error(s.cfg.Protocol+": universe not joined", "universe", u.Number, "error", err)
	}
}

func (s *Sender) leave(driver Driver, u *universe) {
	if err := driver.Leave(u.Stream()); err != nil {
		s.cfg.Env.Log.Warn(s.cfg.Protocol+": universe not left", "universe", u.Number, "error", err)
	}
}

// settle tells a driver what came by order while it was being told what is declared.
func (s *Sender) settle(driver Driver, u *universe) {
	if u.priority.Load() != nil {
		s.prioritise(driver, u)
	}
	if u.left.Load() {
		_ = driver.Leave(u.Stream()) // if it was joined meanwhile
	}
}

// prioritise tells a driver the priority of a universe that was ordered last.
func (s *Sender) prioritise(driver Driver, u *universe) {
	for p := u.priority.Load(); ; {
		if err := driver.SetPriority(u.Number, *p); err != nil {
			s.cfg.Env.Log.Error(s.cfg.Protocol+": priority not set", "universe", u.Number, "error", err)
		}
		last := p
		if p = u.priority.Load(); p == last {
			return
		}
	}
}

// Take implements device.Taker.
func (s *Sender) Take(_ time.Duration, message any) {
	x := s.sent.Load()
	switch m := message.(type) {
	case SetPriority:
		if u := x.byStream[Stream{m.Universe, false}]; u != nil && !u.left.Load() {
			u.priority.Store(&m.Priority)
			s.prioritise(s.Driver(), u)
		}
	case LeaveUniverse:
		if u := x.byStream[Stream{m.Universe, m.Preview}]; u != nil && !u.left.Swap(true) {
			s.leave(s.Driver(), u)
		}
	}
}

// ReleaseLead implements device.Releaser.
func (s *Sender) ReleaseLead() time.Duration { return s.cfg.Latency }

// Publish implements device.Publisher. The packets leave on the engine's thread, in one
// burst that does not wait: handing them to a goroutine costs milliseconds when
// the processors are busy.
func (s *Sender) Publish(f *level.Frame) {
	driver := s.Driver()
	for _, u := range s.sent.Load().universes {
		if levels := f.Slots(u.Output); levels != nil && !u.left.Load() {
			driver.SetLevels(u.Stream(), levels)
		}
	}
	// The frame's own instant, not the time it got here: frames are never too close
	// to one another, and one that came late must not hold back the next.
	env := s.cfg.Env
	s.failing(driver.FlushFor(env.Time(env.Now()), env.Time(f.At-s.cfg.Latency)))
}

// Release implements device.Releaser.
func (s *Sender) Release(at time.Duration) {
	if s.cfg.Sync {
		s.failing(s.Driver().Release(s.cfg.Env.Time(at - s.cfg.Latency)))
	}
}

// Universes implements device.Publisher.
func (s *Sender) Universes() int {
	n := 0
	for _, u := range s.sent.Load().universes {
		if !u.left.Load() {
			n++
		}
	}
	return n
}

// failing logs an error of sending once, until another comes, and when packets have left
// for a second after it; engine loop only. A driver that was closed has been replaced or
// is about to be, which others tell.
func (s *Sender) failing(sent int, err error) {
	now := s.cfg.Env.Now()
	switch {
	case errors.Is(err, net.ErrClosed):
	case err != nil:
		s.failed = now
		if text := err.Error(); text != s.lastError {
			s.lastError = text
			s.cfg.Env.Log.Error(s.cfg.Protocol+": not sent", "error", err)
		}
	case s.lastError != "" && sent > 0 && now-s.failed >= time.Second:
		s.lastError = ""
		s.cfg.Env.Log.Info(s.cfg.Protocol + ": sending again")
	}
}
