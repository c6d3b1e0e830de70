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
	orders   queue // apart, for they wait for no frame
	due      []DueOrder
	lead     time.Duration
	passed   time.Duration // the latest moment known to have come, without the lead
	pulse    pulse
	outputs  []output
	effects  []effect
	master   master
	frame    level.Frame
	reader   Reader
	stats    Stats
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
	return &Engine{
		registry: c.Registry,
		schedule: newSchedule(c.Rate, c.Start),
		pulse:    newPulse(c.Start),
		master:   newMaster(),
	}
}

// Submit queues a batch. Batches are executed in the order of their instants,
// those of one instant in the order of submission. One whose instant has
// passed is executed in the next frame, with its effects still starting at
// their stamp, so that a fade ends on time. A batch without commands is
// nothing; one that finds the queue full is refused and counted.
//
// A frame will fall on the very instant if that is a period or more after the
// last frame, and after the instant of any other batch; so a loop submits what
// arrives at once rather than when the next frame is due. Next may come
// earlier or later by it.
func (e *Engine) Submit(b Batch) {
	rest, orders := split(b)
	e.submit(&e.queue, rest)
	e.submit(&e.orders, orders)
}

func (e *Engine) submit(to *queue, b Batch) {
	if len(b.Commands) == 0 {
		return
	}
	q := &queued{Batch: b}
	q.Stamp = resolve(q.Stamp, e.pulse.line, &e.schedule)
	q.planned = e.schedule.meets(q.At)
	q.late = e.schedule.begun && q.At <= e.schedule.last
	if to == &e.orders {
		q.late = e.schedule.begun && q.At < e.passed
	}
	if !to.add(q) {
		e.stats.RefusedBatches++
	}
}

// Retime moves the timeline. Batches stamped on a beat of its epoch get their
// new instant; those of an epoch that is over keep the one they had. Lengths
// in beats go on from where they are at the last frame, at the new tempo.
func (e *Engine) Retime(line beat.Timeline) {
	e.pulse.retime(line, e.schedule.last)
	e.queue.retime(line, &e.schedule)
	e.orders.retime(line, &e.schedule)
}

// Pass notes that the moment now has come. A loop that has slept calls it before it
// submits and retimes, so that a plan is not changed to moments already gone.
func (e *Engine) Pass(now time.Duration) {
	e.passed = max(e.passed, now)
	e.schedule.pass(now + e.lead)
}

// Lead makes frames come so much before their instant, for outputs on whose way
// they need that long; it is not negative. Orders come at their instant. A longer
// lead than the one before is reached over many calls, one for each frame: frames come
// at twice the rate meanwhile, and none is left out.
func (e *Engine) Lead(lead time.Duration) { e.lead = min(lead, e.lead+e.schedule.period()/2) }

// Next returns when there is something to do: the deadline of the next Step or the
// instant of the first order. It changes with Step, Orders, Lead, Withdraw, Pass,
// Submit, Retime and Clear only.
func (e *Engine) Next() time.Duration {
	return min(e.NextFrame(), e.orders.first())
}

// NextFrame returns the deadline of the next Step: the instant of the next frame,
// less the lead.
func (e *Engine) NextFrame() time.Duration {
	return e.schedule.next(e.queue.next()) - e.lead
}

// Step returns the next frame if it is due at the moment now, else nil. The
// frame shows the look of its own instant, which is not after now and the lead: batches
// stamped up to it are executed and effects evaluated at it. A Step that
// comes more than a period late takes the newest frame due and skips the
// others. The frame is lent until the next call of any method that changes
// something.
func (e *Engine) Step(now time.Duration) *level.Frame {
	e.passed = max(e.passed, now)
	now += e.lead
	due := e.schedule.next(e.queue.next())
	if now < due {
		e.schedule.pass(now)
		return nil
	}
	at, skipped := e.schedule.skip(due, now)
	e.schedule.frame(at, now)
	for b := e.queue.take(at); b != nil; b = e.queue.take(at) {
		for _, c := range b.Commands {
			e.execute(c, b.At)
		}
		e.stats.Batches++
		if b.At == at {
			e.stats.Exact++
		}
		if b.late {
			e.stats.late(b.Origin, at-b.At)
		}
	}
	e.dim(at)
	e.evaluate(at)
	e.stats.Frames++
	e.stats.Skipped += skipped
	e.frame.Seq = e.stats.Frames
	e.frame.At = at
	return &e.frame
}

// Use takes an output of the registry into use, with all levels 0, before any
// command does so by naming one of its slots.
func (e *Engine) Use(o level.Output) {
	e.open(level.Address{Output: o, Slot: int32(max(e.registry.Slots(o), 1))})
}

// Clear empties the queue, ends all effects and puts all channels to 0. The
// master stays where it is.
func (e *Engine) Clear() {
	e.queue, e.orders = queue{}, queue{}
	clear(e.effects)
	e.effects = e.effects[:0]
	for o := range e.outputs {
		for i := range e.outputs[o].slots {
			s := &e.outputs[o].slots[i]
			s.effect, s.value = 0, 0
			e.rewrite(level.Address{Output: level.Output(o), Slot: int32(i) + 1})
		}
	}
}

// Value returns the level of the channel at a as of the last frame, before
// clamping and the master, or 0 if it was never used. For a channel of 16
// bits, a is its coarse slot.
func (e *Engine) Value(a level.Address) float64 {
	if a.Slot < 1 || int(a.Output) >= len(e.outputs) || int(a.Slot) > len(e.outputs[a.Output].slots) {
		return 0
	}
	return e.slot(a).value
}

// Reader returns what shows the levels to other goroutines. It may be called
// from any goroutine.
func (e *Engine) Reader() *Reader {
	return &e.reader
}
