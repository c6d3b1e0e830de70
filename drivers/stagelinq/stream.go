package stagelinq

import (
	"fmt"
	"os"
	"time"

	"showrun/drivers/stagelinq/discovery"
	"showrun/drivers/stagelinq/peer"
	"showrun/drivers/stagelinq/wire"
)

// streamKind is what is spoken on a connection.
type streamKind int

const (
	mainStream streamKind = iota
	serviceStream
)

// stream is one TCP connection of a sink, open or being dialled.
type stream struct {
	id      peer.ID
	session *session // nil for a connection made to us whose unit is not known
	kind    streamKind
	service service
	dialing bool
	hello   bool // made to us, its hello has not come
	token   Token
	framer  *wire.Framer

	due     time.Time     // when it ends unless something comes, zero for never
	silence time.Duration // that moves due on with each arrival
	names   wire.PathNames
	decks   []DeckBeat // lent to the parser
	bad     int        // frames in a row that could not be read
}

const (
	// helloTimeout is how long a connection made to us may take to say what it is.
	helloTimeout = 5 * time.Second
	// parkTime is how long a connection waits for the HOWDY of its unit: a
	// unit may dial us before we have heard it (1.2).
	parkTime = discovery.LossTimeout
	// maxParked bounds the connections that wait.
	maxParked = 16
	// maxMain bounds what is kept of an unfinished message of a main connection.
	maxMain = 4096
)

func frameLimit(k service) int {
	if k == beatInfo {
		return wire.MaxBeatFrame
	}
	return wire.MaxStateFrame
}

// add gives a connection its name.
func (s *Sink) add(st stream) *stream {
	s.lastID++
	st.id = s.lastID
	limit := maxMain
	if st.kind == serviceStream {
		limit = frameLimit(st.service)
	}
	st.framer = wire.NewFramer(limit)
	s.streams[st.id] = &st
	return &st
}

// dial begins a connection to a port of a unit.
func (s *Sink) dial(to *session, st stream, port uint16) *stream {
	st.session, st.dialing = to, true
	added := s.add(st)
	s.net.Dial(added.id, to.address(port))
	return added
}

// close closes a connection; what still comes from it is not taken.
func (s *Sink) close(id peer.ID) {
	if s.streams[id] != nil {
		delete(s.streams, id)
		s.net.Close(id)
	}
}

// Accepted takes a connection that somebody has made to our port of a service, or to the
// main one if that is "", and names it.
func (s *Sink) Accepted(now time.Time, name string) peer.ID {
	s.turn.Lock()
	defer s.turn.Unlock()
	st := stream{kind: mainStream}
	for k := range serviceCount {
		if k.String() == name {
			st = stream{kind: serviceStream, service: k, hello: true, due: now.Add(helloTimeout)}
		}
	}
	return s.add(st).id
}

// Opened says that a connection is there, at our TCP port.
func (s *Sink) Opened(now time.Time, id peer.ID, local uint16) {
	s.turn.Lock()
	defer s.turn.Unlock()
	st := s.streams[id]
	if st == nil || !st.dialing {
		return
	}
	st.dialing = false
	st.session.opened(st, local, now)
	st.session.step(now)
}

// Ended says that a connection is over, or could not be made.
func (s *Sink) Ended(now time.Time, id peer.ID, err error) {
	s.turn.Lock()
	defer s.turn.Unlock()
	if st := s.streams[id]; st != nil {
		s.finish(st, err, now)
	}
}

// finish forgets a connection that is over, and draws the consequences.
func (s *Sink) finish(st *stream, err error, now time.Time) {
	s.close(st.id)
	switch {
	case st.session != nil:
		st.session.ended(st, err, now)
		if s.hold(st.session, now) {
			st.session.step(now)
		}
	case st.kind == serviceStream:
		s.count.refused.Add(1)
	}
}

// Receive takes what a connection brought at now. It does not keep b. The functions of
// Config are called before it returns.
func (s *Sink) Receive(now time.Time, id peer.ID, b []byte) {
	s.turn.Lock()
	defer s.turn.Unlock()
	st := s.streams[id]
	for st != nil && len(b) > 0 && s.streams[id] == st {
		n := copy(st.framer.Space(), b)
		if n == 0 { // nobody takes what it sends
			s.finish(st, wire.ErrTooLong, now)
			return
		}
		st.framer.Advance(n)
		b = b[n:]
		if st.silence > 0 {
			st.due = now.Add(st.silence)
		}
		if err := s.read(st, now); err != nil && s.streams[id] == st {
			s.finish(st, err, now)
		}
	}
	if st != nil && st.session != nil {
		st.session.step(now)
	}
}

// read takes the complete messages of a connection.
func (s *Sink) read(st *stream, now time.Time) error {
	if st.kind == mainStream {
		for s.streams[st.id] == st {
			m, ok, err := st.framer.Hello()
			if err != nil || !ok {
				return err
			}
			s.message(st, m, now)
		}
		return nil
	}
	if st.hello {
		m, ok, err := st.framer.Hello()
		if err != nil || !ok {
			return err
		}
		if m.ID != wire.IDAnnounce || m.Service != st.service.String() {
			return wire.ErrType
		}
		st.hello, st.token, st.due = false, m.Token, now.Add(parkTime)
		s.assign(st, now)
	}
	for st.session != nil && s.streams[st.id] == st {
		payload, ok, err := st.framer.Next()
		s.count.tooLong.Add(st.framer.Skipped())
		if err != nil || !ok {
			return err
		}
		if err := s.frame(st, payload, now); err != nil {
			return err
		}
	}
	return nil
}

// message takes one message of a main connection, whoever made it.
func (s *Sink) message(st *stream, m wire.Message, now time.Time) {
	if m.ID == wire.IDRequest && len(s.offered) > 0 {
		s.net.Write(st.id, s.offered)
	}
	if echo, ok := peer.Reply(m, s.config.Token); ok {
		s.net.Write(st.id, wire.AppendMessage(nil, echo))
	}
	if st.session != nil {
		st.session.link.message(m, s.config.Token, now)
	}
}

// assign gives a connection that a unit has made to the session of that unit. One
// whose unit is not heard yet waits.
func (s *Sink) assign(st *stream, now time.Time) {
	session := s.sessions[st.token]
	switch {
	case session == nil && s.parked() <= maxParked:
		return
	case session != nil && session.take(st, now):
		st.due = time.Time{}
		if st.silence > 0 {
			st.due = now.Add(st.silence)
		}
		return
	}
	s.close(st.id)
	s.count.refused.Add(1)
}

// waits tells whether a connection waits for its unit to be heard.
func (st *stream) waits() bool { return st.kind == serviceStream && st.session == nil && !st.hello }

func (s *Sink) parked() (n int) {
	for _, st := range s.streams {
		if st.waits() {
			n++
		}
	}
	return n
}

// unpark assigns the connections that wait for a unit.
func (s *Sink) unpark(token Token, now time.Time) {
	for _, id := range s.order() {
		st := s.streams[id]
		if st == nil || !st.waits() || st.token != token {
			continue
		}
		s.assign(st, now)
		if err := s.read(st, now); err != nil && s.streams[id] == st {
			s.finish(st, err, now)
		}
	}
}

// overdue ends the connections that were silent for too long.
func (s *Sink) overdue(now time.Time) {
	for _, id := range s.order() {
		if st := s.streams[id]; st != nil && !st.due.IsZero() && !now.Before(st.due) {
			s.finish(st, os.ErrDeadlineExceeded, now)
		}
	}
}

// frame takes one framed message of a service connection.
func (s *Sink) frame(st *stream, payload []byte, now time.Time) error {
	if st.service == beatInfo {
		return s.beat(st, payload, now)
	}
	m, err := st.names.ParseState(payload)
	var v Value
	if err == nil && m.Type == wire.StateEmit {
		v, err = m.Value()
	}
	switch {
	case err != nil:
		return s.badFrame(st, err)
	case m.Type != wire.StateEmit:
		// Units subscribe to the sink's states and write to them. It has
		// none (3.3, 3.4).
		s.count.writes.Add(1)
	default:
		s.count.states.Add(1)
		if s.config.OnState != nil {
			s.config.OnState(StateEvent{Device: st.session.device, Path: m.Path, Value: v, At: now})
		}
	}
	st.bad = 0
	return nil
}

func (s *Sink) beat(st *stream, payload []byte, now time.Time) error {
	kind, info, err := wire.ParseBeatInfo(payload, st.decks)
	if err != nil {
		return s.badFrame(st, err)
	}
	st.bad = 0
	if kind != wire.BeatEmit {
		return nil
	}
	s.count.beats.Add(1)
	if s.config.OnBeat != nil {
		s.config.OnBeat(BeatEvent{Device: st.session.device, BeatInfo: info, At: now})
	}
	return nil
}

// badFrame counts a frame that is skipped, and ends a connection that sends
// nothing else.
func (s *Sink) badFrame(st *stream, err error) error {
	s.count.badFrames.Add(1)
	if st.bad++; st.bad >= maxBadFrames {
		return fmt.Errorf("%d unreadable messages in a row: %w", st.bad, err)
	}
	return nil
}
