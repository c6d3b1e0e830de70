package bridge

import (
	"context"
	"time"
)

// burst has the levels of many universes that come one after the other leave together. To
// send takes a look at every universe, so it is done for what has come meanwhile, and not for
// each.
type burst struct {
	wake  chan struct{}
	frame time.Duration               // from a frame to the next at the highest rate
	flush func(now time.Time) error   // sends what there is
	drive func(context.Context) error // runs the driver
	failing
}

const (
	// gather is the time between two bursts at least.
	gather = time.Millisecond
	// looks is how often in the frame after it came is looked for what the rate held back.
	looks = 4
)

func newBurst(e Env, drive func(context.Context) error, flush func(now time.Time) error) burst {
	return burst{make(chan struct{}, 1), time.Second / time.Duration(max(e.Rate, 1)), flush, drive, failing{log: e.Log}}
}

// come tells that there are levels; any goroutine.
func (b *burst) come() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// Run implements Sink: what has come when ctx ends is sent before the driver ends.
func (b *burst) Run(ctx context.Context) error {
	return throughout(ctx, b.drive, func(ctx context.Context) error {
		b.send(ctx)
		return nil
	})
}

// send sends until ctx ends, and then what has come.
func (b *burst) send(ctx context.Context) {
	held, left := time.NewTimer(0), 0
	defer held.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-b.wake:
			left = looks
		case <-held.C:
			left--
		}
		b.tell(b.flush(time.Now()))
		if left > 0 {
			held.Reset(b.frame / looks)
		}
		select {
		case <-ctx.Done():
		case <-time.After(gather):
		}
	}
	b.tell(b.flush(time.Now()))
}
