package take

import (
	"slices"
	"sync"
	"time"

	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/wire"
)

// maxUnits bounds the units that are counted.
const maxUnits = 256

// Count is what was heard of one unit.
type Count struct {
	Unit     Unit
	Connects int // times it became connected
	States   int
	Beats    int
}

// Listener makes events of what a sink gets. Its methods are safe from any goroutine.
type Listener struct {
	start time.Time
	write func(Event)

	mu     sync.Mutex // held while an event is written
	last   time.Duration
	events int
	units  []Count
}

// NewListener has the events since start written, in order. Who writes must not wait.
func NewListener(start time.Time, write func(Event)) *Listener {
	return &Listener{start: start, write: write}
}

// add writes an event. One that is late gets the time of the one before it.
func (l *Listener) add(at time.Time, d stagelinq.Device, e Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = min(max(at.Sub(l.start), l.last), maxTime)
	e.At, e.Unit = l.last, Unit{Token: d.Token, Name: d.Name, Software: d.Software, Version: d.Version}
	l.events++
	l.count(e)
	l.write(e)
}

func (l *Listener) count(e Event) {
	i := slices.IndexFunc(l.units, func(c Count) bool { return c.Unit.Token == e.Unit.Token })
	if i < 0 {
		if len(l.units) == maxUnits {
			return
		}
		i = len(l.units)
		l.units = append(l.units, Count{})
	}
	c := &l.units[i]
	c.Unit = e.Unit
	switch {
	case e.Kind == State:
		c.States++
	case e.Kind == Beats:
		c.Beats++
	case e.Change == stagelinq.Connected:
		c.Connects++
	}
}

// OnDevice takes an event of a sink; see stagelinq.Config.
func (l *Listener) OnDevice(e stagelinq.DeviceEvent) {
	l.add(e.At, e.Device, Event{Kind: Device, Change: e.Kind, Reason: e.Reason})
}

// OnState takes a value a sink received; see stagelinq.Config.
func (l *Listener) OnState(e stagelinq.StateEvent) {
	l.add(e.At, e.Device, Event{Kind: State, Path: e.Path, JSON: e.Value.Raw})
}

// OnBeat takes a beat message a sink received, of which the decks are only lent; see
// stagelinq.Config.
func (l *Listener) OnBeat(e stagelinq.BeatEvent) {
	l.add(e.At, e.Device, Event{Kind: Beats, BeatInfo: wire.BeatInfo{Clock: e.BeatInfo.Clock, Decks: slices.Clone(e.BeatInfo.Decks)}})
}

// Units returns what was heard of each unit, in the order in which they appeared.
func (l *Listener) Units() []Count {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.units)
}

// Events is how many there were.
func (l *Listener) Events() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.events
}
