package show

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/patch"
)

// Cause is one step of what makes a level, the nearest to the output first.
type Cause struct {
	Fixture, Channel string
	Value            float64 // 0-255, after the step; of a color its red
	Color            string  // such as #ff0000, after the step; "" for what is no color
	Layer            string  // blackout, master, operator, cue, script or default
	What             string  // in words
	Line             string  // file:line; "" if there is none, as for operators
	Task             string  // as logs call it
	Cue              string  // list and number, of a cue
	Event            string  // topic of the event that it goes back to; "" for none
	Generation       int     // of the load; 0 for none
	Since            time.Duration
}

// String is the cause in a line, for people.
func (c Cause) String() string {
	value := cmp.Or(c.Color, strconv.FormatFloat(c.Value, 'g', 4, 64))
	text := fmt.Sprintf("%s.%s %s: %s, %s", c.Fixture, c.Channel, value, c.Layer, c.What)
	if c.Cue != "" {
		text += ", cue " + c.Cue
	}
	if c.Line != "" {
		text += ", " + c.Line
	}
	if c.Task != "" && c.Task != operator {
		text += ", in " + c.Task
	}
	if c.Event != "" && c.Event != TopicOperate {
		text += ", after " + c.Event
	}
	if c.Layer != layerDefault {
		text += fmt.Sprintf(", since %.3f s", c.Since.Seconds())
	}
	return text
}

// asking is a question of what makes levels, on its way to the engine half.
type asking struct {
	targets []whyTarget
	done    func([]Cause)
}

// whyTarget is a level, or the three of a color, that somebody asks of.
type whyTarget struct {
	fixture patch.Fixture
	channel string
	at      level.Address
	part    bool // it is of interest only if it does not follow the attributes
}

// mostAsked is of how many fixtures it is told at a time what makes their levels.
const mostAsked = 32

// Why asks what makes the level of a channel or an attribute of a fixture, of a part or of
// the fixtures of a group, or of all of them without a channel; the fixture may be written
// with it, as in "wash.red". done is called on the engine loop, soon unless that has ended,
// and must not wait. Any goroutine may call it. The error is for people.
func (m *Machine) Why(fixture, channel string, done func([]Cause)) error {
	targets, err := m.Board().whyTargets(fixture, channel)
	if err != nil {
		return err
	}
	m.inputs.put(&asking{targets, done})
	m.cfg.Wake()
	return nil
}

// WhyNow answers as Why does, to whoever has the turns of the engine half: between two of
// them.
func (m *Machine) WhyNow(fixture, channel string) ([]Cause, error) {
	targets, err := m.Board().whyTargets(fixture, channel)
	if err != nil {
		return nil, err
	}
	return m.causes(targets), nil
}

// Why answers as Machine.WhyNow does, for the moment that a replay has got to.
func (r *Replay) Why(fixture, channel string) ([]Cause, error) { return r.m.WhyNow(fixture, channel) }

// whyTargets finds what somebody asks of.
func (b *Board) whyTargets(fixture, channel string) (targets []whyTarget, err error) {
	if channel == "" && b.fixtures().Named(fixture) == nil {
		if fixture, channel, err = b.meant(fixture); err != nil {
			return nil, err
		}
	}
	for _, h := range b.Holds { // what no fixture has any more
		if h.Gone && h.Fixture == fixture && (channel == "" || channel == h.Channel) {
			targets = append(targets, whyTarget{patch.Fixture{Name: fixture}, h.Channel, h.at[0], false})
		}
	}
	if targets != nil {
		return targets, nil
	}
	fixtures, err := b.named(fixture)
	switch {
	case err != nil:
		return nil, err
	case len(fixtures) > mostAsked:
		return nil, fmt.Errorf("%s has %d fixtures; ask for one of them", fixture, len(fixtures))
	case channel == "":
		for _, f := range fixtures {
			targets = append(targets, allOf(f)...)
		}
		return targets, nil
	}
	list, err := handlesOf(fixtures, channel, false)
	for _, g := range list {
		targets = append(targets, whyTarget{g.fixture, g.handle.Name, g.handle.Channels[0].Coarse, false})
	}
	return targets, err
}

// allOf is everything of a fixture: intensity and color, and the channels that are not what
// these make.
func allOf(f patch.Fixture) (targets []whyTarget) {
	told := map[level.Address]bool{}
	for _, h := range f.Handles() {
		at := h.Channels[0].Coarse
		if !told[at] {
			targets = append(targets, whyTarget{f, h.Name, at, f.Mix != nil && !at.Output.IsAttribute()})
		}
		told[at] = true
	}
	return targets
}

// take answers; engine loop.
func (a *asking) take(m *Machine) { a.done(m.causes(a.targets)) }

// What causes belong to.
const (
	layerCue     = "cue"
	layerScript  = "script"
	layerDefault = "default"
)

// causes explains levels; engine loop.
func (m *Machine) causes(targets []whyTarget) (list []Cause) {
	for _, t := range targets {
		if t.part && m.engine.Follows(t.at) {
			continue
		}
		for _, s := range m.engine.Why(t.at) {
			list = append(list, t.cause(s))
		}
	}
	return list
}

// cause is a step as people see it.
func (t whyTarget) cause(s engine.Step) Cause {
	c := Cause{
		Fixture: t.fixture.Name, Channel: t.channel, Value: s.Value, Color: s.Color, What: s.What,
		Line: s.Line, Task: s.Task, Cue: s.Cue, Event: s.Event, Generation: s.Generation, Since: s.Origin.At,
	}
	switch {
	case s.Layer == engine.InBlackout:
		c.Layer = "blackout"
	case s.Layer == engine.InMaster:
		c.Layer = "master"
	case s.Layer == engine.InHold:
		c.Layer = "operator"
	case !s.Known:
		c.Layer = layerDefault
	case s.Cue != "":
		c.Layer = layerCue
	default:
		c.Layer = layerScript
	}
	return c
}

// Lines writes causes for people, one a line, those of each channel together.
func Lines(causes []Cause) string {
	var lines []string
	for _, c := range causes {
		lines = append(lines, c.String())
	}
	return strings.Join(lines, "\n")
}
