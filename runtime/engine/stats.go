package engine

import (
	"maps"
	"time"
)

// maxOrigins bounds how many lines of a script are named for lateness.
const maxOrigins = 256

// OtherOrigins is the key in Stats.Origins under which all lines are counted
// that found no room of their own.
const OtherOrigins = "(other lines)"

// Lateness counts batches that came too late for their frame.
type Lateness struct {
	Count uint64
	// Worst is the longest time from a stamp to the instant of the frame the
	// batch appeared in.
	Worst time.Duration
}

func (l *Lateness) add(late time.Duration) {
	l.Count++
	l.Worst = max(l.Worst, late)
}

// Stats counts what the engine did since it was made.
type Stats struct {
	// Frames were published, Woken of them between those of the schedule, and
	// Skipped frames left out since Step was called too late for them.
	Frames, Woken, Skipped uint64
	// Batches were executed, Exact of them in a frame on their very instant.
	Batches, Exact uint64
	// Orders were handed to their devices.
	Orders uint64
	// Late batches came after a frame at or past their instant was out.
	Late Lateness
	// Origins has the late ones by the line they came from.
	Origins map[string]Lateness
	// RefusedBatches found the queue full; RefusedCommands named a slot that
	// does not exist or did not fit their path.
	RefusedBatches, RefusedCommands uint64
	// Withdrawn commands were taken out of the queue by Withdraw, EndGeneration, or
	// since the beat they waited for does not come.
	Withdrawn uint64
	// Queued batches wait, and Effects run, at present.
	Queued, Effects int
}

// late counts a batch that was executed so late.
func (s *Stats) late(origin string, by time.Duration) {
	s.Late.add(by)
	if s.Origins == nil {
		s.Origins = make(map[string]Lateness)
	}
	l, known := s.Origins[origin]
	if !known && len(s.Origins) >= maxOrigins {
		origin = OtherOrigins
		l = s.Origins[origin]
	}
	l.add(by)
	s.Origins[origin] = l
}

// Missed counts what came late, the frames left out, and the batches and commands that were
// refused. It is for the engine loop.
func (e *Engine) Missed() (late Lateness, frames, batches, commands uint64) {
	return e.stats.Late, e.stats.Skipped, e.stats.RefusedBatches, e.stats.RefusedCommands
}

// Stats returns the counts up to now. The map is a copy. It is for the engine
// loop.
func (e *Engine) Stats() Stats {
	s := e.stats
	s.Origins = maps.Clone(s.Origins)
	s.Queued, s.Effects = len(e.queue.list), len(e.effects)
	return s
}
