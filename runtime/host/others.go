package host

import (
	"context"
	"slices"
	"strings"
	"time"

	"showrun/runtime/device"
)

// others are the devices of the live load that know of others on the network.
type others struct {
	waiters []device.Waiter
	sources []device.Source
}

// waiting names what the devices of the show wait for.
func (h *Host) waiting() (list []string) {
	for _, w := range h.others.Load().waiters {
		list = append(list, w.WaitsFor()...)
	}
	return list
}

// source is what the tempo comes from; "" for the show itself.
func (h *Host) source(followed string) string {
	for _, s := range h.others.Load().sources {
		if name := s.SourceName(followed); name != "" {
			return name
		}
	}
	return ""
}

const (
	// waitingEvery is how often is looked what devices wait for.
	waitingEvery = time.Second
	// waitingFor is how often it must be the same until people are told: most is there in a
	// few seconds.
	waitingFor = 3
)

// tellWaiting tells people what the devices of the show wait for, and when that changes,
// until ctx ends.
func (h *Host) tellWaiting(ctx context.Context) {
	var told, last []string
	tick := time.NewTicker(waitingEvery)
	defer tick.Stop()
	for times := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := h.waiting()
		if times++; !slices.Equal(now, last) {
			last, times = now, 1
		}
		if times < waitingFor || slices.Equal(now, told) {
			continue
		}
		told = now
		if len(now) == 0 {
			h.opts.Log.Info("what the show waited for is there")
			continue
		}
		h.opts.Log.Warn("waiting for " + strings.Join(now, ", ") + "; the show goes on without")
	}
}
