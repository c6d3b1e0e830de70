package stagelinq

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"showrun/drivers/stagelinq/discovery"
	"showrun/drivers/stagelinq/peer"
	"showrun/drivers/stagelinq/wire"
)

// session owns the sockets of one unit. Its goroutine runs the unit's link;
// one goroutine per open connection reads, and calls the user's functions.
type session struct {
	sink   *Sink
	unit   discovery.Unit
	device Device
	link   *link

	ctx     context.Context
	cancel  context.CancelCauseFunc // the cause is the reason of the loss
	done    chan struct{}           // closed when run has returned
	events  chan event
	paths   chan struct{} // the sink has new paths to subscribe
	readers sync.WaitGroup

	attempt  context.Context // of the present dials; cancelled by closeAll
	abandon  context.CancelFunc
	main     *reader
	services [serviceCount]*reader

	subscribed int        // paths of the sink written to the present StateMap connection
	last       DeviceKind // last event reported
	reason     string     // of the last failure since the unit was connected
}

// reader is an open connection with a goroutine that reads it.
type reader struct {
	*peer.Stream
	done chan struct{} // closed after the goroutine's last callback
}

// closeAndWait closes the connection and waits for the last callback.
func (r *reader) closeAndWait() {
	r.Close()
	<-r.done
}

// event is what a connection's goroutine, or the sink, tells the session: an
// inbound stream, the outcome of a dial, a message of the main connection, or
// the end of a stream.
type event struct {
	inbound bool
	dialed  bool
	attempt context.Context // of the dial
	isMain  bool
	service service
	stream  *peer.Stream // nil after a failed dial
	framer  *wire.Framer // of an inbound stream
	message *wire.Message
	at      time.Time // of the message
	err     error
}

// errLost is the cause that cancels a session; it is the reason for people.
type errLost string

func (e errLost) Error() string { return string(e) }

// startSession begins to work on a unit. known says that the unit was reported
// found before.
func startSession(parent context.Context, sink *Sink, unit discovery.Unit, dial, known bool, now time.Time) *session {
	s := &session{
		sink:   sink,
		unit:   unit,
		device: deviceOf(unit),
		link:   newLink(now, dial, rand.Float64),
		done:   make(chan struct{}),
		events: make(chan event, 16),
		paths:  make(chan struct{}, 1),
	}
	s.ctx, s.cancel = context.WithCancelCause(parent)
	s.attempt, s.abandon = context.WithCancel(s.ctx)
	s.publish()
	if known {
		s.last = Lost
	} else {
		sink.emit(DeviceEvent{Kind: Found, Device: s.device, At: now})
	}
	go s.run()
	return s
}

// run carries out what the link wants until the session is cancelled.
func (s *session) run() {
	defer close(s.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		now := time.Now()
		for {
			a, ok := s.link.next(now)
			if !ok {
				break
			}
			s.do(a)
		}
		s.publish()
		if due := s.link.deadline(); due.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(max(0, due.Sub(now)))
		}
		select {
		case e := <-s.events:
			s.handle(e)
		case <-s.paths:
			s.subscribe()
		case <-timer.C:
		case <-s.ctx.Done():
			s.abandon()
			s.closeStreams(func(service) bool { return true })
			s.readers.Wait()
			s.discard()
			s.sink.unlist(s.device.Token)
			if s.last != Lost {
				reason := "sink closed"
				if lost, ok := context.Cause(s.ctx).(errLost); ok {
					reason = string(lost)
				}
				s.lost(reason)
			}
			return
		}
	}
}

// discard closes the connections of events nobody handles any more.
func (s *session) discard() {
	for {
		select {
		case e := <-s.events:
			if e.stream != nil {
				e.stream.Close()
			}
		default:
			return
		}
	}
}

// post hands an event to the session's goroutine, or drops it when the dial or
// session it belongs to is over. It reports whether the event was taken.
func (s *session) post(ctx context.Context, e event) bool {
	select {
	case s.events <- e:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s *session) request() []byte {
	return wire.AppendMessage(nil, wire.Message{ID: wire.IDRequest, Token: s.sink.config.Token})
}

// do carries out one action of the link. Here and below the error of a write
// is left to the reader: a failed write closes the stream.
func (s *session) do(a action) {
	switch a.kind {
	case dialMain:
		s.dial(event{isMain: true}, s.unit.Port)
	case dialService:
		s.dial(event{service: a.service}, a.port)
	case askList:
		_ = s.main.Write(s.request())
	case sendEcho:
		m := wire.Message{ID: wire.IDReference, Token: s.sink.config.Token, Value: a.stamp}
		_ = s.main.Write(wire.AppendMessage(nil, m))
	case closeAll:
		s.sink.log.Info("starting over", "unit", s.device.Name, "address", s.device.Address, "reason", a.reason)
		s.sink.count.restarts.Add(1)
		s.abandon()
		s.attempt, s.abandon = context.WithCancel(s.ctx)
		s.closeStreams(func(k service) bool { return !s.link.branches[k].open })
		s.reason = a.reason
		s.lostUnlessConnected(a.reason)
	}
}

// closeStreams closes the main connection and the chosen services and waits
// for their readers, so that no callback comes after.
func (s *session) closeStreams(which func(service) bool) {
	if s.main != nil {
		s.main.closeAndWait()
		s.main = nil
	}
	for k := range serviceCount {
		if st := s.services[k]; st != nil && which(k) {
			st.closeAndWait()
			s.services[k] = nil
		}
	}
}

// dial connects in the background and posts the outcome as e.
func (s *session) dial(e event, port uint16) {
	attempt := s.attempt
	local := s.sink.announcer.Load().LocalAddress(s.unit.Address)
	remote := netip.AddrPortFrom(s.unit.Address, port)
	s.readers.Go(func() {
		e.dialed, e.attempt = true, attempt
		e.stream, e.err = peer.DialStream(attempt, local, remote)
		if !s.post(attempt, e) && e.stream != nil {
			e.stream.Close()
		}
	})
}

// handle takes one event.
func (s *session) handle(e event) {
	now := time.Now()
	switch {
	case e.inbound:
		if !s.link.serviceTaken(e.service, now) {
			e.stream.Close()
			return
		}
		s.open(e.service, e.stream, e.framer)
	case e.dialed:
		s.dialed(e, now)
	case e.isMain && s.main != nil && e.stream == s.main.Stream:
		if e.message != nil {
			// Requests were answered by the reader.
			s.link.message(*e.message, s.sink.config.Token, e.at)
			return
		}
		s.link.down(now, "main connection: "+peer.EndReason(e.err))
	case !e.isMain && s.services[e.service] != nil && e.stream == s.services[e.service].Stream:
		reason := e.service.String() + ": " + peer.EndReason(e.err)
		s.services[e.service] = nil
		s.sink.log.Info("service connection ended", "unit", s.device.Name, "reason", reason)
		s.link.serviceDown(e.service, now, reason)
		if s.link.stage == hosting {
			s.lostUnlessConnected(reason)
		}
	}
}

// dialed takes the outcome of a dial.
func (s *session) dialed(e event, now time.Time) {
	switch {
	case e.attempt != s.attempt:
		if e.stream != nil {
			e.stream.Close()
		}
	case e.isMain && e.err != nil:
		s.link.down(now, "main connection: "+peer.EndReason(e.err))
	case e.err != nil:
		s.link.serviceDown(e.service, now, e.service.String()+": "+peer.EndReason(e.err))
	case e.isMain:
		s.openMain(e.stream)
		s.link.mainUp(now)
	default:
		hello := wire.AppendMessage(nil, wire.Message{
			ID: wire.IDAnnounce, Token: s.sink.config.Token, Service: e.service.String(), Port: e.stream.LocalPort(),
		})
		if err := e.stream.Write(hello); err != nil {
			s.link.serviceDown(e.service, now, e.service.String()+": "+peer.EndReason(err))
			return
		}
		s.link.serviceUp(e.service, now)
		s.open(e.service, e.stream, wire.NewFramer(frameLimit(e.service)))
	}
}

func frameLimit(k service) int {
	if k == beatInfo {
		return wire.MaxBeatFrame
	}
	return wire.MaxStateFrame
}

// openMain starts reading a main connection we dialled and asks for the
// services at once; some units never ask first (2.2).
func (s *session) openMain(st *peer.Stream) {
	r := &reader{st, make(chan struct{})}
	s.main = r
	_ = st.Write(s.request())
	attempt := s.attempt
	unhook := context.AfterFunc(s.ctx, st.Close)
	s.readers.Go(func() {
		defer unhook()
		err := st.ReadMessages(func(m wire.Message, at time.Time) error {
			if reply, ok := s.sink.reply(m); ok {
				if err := st.Write(reply); err != nil {
					return err
				}
			}
			s.post(attempt, event{isMain: true, stream: st, message: &m, at: at})
			return nil
		})
		st.Close()
		close(r.done)
		s.post(attempt, event{isMain: true, stream: st, err: err})
	})
}

// open starts a service connection that is open and past its hello.
func (s *session) open(k service, st *peer.Stream, f *wire.Framer) {
	r := &reader{st, make(chan struct{})}
	s.services[k] = r
	if s.last != Connected {
		s.last, s.reason = Connected, ""
		s.sink.count.connects.Add(1)
		s.sink.emit(DeviceEvent{Kind: Connected, Device: s.device, At: time.Now()})
	}
	device := s.device
	unhook := context.AfterFunc(s.ctx, st.Close)
	ended := func(err error) {
		unhook()
		st.Close()
		close(r.done)
		s.post(s.ctx, event{service: k, stream: st, err: err})
	}
	if k == stateMap {
		s.subscribed = 0
		s.subscribe()
		s.readers.Go(func() { ended(s.sink.readStates(device, st, f)) })
		return
	}
	_ = st.Write(wire.AppendBeatCommand(nil, wire.BeatStart))
	s.readers.Go(func() { ended(s.sink.readBeats(device, st, f)) })
}

// subscribe asks the open StateMap connection for the paths it was not asked
// for yet.
func (s *session) subscribe() {
	st := s.services[stateMap]
	if st == nil {
		return
	}
	paths := s.sink.pathsFrom(s.subscribed)
	var b []byte
	for _, path := range paths {
		b = wire.AppendState(b, wire.StateMessage{Type: wire.StateSubscribe, Path: path, Interval: wire.IntervalImmediate})
	}
	if len(b) > 0 {
		_ = st.Write(b)
	}
	s.subscribed += len(paths)
}

// wakeForPaths says that the sink has new paths. Safe from any goroutine.
func (s *session) wakeForPaths() {
	select {
	case s.paths <- struct{}{}:
	default:
	}
}

// lostUnlessConnected reports the loss of a unit that was connected and no
// longer is.
func (s *session) lostUnlessConnected(reason string) {
	if s.last == Connected && !s.link.connected() {
		s.lost(reason)
	}
}

func (s *session) lost(reason string) {
	s.last = Lost
	s.sink.emit(DeviceEvent{Kind: Lost, Device: s.device, At: time.Now(), Reason: reason})
}

// publish shows the present state in Sink.Status.
func (s *session) publish() {
	st := UnitStatus{Device: s.device, Stage: s.link.stage.String(), Connected: s.link.connected(), Reason: s.reason}
	if s.link.echo != nil {
		st.RoundTrip = s.link.echo.RoundTrip()
	}
	if s.link.stage == serving && !st.Connected {
		st.Stage = fmt.Sprintf("opening services (%d offered)", s.link.services.Len())
	}
	s.sink.setStatus(s, st)
}
