package show

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"showrun/runtime/cue"
)

// Point is all that another run needs to go on where this one is: a plain value that can be
// encoded by encoding/gob as EngineState can. All of it is of one moment.
type Point struct {
	State   any // show.state
	Carried Carried
	Engine  EngineState // without orders: devices are told nothing twice
}

// pointing is a point that somebody waits for.
type pointing struct {
	into *Point
	done func()
}

// Point makes p the present point, in the memory that it has, and calls done on the engine
// loop when it is. That is soon, but for a script that is busy, or stuck: then it is never.
// done must not wait. It may be called from any goroutine; a call takes the place of one
// that is not done yet.
func (m *Machine) Point(p *Point, done func()) {
	m.pointing.Store(&pointing{p, done})
	m.inbox.Wake()
}

// point takes the half of the script, and has the engine half take its own behind all that
// the script has handed over so far.
func (m *Machine) point() {
	p := m.pointing.Swap(nil)
	if p == nil {
		return
	}
	p.into.State, p.into.Carried = m.Left()
	m.inputs.put(p)
	m.cfg.Wake()
}

func (p *pointing) take(m *Machine) {
	m.SnapshotInto(&p.into.Engine)
	p.into.Engine.Engine.DropOrders()
	p.done()
}

// Left is what the next run takes over in any case; on the script loop, or when that has
// ended. What cannot be kept of show.state is not in it.
func (m *Machine) Left() (state any, carried Carried) {
	state, _ = m.live.bindings.CopyState()
	return state, m.carry()
}

// Changes counts what makes a point older than it was; any goroutine.
func (m *Machine) Changes() uint64 { return m.changes.Load() }

// Lasting is what of it a run takes over that does not go on where the one before was.
func (c Carried) Lasting() Carried { return Carried{Params: c.Params, Fired: c.Fired} }

// Standing says where cue lists are, for people.
func (c Carried) Standing() string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(c.Lists)) {
		if l := c.Lists[name]; l.On {
			list = append(list, fmt.Sprintf("cue %s of %s", cue.Number(l.At), name))
		}
	}
	return strings.Join(list, ", ")
}
