package signet

import (
	"strings"
	"testing"
	"time"
)

// TestSyncOfFastFrames: frames that come faster than the levels leave ahead of their
// sync: each of two universes is released within two frames all the same, and no
// levels leave between others and their sync.
func TestSyncOfFastFrames(t *testing.T) {
	b := newBench(t, SenderConfig{Rate: 120, Sync: true, SyncKeepalive: true})
	b.join(1, UniverseOptions{})
	b.join(2, UniverseOptions{})
	b.flush(0)
	const period, ahead = 4 * time.Millisecond, 8 * time.Millisecond
	syncs, waiting, worst := 0, 0, 0
	for n := range 250 {
		visible := b.now.Add(ahead)
		b.set(1+n%2, byte(n))
		for _, p := range append(b.fill(time.Time{}), b.fill(visible)...) {
			if strings.Contains(p, "TID_SYNC") {
				syncs, waiting = syncs+1, 0
			} else if strings.Contains(p, "level") {
				waiting++
				worst = max(worst, waiting)
			}
		}
		b.output.flushed(b.now, visible)
		b.now = b.now.Add(period)
	}
	t.Logf("%d syncs, at most %d level packets before one", syncs, worst)
	if syncs < 100 {
		t.Errorf("%d syncs in a second", syncs)
	}
	if worst > 2 {
		t.Errorf("%d level packets before a sync", worst)
	}
}
