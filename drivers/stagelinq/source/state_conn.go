package source

import (
	"context"
	"errors"
	"sync"
	"time"

	"showrun/drivers/stagelinq/peer"
	"showrun/drivers/stagelinq/wire"
)

var errFlooded = errors.New("source: client does not take its states")

// stateClient is one StateMap connection. The source's lock guards subscriber.
type stateClient struct {
	subscriber *subscriber
	wake       chan struct{}
}

func (c *stateClient) wakeUp() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// serveStates serves a StateMap connection until it ends. Paths the unit does
// not have, writes and emits are taken in silence (3.3, 3.4).
func (s *Source) serveStates(ctx context.Context, st *peer.Stream, f *wire.Framer) error {
	ctx, cancel := context.WithCancel(ctx)
	var writing sync.WaitGroup
	defer writing.Wait()
	defer cancel()
	defer st.Close()

	c := &stateClient{subscriber: newSubscriber(), wake: make(chan struct{}, 1)}
	s.mu.Lock()
	s.states[c] = struct{}{}
	s.join()
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.states, c)
		s.mu.Unlock()
	}()
	writing.Go(func() {
		if err := s.writeStates(ctx, st, c); errors.Is(err, errFlooded) {
			s.count.refused.Add(1)
		}
		st.Close()
	})
	return st.ReadFrames(f, 0, func(payload []byte, at time.Time) error {
		m, err := wire.ParseState(payload)
		if err != nil {
			return nil // skipped by its length
		}
		switch m.Type {
		case wire.StateSet:
			s.count.writes.Add(1)
		case wire.StateSubscribe:
			s.mu.Lock()
			if json, ok := s.model.State(m.Path); ok {
				c.subscriber.subscribe(m.Path, json, m.Interval, at)
			}
			s.mu.Unlock()
			c.wakeUp()
		}
		return nil
	})
}

// writeStates sends a client what it waits for until ctx ends.
func (s *Source) writeStates(ctx context.Context, st *peer.Stream, c *stateClient) error {
	timer := time.NewTimer(0)
	timer.Stop()
	defer timer.Stop()
	var b []byte
	for {
		select {
		case <-c.wake:
		case <-timer.C:
		case <-ctx.Done():
			return nil
		}
		s.mu.Lock()
		c.subscriber.release(time.Now())
		b = c.subscriber.appendPending(b[:0])
		due, flooded := c.subscriber.deadline(), c.subscriber.flooded
		s.mu.Unlock()
		if flooded {
			return errFlooded
		}
		if len(b) > 0 {
			if err := st.Write(b); err != nil {
				return err
			}
		}
		if !due.IsZero() {
			timer.Reset(max(0, time.Until(due)))
		}
	}
}
