package source

import (
	"context"
	"sync"
	"time"

	"showrun/drivers/stagelinq/discovery"
	"showrun/drivers/stagelinq/peer"
	"showrun/drivers/stagelinq/wire"
)

const (
	// maxConnections bounds the connections others hold to us.
	maxConnections = 128
	// listDelay lies between a request and our list. One client misses what
	// comes sooner; a real unit takes 2.5 ms (7.1).
	listDelay = 3 * time.Millisecond
	// firstEcho lies between the list and our first echo request, which one
	// client takes for the end of the list (7.1).
	firstEcho = 75 * time.Millisecond
	// echoPeriod is that of a real unit (2.3).
	echoPeriod = 5 * time.Second
)

// listen opens the main port and one per service, all served until ctx ends.
// It returns the main port.
func (s *Source) listen(ctx context.Context, running *sync.WaitGroup) (uint16, error) {
	address, err := discovery.ListenAddress(s.config.Interface)
	if err != nil {
		return 0, err
	}
	slots := make(chan struct{}, maxConnections)
	s.offered = nil
	for _, name := range services {
		port, err := peer.Listen(ctx, running, address, slots, func(st *peer.Stream) {
			s.welcome(ctx, name, st)
		})
		if err != nil {
			return 0, err
		}
		s.offered = wire.AppendMessage(s.offered, wire.Message{
			ID: wire.IDAnnounce, Token: s.config.Token, Service: name, Port: port,
		})
	}
	return peer.Listen(ctx, running, address, slots, func(st *peer.Stream) {
		s.serveMain(ctx, st, nil)
	})
}

// welcome serves a service connection made to us until it ends.
func (s *Source) welcome(ctx context.Context, name string, st *peer.Stream) {
	defer st.Close()
	if name != wire.ServiceStateMap && name != wire.ServiceBeatInfo {
		// Nothing is offered here beyond the connection, whatever its hello.
		_ = st.Discard()
		return
	}
	f := wire.NewFramer(frameLimit(name))
	m, err := st.ReadHello(f)
	if err != nil || m.Service != name {
		s.count.refused.Add(1)
		return
	}
	s.serve(ctx, name, st, f)
}

func frameLimit(name string) int {
	if name == wire.ServiceBeatInfo {
		return wire.MaxBeatFrame
	}
	return wire.MaxStateFrame
}

// serve serves a StateMap or BeatInfo connection past its hello until it ends.
func (s *Source) serve(ctx context.Context, name string, st *peer.Stream, f *wire.Framer) {
	s.count.clients.Add(1)
	defer s.count.clients.Add(-1)
	var err error
	if name == wire.ServiceBeatInfo {
		err = s.serveBeats(ctx, st, f)
	} else {
		err = s.serveStates(ctx, st, f)
	}
	s.log.Debug("client left", "service", name, "address", st.RemoteAddr(), "reason", peer.EndReason(err))
}

// serveMain speaks on a main connection until it ends: it asks first, because
// one client waits for that, answers requests and echoes, and sends echo
// requests once it has sent a list. announced, if not nil, is called for each
// service the peer announces.
func (s *Source) serveMain(ctx context.Context, st *peer.Stream, announced func(wire.Message, time.Time)) {
	ctx, cancel := context.WithCancel(ctx)
	var writing sync.WaitGroup
	defer writing.Wait()
	defer cancel()
	defer st.Close()

	own := s.config.Token
	if err := st.Write(wire.AppendMessage(nil, wire.Message{ID: wire.IDRequest, Token: own})); err != nil {
		return
	}
	requests := make(chan struct{}, 1)
	writing.Go(func() { s.writeMain(ctx, st, requests) })
	// How it ends does not matter: the client dials again if it likes.
	_ = st.ReadMessages(func(m wire.Message, at time.Time) error {
		switch m.ID {
		case wire.IDRequest:
			select {
			case requests <- struct{}{}:
			default: // the list it asks for is under way
			}
		case wire.IDReference:
			if reply, ok := peer.Reply(m, own); ok {
				return st.Write(wire.AppendMessage(nil, reply))
			}
		case wire.IDAnnounce:
			if announced != nil {
				announced(m, at)
			}
		}
		return nil
	})
}

// writeMain sends the list of services and echo requests on time.
func (s *Source) writeMain(ctx context.Context, st *peer.Stream, requests <-chan struct{}) {
	timer := time.NewTimer(0)
	timer.Stop()
	defer timer.Stop()
	var listDue time.Time
	var echo *peer.Echo
	for {
		select {
		case <-requests:
			if listDue.IsZero() {
				listDue = time.Now().Add(listDelay)
			}
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		now := time.Now()
		var out []byte
		if !listDue.IsZero() && !now.Before(listDue) {
			out, listDue = append(out, s.offered...), time.Time{}
			if echo == nil {
				echo = peer.NewEcho(now, firstEcho, echoPeriod)
			}
		}
		if echo != nil {
			if stamp, ok := echo.Request(now); ok {
				out = wire.AppendMessage(out, wire.Message{
					ID: wire.IDReference, Token: s.config.Token, Value: stamp,
				})
			}
		}
		if len(out) > 0 {
			if err := st.Write(out); err != nil {
				return
			}
		}
		due := listDue
		if echo != nil && (due.IsZero() || echo.Deadline().Before(due)) {
			due = echo.Deadline()
		}
		if !due.IsZero() {
			timer.Reset(max(0, time.Until(due)))
		}
	}
}
