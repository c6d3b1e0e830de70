package signet

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"showrun/drivers/signet"
	"showrun/drivers/signet/wire"
	"showrun/runtime/device"
	"showrun/runtime/level"
)

// Sender puts universes on the network.
//
// Adopt, Publish, Release and Take run on the engine loop and wait for nobody: they read
// what is to be sent and by which driver from atomic pointers, and the driver does not let
// them wait either. An order is noted where it belongs before the driver is told. Whoever
// changes the driver does that first and looks at what orders have noted then, so an order
// is never lost between the two.
type Sender struct {
	decl *SenderDecl
	env  device.Env
	keys signet.Keys // zero in open mode

	driver atomic.Pointer[signet.Sender] // that has been told what to send
	coming atomic.Pointer[signet.Sender] // that is to be
	sent   atomic.Pointer[sent]

	mu   sync.Mutex // of catchUp
	told atomic.Pointer[told]

	lastError string        // that was logged, "" once packets leave again; engine loop only
	failed    time.Duration // when packets did not leave the last time
}

// onlineSender is a Sender on the network, and virtualSender one in virtual time.
type (
	onlineSender struct {
		*Sender
		*online
	}
	virtualSender struct {
		*Sender
		stepped
	}
)

// sent is what a Sender sends. It is replaced, not changed.
type sent struct {
	universes []*universe
	byStream  map[stream]*universe // there may be a thousand, and the engine waits
	timecodes map[int]*timecode
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

// timecode is one stream of a Sender.
type timecode struct {
	number int
	state  atomic.Pointer[Timecode] // as orders have left it
	driver atomic.Pointer[signet.Timecode]
}

func newSender(d *SenderDecl, env device.Env) *Sender {
	s := &Sender{decl: d, env: env}
	s.sent.Store(&sent{})
	s.told.Store(&told{sent: s.sent.Load()})
	return s
}

// Adopt implements device.Adopter: universes that are new are joined, those no longer
// wanted left, and likewise the timecodes. What is declared as before stays as it
// is, with what orders have made of it.
func (s *Sender) Adopt(decl device.Declaration) {
	s.sent.Store(s.sent.Load().adopt(decl.(*SenderDecl)))
	s.catchUp()
}

// adopt is what is sent after a reload.
func (x *sent) adopt(d *SenderDecl) *sent {
	next := &sent{byStream: make(map[stream]*universe, len(d.Universes)), timecodes: map[int]*timecode{}}
	for _, declared := range d.Universes {
		u := x.byStream[declared.stream()]
		if u == nil || u.left.Load() || !u.equal(declared) {
			u = &universe{Universe: declared}
		}
		next.universes = append(next.universes, u)
		next.byStream[declared.stream()] = u
	}
	for _, declared := range d.Timecodes {
		t := x.timecodes[declared.Number]
		if t == nil || t.state.Load().Rate != declared.Rate {
			t = &timecode{number: declared.Number}
			t.state.Store(&Timecode{Rate: declared.Rate})
		}
		next.timecodes[declared.Number] = t
	}
	return next
}

// use makes a driver send from now on.
func (s *Sender) use(driver *signet.Sender) {
	s.coming.Store(driver)
	s.catchUp()
}

// told is what a driver has been told to send.
type told struct {
	driver *signet.Sender
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
		s.tell(now.driver, before.sent, now.sent)
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
func (s *Sender) tell(driver *signet.Sender, before, now *sent) {
	var joining []*universe
	for _, u := range now.universes {
		if before.byStream[u.stream()] != u && !u.left.Load() {
			joining = append(joining, u)
			s.join(driver, u)
		}
	}
	s.driver.Store(driver)
	for _, u := range joining {
		s.settle(driver, u)
	}
	for stream, u := range before.byStream {
		if now.byStream[stream] == nil && !u.left.Load() {
			s.leave(driver, u)
		}
	}
	for n, t := range now.timecodes {
		if before.timecodes[n] != t {
			s.open(driver, t)
		}
	}
	for n := range before.timecodes {
		if now.timecodes[n] == nil {
			driver.CloseTimecode(n)
		}
	}
}

func (s *Sender) join(driver *signet.Sender, u *universe) {
	if err := driver.Join(u.Number, u.now().options(s.env.Ports[protocol], rigOf(s.env) != nil)); err != nil {
		s.env.Log.Error("signet: universe not joined", "universe", u.Number, "error", err)
	}
}

func (s *Sender) leave(driver *signet.Sender, u *universe) {
	if err := u.leave(driver); err != nil {
		s.env.Log.Warn("signet: universe not left", "universe", u.Number, "error", err)
	}
}

func (u *universe) leave(driver *signet.Sender) error {
	if u.Preview {
		return driver.LeavePreview(u.Number)
	}
	return driver.Leave(u.Number)
}

// settle tells a driver what came by order while it was being told what is declared.
func (s *Sender) settle(driver *signet.Sender, u *universe) {
	if u.priority.Load() != nil {
		s.prioritise(driver, u)
	}
	if u.left.Load() {
		_ = u.leave(driver) // if it was joined meanwhile
	}
}

// prioritise tells a driver the priority of a universe that was ordered last.
func (s *Sender) prioritise(driver *signet.Sender, u *universe) {
	for p := u.priority.Load(); ; {
		if err := driver.SetPriority(u.Number, *p); err != nil {
			s.env.Log.Error("signet: priority not set", "universe", u.Number, "error", err)
		}
		last := p
		if p = u.priority.Load(); p == last {
			return
		}
	}
}

// open makes a driver send a timecode as it stands.
func (s *Sender) open(driver *signet.Sender, t *timecode) {
	stream, err := driver.Timecode(t.number, wire.TimecodeRate(t.state.Load().Rate))
	if err != nil {
		s.env.Log.Error("signet: timecode not sent", "stream", t.number, "error", err)
		return
	}
	t.driver.Store(stream)
	t.tell(s.env)
}

// tell tells the driver of the state that was ordered last.
func (t *timecode) tell(env device.Env) {
	driver := t.driver.Load()
	if driver == nil {
		return
	}
	for state := t.state.Load(); ; {
		at := env.Time(state.At)
		if state.Running {
			driver.Start(state.Frame, at)
		} else {
			driver.Stop(at)
			driver.Locate(state.Frame, at)
		}
		last := state
		if state = t.state.Load(); state == last {
			return
		}
	}
}

// Take implements device.Taker.
func (s *Sender) Take(at time.Duration, message any) {
	x := s.sent.Load()
	switch m := message.(type) {
	case SetPriority:
		if u := x.byStream[stream{m.Universe, false}]; u != nil && !u.left.Load() {
			u.priority.Store(&m.Priority)
			s.prioritise(s.driver.Load(), u)
		}
	case LeaveUniverse:
		if u := x.byStream[stream{m.Universe, m.Preview}]; u != nil && !u.left.Swap(true) {
			s.leave(s.driver.Load(), u)
		}
	case MoveTimecode:
		if t := x.timecodes[m.Stream]; t != nil {
			state := t.state.Load().Moved(m.Move, at)
			t.state.Store(&state)
			t.tell(s.env)
		}
	}
}

// Answer implements device.Answerer.
func (s *Sender) Answer(question any) any {
	if q, ok := question.(TimecodeOf); ok {
		if t := s.sent.Load().timecodes[q.Stream]; t != nil {
			return Standing{*t.state.Load(), true}
		}
		return Standing{}
	}
	return nil
}

// ReleaseLead implements device.Releaser.
func (s *Sender) ReleaseLead() time.Duration { return s.decl.Latency }

// Publish implements device.Publisher. The packets leave on the engine's thread, in one
// burst that does not wait: handing them to a goroutine costs milliseconds when
// the processors are busy.
func (s *Sender) Publish(f *level.Frame) {
	driver := s.driver.Load()
	for _, u := range s.sent.Load().universes {
		levels := f.Slots(u.Output)
		switch {
		case levels == nil || u.left.Load():
		case u.Preview:
			driver.SetPreview(u.Number, levels)
		default:
			driver.SetLevels(u.Number, levels)
		}
	}
	// The frame's own instant, not the time it got here: frames are never too close
	// to one another, and one that came late must not hold back the next.
	visible := s.env.Time(f.At - s.decl.Latency)
	s.failing(driver.FlushFor(s.env.Time(s.env.Now()), visible))
}

// Release implements device.Releaser.
func (s *Sender) Release(at time.Duration) {
	if s.decl.Sync {
		s.failing(s.driver.Load().Release(s.env.Time(at - s.decl.Latency)))
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
	now := s.env.Now()
	switch {
	case errors.Is(err, net.ErrClosed):
	case err != nil:
		s.failed = now
		if text := err.Error(); text != s.lastError {
			s.lastError = text
			s.env.Log.Error("signet: not sent", "error", err)
		}
	case s.lastError != "" && sent > 0 && now-s.failed >= time.Second:
		s.lastError = ""
		s.env.Log.Info("signet: sending again")
	}
}
