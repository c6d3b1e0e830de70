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
	next chan []byte // the newest message, unless the last is not sent yet
}

// serveBeats serves a BeatInfo connection until it ends.
func (s *Source) serveBeats(ctx context.Context, st *peer.Stream, f *wire.Framer) error {
	ctx, cancel := context.WithCancel(ctx)
	var writing sync.WaitGroup
	defer writing.Wait()
	defer cancel()
	defer st.Close()

	c := &beatClient{next: make(chan []byte, 1)}
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

// sendBeats makes one beat message per period for all clients until ctx ends.
// Its clock and positions belong to one instant.
func (s *Source) sendBeats(ctx context.Context) {
	period := time.NewTicker(time.Second / time.Duration(s.config.BeatRate))
	defer period.Stop()
	decks := make([]wire.DeckBeat, 0, s.config.Decks)
	for {
		select {
		case <-period.C:
		case <-ctx.Done():
			return
		}
		s.mu.Lock()
		now := time.Now()
		s.player.Settle(now)
		s.distribute(now)
		if len(s.beats) > 0 {
			info := s.player.BeatInfo(now, decks)
			message := wire.AppendBeatInfo(nil, info) // shared by the writers
			for c := range s.beats {
				select {
				case c.next <- message:
				default:
					s.count.beatsDropped.Add(1)
				}
			}
		}
		s.mu.Unlock()
	}
}
