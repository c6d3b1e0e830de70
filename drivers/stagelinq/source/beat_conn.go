package source

import (
	"context"
	"sync"
	"time"

	"showrun/drivers/stagelinq/peer"
	"showrun/drivers/stagelinq/wire"
)

// beatClient is one BeatInfo connection that has asked to start.
type beatClient struct {
	next chan []byte // messages on their way; what finds it full is dropped
}

// maxBeats is how many messages are on their way to one client: about a second of
// them, as a take that is late catches up on so many.
const maxBeats = 32

// serveBeats serves a BeatInfo connection until it ends.
func (s *Source) serveBeats(ctx context.Context, st *peer.Stream, f *wire.Framer) error {
	ctx, cancel := context.WithCancel(ctx)
	var writing sync.WaitGroup
	defer writing.Wait()
	defer cancel()
	defer st.Close()

	c := &beatClient{next: make(chan []byte, maxBeats)}
	st.LimitQueue()
	writing.Go(func() {
		for {
			select {
			case b := <-c.next:
				if st.Write(b) != nil {
					return // the reader sees the end too
				}
			case <-ctx.Done():
				return
			}
		}
	})
	listen := func(on bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if on {
			s.beats[c] = struct{}{}
			s.join()
		} else {
			delete(s.beats, c)
		}
	}
	defer listen(false)
	return st.ReadFrames(f, 0, func(payload []byte, _ time.Time) error {
		kind, _, err := wire.ParseBeatInfo(payload, nil)
		if err == nil && kind != wire.BeatEmit {
			listen(kind == wire.BeatStart)
		}
		return nil
	})
}

// sendBeats steps the unit until ctx ends, from the first client on, and sends
// its beat messages to all clients.
func (s *Source) sendBeats(ctx context.Context) {
	select {
	case <-s.joined:
	case <-ctx.Done():
		return
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	var decks []wire.DeckBeat
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		s.mu.Lock()
		now := time.Now()
		decks = s.step(now, decks)
		due := s.model.Deadline()
		s.mu.Unlock()
		if !due.IsZero() {
			timer.Reset(max(0, time.Until(due)))
		}
	}
}

// step sends what is due at now. It returns decks for the next call. The caller
// holds the lock.
func (s *Source) step(now time.Time, decks []wire.DeckBeat) []wire.DeckBeat {
	for {
		info, ok := s.model.Step(now, decks)
		s.distribute(now)
		if !ok {
			return decks
		}
		decks = info.Decks
		if len(s.beats) == 0 {
			continue
		}
		message := wire.AppendBeatInfo(nil, info) // shared by the writers
		for c := range s.beats {
			select {
			case c.next <- message:
			default:
				s.count.beatsDropped.Add(1)
			}
		}
	}
}
