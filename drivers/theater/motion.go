package theater

import (
	"errors"
	"net"
	"slices"
	"sync/atomic"
	"time"
)

// MotionConfig describes a Motion.
type MotionConfig struct {
	Config
	Safe Safe // SafeStop by default
	// Ahead is how long before it starts a segment is sent; 0 means 300 ms. It is how
	// much longer than the running segment an axis moves after a stop, and how late
	// the network may be without a gap. 10 ms to 10 s.
	Ahead time.Duration
	// OnGap is told that an axis must have stood still within a path, because a
	// segment left too late; nil for nobody. It must not wait and not call the Motion.
	OnGap func(axis Axis, gap time.Duration)
	// Limits of the axes. Paths beyond them are refused.
	Limits AxisLimits
}

const (
	defaultAhead = 300 * time.Millisecond
	minAhead     = 10 * time.Millisecond
	maxAhead     = 10 * time.Second
)

// End reports the end of a path.
type End struct {
	Axis Axis
	// At is when the last segment that was sent must have ended, by the model.
	At time.Time
	// Err is nil for a path that was sent whole, else ErrStopped, ErrUnsent, or why the
	// path was refused after all.
	Err error
}

// DoneFunc is told of the end of a path: when it is over, or at once when a part of
// it will not be sent. It is called on the goroutine that stepped or stopped the
// Motion, without locks, and must not wait.
type DoneFunc func(End)

// MotionStats counts since the device was opened.
type MotionStats struct {
	Stats
	Segments   uint64        // sent
	Dropped    uint64        // segments of paths that were stopped or given up
	Gaps       uint64        // segments that left too late
	LongestGap time.Duration // by the model
}

// Motion controls one device of four stepper motors.
type Motion struct {
	link  *link
	onGap func(Axis, time.Duration)
	axes  [axes]*axis
	bpm   float64     // of the last Beat, 0 before
	held  atomic.Bool // true from the call of Hold on
	stats MotionStats

	limits AxisLimits
	given  [axes]int // segments of commands that are not carried out yet
}

// NewMotion makes a Motion that sends through a function. The error is
// ErrArgument.
func NewMotion(cfg MotionConfig, send SendFunc) (*Motion, error) {
	if err := cfg.Safe.check(SafeDefault, SafeStop, SafeHold); err != nil {
		return nil, err
	}
	if cfg.Ahead == 0 {
		cfg.Ahead = defaultAhead
	}
	if cfg.Ahead < minAhead || cfg.Ahead > maxAhead {
		return nil, wrong("motion: %v ahead, expected %v to %v", cfg.Ahead, minAhead, maxAhead)
	}
	m := &Motion{link: newLink("motion", cfg.Config, send), onGap: cfg.OnGap, limits: cfg.Limits}
	for i := range m.axes {
		m.axes[i] = newAxis(Axis(i), cfg.Ahead, cfg.Limits[i].Home)
	}
	return m, nil
}

// Spline appends a path of any length to those of an axis: three knots per
// segment, in degrees from where the path starts. What the device has room for
// leaves at once, the rest with Step. done may be nil. The knots may be used again.
// The error is ErrArgument, also for a path beyond the limits, or ErrHeld, net.ErrClosed
// after Run; then done is not called.
func (m *Motion) Spline(now time.Time, axis Axis, knots []float64, done DoneFunc) error {
	if err := axis.check(); err != nil {
		return err
	}
	if len(knots) == 0 || len(knots)%3 != 0 {
		return wrong("/spline %v: %d knots, expected a multiple of 3: three per segment", axis, len(knots))
	}
	if err := checkNumbers("/spline", axis, knots); err != nil {
		return err
	}
	knots = slices.Clone(knots)
	return m.command(now, given{axis, len(knots) / 3, done}, func() error {
		a := m.axes[axis]
		if text := m.limits[axis].Beyond(axis, a.target(), a.tempo(), knots); text != "" {
			return wrong("/spline: %s", text)
		}
		a.add(now, a.tempo(), knots, done)
		return nil
	})
}

// Home drops what an axis was not sent yet, as Stop does, and moves it home from where
// what it was sent ends: at a quarter of its greatest speed, or at 10 degrees a second if
// it has none, whatever its tempo is. It can be stopped on its way. done may be nil. The
// error is as that of Spline.
func (m *Motion) Home(now time.Time, axis Axis, done DoneFunc) error {
	if err := axis.check(); err != nil {
		return err
	}
	return m.command(now, given{axis, 1, done}, func() error {
		a, l := m.axes[axis], m.limits[axis]
		m.drop(now, a, ErrStopped)
		rate, knots := l.homing(l.Home - a.target())
		a.add(now, onWire(rate), knots, done)
		return nil
	})
}

// SetLimits changes the limits, for paths given from now on. The axes stand where they
// stand.
func (m *Motion) SetLimits(l AxisLimits) { m.link.post(nil, func(timing) { m.limits = l }) }

// Tempo sets the tempo of an axis for paths given from now on, in segments a
// minute, and ends following. It leaves before the first of them. The error is
// ErrArgument or ErrHeld, net.ErrClosed after Run.
func (m *Motion) Tempo(now time.Time, axis Axis, rate float64) error {
	if err := axis.check(); err != nil {
		return err
	}
	if err := checkTempo(axis, rate); err != nil {
		return err
	}
	return m.command(now, given{}, func() error {
		a := m.axes[axis]
		a.follow = follower{}
		a.setTempo(rate)
		return nil
	})
}

// Follow makes the tempo of an axis follow that given to Beat, with so many
// segments per beat; 0 ends following. The tempo is sent when it has moved by more
// than half a percent, at most twice a second (PROTOCOL.md ruling 5). A path that is on its way
// keeps its own. The error is ErrArgument or ErrHeld, net.ErrClosed after Run.
func (m *Motion) Follow(now time.Time, axis Axis, segmentsPerBeat float64) error {
	if err := axis.check(); err != nil {
		return err
	}
	if err := checkPerBeat(segmentsPerBeat); err != nil {
		return err
	}
	return m.command(now, given{}, func() error {
		a := m.axes[axis]
		a.follow = follower{perBeat: segmentsPerBeat}
		a.follow.beat(m.bpm)
		return nil
	})
}

// Beat tells the tempo of the show, in beats per minute. One that is not a
// positive number is ignored.
func (m *Motion) Beat(now time.Time, bpm float64) {
	m.link.try(nil, func(timing) error {
		m.bpm = bpm
		for _, a := range m.axes {
			a.follow.beat(bpm)
		}
		m.step(now)
		return nil
	})
}

// given is what a path asks for.
type given struct {
	axis     Axis
	segments int
	done     DoneFunc
}

// command changes the machine unless it takes no commands, and sends what is due. done
// is told of a refusal that comes too late to be returned.
func (m *Motion) command(now time.Time, g given, change func() error) error {
	if m.held.Load() {
		return ErrHeld
	}
	return m.link.try(func() { m.given[g.axis] += g.segments }, func(t timing) error {
		m.given[g.axis] -= g.segments
		err := m.refusal()
		switch {
		case t == overtaken && g.segments > 0:
			err = ErrStopped
		case err == nil:
			err = change()
		}
		if err != nil && t != direct && g.done != nil {
			m.link.say(func() { g.done(End{Axis: g.axis, At: now, Err: err}) })
		}
		if t != direct && errors.Is(err, ErrArgument) {
			m.link.warn("theater: command refused", "axis", g.axis, "error", err)
		}
		m.step(now)
		return err
	})
}

// refusal is why no commands are taken.
func (m *Motion) refusal() error {
	switch {
	case m.held.Load():
		return ErrHeld
	case m.link.closed:
		return net.ErrClosed
	}
	return nil
}

// then makes a change of the machine, sends what is due and reports what is over.
func (m *Motion) then(now time.Time, c func()) change {
	return func(timing) {
		c()
		m.step(now)
	}
}

// Pending is what an axis has before it.
type Pending struct {
	Held int // segments that are not sent yet
	Sent int // segments that the device must still have, by the model
	// End is when the last of them will have ended, if nothing is stopped; the zero
	// Time if there are none.
	End time.Time
}

// Pending tells what an axis has before it. That of an axis there is not is zero.
func (m *Motion) Pending(now time.Time, axis Axis) (p Pending) {
	if axis.check() == nil {
		m.link.see(func() {
			p = m.axes[axis].pending(now)
			p.Held += m.given[axis]
		})
	}
	return p
}

// Plan is where an axis will stand when everything it was given is over, in degrees, and
// the tempo of a path given now, in segments a minute. That of an axis there is not is
// zero.
func (m *Motion) Plan(axis Axis) (end, rate float64) {
	if axis.check() == nil {
		m.link.see(func() { end, rate = m.axes[axis].target(), m.axes[axis].tempo() })
	}
	return end, rate
}

// Position is where an axis is at an instant that is not over, by the model and in
// degrees. Nothing is known of lost datagrams, hands, or what stands in the way.
func (m *Motion) Position(at time.Time, axis Axis) (degrees float64) {
	if axis.check() == nil {
		m.link.see(func() { degrees = m.axes[axis].position(at) })
	}
	return degrees
}

// Stop drops what an axis was not sent yet and reports paths that miss something
// as ErrStopped. What the device has it finishes: the running segment, and those
// that would start within MotionConfig.Ahead. An axis there is not is ignored.
func (m *Motion) Stop(now time.Time, axis Axis) {
	if axis.check() != nil {
		return
	}
	m.link.post(nil, m.then(now, func() { m.drop(now, m.axes[axis], ErrStopped) }))
}

// drop drops what is held back of an axis.
func (m *Motion) drop(now time.Time, a *axis, why error) {
	m.stats.Dropped += uint64(a.pending(now).Held)
	a.drop(now, why)
}

// Safe stops every axis at once, also while the device is held.
func (m *Motion) Safe(now time.Time) {
	m.link.overtake(m.then(now, func() { m.makeSafe(now) }))
}

// makeSafe stops every axis.
func (m *Motion) makeSafe(now time.Time) {
	for _, a := range m.axes {
		m.drop(now, a, ErrStopped)
	}
}

// Hold performs the safe action and refuses every command from now on, or lets
// them pass again. A tempo that followed meanwhile is sent then.
func (m *Motion) Hold(now time.Time, on bool) {
	m.held.Store(on)
	if on {
		m.link.overtake(m.then(now, func() { m.makeSafe(now) }))
		return
	}
	m.link.do(m.then(now, func() {}))
}

// Step sends what is due at now and reports what is over.
func (m *Motion) Step(now time.Time) { m.link.do(m.then(now, func() {})) }

// step is Step within a change.
func (m *Motion) step(now time.Time) {
	for _, a := range m.axes {
		if !m.held.Load() {
			a.beat(now)
			m.send(now, a)
		}
		if ended := a.finish(now); len(ended) > 0 {
			m.link.say(ended.report)
		}
	}
}

// send sends what is due on an axis.
func (m *Motion) send(now time.Time, a *axis) {
	for !now.Before(a.retry) && !m.held.Load() {
		tempo, chunk := a.next(now)
		switch {
		case tempo > 0:
			if m.link.send(numbers("/tempo", a.name.String(), []float64{tempo})) == nil {
				a.tempoSent(now, tempo)
				continue
			}
		case len(chunk) > 0:
			if m.link.send(numbers("/spline", a.name.String(), chunk)) == nil {
				m.stats.Segments += uint64(len(chunk) / 3)
				m.gap(a, a.chunkSent(now, chunk))
				continue
			}
		default:
			return
		}
		if a.refused(now) {
			m.link.warn("theater: given up, the system sends nothing", "axis", a.name)
			m.drop(now, a, ErrUnsent)
		}
	}
}

// gap notes that an axis stood still.
func (m *Motion) gap(a *axis, gap time.Duration) {
	if gap <= 0 {
		return
	}
	m.stats.Gaps++
	m.stats.LongestGap = max(m.stats.LongestGap, gap)
	m.link.warn("theater: a segment was sent too late", "axis", a.name, "gap", gap)
	if m.onGap != nil {
		m.link.say(func() { m.onGap(a.name, gap) })
	}
}

// Deadline is when Step has something to do; the zero Time means not before the
// next command.
func (m *Motion) Deadline() (next time.Time) {
	m.link.see(func() {
		for _, a := range m.axes {
			next = sooner(next, a.deadline(m.held.Load()))
		}
	})
	return next
}

// Stats are the counters.
func (m *Motion) Stats() (s MotionStats) {
	m.link.see(func() {
		s = m.stats
		s.Stats = m.link.stats
	})
	return s
}
