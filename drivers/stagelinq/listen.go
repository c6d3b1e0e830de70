package stagelinq

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	// maxInbound bounds the connections others hold to us.
	maxInbound = 64
	// parkTime is how long a connection waits for the HOWDY of its unit: a
	// unit may dial us before we have heard it (1.2).
	parkTime = LossTimeout
	// maxParked bounds the connections that wait.
	maxParked = 16
)

// inbound is a service connection a unit made to us, past its hello.
type inbound struct {
	token   Token
	service service
	stream  *Stream
	framer  *Framer
	at      time.Time
}

// listen opens a main connection port and the ports of our services, and
// serves them until ctx ends. It returns the main port.
func (s *Sink) listen(ctx context.Context, running *sync.WaitGroup) (uint16, error) {
	slots := make(chan struct{}, maxInbound)
	for k := range serviceCount {
		port, err := Listen(ctx, running, s.config.Interface, slots, func(st *Stream) {
			s.welcome(ctx, k, st)
		})
		if err != nil {
			return 0, err
		}
		s.offered = AppendMessage(s.offered, Message{
			ID: IDAnnounce, Token: s.config.Token, Service: k.String(), Port: port,
		})
	}
	return Listen(ctx, running, s.config.Interface, slots, s.serveMain)
}

// Listen accepts connections on a free TCP port of the chosen network until
// ctx ends and returns the port. serve is called for each on a goroutine of
// its own that running waits for; a connection beyond the capacity of slots is
// closed at once. The connection is closed when ctx ends.
func Listen(ctx context.Context, running *sync.WaitGroup, selector string, slots chan struct{}, serve func(*Stream)) (uint16, error) {
	address := netip.IPv4Unspecified()
	if selector != "" {
		networks, err := Networks(selector)
		if err != nil {
			return 0, err
		}
		address = networks[0].Address
	}
	config := net.ListenConfig{KeepAliveConfig: keepAlive}
	listener, err := config.Listen(ctx, "tcp4", netip.AddrPortFrom(address, 0).String())
	if err != nil {
		return 0, fmt.Errorf("stagelinq: %w", err)
	}
	context.AfterFunc(ctx, func() { listener.Close() })
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				// Out of descriptors passes; a closed listener does not.
				if pause(ctx, 100*time.Millisecond) {
					continue
				}
				return
			}
			select {
			case slots <- struct{}{}:
			default:
				conn.Close()
				continue
			}
			st := NewStream(conn)
			unhook := context.AfterFunc(ctx, st.Close)
			running.Go(func() {
				serve(st)
				unhook()
				<-slots
			})
		}
	})
	return uint16(listener.Addr().(*net.TCPAddr).Port), nil
}

// serveMain answers a main connection made to us until it ends.
func (s *Sink) serveMain(st *Stream) {
	defer st.Close()
	// How it ends does not matter: the unit dials again if it likes.
	_ = st.ReadMessages(func(m Message, _ time.Time) error {
		if reply, ok := s.reply(m); ok {
			return st.Write(reply)
		}
		return nil
	})
}

// reply returns the bytes that answer a message of a main connection: an echo,
// or the announcements of our services.
func (s *Sink) reply(m Message) ([]byte, bool) {
	if m.ID == IDRequest {
		return s.offered, len(s.offered) > 0
	}
	echo, ok := Reply(m, s.config.Token)
	if !ok {
		return nil, false
	}
	return AppendMessage(nil, echo), true
}

// welcome reads the hello of a service connection made to us and hands the
// connection to its unit's session.
func (s *Sink) welcome(ctx context.Context, k service, st *Stream) {
	f := NewFramer(frameLimit(k))
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
