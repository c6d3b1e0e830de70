package engine

import (
	"slices"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/level"
)

// Next returns when there is something to do: the deadline of the next Step or the
// instant of the first order. If it is not after the present moment, that is at once.
// It changes with Step, Orders, Lead, Withdraw, EndGeneration, Pass, Submit, Retime
// and Clear only.
func (e *Engine) Next() time.Duration {
	return min(e.NextFrame(), e.queue.firstOrder())
}

// NextFrame returns the deadline of the next Step: the instant of the next frame,
// of the schedule or woken, less the lead.
func (e *Engine) NextFrame() time.Duration {
	due := e.schedule.next(e.queue.planned())
	return min(due, e.wake(e.wakeable(due))) - e.lead
}

// Behind reports whether something stamped up to now waits for a frame.
func (e *Engine) Behind(now time.Duration) bool {
	return slices.ContainsFunc(e.queue.due(now), func(b *queued) bool { return len(b.Commands) > 0 })
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
	due := e.schedule.next(e.queue.planned())
	if now >= due {
		at, skipped := e.schedule.skip(due, now)
		e.schedule.frame(at, now)
		e.stats.Skipped += skipped
		e.make(at, false)
		return &e.frame
	}
	limit := e.wakeable(due)
	woken := now < limit && e.wake(limit) <= now
	e.schedule.pass(now)
	if !woken {
		return nil
	}
	e.stats.Woken++
	e.make(now, true)
	return &e.frame
}

// make makes the frame of the instant at: of the schedule, or woken for the
// batches that can be shown in between.
func (e *Engine) make(at time.Duration, woken bool) {
	apart := e.schedule.period()
	if woken {
		apart = e.schedule.gap()
	}
	for o := range e.banks {
		b := &e.banks[o]
		b.open = at-b.changed >= apart
		b.part = b.open && !woken
	}
	e.whole = !woken
	e.executeDue(at)
	e.whole = false
	e.turn(at)
	e.dim(at)
	e.evaluate(at)
	e.stats.Frames++
	e.frame.Seq, e.frame.At, e.frame.Woken = e.stats.Frames, at, woken
	e.frame.Part = e.frame.Part[:0]
	for o := range e.banks {
		if b := &e.banks[o]; b.part {
			b.show(at)
			e.frame.Part = append(e.frame.Part, level.Output(o))
		}
	}
}

// executeDue executes the batches stamped up to at whose outputs are all open.
// The others wait for a later frame, and so do those after them that have an
// output in common with them.
func (e *Engine) executeDue(at time.Duration) {
	batches := e.queue.due(at)
	for _, b := range batches {
		if len(b.Commands) == 0 {
			continue // its orders wait
		}
		free := true
		e.each(b, func(k *bank) { free = free && k.open })
		if !free {
			e.each(b, func(k *bank) { k.open = false })
			b.Planned = false
			continue
		}
		e.each(b, func(k *bank) { k.part = true })
		e.turn(b.At)
		e.origins.begin(b)
		for _, c := range b.Commands {
			e.execute(c, b.At)
		}
		e.queue.commands -= len(b.Commands)
		b.Commands = nil
		e.stats.Batches++
		if b.At == at {
			e.stats.Exact++
		}
		if b.Late {
			e.stats.late(b.Origin, at-b.At)
		}
	}
	e.queue.sweep(len(batches))
}

// wakeable returns the instant from which on no frame is woken, if the next of
// the schedule is at due.
func (e *Engine) wakeable(due time.Duration) time.Duration {
	if !e.schedule.Begun {
		return 0
	}
	return min(due, e.queue.planned()-e.schedule.clearance()+1)
}

// wake returns the first instant before limit at which a batch can be shown in a
// woken frame, or beat.Never.
func (e *Engine) wake(limit time.Duration) time.Duration {
	gap, first, fresh := e.schedule.gap(), beat.Never, false
	if e.schedule.Seen >= limit {
		return first
	}
	for _, b := range e.queue.list {
		if b.At >= limit {
			break
		}
		if len(b.Commands) == 0 {
			continue
		}
		if !fresh {
			for o := range e.banks {
				e.banks[o].wait = e.banks[o].changed + gap
			}
			fresh = true
		}
		t := max(b.At, e.schedule.Seen)
		e.each(b, func(k *bank) { t = max(t, k.wait) })
		e.each(b, func(k *bank) { k.wait = t }) // no later batch comes before it
		first = min(first, t)
	}
	if first >= limit {
		return beat.Never
	}
	return first
}

// each does something with all outputs that a batch changes, and takes those
// into use that are not.
func (e *Engine) each(b *queued, do func(*bank)) {
	for _, o := range b.Outputs {
		if int(o) >= len(e.banks) || e.banks[o].slots == nil {
			e.Use(o)
		}
		if int(o) < len(e.banks) {
			do(&e.banks[o])
		}
	}
	if !b.Scaled {
		return
	}
	for o := range e.banks {
		if k := &e.banks[o]; len(k.scaled) > 0 {
			do(k)
		}
	}
}

// changes returns the outputs that commands change, and whether they change what
// the master scales as well.
func (e *Engine) changes(commands []Command) (outputs []level.Output, scaled bool) {
	add := func(o level.Output) {
		o = o.Real()
		if n := len(outputs); n == 0 || outputs[n-1] != o {
			outputs = append(outputs, o)
		}
	}
	for _, command := range commands {
		switch c := command.(type) {
		case Set:
			add(c.Channel.Coarse.Output)
		case Fade:
			add(c.Channel.Coarse.Output)
		case Stop:
			add(c.Channel.Coarse.Output)
		case Wave:
			add(c.Channel.Coarse.Output)
		case FadeColor:
			add(c.At.Output)
		case WaveColor:
			add(c.At.Output)
		case SetColors:
			for _, a := range c.At {
				add(a.Output)
			}
		case Path:
			for _, ch := range c.Channels {
				add(ch.Coarse.Output)
			}
		case Use:
			for _, o := range c.Outputs {
				add(o)
			}
		case Attributes:
			for _, m := range c.Mixes {
				add(m.At.Output)
			}
		case Intensity:
			scaled = true
			for _, ch := range c.Channels {
				add(ch.Coarse.Output)
			}
		case Hold:
			add(c.Channel.Coarse.Output)
		case Release:
			for _, a := range e.released(c) {
				add(a.Output)
			}
		case Master, Blackout:
			scaled = true
		}
	}
	slices.Sort(outputs)
	return slices.Clip(slices.Compact(outputs)), scaled
}
