package beat

import (
	"maps"
	"slices"
)

// A ConductorState is all that a [Conductor] knows at one moment: a plain value that
// shares nothing with it that changes. It can be encoded by encoding/gob, and what it
// is made of has exported fields for that alone.
type ConductorState struct {
	Drive   drive
	Epochs  epochs               // of the published course
	Lanes   epochs               // of all sources together
	Sources map[string]following // by source key
	Aliases map[string]string
	Planned []planned
	Given   uint64
	Refused uint64
	Said    standing
	Version uint64          // of the plan published last
	Course  Course          // in it, of the show
	Went    map[string]went // likewise, of sources, by name
}

// went is where the beat of a source went.
type went struct {
	Key    string
	Course Course
}

// Snapshot returns all that the conductor knows.
func (c *Conductor) Snapshot() ConductorState {
	s := ConductorState{
		Drive: c.drive, Epochs: c.epochs, Lanes: c.lanes,
		Sources: make(map[string]following, len(c.followers)), Aliases: maps.Clone(c.aliases),
		Planned: slices.Clone(c.planned), Given: c.given, Refused: c.refused, Said: c.said,
	}
	for key, f := range c.followers {
		s.Sources[key] = f.following
	}
	s.Version, s.Course, s.Went = c.plan.Version, c.plan.Course, make(map[string]went, len(c.plan.lanes))
	for _, l := range c.plan.lanes {
		s.Went[l.name] = went{l.key, l.course}
	}
	return s
}

// RestoreConductor returns a conductor that goes on from a snapshot: told the same, it
// publishes the same courses and changes. The versions of its plans go on as well.
func RestoreConductor(s ConductorState) *Conductor {
	c := &Conductor{
		drive: s.Drive, epochs: s.Epochs, lanes: s.Lanes,
		followers: make(map[string]*Follower, len(s.Sources)), aliases: make(map[string]string, len(s.Aliases)),
		planned: slices.Clone(s.Planned), given: s.Given, refused: s.Refused, said: s.Said,
		plan: &Plan{Version: s.Version, Course: s.Course}, stale: true,
	}
	for _, name := range slices.Sorted(maps.Keys(s.Went)) {
		c.plan.lanes = append(c.plan.lanes, lane{name: name, key: s.Went[name].Key, course: s.Went[name].Course})
	}
	maps.Copy(c.aliases, s.Aliases)
	for key, state := range s.Sources {
		if line := &state.Line; line.N < 0 || line.N > lineWindow || line.Next < 0 || line.Next >= lineWindow {
			*line = deviceLine{} // no snapshot says so, but a damaged one
		}
		c.followers[key] = &Follower{following: state, fresh: c.lanes.next}
	}
	return c
}
