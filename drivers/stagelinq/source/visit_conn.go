package source

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"showrun/drivers/lan"
	"showrun/drivers/stagelinq/discovery"
	"showrun/drivers/stagelinq/peer"
	"showrun/drivers/stagelinq/wire"
)

// Back-off of calls on one listener.
const (
	visitBackoffFirst = 500 * time.Millisecond
	visitBackoffMax   = 15 * time.Second
)

// visit keeps a connection to every program that listens for units: some
// clients wait to be dialled (7.1).
func (s *Source) visit(ctx context.Context, heard <-chan discovery.Heard) {
	type call struct {
		cancel context.CancelFunc
		done   chan struct{}
	}
	var table discovery.Table
	calls := map[wire.Token]call{}
	end := func(token wire.Token) {
		if c, ok := calls[token]; ok {
			c.cancel()
			<-c.done
			delete(calls, token)
		}
	}
	begin := func(u discovery.Unit) {
		c := call{done: make(chan struct{})}
		var callCtx context.Context
		callCtx, c.cancel = context.WithCancel(ctx)
		calls[u.Token] = c
		go func() {
			defer close(c.done)
			s.call(callCtx, u)
		}()
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case h := <-heard:
			if h.Port == 0 || discovery.IsHardware(h.Software) {
				continue
			}
			u, change := table.Heard(h.Announcement, h.Address, h.At)
			switch change {
			case discovery.Moved:
				end(u.Token)
				begin(u)
			case discovery.Appeared:
				begin(u)
			case discovery.Left:
				end(u.Token)
			}
		case <-timer.C:
			now := time.Now()
			for u, ok := table.Expire(now); ok; u, ok = table.Expire(now) {
				end(u.Token)
			}
		case <-ctx.Done():
			for token := range calls {
				end(token)
			}
			return
		}
		if due := table.Deadline(); due.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(max(0, time.Until(due)))
		}
	}
}

// call dials one listener again and again until ctx ends.
func (s *Source) call(ctx context.Context, u discovery.Unit) {
	backoff := lan.Backoff{First: visitBackoffFirst, Max: visitBackoffMax}
	wait := discovery.DialDelay
	for {
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		if s.callOnce(ctx, u) {
			backoff.Reset()
		}
		wait = backoff.Next(rand.Float64())
	}
}

// callOnce dials a listener's main connection, takes its list of services and
// serves StateMap and BeatInfo on connections of our own until the main
// connection ends. It reports whether the listener offered any of the two.
func (s *Source) callOnce(ctx context.Context, u discovery.Unit) bool {
	ctx, cancel := context.WithCancel(ctx)
	var serving sync.WaitGroup
	defer serving.Wait()
	defer cancel()

	st, err := s.dial(ctx, u.Address, u.Port)
	if err != nil {
		s.log.Debug("cannot reach listener", "name", u.Name, "address", u.Address, "reason", peer.EndReason(err))
		return false
	}
	defer context.AfterFunc(ctx, st.Close)()
	served := map[string]bool{}
	s.serveMain(ctx, st, func(m wire.Message, _ time.Time) {
		wanted := m.Service == wire.ServiceStateMap || m.Service == wire.ServiceBeatInfo
		if !wanted || m.Port == 0 || served[m.Service] {
			return
		}
		served[m.Service] = true
		serving.Go(func() { s.callService(ctx, u.Address, m.Service, m.Port) })
	})
	return len(served) > 0
}

// callService dials one service of a listener and serves it.
func (s *Source) callService(ctx context.Context, address netip.Addr, name string, port uint16) {
	st, err := s.dial(ctx, address, port)
	if err != nil {
		return
	}
	defer context.AfterFunc(ctx, st.Close)()
	defer st.Close()
	hello := wire.AppendMessage(nil, wire.Message{
		ID: wire.IDAnnounce, Token: s.config.Token, Service: name, Port: st.LocalPort(),
	})
	if err := st.Write(hello); err != nil {
		return
	}
	s.serve(ctx, name, st, wire.NewFramer(frameLimit(name)))
}

func (s *Source) dial(ctx context.Context, address netip.Addr, port uint16) (*peer.Stream, error) {
	local := s.announcer.Load().LocalAddress(address)
	return peer.DialStream(ctx, local, netip.AddrPortFrom(address, port))
}
