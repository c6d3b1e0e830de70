package show

import (
	"slices"

	"showrun/runtime/engine"
	"showrun/runtime/level"
)

// Checkpoint has a Checkpoint recorded soon, and from then on all that is handed over; any
// goroutine. A script that is busy, or stuck, is waited for.
func (m *Machine) Checkpoint() {
	m.marking.Store(true)
	m.inbox.Wake()
}

// checkpoint begins one, with the half of the script, and has the engine half add its own
// behind all that the script has handed over so far.
func (m *Machine) checkpoint() {
	if m.cfg.Record == nil || !m.marking.Swap(false) {
		return
	}
	c := &Checkpoint{Number: m.next(), Live: m.swapped, Stood: m.Board().stood()}
	c.Live.Load.State, c.Live.Load.Carried, c.Live.Load.Resumed = m.live.copied.state, m.live.copied.carried, nil
	m.noting, m.named = true, m.registry.Len()
	m.inputs.put(c)
	m.cfg.Wake()
}

// mark records the checkpoint that is under way, at the end of a turn of the engine loop.
func (m *Machine) mark(turn uint64) {
	c := m.marked
	if c == nil {
		return
	}
	m.marked = nil
	c.Turn, c.Got, c.Heard, c.From = turn, m.got, m.heard, m.wired.from
	m.SnapshotInto(&c.Engine)
	m.record(*c)
}

// noteGiven records what is handed over.
func (m *Machine) noteGiven(h handed) {
	if !m.noting {
		return
	}
	in := Given{Number: m.next(), Handed: h.number, Batch: h.batch}
	for n := m.registry.Len(); m.named < n; m.named++ {
		o := level.Output(m.named)
		in.Outputs = append(in.Outputs, engine.BankState{Key: m.registry.Key(o), Slots: m.registry.Slots(o)})
	}
	if h.wiring != nil {
		in.Wired, in.From = true, h.wiring.from
	}
	m.record(in)
}

// noteBoard records what people can operate.
func (m *Machine) noteBoard() {
	if m.noting {
		s := m.Board().stood()
		s.Number = m.next()
		m.record(s)
	}
}

// stood is what of a board moves.
func (b *Board) stood() Stood {
	return Stood{Params: b.Params, Triggers: b.Triggers, Lists: b.Lists, Master: b.Master, Blackout: b.Blackout, Holds: b.Holds}
}

// boardOf is the board of the live load as it stood. What no fixture has any more is not in it.
func (m *Machine) boardOf(s Stood) *Board {
	held := slices.DeleteFunc(slices.Clone(s.Holds), func(h HeldLevel) bool { return h.Gone })
	return &Board{
		Params: s.Params, Triggers: s.Triggers, Lists: s.Lists, Master: s.Master, Blackout: s.Blackout, Holds: held,
		Patch: m.live.Patch(), Machinery: m.live.machinery(),
	}
}

// Starts implements journal.Start.
func (Checkpoint) Starts() {}
