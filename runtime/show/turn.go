package show

import (
	"slices"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/device"
	"showrun/runtime/script"
)

// turnEvents is how many events a turn of the script loop delivers at most: what is due
// must not wait for more of them than go into the look-ahead.
const turnEvents = 16

// Script is a turn of the script loop: what is scheduled and due comes first, then
// events, of both a bounded count; of events at least one, and no further one after
// script.TurnInstructions. more reports that another turn is due at once. The
// error is script.ErrStuck for a script that did not come back; the generation is gone
// then.
func (m *Machine) Script(now time.Duration) (more bool, err error) {
	plan := m.plan.Load()
	for _, ev := range m.reports.take(nil) {
		m.inbox.Put(ev.(script.Event))
	}
	if m.goodbye.begun {
		m.waiting = nil
	} else {
		m.waiting = m.inbox.Take(m.waiting, turnEvents)
	}
	turn := ScriptTurn{Number: m.next(), Now: now, Plan: plan.Version, Events: slices.Clone(m.waiting)}
	n, more, err := m.script(turn, plan)
	turn.Events, m.waiting = turn.Events[:n], slices.Delete(m.waiting, 0, n)
	turn.Heard, turn.Files = m.live.takeHeard(), m.live.files.take()
	m.record(turn)
	m.countScript()
	if err == nil {
		m.point()
		m.checkpoint()
	}
	if sources := m.live.gen.Sources(); !slices.Equal(sources, *m.watched.Load()) {
		m.watched.Store(&sources)
		// The engine may have published a change of them before it knew that it matters.
		more = more || !m.plan.Load().Same(plan, sources)
	}
	return more || m.waits(), err
}

// script does a turn and returns how many of its events were delivered.
func (m *Machine) script(turn ScriptTurn, plan *beat.Plan) (delivered int, more bool, err error) {
	m.live.gen.SetPlan(plan, turn.Now)
	more, err = m.live.gen.Step(turn.Now)
	m.horizon = max(m.horizon, turn.Now+m.lead+m.cfg.Lookahead)
	for _, ev := range turn.Events {
		if err != nil || delivered > 0 && m.live.gen.Spent() >= script.TurnInstructions {
			break // what is due by then comes before the rest
		}
		if ev.Topic == TopicOperate {
			err = m.operate(ev)
		} else {
			err = m.live.gen.Deliver(ev)
		}
		delivered++
	}
	m.showBoard()
	return delivered, more, err
}

// ScriptNext is when Script has to run again if no event comes and none waits; script
// loop.
func (m *Machine) ScriptNext() time.Duration {
	if m.waits() {
		return 0
	}
	return m.live.gen.Next()
}

// waits reports whether there are events for the next turn.
func (m *Machine) waits() bool {
	return !m.goodbye.begun && (len(m.waiting) > 0 || m.inbox.Len() > 0 || m.reports.holds())
}

// Disabled lists the handlers of the live load that are not called any more, for they
// failed too often or had to be stopped, by name and line.
func (m *Machine) Disabled() []string { return *m.disabled.Load() }

// failed reports an error of the script, on the script loop or by the loader for its
// own generation. A storm of them is not passed on in full, and to the handlers of errors
// none that goes back to one of them: they would cause the next.
func (m *Machine) failed(f *script.Failure) {
	m.cfg.Failed(f)
	ok, held := m.errors.allow(m.cfg.Now())
	if !ok && f.Disabled == "" {
		return
	}
	args := []any{"task", f.Task}
	if held > 0 {
		args = append(args, "not shown", held)
	}
	if f.Trace != "" {
		args = append(args, "traceback", f.Trace)
	}
	if f.Disabled != "" {
		args = append(args, "disabled", f.Disabled)
		names := append(slices.Clone(m.Disabled()), f.Task)
		m.disabled.Store(&names)
	}
	m.cfg.Log.Error(f.Message, args...)
	if f.Cause == TopicError {
		return
	}
	m.Put(script.Event{Topic: TopicError, At: m.cfg.Now(), Value: f.Message})
}

// report tells scripts what changed about the beat; engine loop.
func (m *Machine) report(changes []beat.Change) {
	for _, c := range changes {
		switch topic := changeTopic(c.Kind); {
		case c.Of != "":
			m.tell(script.Event{Topic: device.SourceTopic(c.Of, c.Kind.String()), At: c.At})
		case topic != "":
			m.tell(script.Event{Topic: topic, At: c.At, Value: c.BPM})
		}
	}
}

// tell is Put for the engine loop, which must not wait for those who put events.
func (m *Machine) tell(ev script.Event) {
	m.reports.offer(ev)
	m.inbox.Wake()
}
