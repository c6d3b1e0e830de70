package source

import (
	"errors"
	"os"
	"time"

	"showrun/drivers/stagelinq/peer"
	"showrun/drivers/stagelinq/wire"
)

const (
	// listDelay lies between a request and our list. One client misses what
	// comes sooner; a real unit takes 2.5 ms (7.1).
	listDelay = 3 * time.Millisecond
	// firstEcho lies between the list and our first echo request, which one
	// client takes for the end of the list (7.1).
	firstEcho = 75 * time.Millisecond
	// echoPeriod is that of a real unit (2.3).
	echoPeriod = 5 * time.Second
	// helloTimeout is how long a connection made to us may take to say what it is.
	helloTimeout = 5 * time.Second
	// maxMain bounds what is kept of an unfinished message of a main connection.
	maxMain = 4096
)

// stream is one TCP connection of a source, open or being dialled.
type stream struct {
	id      peer.ID
	service string // "" for a main connection
	call    *call  // that it belongs to, nil for one made to us
	hello   bool   // it has to come
	serving bool   // a service past its hello
	mute    bool   // its client speaks in ways we do not know
	framer  *wire.Framer
	due     time.Time // when it ends unless its hello comes, zero for never

	// Of a main connection.
	listDue time.Time // zero: nobody waits for our list
	echo    *peer.Echo

	subscriber *subscriber // of a StateMap connection
	beats      bool        // a BeatInfo connection has asked to start
}

// spoken tells whether we speak what a connection is for.
func (st *stream) spoken() bool {
	switch st.service {
	case "", wire.ServiceStateMap, wire.ServiceBeatInfo:
		return true
	}
	return st.service == wire.ServiceFileTransfer && !st.mute
}

func frameLimit(name string) int {
	switch name {
	case "":
		return maxMain
	case wire.ServiceBeatInfo:
		return wire.MaxBeatFrame
	case wire.ServiceFileTransfer:
		return wire.MaxFileFrame
	}
	return wire.MaxStateFrame
}

// add gives a connection its name.
func (s *Source) add(st stream) *stream {
	s.lastID++
	st.id, st.framer = s.lastID, wire.NewFramer(frameLimit(st.service))
	s.streams[st.id] = &st
	return &st
}

// Accepted takes a connection that somebody has made to our port of a service, or to the
// main one if that is "", and names it.
func (s *Source) Accepted(now time.Time, name string) peer.ID {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := stream{service: name}
	st.hello = st.spoken() && name != ""
	if st.hello && name != wire.ServiceFileTransfer {
		st.due = now.Add(helloTimeout)
	}
	return s.add(st).id
}

// Opened says that a connection is there, at our TCP port.
func (s *Source) Opened(now time.Time, id peer.ID, local uint16) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.streams[id]
	switch {
	case st == nil:
	case st.service == "":
		// Ask first, because one client waits for that (7.1).
		s.net.Write(id, wire.AppendMessage(nil, wire.Message{ID: wire.IDRequest, Token: s.config.Token}))
	case st.call != nil:
		s.net.Write(id, wire.AppendMessage(nil, wire.Message{
			ID: wire.IDAnnounce, Token: s.config.Token, Service: st.service, Port: local,
		}))
		s.serve(st)
	}
}

// serve begins to serve a connection that we speak, past its hello.
func (s *Source) serve(st *stream) {
	st.hello, st.due, st.serving = false, time.Time{}, true
	if st.service == wire.ServiceStateMap {
		st.subscriber = newSubscriber()
		s.joined = true
	}
}

// Ended says that a connection is over, or could not be made.
func (s *Source) Ended(now time.Time, id peer.ID, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := s.streams[id]; st != nil {
		s.finish(st, err, now)
	}
}

// close closes a connection; what still comes from it is not taken.
func (s *Source) close(id peer.ID) {
	if s.streams[id] != nil {
		delete(s.streams, id)
		s.net.Close(id)
	}
}

// finish forgets a connection that is over, and draws the consequences.
func (s *Source) finish(st *stream, err error, now time.Time) {
	s.close(st.id)
	if st.hello || errors.Is(err, errFlooded) || errors.Is(err, peer.ErrUnread) {
		s.count.refused.Add(1)
	}
	if st.serving {
		s.log.Debug("client left", "service", st.service, "reason", peer.EndReason(err))
	}
	if st.call != nil {
		s.hungUp(st, err, now)
	}
}

// Receive takes what a connection brought at now. It does not keep b.
func (s *Source) Receive(now time.Time, id peer.ID, b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.streams[id]
	if st == nil || !st.spoken() {
		return // nothing is offered here beyond the connection
	}
	for len(b) > 0 && s.streams[id] == st {
		n := copy(st.framer.Space(), b)
		if n == 0 {
			s.finish(st, wire.ErrTooLong, now)
			return
		}
		st.framer.Advance(n)
		b = b[n:]
		switch err := s.read(st, now); {
		case err == nil || s.streams[id] != st:
		case st.service == wire.ServiceFileTransfer: // more may be meant than we know
			st.mute = true
			return
		default:
			s.finish(st, err, now)
		}
	}
}

// read takes the complete messages of a connection.
func (s *Source) read(st *stream, now time.Time) error {
	for st.service == "" && s.streams[st.id] == st {
		m, ok, err := st.framer.Hello()
		if err != nil || !ok {
			return err
		}
		s.message(st, m, now)
	}
	if st.hello {
		m, ok, err := st.framer.Hello()
		if err != nil || !ok {
			return err
		}
		if m.ID != wire.IDAnnounce || m.Service != st.service {
			return wire.ErrType
		}
		s.serve(st)
	}
	for st.serving && s.streams[st.id] == st {
		payload, ok, err := st.framer.Next()
		if err != nil || !ok {
			return err
		}
		if err := s.frame(st, payload, now); err != nil {
			return err
		}
	}
	return nil
}

// message takes one message of a main connection.
func (s *Source) message(st *stream, m wire.Message, now time.Time) {
	switch m.ID {
	case wire.IDRequest:
		if st.listDue.IsZero() {
			st.listDue = now.Add(listDelay)
		}
	case wire.IDReference:
		if reply, ok := peer.Reply(m, s.config.Token); ok {
			s.net.Write(st.id, wire.AppendMessage(nil, reply))
		}
	case wire.IDAnnounce:
		if st.call != nil {
			s.offeredTo(st.call, m)
		}
	}
}

// frame takes one framed message of a client. Paths the unit does not have, writes and
// emits are taken in silence (3.3, 3.4).
func (s *Source) frame(st *stream, payload []byte, now time.Time) error {
	if st.service == wire.ServiceBeatInfo {
		kind, _, err := wire.ParseBeatInfo(payload, nil)
		if err == nil && kind != wire.BeatEmit {
			st.beats = kind == wire.BeatStart
			s.joined = s.joined || st.beats
		}
		return nil
	}
	if st.service == wire.ServiceFileTransfer {
		if id, ok := wire.IsSourcesRequest(payload); ok {
			s.net.Write(st.id, wire.AppendNoSources(nil, id))
		}
		return nil
	}
	m, err := wire.ParseState(payload)
	if err != nil {
		return nil // skipped by its length
	}
	switch m.Type {
	case wire.StateSet:
		s.count.writes.Add(1)
	case wire.StateSubscribe:
		if json, ok := s.model.State(m.Path); ok {
			st.subscriber.subscribe(m.Path, json, m.Interval, now)
			return s.flush(st, now)
		}
	}
	return nil
}

var errFlooded = errors.New("source: client does not take its states")

// flush sends a client the states that wait for it.
func (s *Source) flush(st *stream, now time.Time) error {
	st.subscriber.release(now)
	if st.subscriber.flooded {
		return errFlooded
	}
	if b := st.subscriber.appendPending(nil); len(b) > 0 {
		s.net.Write(st.id, b)
	}
	return nil
}

// distribute hands the unit's changes to the clients.
func (s *Source) distribute(now time.Time) {
	changes := s.model.TakeChanges()
	if len(changes) == 0 {
		return
	}
	for _, st := range s.streams {
		if st.subscriber == nil {
			continue
		}
		for _, change := range changes {
			st.subscriber.changed(change, now)
		}
		if err := s.flush(st, now); err != nil {
			s.finish(st, err, now)
		}
	}
}

// play steps the unit from the first client on, and sends its beat messages.
func (s *Source) play(now time.Time) {
	if !s.joined {
		return
	}
	s.began = true
	for {
		info, ok := s.model.Step(now, s.decks)
		s.distribute(now)
		if !ok {
			return
		}
		s.decks = info.Decks
		s.beat = wire.AppendBeatInfo(s.beat[:0], info)
		for _, st := range s.streams {
			if st.beats && !s.net.Offer(st.id, s.beat) {
				s.count.beatsDropped.Add(1)
			}
		}
	}
}

// step does what is due on a connection.
func (s *Source) step(st *stream, now time.Time) {
	if !st.due.IsZero() && !now.Before(st.due) {
		s.finish(st, os.ErrDeadlineExceeded, now)
		return
	}
	var out []byte
	if !st.listDue.IsZero() && !now.Before(st.listDue) {
		out, st.listDue = append(out, s.offered...), time.Time{}
		if st.echo == nil {
			st.echo = peer.NewEcho(now, firstEcho, echoPeriod)
		}
	}
	if st.echo != nil {
		if stamp, ok := st.echo.Request(now); ok {
			out = wire.AppendMessage(out, wire.Message{ID: wire.IDReference, Token: s.config.Token, Value: stamp})
		}
	}
	if len(out) > 0 {
		s.net.Write(st.id, out)
	}
	if st.subscriber != nil {
		if due := st.subscriber.deadline(); !due.IsZero() && !now.Before(due) {
			if err := s.flush(st, now); err != nil {
				s.finish(st, err, now)
			}
		}
	}
}

// deadlines calls f with each instant at which step has something to do.
func (st *stream) deadlines(f func(time.Time)) {
	f(st.due)
	f(st.listDue)
	if st.echo != nil {
		f(st.echo.Deadline())
	}
	if st.subscriber != nil {
		f(st.subscriber.deadline())
	}
}
