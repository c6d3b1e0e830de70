package stagelinq

import (
	"context"
	"sync"
	"time"

	"showrun/drivers/stagelinq/discovery"
	"showrun/drivers/stagelinq/peer"
	"showrun/drivers/stagelinq/wire"
)

const (
	// maxInbound bounds the connections others hold to us.
	maxInbound = 64
	// parkTime is how long a connection waits for the HOWDY of its unit: a
	// unit may dial us before we have heard it (1.2).
	parkTime = discovery.LossTimeout
	// maxParked bounds the connections that wait.
	maxParked = 16
)

// inbound is a service connection a unit made to us, past its hello.
type inbound struct {
	token   Token
	service service
	stream  *peer.Stream
	framer  *wire.Framer
	at      time.Time
}

// listen opens a main connection port and the ports of our services, and
// serves them until ctx ends. It returns the main port.
func (s *Sink) listen(ctx context.Context, running *sync.WaitGroup) (uint16, error) {
	address, err := discovery.ListenAddress(s.config.Interface)
	if err != nil {
		return 0, err
	}
	s.offered = nil
	slots := make(chan struct{}, maxInbound)
	for k := range serviceCount {
		port, err := peer.Listen(ctx, running, address, slots, func(st *peer.Stream) {
			s.welcome(ctx, k, st)
		})
		if err != nil {
			return 0, err
		}
		s.offered = wire.AppendMessage(s.offered, wire.Message{
			ID: wire.IDAnnounce, Token: s.config.Token, Service: k.String(), Port: port,
		})
	}
	return peer.Listen(ctx, running, address, slots, s.serveMain)
}

// serveMain answers a main connection made to us until it ends.
func (s *Sink) serveMain(st *peer.Stream) {
	defer st.Close()
	// How it ends does not matter: the unit dials again if it likes.
	_ = st.ReadMessages(func(m wire.Message, _ time.Time) error {
		if reply, ok := s.reply(m); ok {
			return st.Write(reply)
		}
		return nil
	})
}

// reply returns the bytes that answer a message of a main connection: an echo,
// or the announcements of our services.
func (s *Sink) reply(m wire.Message) ([]byte, bool) {
	if m.ID == wire.IDRequest {
		return s.offered, len(s.offered) > 0
	}
	echo, ok := peer.Reply(m, s.config.Token)
	if !ok {
		return nil, false
	}
	return wire.AppendMessage(nil, echo), true
}

// welcome reads the hello of a service connection made to us and hands the
// connection to its unit's session.
func (s *Sink) welcome(ctx context.Context, k service, st *peer.Stream) {
	f := wire.NewFramer(frameLimit(k))
	m, err := st.ReadHello(f)
	if err != nil || m.Service != k.String() {
		s.count.refused.Add(1)
		st.Close()
		return
	}
	select {
	case s.inbound <- inbound{token: m.Token, service: k, stream: st, framer: f, at: time.Now()}:
	case <-ctx.Done():
		st.Close()
	}
}

// assign gives waiting connections to the sessions of their units. Those that
// still wait are returned, oldest first; the others are closed.
func (s *Sink) assign(sessions map[Token]*session, waiting []inbound, now time.Time) []inbound {
	kept := waiting[:0]
	for _, in := range waiting {
		session := sessions[in.token]
		switch {
		case session != nil:
			select {
			case session.events <- event{inbound: true, service: in.service, stream: in.stream, framer: in.framer}:
				continue
			default: // its session is flooded
			}
		case now.Sub(in.at) < parkTime && len(kept) < maxParked:
			kept = append(kept, in)
			continue
		}
		s.count.refused.Add(1)
		in.stream.Close()
	}
	return kept
}
