package show

import (
	"sync/atomic"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/script"
)

// Counts tells what came too late for a show, and what did not come.
type Counts struct {
	Late    uint64        // looks and orders of scheduled code that came after their instant
	Worst   time.Duration // the latest of them
	Frames  uint64        // left out, the engine loop having been called too late
	Skipped uint64        // points of grids passed over, the script being more than a second behind
	Refused uint64        // runs of handlers, since too many tasks were unfinished
	Full    uint64        // batches that the queue had no room for
	Unknown uint64        // commands for slots that do not exist
	Lost    uint64        // orders for devices that were gone
	Absent  uint64        // orders for devices that were not there yet

	Events, Observations uint64 // that there was no room for
	Merged               uint64 // events that gave way to newer ones, the script being behind
}

// counts are what the loops have counted, for others to read.
type counts struct {
	script atomic.Pointer[script.Stats]
	engine atomic.Pointer[Counts] // only what the engine half counts
}

// Counts returns the counters of both halves; any goroutine.
func (m *Machine) Counts() Counts {
	var c Counts
	if e := m.counts.engine.Load(); e != nil {
		c = *e
	}
	if s := m.counts.script.Load(); s != nil {
		c.Skipped, c.Refused = s.Skipped, s.Refused
	}
	c.Events, c.Observations = m.inbox.Dropped()+m.reports.dropped.Load(), m.inputs.dropped.Load()
	c.Merged = m.inbox.Merged()
	return c
}

// countScript publishes what the script half has counted, on its loop.
func (m *Machine) countScript() {
	s := m.live.gen.Stats()
	m.tasks.Store(int64(s.Tasks))
	if s.Wakes != m.wakes { // whatever has run may have changed show.state
		m.wakes = s.Wakes
		m.changes.Add(1)
	}
	s.Skipped += m.ended.Skipped
	s.Refused += m.ended.Refused
	if is := m.counts.script.Load(); is == nil || is.Skipped != s.Skipped || is.Refused != s.Refused {
		m.counts.script.Store(&s)
	}
}

// countEngine publishes what the engine half has counted, on its loop.
func (m *Machine) countEngine() {
	late, frames, full, unknown := m.engine.Missed()
	now := Counts{Late: late.Count, Worst: late.Worst, Frames: frames, Full: full, Unknown: unknown, Lost: m.lost, Absent: m.absent}
	if is := m.counts.engine.Load(); is == nil || *is != now {
		c := now // which is on the heap only if it is new
		m.counts.engine.Store(&c)
	}
}

// Times are how long the handlers and tasks of the live load took.
func (m *Machine) Times() []script.Spent {
	if t := m.times.Load(); t != nil {
		return t.List()
	}
	return nil
}

// Tasks counts the unfinished tasks of the live load.
func (m *Machine) Tasks() int { return int(m.tasks.Load()) }

// BarLength is how long a bar is in the live load.
func (m *Machine) BarLength() beat.Micro { return beat.Micro(m.bar.Load()) }
