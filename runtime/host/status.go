package host

import (
	"fmt"
	"slices"
	"time"
)

// Status is how a running show stands.
type Status struct {
	Show       string
	Time       time.Duration // since the start
	Generation int

	BPM        float64
	Beat       float64
	Stopped    bool
	Confidence float64 // of the beat, 0-1

	Frames       uint64
	LateP99      time.Duration // lateness of the last 256 frames
	LateWorst    time.Duration // since the start
	Universes    int
	Machines     int    // devices that move things
	Held         bool   // they are, by an emergency stop
	Deaf         bool   // OSC commands are not heard, the port is another program's
	Wakes        uint64 // of the script loop
	ReloadErrors uint64 // since the last good load
	Meter        []byte // what the rig's first universe shows, from slot 1
}

// Status returns how the show stands; any goroutine.
func (h *Host) Status() Status {
	now := h.clock.Now()
	tl := h.tempo.Timeline()
	s := Status{
		Show: h.show.Name, Time: now, Generation: int(h.generation.Load()),
		BPM: h.tempo.BPM(), Beat: tl.At(now).Float(), Stopped: tl.Stopped, Confidence: h.tempo.Confidence(now),
		ReloadErrors: h.reloadErrors.Load(), Wakes: h.wakes.Load(),
	}
	s.Frames, s.LateP99, s.LateWorst = h.frameStat.read()
	for _, o := range *h.outputs.Load() {
		s.Universes += o.Universes()
	}
	s.Machines, s.Held, s.Deaf = len(h.machinery()), h.held.Load(), h.deaf.Load()
	if h.rig != nil {
		s.Meter = h.rig.Levels(16)
	}
	return s
}

// String is a line for people.
func (s Status) String() string {
	text := fmt.Sprintf("generation %d, running for %v, %.1f BPM, universes: %d, frames %v late (99 of 100), failed reloads: %d, machines: %d",
		s.Generation, s.Time.Round(time.Second), s.BPM, s.Universes, s.LateP99.Round(10*time.Microsecond), s.ReloadErrors, s.Machines)
	if s.Held {
		text += ", held by an EMERGENCY STOP"
	}
	if s.Deaf {
		text += ", NO OSC COMMANDS: the port is taken"
	}
	return text
}

func (s *frameStats) read() (frames uint64, p99, worst time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := int(min(s.frames, uint64(len(s.recent))))
	recent := slices.Clone(s.recent[:n])
	if n == 0 {
		return 0, 0, 0
	}
	slices.Sort(recent)
	return s.frames, recent[n*99/100], s.worst
}
