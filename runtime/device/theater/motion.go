package theater

import (
	"cmp"
	"context"
	"sync"
	"sync/atomic"
	"time"

	"showrun/drivers/osc"
	driver "showrun/drivers/theater"
	"showrun/runtime/beat"
	"showrun/runtime/device"
)

// MotionDecl declares a stepper motion device to be controlled.
type MotionDecl struct {
	Server
	Safe string // stop or hold

	// Limits are not part of the key: a reload may change them on the live device.
	Limits AxisLimits
}

// Orders a Motion takes.
type (
	// Move appends a path to those of an axis. Its end is told with the number, which
	// no other path has.
	Move struct {
		Path  uint64
		Axis  Axis
		Knots []float64
	}
	// AxisTempo sets the tempo of paths to come, in segments a minute.
	AxisTempo struct {
		Axis Axis
		Rate float64
	}
	// AxisFollow makes it follow the show's tempo; with 0 it ends.
	AxisFollow struct {
		Axis            Axis
		SegmentsPerBeat float64
	}
	// Home drops what was not sent yet and moves an axis home. Its end is told as that of
	// a Move.
	Home struct {
		Path uint64
		Axis Axis
	}
	// StopAxis drops what was not sent yet. It has a number as a path has, but no end.
	StopAxis struct {
		Path uint64
		Axis Axis
	}
)

// PathEnd is the end of a path.
type PathEnd struct {
	Path uint64
	Err  string // why some of it was not sent; "" if it was
}

// Key implements device.Declaration.
func (d *MotionDecl) Key() string { return d.key("motion") }

// String implements device.Declaration.
func (d *MotionDecl) String() string { return "theater.motion " + d.Address() }

// EndTopic is the topic of ends of paths; it carries a PathEnd.
func (d *MotionDecl) EndTopic() string { return d.Key() + " end" }

// Absent implements device.Absentee: who waits for the end of a path learns that it will
// not come.
func (d *MotionDecl) Absent(message any) (device.Event, bool) {
	path, ok := numbered(message)
	return device.Event{Topic: d.EndTopic(), Value: PathEnd{path, "the machine is not there"}}, ok
}

// numbered is the number of a path whose end is told.
func numbered(message any) (path uint64, ok bool) {
	switch o := message.(type) {
	case Move:
		return o.Path, true
	case Home:
		return o.Path, true
	}
	return 0, false
}

// SafeRecord implements device.Guarded.
func (d *MotionDecl) SafeRecord(networkInterface string) []byte {
	return machine{Kind: kindMotion, Host: d.Host, Port: d.Port, Interface: cmp.Or(d.Interface, networkInterface), Safe: d.Safe}.record()
}

// Motion controls a motion device.
type Motion struct {
	decl     *MotionDecl
	env      device.Env
	driver   *driver.Motion
	refusals refusals
	held     atomic.Bool

	mu    sync.Mutex
	taken map[uint64]bool // numbers of orders, until somebody asks
}

// Open implements device.Declaration.
func (d *MotionDecl) Open(env device.Env) (device.Device, error) {
	server, err := d.in(env, (*Rig).motion)
	if err != nil {
		return nil, err
	}
	return d.open(env, server, driver.OpenMotion)
}

// OpenVirtual implements device.Declaration: it must be stepped.
func (d *MotionDecl) OpenVirtual(env device.Env) (device.Device, error) {
	return d.open(env, d.Server, func(cfg driver.MotionConfig) (*driver.Motion, error) { return driver.NewMotion(cfg, unsent) })
}

// unsent sends nothing: in virtual time commands are seen as orders.
func unsent(osc.Message) error { return nil }

func (d *MotionDecl) open(env device.Env, server Server, open func(driver.MotionConfig) (*driver.Motion, error)) (device.Device, error) {
	safe, err := driver.ParseSafe(d.Safe)
	if err != nil {
		return nil, err
	}
	drv, err := open(driver.MotionConfig{Config: server.config(env), Safe: safe, Limits: d.Limits})
	if err != nil {
		return nil, err
	}
	return &Motion{decl: d, env: env, driver: drv, refusals: refusals{log: env.Log, what: d}, taken: map[uint64]bool{}}, nil
}

// Adopt implements device.Adopter: the limits may be others. Nobody asks any more for the
// paths of the load before.
func (m *Motion) Adopt(decl device.Declaration) {
	m.driver.SetLimits(decl.(*MotionDecl).Limits)
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.taken)
}

// Take implements device.Taker.
func (m *Motion) Take(_ time.Duration, message any) {
	at := now(m.env)
	var err error
	switch o := message.(type) {
	case Move:
		err = m.driver.Spline(at, o.Axis, o.Knots, func(e driver.End) { m.end(o.Path, e) })
		if err != nil {
			m.end(o.Path, driver.End{At: at, Err: err})
		}
		m.took(o.Path)
	case Home:
		err = m.driver.Home(at, o.Axis, func(e driver.End) { m.end(o.Path, e) })
		if err != nil {
			m.end(o.Path, driver.End{At: at, Err: err})
		}
		m.took(o.Path)
	case AxisTempo:
		err = m.driver.Tempo(at, o.Axis, o.Rate)
	case AxisFollow:
		err = m.driver.Follow(at, o.Axis, o.SegmentsPerBeat)
	case StopAxis:
		m.driver.Stop(at, o.Axis)
		m.took(o.Path)
	}
	m.refusals.report(err)
}

// Drop implements device.Machinery: who waits for the end of a path learns that it will
// not come.
func (m *Motion) Drop(message any) {
	if path, ok := numbered(message); ok {
		why := driver.ErrStopped
		if m.held.Load() {
			why = driver.ErrHeld
		}
		m.end(path, driver.End{Err: why})
		m.took(path)
	}
	if o, ok := message.(StopAxis); ok {
		m.took(o.Path)
	}
}

// took notes that an order is in Pending and Plan, or never will be, so that it never counts for
// nothing.
func (m *Motion) took(path uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.taken[path] = true
}

// end tells scripts of the end of a path: at the instant it was over, or now if it
// will not be finished.
func (m *Motion) end(path uint64, e driver.End) {
	end := PathEnd{Path: path}
	at := m.env.Since(e.At)
	if e.Err != nil {
		end.Err, at = e.Err.Error(), m.env.Now()
	}
	m.env.Event(device.Event{Topic: m.decl.EndTopic(), At: at, Value: end})
}

// Questions that a Motion answers.
type (
	// TookOf asks, once, whether the order for a path has been carried out; a bool.
	TookOf struct{ Path uint64 }
	// PendingOf asks for the segments of an axis that are not over, of the paths taken;
	// an int.
	PendingOf struct{ Axis Axis }
	// PlanOf asks where an axis will stand after the paths taken; a Plan.
	PlanOf struct{ Axis Axis }
	// PositionOf asks where an axis is at an instant, in degrees; a float64.
	PositionOf struct {
		Axis Axis
		At   time.Duration
	}
)

// Plan is what a path begins with.
type Plan struct {
	End  float64 // where those before it end, in degrees
	Rate float64 // its tempo, in segments a minute
}

// Answer implements device.Answerer.
func (m *Motion) Answer(question any) any {
	switch q := question.(type) {
	case TookOf:
		return m.tookPath(q.Path)
	case PendingOf:
		p := m.driver.Pending(now(m.env), q.Axis)
		return p.Held + p.Sent
	case PlanOf:
		end, rate := m.driver.Plan(q.Axis)
		return Plan{end, rate}
	case PositionOf:
		return m.driver.Position(m.env.Time(q.At), q.Axis)
	}
	return nil
}

func (m *Motion) tookPath(path uint64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	took := m.taken[path]
	delete(m.taken, path)
	return took
}

// Tempo implements device.Paced.
func (m *Motion) Tempo(_ time.Duration, bpm float64) { m.driver.Beat(now(m.env), bpm) }

// Safe implements device.Machinery.
func (m *Motion) Safe() { m.driver.Safe(now(m.env)) }

// AtRest implements device.Machinery. An axis comes to rest by itself.
func (m *Motion) AtRest() bool { return true }

// Hold implements device.Machinery.
func (m *Motion) Hold(on bool) {
	m.held.Store(on)
	m.refusals.held.Store(false)
	m.driver.Hold(now(m.env), on)
}

// Next implements device.Stepper.
func (m *Motion) Next() time.Duration {
	if at := m.driver.Deadline(); !at.IsZero() {
		return m.env.Since(at)
	}
	return beat.Never
}

// Step implements device.Stepper.
func (m *Motion) Step(now time.Duration) { m.driver.Step(m.env.Time(now)) }

// Counts implements device.Counted.
func (m *Motion) Counts() []device.Count {
	st := m.driver.Stats()
	return counts(st.Stats, device.Count{Name: "segments_dropped", What: "segments dropped", N: st.Dropped}, device.Count{Name: "segments_late", What: "segments late", N: st.Gaps})
}

// Close closes a Motion whose loops never ran.
func (m *Motion) Close() error { return m.driver.Close() }

// Loops implements device.Device.
func (m *Motion) Loops() []func(context.Context) error {
	return []func(context.Context) error{m.driver.Run}
}
