package stagelinq

import (
	"fmt"
	"net/netip"
	"time"

	"showrun/drivers/stagelinq/discovery"
	"showrun/drivers/stagelinq/peer"
	"showrun/drivers/stagelinq/wire"
)

// session is what a sink knows of one unit: its link, which decides, and the
// connections that carry out what the link wants. It is the sink's.
type session struct {
	sink     *Sink
	unit     discovery.Unit
	device   Device
	link     *link
	main     peer.ID // 0: none, or under way
	dialing  peer.ID // of the main connection
	services [serviceCount]peer.ID

	subscribed int        // paths of the sink written to the present StateMap connection
	last       DeviceKind // last event reported
	reason     string     // of the last failure since the unit was connected
}

// newSession begins to work on a unit. known says that the unit was reported
// found before.
func newSession(sink *Sink, unit discovery.Unit, dial, known bool, now time.Time) *session {
	s := &session{sink: sink, unit: unit, device: deviceOf(unit), link: newLink(now, dial, sink.config.Random)}
	s.link.doubtful = !discovery.IsPlayer(unit.Software)
	s.publish()
	if known {
		s.last = Lost
	} else {
		sink.emit(DeviceEvent{Kind: Found, Device: s.device, At: now})
	}
	return s
}

// step carries out what the link wants at now.
func (s *session) step(now time.Time) {
	for {
		a, ok := s.link.next(now)
		if !ok {
			break
		}
		s.do(a, now)
	}
	s.subscribe()
	s.publish()
}

func (s *session) request() []byte {
	return wire.AppendMessage(nil, wire.Message{ID: wire.IDRequest, Token: s.sink.config.Token})
}

// do carries out one action of the link.
func (s *session) do(a action, now time.Time) {
	switch a.kind {
	case dialMain:
		st := s.sink.dial(s, stream{kind: mainStream}, s.unit.Port)
		s.dialing = st.id
	case dialService:
		s.services[a.service] = s.sink.dial(s, stream{kind: serviceStream, service: a.service}, a.port).id
	case askList:
		s.sink.net.Write(s.main, s.request())
	case sendEcho:
		m := wire.Message{ID: wire.IDReference, Token: s.sink.config.Token, Value: a.stamp}
		s.sink.net.Write(s.main, wire.AppendMessage(nil, m))
	case closeAll:
		s.sink.log.Info("starting over", "unit", s.device.Name, "address", s.device.Address, "reason", a.reason)
		s.sink.count.restarts.Add(1)
		s.closeStreams(func(k service) bool { return !s.link.branches[k].open })
		s.reason = a.reason
		s.lostUnlessConnected(a.reason, now)
	}
}

// closeStreams closes the main connection and the chosen services.
func (s *session) closeStreams(which func(service) bool) {
	s.sink.close(s.main)
	s.sink.close(s.dialing)
	s.main, s.dialing = 0, 0
	for k := range serviceCount {
		if which(k) {
			s.sink.close(s.services[k])
			s.services[k] = 0
		}
	}
}

// end closes everything and reports the loss of the unit.
func (s *session) end(reason string, now time.Time) {
	s.closeStreams(func(service) bool { return true })
	if s.last != Lost {
		s.lost(reason, now)
	}
}

// opened takes a connection that was dialled.
func (s *session) opened(st *stream, local uint16, now time.Time) {
	if st.kind == mainStream {
		s.main, s.dialing = st.id, 0
		// Ask at once; some units never ask first (2.2).
		s.sink.net.Write(st.id, s.request())
		s.link.mainUp(now)
		return
	}
	s.sink.net.Write(st.id, wire.AppendMessage(nil, wire.Message{
		ID: wire.IDAnnounce, Token: s.sink.config.Token, Service: st.service.String(), Port: local,
	}))
	s.link.serviceUp(st.service, now)
	s.open(st, now)
}

// take gives the session a connection that its unit has made. It reports false when
// there is one already.
func (s *session) take(st *stream, now time.Time) bool {
	if !s.link.serviceTaken(st.service, now) {
		return false
	}
	s.services[st.service] = st.id
	st.session = s
	s.open(st, now)
	return true
}

// open starts a service connection that is open and past its hello.
func (s *session) open(st *stream, now time.Time) {
	s.sink.hold(s, now)
	if s.last != Connected {
		s.last, s.reason = Connected, ""
		s.sink.count.connects.Add(1)
		s.sink.emit(DeviceEvent{Kind: Connected, Device: s.device, At: now})
	}
	if st.service == stateMap {
		s.subscribed = 0
		return
	}
	s.sink.net.Write(st.id, wire.AppendBeatCommand(nil, wire.BeatStart))
	st.silence, st.due = beatSilence, now.Add(beatSilence)
	st.decks = make([]DeckBeat, 0, wire.MaxBeatDecks)
}

// ended takes the end of a connection of the unit.
func (s *session) ended(st *stream, err error, now time.Time) {
	switch {
	case st.kind == mainStream:
		s.main, s.dialing = 0, 0
		s.link.down(now, "main connection: "+peer.EndReason(err))
	case s.services[st.service] == st.id:
		reason := st.service.String() + ": " + peer.EndReason(err)
		s.services[st.service] = 0
		if !st.dialing {
			s.sink.log.Info("service connection ended", "unit", s.device.Name, "reason", reason)
		}
		s.link.serviceDown(st.service, now, reason)
		if s.link.stage == hosting {
			s.lostUnlessConnected(reason, now)
		}
	}
}

// subscribe asks the open StateMap connection for the paths it was not asked
// for yet.
func (s *session) subscribe() {
	if s.services[stateMap] == 0 || !s.link.branches[stateMap].open {
		return
	}
	paths := s.sink.pathsFrom(s.subscribed)
	var b []byte
	for _, path := range paths {
		b = wire.AppendState(b, wire.StateMessage{Type: wire.StateSubscribe, Path: path, Interval: wire.IntervalImmediate})
	}
	if len(b) > 0 {
		s.sink.net.Write(s.services[stateMap], b)
	}
	s.subscribed += len(paths)
}

// lostUnlessConnected reports the loss of a unit that was connected and no
// longer is.
func (s *session) lostUnlessConnected(reason string, now time.Time) {
	if s.last == Connected && !s.link.connected() {
		s.lost(reason, now)
	}
}

func (s *session) lost(reason string, now time.Time) {
	s.last = Lost
	s.sink.emit(DeviceEvent{Kind: Lost, Device: s.device, At: now, Reason: reason})
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
	s.sink.setStatus(st)
}

// address is where a port of the unit is.
func (s *session) address(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(s.unit.Address, port)
}
