package show

import (
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/device"
	"showrun/runtime/engine"
	"showrun/runtime/level"
	"showrun/runtime/script"
	"showrun/runtime/show/outlets"
)

// wiring is what the engine half has to know of a load.
type wiring struct {
	load    int           // its number
	from    time.Duration // when it begins, and what the load before has queued ends
	lead    time.Duration // how early frames are wanted
	rate    int           // how many frames a second are wanted at least
	devices map[string]taker
	inOrder []device.Opened // of declaration

	// The devices that the loads before had and this one has not, until they have taken
	// what they were told for instants before it begins, and who waits for that.
	leaving map[string]taker
	left    []chan struct{}
}

// taker is a device that takes orders.
type taker struct {
	device    device.Device      // nil at a replay, and while it is not there
	decl      device.Declaration // of it
	machinery bool               // it moves things
}

// taker is the device that an order for an instant is for.
func (w *wiring) taker(key string, at time.Duration) (d taker, found bool) {
	if d, found = w.devices[key]; !found && at < w.from {
		d, found = w.leaving[key]
	}
	return d, found
}

// follow keeps of the wiring before what still has something to do.
func (w *wiring) follow(before *wiring) {
	w.leaving = maps.Clone(before.leaving)
	if w.leaving == nil {
		w.leaving = map[string]taker{}
	}
	maps.Copy(w.leaving, before.devices)
	w.left = append(w.left, before.left...)
}

// leave lets go of the devices that have left at now.
func (w *wiring) leave(now time.Duration) {
	if w.leaving == nil || now < w.from {
		return
	}
	for _, left := range w.left {
		close(left)
	}
	w.leaving, w.left = nil, nil
}

// Engine is a turn of the engine loop: what has come in is taken, the beat is stepped,
// orders that are due go to their devices, and a frame that is due to every output. It
// returns the frame, which is lent until the next turn; nil if none was due.
func (m *Machine) Engine(now time.Duration) *level.Frame {
	m.taken = m.inputs.take(m.taken[:0])
	number := m.next()
	f := m.turn(now, m.taken)
	switch turn := (EngineTurn{Number: number, Now: now}); {
	case m.cfg.Turned != nil:
		turn.Inputs = notes(m.taken)
		m.cfg.Turned(turn, f)
	case m.cfg.Record != nil:
		turn.Inputs = notes(m.taken)
		m.cfg.Record(turn)
	}
	clear(m.taken)
	m.mark(number)
	return f
}

// notes is what is kept of inputs.
func notes(inputs []any) []any {
	var list []any
	for _, in := range inputs {
		switch x := in.(type) {
		case handed:
			in = Handed{x.number}
		case arrived:
			in = Arrived{x.key}
		case *pointing, *asking, *Checkpoint:
			continue // it changes nothing
		}
		list = append(list, in)
	}
	return list
}

// turn does a turn.
func (m *Machine) turn(now time.Duration, inputs []any) *level.Frame {
	m.turned = now
	m.engine.Pass(now)
	for _, in := range inputs {
		m.take(in, now)
	}
	m.report(m.conductor.Step(now))
	m.publish(now)
	m.order(now)
	f := m.frame(now)
	m.countEngine()
	return f
}

// EngineNext is when Engine has something to do; engine loop.
func (m *Machine) EngineNext() time.Duration {
	if m.inputs.holds() {
		return 0
	}
	return min(m.engine.Next(), m.outlets.Next(), m.conductor.Next())
}

// FrameNext is when the next frame is due, as far as what was taken says; engine loop.
func (m *Machine) FrameNext() time.Duration { return m.engine.NextFrame() }

// Settled reports whether the last frame has all that was to be done by now; engine loop.
func (m *Machine) Settled(now time.Duration) bool {
	return !m.inputs.holds() && !m.engine.Behind(now)
}

// take takes an input.
func (m *Machine) take(in any, now time.Duration) {
	switch in := in.(type) {
	case Observed:
		m.report(m.conductor.Observe(in.Source, in.Observation))
	case Aliased:
		m.conductor.Alias(in.Source, in.Target, in.At)
	case Barred:
		m.withdraw()
	case Held:
		m.withdraw()
		m.held = in.On
		clear(m.refused)
	case arrived:
		m.arrive(in, now)
	case *pointing:
		in.take(m)
	case *asking:
		in.take(m)
	case *Checkpoint:
		m.marked = in
	case handed:
		m.got = in.number
		if in.wiring != nil {
			m.wire(in.wiring, now)
		} else {
			m.execute(in.batch, now)
		}
	}
}

// execute hands a batch to the engine, and what is in it for the conductor to that.
func (m *Machine) execute(b engine.Batch, now time.Duration) {
	conducts := func(c engine.Command) bool { _, ok := c.(engine.Conduct); return ok }
	if slices.ContainsFunc(b.Commands, conducts) {
		var rest []engine.Command
		for _, c := range b.Commands {
			if c, ok := c.(engine.Conduct); ok {
				m.heard++
				m.conductor.Do(c.Command, b.Stamp, now) // what is refused is counted
				continue
			}
			rest = append(rest, c)
		}
		b.Commands = rest
		m.publish(now) // what comes after it was stamped with that in mind
	}
	if s, ok := m.cfg.Frames.(BatchSink); ok {
		s.Batch(b)
	}
	m.engine.Submit(b)
}

// publish makes the present plan of the beat known.
func (m *Machine) publish(now time.Duration) {
	before := m.plan.Load()
	plan := m.conductor.Plan(m.heard, now)
	if plan == before {
		return
	}
	m.plan.Store(plan)
	m.engine.Hear(plan.Source)
	m.changes.Add(1)
	m.engine.Retime(plan.Course)
	m.pace(now)
	if !plan.Same(before, *m.watched.Load()) {
		m.inbox.Wake() // the script loop has to look at it
	}
}

// pace tells the devices that go by it the tempo.
func (m *Machine) pace(now time.Duration) {
	line := m.plan.Load().Course.Line(now)
	bpm := line.BPM
	if line.Stopped {
		bpm = 0
	}
	if bpm == m.paced {
		return
	}
	m.paced = bpm
	for _, o := range m.wired.inOrder {
		if p, ok := o.Device.(device.Paced); ok {
			m.survive(o.Declaration.Key(), func() { p.Tempo(now, bpm) })
		}
	}
}

// order brings the orders that are due to their devices.
func (m *Machine) order(now time.Duration) {
	for _, o := range m.engine.Dropped() {
		if d, _ := m.wired.taker(o.Device, 0); d.machinery {
			m.drop(d, o)
		}
	}
	var lost uint64
	for _, o := range m.engine.Orders(now) {
		d, found := m.wired.taker(o.Device, o.At)
		if !found && m.wired.devices != nil { // a state is gone on from without devices
			lost++
			continue
		}
		if d.machinery && m.held {
			m.refuse(d, o.Order)
			continue
		}
		if found && d.device == nil {
			m.absent++
			m.drop(d, o.Order)
		}
		if d, ok := d.device.(device.Taker); ok {
			m.survive(o.Device, func() { d.Take(o.At, o.Message) })
		}
		if s, ok := m.cfg.Frames.(OrderSink); ok {
			s.Order(o)
		}
	}
	m.wired.leave(now)
	if lost > 0 {
		m.lost += lost
		m.cfg.Log.Warn("orders came too late for a device that is gone, and are lost", "orders", lost)
	}
}

// drop tells machinery of an order that is not carried out, or scripts if it is not there.
func (m *Machine) drop(d taker, o engine.Order) {
	if a, ok := d.decl.(device.Absentee); ok && d.device == nil {
		if ev, ok := a.Absent(o.Message); ok {
			ev.At = m.turned
			m.tell(script.Event(ev))
		}
	}
	if d, ok := d.device.(device.Machinery); ok {
		m.survive(o.Device, func() { d.Drop(o.Message) })
	}
}

// refuse drops an order for machinery that is held, and says so once.
func (m *Machine) refuse(d taker, o engine.Order) {
	m.drop(d, o)
	if !m.refused[o.Device] {
		m.refused[o.Device] = true
		m.cfg.Log.Error("machinery is held: its commands are refused until it is released", "device", o.Device)
	}
}

// survive calls a device. A bug in it must not end the show.
func (m *Machine) survive(name string, call func()) {
	m.calling.begin(&name, m.turned)
	defer func() {
		m.calling.end()
		if bug := recover(); bug != nil {
			m.bug(name, bug)
		}
	}()
	call()
}

// frame makes the frame that is due, if one is, and brings it to the outputs.
func (m *Machine) frame(now time.Duration) *level.Frame {
	m.outlets.Step(now)
	m.engine.Lead(m.wired.lead)
	f := m.engine.Step(now)
	if f == nil {
		return nil
	}
	m.outlets.Frame(f, now)
	if m.cfg.Frames != nil {
		m.cfg.Frames.Frame(f)
	}
	return f
}

// withdraw drops what machinery has been told for instants to come.
func (m *Machine) withdraw() {
	n := 0
	m.engine.Withdraw(func(o engine.Order) bool {
		d, _ := m.wired.taker(o.Device, 0)
		if !d.machinery {
			return false
		}
		m.drop(d, o)
		n++
		return true
	})
	if n > 0 {
		m.cfg.Log.Warn("machinery was stopped or released: commands that waited for their instant are dropped", "commands", n)
	}
}

// wire makes the devices of a load the ones that are published to and ordered, tells
// those that go on what it wants of them, and ends what the load before has queued for
// later.
func (m *Machine) wire(w *wiring, now time.Duration) {
	m.engine.EndGeneration(m.wired.load, w.from)
	w.follow(&m.wired)
	before := m.wired.devices
	m.wired = *w
	for _, o := range w.inOrder {
		key := o.Declaration.Key()
		if a, ok := o.Device.(device.Adopter); ok && before[key].device != nil {
			m.survive(key, func() { a.Adopt(o.Declaration) })
		}
	}
	m.conductor.Withdraw(func(_ beat.Command, s beat.Stamp) bool { return s.At >= w.from })
	m.engine.SetRate(w.rate)
	m.publishTo(now)
}

// publishTo makes the outputs of the live load those that get frames, and tells devices,
// of which some may be new, the tempo.
func (m *Machine) publishTo(now time.Duration) {
	var list []outlets.Publisher
	for _, o := range m.wired.inOrder {
		if p, ok := o.Device.(device.Publisher); ok {
			list = append(list, outlets.Publisher{Name: o.Declaration.String(), Publisher: p, Lead: lead(o.Declaration)})
		}
	}
	m.outlets.Use(list, now)
	m.paced = -1
	m.pace(now)
}

// arrive makes a device that was not there one of the live load.
func (m *Machine) arrive(in arrived, now time.Duration) {
	for i := range m.wired.inOrder {
		o := &m.wired.inOrder[i]
		if o.Declaration.Key() != in.key {
			continue
		}
		o.Device = in.device
		t := m.wired.devices[in.key]
		t.device = in.device
		m.wired.devices[in.key] = t
		if a, ok := in.device.(device.Adopter); ok {
			m.survive(in.key, func() { a.Adopt(o.Declaration) })
		}
	}
	m.publishTo(now)
}

// bugEvery is how often a bug of one device is logged.
const bugEvery = 10 * time.Second

// bugs counts those of a device.
type bugs struct {
	logged time.Duration
	more   uint64 // since then
}

// bug reports a bug of one device, which may have it with every order.
func (m *Machine) bug(what string, bug any) {
	b := m.bugs[what]
	if b != nil && m.turned < b.logged+bugEvery {
		b.more++
		return
	}
	if b == nil {
		b = &bugs{}
		m.bugs[what] = b
	}
	m.cfg.Log.Error("a device failed: internal error", "device", what, "error", bug, "more", b.more, "stack", string(debug.Stack()))
	*b = bugs{logged: m.turned}
}

// Stats counts what the engine half did.
type Stats struct {
	engine.Stats
	Lost uint64 // orders for devices that were gone
}

// Stats are those of the engine half; engine loop, or when it has ended.
func (m *Machine) Stats() Stats { return Stats{m.engine.Stats(), m.lost} }
