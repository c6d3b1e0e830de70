package show

import (
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/engine"
)

// EngineState is all that the engine half of a machine knows between two of its turns,
// but for the devices of the live load: a plain value that can be encoded by
// encoding/gob, once Values and those of the protocols are registered there. What is on
// its way to the engine half, such as batches of the script, is not in it.
type EngineState struct {
	At     time.Duration // show time of the last turn
	Number uint64        // of the last input
	Load   int           // number of the live load, whose work is in the queue
	Lead   time.Duration // how early its outputs want their frames
	Held   bool          // machinery is
	Engine engine.Snapshot
	Beat   beat.ConductorState
}

// Snapshot returns the state of the engine half; engine loop.
func (m *Machine) Snapshot() (s EngineState) {
	m.SnapshotInto(&s)
	return s
}

// SnapshotInto makes s the state of the engine half, in the memory that it has, as long
// as nobody else has parts of it; engine loop.
func (m *Machine) SnapshotInto(s *EngineState) {
	s.At, s.Number, s.Load, s.Lead, s.Held = m.turned, m.number.Load(), m.wired.load, m.wired.lead, m.held
	m.engine.SnapshotInto(&s.Engine)
	s.Beat = m.conductor.Snapshot()
}

// Restore makes a machine whose engine half goes on from a state: levels, effects, what
// is queued, and the beat. The clock of its shell goes on from the show time of the
// state. It has no load yet; the first that goes live ends what the load of the state
// has queued for later. A rate of 0 stands for that of the state.
func Restore(cfg Config, s EngineState) (*Machine, error) {
	m := newMachine(cfg, s.At)
	if err := m.restore(s); err != nil {
		return nil, err
	}
	m.number.Store(s.Number)
	return m, nil
}

func (m *Machine) restore(s EngineState) error {
	e, err := engine.Restore(engine.Config{Rate: m.cfg.Rate, Registry: &m.registry}, s.Engine)
	if err != nil {
		return err
	}
	m.engine, m.conductor = e, beat.RestoreConductor(s.Beat)
	m.master, m.dark = s.Engine.Master()
	m.holds, m.relit = heldBy(e, &m.registry), true
	m.wired.load, m.wired.lead, m.held = s.Load, s.Lead, s.Held
	m.plan.Store(m.conductor.Plan(0, s.At))
	return nil
}

// Resumed is what a run goes on from that an earlier one has left, and from which moment on.
type Resumed struct {
	Engine EngineState
	Now    time.Duration
}

// Resume has a machine that has had no turn yet go on from where an earlier run was, at the
// moment now, which is later by as long as there was no run: fades and the beat are where
// they would be. The load that goes live first takes over what is not of the engine half,
// and is told of a reload.
func (m *Machine) Resume(s EngineState, now time.Duration) error {
	if err := m.restore(s); err != nil {
		return err
	}
	m.engine.Skip(now)
	m.turned = now
	m.horizon = max(now, s.At+s.Lead+m.cfg.Lookahead)
	m.resumed = &Resumed{s, now}
	return nil
}
