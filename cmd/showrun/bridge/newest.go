package bridge

import (
	"context"
	"slices"
	"sync"
	"time"
)

// newest hands the newest levels of each universe to a goroutine that may be slow: the latest
// wins.
type newest struct {
	mu     sync.Mutex // held for moments
	levels [][]byte
	fresh  []bool
	wake   chan struct{}
}

func newNewest(universes int) *newest {
	return &newest{levels: make([][]byte, universes), fresh: make([]bool, universes), wake: make(chan struct{}, 1)}
}

// put notes levels that are others than before.
func (n *newest) put(universe int, levels []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.levels[universe] != nil && slices.Equal(levels, n.levels[universe]) {
		return
	}
	n.levels[universe] = append(n.levels[universe][:0], levels...)
	if n.levels[universe] == nil {
		n.levels[universe] = []byte{}
	}
	n.fresh[universe] = true
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// take calls f with those that were not taken yet, copied.
func (n *newest) take(f func(universe int, levels []byte) error) error {
	for u := range n.levels {
		n.mu.Lock()
		fresh, levels := n.fresh[u], slices.Clone(n.levels[u])
		n.fresh[u] = false
		n.mu.Unlock()
		if fresh {
			if err := f(u, levels); err != nil {
				return err
			}
		}
	}
	return nil
}

// run calls f with what is put, so many times a second at most, until ctx ends, and then with
// the last.
func (n *newest) run(ctx context.Context, rate int, f func(universe int, levels []byte) error) error {
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return n.take(f)
		case <-n.wake:
		}
		if err := n.take(f); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}
