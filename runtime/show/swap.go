package show

import (
	"cmp"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/device"
	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/script"
)

// Swap makes next the live load, on the script loop between two turns. What is
// scheduled before the horizon has been run by the load before, everything from
// the horizon on is the next one's: nothing happens twice and nothing is left
// out. It returns the load before, detached; nil if there was none.
func (m *Machine) Swap(next *Load, now time.Duration) (before *Load) {
	return m.swapRecorded(next, now, 0)
}

// SwapOn is Swap on a beat or a bar, on the instant that Boundary has returned: what falls on
// it is the first that next does.
func (m *Machine) SwapOn(next *Load, on time.Duration) (before *Load) {
	return m.swapRecorded(next, m.early(on), on)
}

// onset is how long before a beat a load has to begin to have it: more than a millionth of a
// beat, and nothing that anybody sees.
const onset = 10 * time.Microsecond

// early is the moment at which the script loop gets to what is just before an instant.
func (m *Machine) early(on time.Duration) time.Duration { return on - onset - m.lead - m.cfg.Lookahead }

// Boundary is the instant of the next beat, or bar, that the live load has not come to, and
// whether the script loop gets there at now, so that another load can take its place on it.
// The time is that moment. It is false for a beat that stands or is far away, as nobody
// waits for it; script loop.
func (m *Machine) Boundary(bar bool, now time.Duration) (on time.Duration, at time.Duration, comes bool) {
	course := m.plan.Load().Course
	line := course.Line(m.horizon)
	grid := beat.Grid{Quantum: 1}
	if bar {
		grid.Quantum = m.live.bindings.Bar().Float()
	}
	on, comes = course.Time(line.Epoch, grid.Next(line.At(m.horizon)))
	if line.Stopped || !comes || on > now+longestBar {
		return 0, 0, false
	}
	return on, m.early(on), true
}

// longestBar is how long a load waits for a beat.
const longestBar = 15 * time.Second

func (m *Machine) swapRecorded(next *Load, now, on time.Duration) (before *Load) {
	plan := m.plan.Load()
	in := Swapped{Number: m.next(), Now: now, Plan: plan.Version, On: on, Load: next.loaded}
	if m.noting {
		in.Load.State, in.Load.Carried = next.copied.state, next.copied.carried
	}
	before = m.swap(next, now, plan, on)
	if before != nil {
		in.Heard = before.takeHeard()
	}
	in.Begun, in.Files = next.takeHeard(), next.files.take()
	m.swapped = in
	m.record(in)
	return before
}

func (m *Machine) swap(next *Load, now time.Duration, plan *beat.Plan, on time.Duration) (before *Load) {
	before = m.live
	m.horizon = max(m.horizon, now)
	from := m.horizon
	topic := TopicStart
	if next.loaded.Resumed != nil {
		topic = TopicReload
	}
	next.gen.Open(next.opening.since(next.before))
	if before != nil {
		topic = TopicReload
		from = m.finish(before, now, plan, on)
		if err := next.bindings.TakeState(before.bindings); err != nil {
			m.cfg.Log.Error(err.Error() + "; the rest is kept")
		}
		before.gen.Detach()
		m.ended.Skipped += before.gen.Stats().Skipped
		m.ended.Refused += before.gen.Stats().Refused
	}
	m.live = next
	m.callHolds(next.Patch())
	m.times.Store(next.gen.Times())
	m.disabled.Store(&[]string{})
	m.wireUp(next, before)
	next.gen.SetPlan(plan, now)
	next.gen.StartAfter(min(from, m.horizon), m.horizon)
	m.showBoard()
	next.gen.Deliver(script.Event{Topic: topic, At: m.horizon})
	sources := next.gen.Sources()
	m.watched.Store(&sources)
	m.showBoard()
	return before
}

// maxFinish is how many instructions a load that goes may still run for what is due:
// more than any backlog needs, and less than two handlers that loop.
const maxFinish = 10e6

// finish lets the load before run all that is due before the horizon, and say that it
// goes. It returns up to when it has run.
func (m *Machine) finish(before *Load, now time.Duration, plan *beat.Plan, on time.Duration) (ran time.Duration) {
	before.gen.SetPlan(plan, now)
	spent := uint64(0)
	for more := true; more && spent < maxFinish; spent += before.gen.Spent() {
		var err error
		if more, err = before.gen.Step(now); err != nil {
			return m.horizon
		}
	}
	ran = max(m.horizon, now+m.lead+m.cfg.Lookahead)
	m.horizon = max(ran, on)
	before.gen.Deliver(script.Event{Topic: TopicUnload, At: m.horizon})
	return ran
}

// wireUp tells the engine half what it has to know of a load that takes the place of
// another.
func (m *Machine) wireUp(l, before *Load) {
	w := m.wiring(l, m.horizon+1)
	if before != nil {
		w.left = []chan struct{}{before.left}
	}
	var outputs []level.Output
	for _, o := range w.inOrder {
		if d, ok := o.Declaration.(device.Outputs); ok {
			outputs = append(outputs, d.Outputs()...)
		}
	}
	// Frames are made as early as any output wants them; what is scheduled has to be
	// known by then.
	m.lead = w.lead
	l.gen.SetLookahead(w.lead + m.cfg.Lookahead)
	m.hand(handed{wiring: w})
	commands := []engine.Command{
		engine.Use{Outputs: outputs},
		engine.Attributes{Mixes: l.bindings.Mixes()},
		engine.Intensity{Channels: l.bindings.Intensity()},
	}
	if before != nil {
		commands = append(commands, gone(before.Patch(), l.Patch())...)
	}
	// An output that is new comes with the levels its load has for it, not dark before.
	m.submit(engine.Batch{
		Stamp: engine.Stamp{At: m.horizon}, Generation: l.Number(), Origin: m.cfg.File, Commands: commands,
	})
}

// wiring is what the engine half has to know of a load that begins at an instant.
func (m *Machine) wiring(l *Load, from time.Duration) *wiring {
	w := &wiring{load: l.Number(), from: from, rate: cmp.Or(m.cfg.Rate, engine.DefaultRate), devices: map[string]taker{}}
	for _, o := range l.Opened() { // in order, so that runs repeat exactly
		_, machinery := o.Declaration.(device.Guarded)
		w.devices[o.Declaration.Key()] = taker{o.Device, o.Declaration, machinery}
		w.lead = max(w.lead, lead(o.Declaration))
		if d, ok := o.Declaration.(device.Frequent); ok && d.FrameRate() > engine.DefaultRate {
			w.rate = max(w.rate, d.FrameRate())
		}
		w.inOrder = append(w.inOrder, o)
	}
	return w
}

// lead is how long before their instants a device wants frames.
func lead(d device.Declaration) time.Duration {
	if d, ok := d.(device.Early); ok {
		return d.Lead()
	}
	return 0
}

// Arrive gives the live load a device that was not there when it went live, by the key of
// its declaration; script loop. The script is not told: for it the device was there.
func (m *Machine) Arrive(key string, d device.Device) {
	m.live.devices[key] = d
	m.inputs.put(arrived{key, d})
	m.cfg.Wake()
}
