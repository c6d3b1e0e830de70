package bridge

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"showrun/drivers/lan"
)

// openAgain is how long a network that is gone is waited for between two looks.
const openAgain = time.Second

// keepOpen runs what open has opened until ctx ends or it fails. When its network is gone, which
// an unplugged cable can do, it is opened again once that is back. change is told of both, on
// the same goroutine.
func keepOpen[C Source](ctx context.Context, log *slog.Logger, now C, open func() (C, error), change func(now C, there bool)) error {
	for {
		err := now.Run(ctx)
		if ctx.Err() != nil || !lan.MayCome(err) {
			return err
		}
		log.Warn("the network is gone, it is waited for", "error", err)
		change(now, false)
		_ = now.Close()
		if now, err = comes(ctx, open); ctx.Err() != nil || err != nil {
			return err
		}
		change(now, true)
		log.Info("the network is there again")
	}
}

// comes opens something that may take its time to come; without an error nothing if ctx ends
// before.
func comes[C Source](ctx context.Context, open func() (C, error)) (c C, err error) {
	for {
		select {
		case <-ctx.Done():
			return c, nil
		case <-time.After(openAgain):
		}
		if c, err = open(); err == nil || !lan.MayCome(err) {
			return c, err
		}
	}
}

// lastingSource is a Source that outlives its network. What it heard is lost with that.
type lastingSource[C Source] struct {
	Source C
	open   func() (C, error)
	lost   func(at time.Time)
	log    *slog.Logger
}

// Lasting makes a Source outlive its network; it has been opened as open does it.
func Lasting[C Source](s C, open func() (C, error), log *slog.Logger) Source {
	return &lastingSource[C]{s, open, func(time.Time) {}, log}
}

// Run implements Source.
func (s *lastingSource[C]) Run(ctx context.Context) error {
	return keepOpen(ctx, s.log, s.Source, s.open, func(_ C, there bool) {
		if !there {
			s.lost(time.Now())
		}
	})
}

// Close implements Source.
func (s *lastingSource[C]) Close() error { return s.Source.Close() }

// lastingSink is a Sink that outlives its network, and shows the newest levels when that is
// back.
type lastingSink struct {
	open func() (Sink, error)
	log  *slog.Logger

	mu     sync.Mutex // held for moments
	now    Sink       // nil while there is no network
	newest [][]byte   // of each universe, nil before the first
}

// Show implements Sink.
func (s *lastingSink) Show(universe int, levels []byte, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.newest[universe] = append(s.newest[universe][:0], levels...)
	if s.now != nil {
		s.now.Show(universe, levels, at)
	}
}

// Run implements Sink.
func (s *lastingSink) Run(ctx context.Context) error {
	return keepOpen(ctx, s.log, s.now, s.open, s.change)
}

func (s *lastingSink) change(now Sink, there bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now = nil; !there {
		return
	}
	s.now = now
	for u, levels := range s.newest {
		if levels != nil {
			now.Show(u, slices.Clone(levels), time.Now())
		}
	}
}

// Close implements Sink.
func (s *lastingSink) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now == nil {
		return nil
	}
	return s.now.Close()
}
