package host

import (
	"context"
	"time"
)

const (
	// stuckAfter is how long a device may stay in a call of the engine loop, of which none
	// waits for anything, before it is named. A machine that is stopped for a while as a
	// whole takes no longer than that to see it again.
	stuckAfter = 250 * time.Millisecond
	// stuckEvery is how often it is looked.
	stuckEvery = 100 * time.Millisecond
)

// tellStuck names, until ctx ends, the device that the engine loop does not come back from.
// Frames and orders stand until it does; the script and the emergency stop go on.
func (h *Host) tellStuck(ctx context.Context) {
	tick := time.NewTicker(stuckEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		name, since := h.show.Calling()
		if name == "" || h.clock.Now()-since < stuckAfter {
			name = ""
		}
		switch before := *h.stuck.Swap(&name); {
		case name == before:
		case name != "":
			h.stuckTimes.Add(1)
			h.opts.Log.Error("a device does not come back from a call: frames and orders stand until it does; take it out of the show, and start the show again", "device", name)
		default:
			h.opts.Log.Warn("a device has come back from a call that took too long", "device", before)
		}
	}
}
