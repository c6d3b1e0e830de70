package server

import (
	"errors"
	"math"
	"strings"
	"time"

	"showrun/drivers/osc"
)

// What a motion device is made of.
const (
	Axes      = 4
	AxisNames = "xyza" // by number
	// BufferSegments is how many segments of an axis the device keeps, the running
	// one included.
	BufferSegments = 20
)

// Segment is one that an axis has executed.
type Segment struct {
	Axis       int // 0-3
	Start, End time.Time
	Position   float64 // at the end, in degrees
	// Gap is how long the axis stood before; 0 for the first one.
	Gap time.Duration
	// Left is how many segments the axis has yet; with 0 it stands.
	Left int
}

// MotionConfig describes a Motion.
type MotionConfig struct {
	// OnSegment is told of every segment that is over, in order on each axis; nil
	// for nobody.
	OnSegment func(Segment)
	// OnTruncated is told of segments of an axis, 0-3, that did not fit into the
	// buffer; nil for nobody, as with the real device.
	OnTruncated func(axis, segments int, at time.Time)
}

// MotionStats are counters since the Motion was made.
type MotionStats struct {
	Counters
	Segments  uint64 // executed
	Truncated uint64 // segments dropped because the buffer was full
}

// axis is one motor.
type axis struct {
	number int
	track  track
	ended  time.Time // of its last segment, zero before the first
}

// motionCommand is a checked message to an axis: one of the two.
type motionCommand struct {
	axis  *axis
	tempo float64   // more than 0 for /tempo
	knots []float64 // of /spline
}

// Motion is the model of a stepper motion device. It belongs to one goroutine.
type Motion struct {
	cfg    MotionConfig
	axes   [Axes]axis
	intake intake[motionCommand]
	stats  MotionStats
}

// NewMotion makes a device that has just been switched on: every axis stands at 0.
func NewMotion(cfg MotionConfig) *Motion {
	d := &Motion{cfg: cfg}
	for i := range d.axes {
		a := &d.axes[i]
		a.number, a.track = i, newTrack(1)
		a.track.finished = func(start, end time.Time, values []float64) { d.finished(a, start, end, values[0]) }
	}
	d.intake.execute = d.execute
	return d
}

// Receive takes a message that arrived at now and is to be executed at an instant;
// the zero Time means at once. The error is nil or a *Refusal, and more than one
// joined if messages that had waited until now are refused. Segments that do not
// fit into the buffer are no error: nobody is told.
func (d *Motion) Receive(now time.Time, m osc.Message, at time.Time) error {
	late := d.intake.step(now)
	return errors.Join(late, each(m, []string{"/spline", "/tempo"}, func(m osc.Message) error {
		c, err := d.parse(m)
		return d.intake.take(c, err, at, now)
	}))
}

// Step executes what has waited until now, and notes the segments that are over.
// The error tells of messages refused after all.
func (d *Motion) Step(now time.Time) error {
	late := d.intake.step(now)
	for i := range d.axes {
		d.axes[i].track.advance(now)
	}
	return late
}

// Deadline is when Step has something to do; the zero Time means not before the next
// message.
func (d *Motion) Deadline() time.Time {
	next := d.intake.next()
	for i := range d.axes {
		next = sooner(next, d.axes[i].track.next())
	}
	return next
}

// Position is where an axis, 0-3, is at now, in degrees from where it was switched
// on. now must not be before that of an earlier call.
func (d *Motion) Position(axis int, now time.Time) float64 {
	var value [1]float64
	return d.axes[axis].track.values(value[:0], now)[0]
}

// Buffered is how many segments an axis, 0-3, has left at now, the running one
// included.
func (d *Motion) Buffered(axis int, now time.Time) int {
	d.axes[axis].track.advance(now)
	return d.axes[axis].track.segments
}

// Stats are the counters.
func (d *Motion) Stats() MotionStats {
	s := d.stats
	s.Counters = d.intake.stats()
	return s
}

// parse checks a message. The error is a *Refusal.
func (d *Motion) parse(m osc.Message) (c motionCommand, err error) {
	if m.Address != "/spline" && m.Address != "/tempo" {
		return c, refuse(UnknownAddress, "%.40q: no such address here, expected /spline or /tempo", m.Address)
	}
	id, err := identify(m)
	if err != nil {
		return c, err
	}
	number := id.number
	if !id.isNumber && len(id.name) == 1 {
		number = strings.Index(AxisNames, id.name)
	}
	if number < 0 || number >= Axes || !id.isNumber && len(id.name) != 1 {
		return c, refuse(UnknownName, "%s: there is no axis %.40s, expected x, y, z, a or 0-%d", m.Address, id, Axes-1)
	}
	c.axis = &d.axes[number]
	if m.Address == "/tempo" {
		c.tempo, err = rate(m)
		return c, err
	}
	if count := len(m.Args) - 1; count == 0 || count%3 != 0 {
		return c, refuse(WrongCount, "%s %s: %d knots, expected a multiple of 3", m.Address, id, count)
	}
	c.knots, err = numbers(m, 1)
	return c, err
}

// execute executes a command at its instant. The error is a *Refusal.
func (d *Motion) execute(c motionCommand, at time.Time) error {
	t := &c.axis.track
	t.advance(at)
	if c.tempo > 0 {
		t.tempo = c.tempo
		return nil
	}
	if over := t.segments + len(c.knots)/3 - BufferSegments; over > 0 {
		d.stats.Truncated += uint64(over)
		c.knots = c.knots[:len(c.knots)-3*over]
		if d.cfg.OnTruncated != nil {
			d.cfg.OnTruncated(c.axis.number, over, at)
		}
	}
	if len(c.knots) == 0 {
		return nil
	}
	// The knots of a path are relative to where it starts, so its first one is 0.
	start := t.end()[0]
	for i := range c.knots {
		c.knots[i] += start
		if math.IsInf(c.knots[i], 0) {
			return refuse(NotFinite, "knot %d is too far away", i+1)
		}
	}
	t.add(c.knots, at)
	return nil
}

// finished notes a segment that is over.
func (d *Motion) finished(a *axis, start, end time.Time, position float64) {
	s := Segment{Axis: a.number, Start: start, End: end, Position: position, Left: a.track.segments}
	if !a.ended.IsZero() {
		s.Gap = start.Sub(a.ended)
	}
	a.ended = end
	d.stats.Segments++
	if d.cfg.OnSegment != nil {
		d.cfg.OnSegment(s)
	}
}
