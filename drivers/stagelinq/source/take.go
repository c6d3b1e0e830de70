package source

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"showrun/drivers/stagelinq/take"
	"showrun/drivers/stagelinq/wire"
)

// ErrFrom says that a take is over before the place where it should begin.
var ErrFrom = errors.New("source: the take is not that long")

const (
	// beatSpacing is that of beat messages where a take does not tell (4.3).
	beatSpacing = time.Second / 30
	// maxLate is how late a take may be; past it the rest is late as well, rather
	// than all at once.
	maxLate = time.Second
)

// TakeConfig says how a take is played.
type TakeConfig struct {
	Take *take.Take
	// From is where to begin, in the time of the recording. What is silent before
	// the unit's first event is left out anyway.
	From time.Duration
	// Loop begins again after the end.
	Loop bool
}

// TakePlayer is the model of a unit that repeats what another one sent: each
// state and beat message comes as long after the first Step as it came after the
// beginning of the take, late ones as soon as can be. Before it comes, a path has
// the value it had last, or the one it has first in the take: a unit sends that
// when it is asked, so it had it before.
//
// When the take begins again, states go back to what they were at its beginning,
// and the unit's clock goes on. Null values and the comings and goings of the
// unit are not repeated. A TakePlayer has one owner; Source.DoTake lends the one
// it serves.
type TakePlayer struct {
	unit   take.Unit
	events []take.Event // that are played
	from   time.Duration
	pass   time.Duration // length of one
	loop   bool
	start  map[string]string // states at from

	origin  time.Time // of the present pass, zero before the first Step
	next    int       // index of the next event
	passes  uint64    // done
	beat    wire.BeatInfo
	states  map[string]string
	changes []Change
	noting  bool // changes are wanted
}

// NewTakePlayer returns a player that stands at the beginning.
func NewTakePlayer(config TakeConfig) (*TakePlayer, error) {
	events := config.Take.Events
	if end := config.Take.End(); config.From < 0 || config.From > end {
		return nil, fmt.Errorf("%w: want to begin at %v, it ends at %v", ErrFrom, config.From, end)
	}
	p := &TakePlayer{unit: config.Take.Unit, loop: config.Loop, start: map[string]string{}}
	for i, e := range events {
		if p.events == nil && e.At >= config.From {
			p.events, p.from = events[i:], e.At
		}
		if _, known := p.start[e.Path]; e.Kind == take.State && e.JSON != "" && (!known || p.events == nil) {
			p.start[e.Path] = e.JSON
		}
	}
	p.pass = p.events[len(p.events)-1].At - p.from + spacing(p.events)
	p.states = maps.Clone(p.start)
	return p, nil
}

// spacing is the mean time between the beat messages of a take.
func spacing(events []take.Event) time.Duration {
	var first, last time.Duration
	n := -1
	for _, e := range events {
		if e.Kind != take.Beats {
			continue
		}
		if n++; n == 0 {
			first = e.At
		}
		last = e.At
	}
	if n < 1 || last == first {
		return beatSpacing
	}
	return (last - first) / time.Duration(n)
}

// Step plays the states that are due, and the next beat message if it is.
func (p *TakePlayer) Step(now time.Time, decks []wire.DeckBeat) (info wire.BeatInfo, ok bool) {
	if p.origin.IsZero() {
		p.origin = now
	}
	for {
		due := p.Deadline()
		if due.IsZero() || now.Before(due) {
			return wire.BeatInfo{}, false
		}
		if late := now.Sub(due); late > maxLate {
			p.origin = p.origin.Add(late)
		}
		if p.next == len(p.events) {
			p.rewind()
			continue
		}
		e := &p.events[p.next]
		p.next++
		switch {
		case e.Kind == take.Beats:
			p.beat.Clock = e.BeatInfo.Clock + p.passes*uint64(p.pass)
			p.beat.Decks = append(decks[:0], e.BeatInfo.Decks...)
			return p.beat, true
		case e.JSON != "":
			p.set(e.Path, e.JSON)
		}
	}
}

// rewind begins the next pass at the end of this one.
func (p *TakePlayer) rewind() {
	p.origin = p.origin.Add(p.pass)
	p.next = 0
	p.passes++
	for _, path := range slices.Sorted(maps.Keys(p.start)) {
		p.set(path, p.start[path])
	}
}

func (p *TakePlayer) set(path, json string) {
	if p.states[path] == json {
		return
	}
	p.states[path] = json
	if p.noting {
		p.changes = append(p.changes, Change{path, json})
	}
}

// Deadline returns when the next event is due, the zero time before the first
// Step and after the end.
func (p *TakePlayer) Deadline() time.Time {
	switch {
	case p.origin.IsZero() || p.Ended():
		return time.Time{}
	case p.next == len(p.events):
		return p.origin.Add(p.pass)
	}
	return p.origin.Add(p.events[p.next].At - p.from)
}

// Ended reports whether everything has been played.
func (p *TakePlayer) Ended() bool { return p.next == len(p.events) && !p.loop }

// Begun reports whether there was a Step.
func (p *TakePlayer) Begun() bool { return !p.origin.IsZero() }

// Position returns where the take is, in the time of the recording, and where it
// ends.
func (p *TakePlayer) Position(now time.Time) (at, end time.Duration) {
	end = p.from + p.pass
	if !p.Begun() {
		return p.from, end
	}
	return max(p.from, min(p.from+now.Sub(p.origin), end)), end
}

// BeatInfo returns the beat message played last. Its decks are lent until the
// next Step.
func (p *TakePlayer) BeatInfo() wire.BeatInfo { return p.beat }

// State returns the present value of a path as JSON; ok is false for a path that
// is not in the take.
func (p *TakePlayer) State(path string) (json string, ok bool) {
	json, ok = p.states[path]
	return json, ok
}

// TakeChanges returns the changes since the last call, in order. They are noted
// from the first call on, which returns none.
func (p *TakePlayer) TakeChanges() []Change {
	changes := p.changes
	p.changes, p.noting = nil, true
	return changes
}
