package engine

import (
	"fmt"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/level"
)

// DefaultRate is the frame rate in Hz where none is given: that of DMX512 with
// all 512 slots.
const DefaultRate = 44

// MaxRate is the highest frame rate in Hz.
const MaxRate = 1000

// Config says how an Engine starts.
type Config struct {
	// Rate is the frame rate in Hz, 1-MaxRate; 0 stands for DefaultRate.
	Rate int
	// Start is the show time of the first frame.
	Start time.Duration
	// Registry numbers the outputs. It is required.
	Registry *level.Registry
}

// An Engine owns the levels of a show. All methods are for the engine loop,
// unless they say otherwise.
type Engine struct {
	registry *level.Registry
	schedule schedule
	queue    queue
	due      []DueOrder
	dropped  []Order
	lead     time.Duration
	raised   time.Duration // the last frame of the schedule when the lead grew
	passed   time.Duration // the latest moment known to have come, without the lead
	course   beat.Course
	sources  func(string) beat.Course // where the beats of others go; nil before that is known
	turned   time.Duration            // up to where the pulse has followed the course
	pulse    pulse
	banks    []bank // by the number of the output
	whole    bool   // while a frame is made in which an output takes part that is new
	effects  []effect
	mixers   []mixer
	stale    []int32   // numbers of mixers whose attributes have changed, from 0
	share    []float64 // what a mixer has just made
	holds    holds
	origins  origins
	master   master
	frame    level.Frame
	reader   Reader
	stats    Stats

	snapshots uint64 // taken so far
}

// New returns an engine with no output in use. Its timeline is at beat 0 at
// the start and runs at 120 BPM until the first Retime.
func New(c Config) *Engine {
	if c.Rate == 0 {
		c.Rate = DefaultRate
	}
	if c.Rate < 1 || c.Rate > MaxRate {
		panic(fmt.Sprintf("engine: rate must be 1-%d Hz, got %d", MaxRate, c.Rate))
	}
	if c.Registry == nil {
		panic("engine: no registry")
	}
	line := newPulse(c.Start).Line
	return &Engine{
		course:   beat.Course{{Line: line, Tempo: line.BPM}},
		registry: c.Registry,
		schedule: newSchedule(c.Rate, c.Start),
		raised:   longAgo,
		pulse:    newPulse(c.Start),
		master:   newMaster(),
	}
}

// Submit queues a batch. Batches are executed in the order of their instants,
// those of one instant in the order of submission. A batch without commands is
// nothing; one that finds the queue full is refused and counted.
//
// A frame will fall on the very instant if that is a period or more after the
// last frame, and after the instant of any other batch; so a loop submits what
// arrives at once rather than when the next frame is due. Next may come
// earlier or later by it. A batch that comes too late for that is shown in a
// frame woken for it, at its instant or at once, if that lets every output keep
// its rate and the frames of the schedule where they are, and else as soon as it
// does; its effects still start at their stamp, so that a fade ends on time.
func (e *Engine) Submit(b Batch) {
	rest, orders := split(b)
	q := &queued{Batch: rest, Orders: orders}
	if q.size() == 0 {
		return
	}
	q.Stamp = e.resolve(q.Stamp)
	q.Planned = e.schedule.meets(q.At)
	q.Late = !b.Reaction && e.schedule.Begun && q.At <= e.schedule.Last
	q.LateOrders = !b.Reaction && e.schedule.Begun && q.At < e.passed
	q.Outputs, q.Scaled = e.changes(rest.Commands)
	if e.void(q.Stamp) {
		e.withdrawn(q)
		return
	}
	if !e.queue.add(q) {
		e.stats.RefusedBatches++
	}
}

// Retime makes the beat take another course. Batches stamped on a beat of an epoch in it
// get their new instant. Those that waited for a beat that does not come any more, since
// its epoch is over, are withdrawn. Lengths
// in beats go on from where they are at the last frame, at the new tempo, and what the
// course has to come they follow at its instant.
func (e *Engine) Retime(course beat.Course) {
	from := max(e.schedule.Last, e.frame.At)
	e.course = course
	e.pulse.retime(course.Line(from), from)
	e.turned = from
	e.queue.retime(e)
}

// Hear makes known where the beats of other sources go, before the Retime that goes with it.
// Batches stamped on one of them follow it as others do the beat of the show. Until the
// first call they keep their instants.
func (e *Engine) Hear(sources func(name string) beat.Course) { e.sources = sources }

// courseOf is the course a stamp is resolved on; false if it keeps its instant.
func (e *Engine) courseOf(s Stamp) (course beat.Course, follows bool) {
	switch {
	case !s.OnBeat:
		return nil, false
	case s.Source == "":
		return e.course, true
	case e.sources == nil:
		return nil, false
	}
	return e.sources(s.Source), true
}

// resolve returns a stamp with the instant it has. Nothing is stamped before show time 0.
func (e *Engine) resolve(s Stamp) Stamp {
	if course, follows := e.courseOf(s); follows {
		s = s.On(course, e.passed)
	}
	s.At = max(s.At, 0)
	return s
}

// void reports whether what is stamped does not come.
func (e *Engine) void(s Stamp) bool {
	course, follows := e.courseOf(s)
	return follows && s.Void(course, e.passed)
}

// withdrawn notes that a batch does not come.
func (e *Engine) withdrawn(b *queued) {
	e.stats.Withdrawn += uint64(b.size())
	e.dropped = append(e.dropped, b.Orders...)
}

// Dropped removes and returns the orders that were withdrawn with the beat they were for,
// or with the load of the show.
func (e *Engine) Dropped() []Order {
	dropped := e.dropped
	e.dropped = nil
	return dropped
}

// turn lets the pulse follow the course up to an instant.
func (e *Engine) turn(at time.Duration) {
	for _, t := range e.course {
		if t.From > e.turned && t.From <= at {
			e.pulse.retime(t.Line, t.From)
			e.turned = t.From
		}
	}
}

// Pass notes that the moment now has come. A loop that has slept calls it before it
// submits and retimes, so that a plan is not changed to moments already gone.
func (e *Engine) Pass(now time.Duration) {
	e.passed = max(e.passed, now)
	e.schedule.pass(now + e.lead)
}

// Lead makes frames come so much before their instant, for outputs on whose way
// they need that long; it is not negative. Orders come at their instant. A longer
// lead than the one before is reached over many calls, one for each frame of the
// schedule: frames come at twice the rate meanwhile, and none is left out.
func (e *Engine) Lead(lead time.Duration) {
	if lead > e.lead {
		if e.raised == e.schedule.Last {
			return
		}
		e.raised = e.schedule.Last
	}
	e.lead = min(lead, e.lead+e.schedule.period()/2)
}

// SetRate makes frames come at another rate, 1-MaxRate Hz, from the last one on.
func (e *Engine) SetRate(rate int) { e.schedule.setRate(rate) }

// Use takes an output of the registry into use, with all levels 0, before any
// command does so by naming one of its slots.
func (e *Engine) Use(o level.Output) {
	e.open(level.Address{Output: o, Slot: int32(max(e.registry.Slots(o), 1))})
}

// Clear empties the queue, ends all effects and puts all channels to 0. The
// master and what is held stay where they are.
func (e *Engine) Clear() {
	e.queue = queue{}
	clear(e.effects)
	e.effects = e.effects[:0]
	for o := range e.banks {
		for i := range e.banks[o].slots {
			s := &e.banks[o].slots[i]
			s.effect, s.value = 0, 0
			e.origins.drop(&e.banks[o].makers[i])
			e.rewrite(level.Address{Output: level.Output(o), Slot: int32(i) + 1})
		}
		for i := range e.banks[o].attributes {
			e.banks[o].attributes[i] = slot{held: e.banks[o].attributes[i].held}
			e.origins.drop(&e.banks[o].attributeMakers[i])
		}
	}
	for i := range e.mixers {
		e.forget(&e.mixers[i])
	}
}

// Value returns the level of the channel at a as of the last frame, before
// clamping and the master, or 0 if it was never used. For a channel of 16
// bits, a is its coarse slot.
func (e *Engine) Value(a level.Address) float64 {
	if !e.known(a) {
		return 0
	}
	return e.slot(a).value
}

// Reader returns what shows the levels to other goroutines. It may be called
// from any goroutine.
func (e *Engine) Reader() *Reader {
	return &e.reader
}
