// Package outlets brings frames to outputs, each at its own time.
package outlets

import (
	"slices"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/device"
	"showrun/runtime/level"
)

// Outlets bring frames to the outputs, each at its own time: some want a frame
// before its instant, since what hangs on them needs time, and some want to be
// told when to show it. It belongs to the engine loop.
type Outlets struct {
	from  *[]device.Output // what actions were made of
	list  []outlet         // in the order of their times
	held  []held           // frames that are still to be shown to some, oldest first
	spare []*level.Frame
}

// outlet is one thing done with every frame, so long before its instant.
type outlet struct {
	lead time.Duration
	do   func(*level.Frame)
}

// held is a copy of a frame and what is still to be done with it.
type held struct {
	frame *level.Frame
	left  []outlet
}

// Use changes the outputs from the moment now on, also of the frames held, and returns
// how long before their instants frames are wanted. What was due has been done.
func (o *Outlets) Use(outputs *[]device.Output, now time.Duration) (lead time.Duration) {
	if o.from != outputs {
		o.from, o.list = outputs, nil
		for _, out := range *outputs {
			var lead time.Duration
			if e, ok := out.(device.Early); ok {
				lead = e.Lead()
			}
			o.list = append(o.list, outlet{lead, out.Publish})
			if r, ok := out.(device.Releaser); ok && r.ReleaseLead() < lead {
				o.list = append(o.list, outlet{r.ReleaseLead(), func(f *level.Frame) { r.Release(f.At) }})
			}
		}
		slices.SortStableFunc(o.list, func(a, b outlet) int { return int(b.lead - a.lead) })
		for i := range o.held {
			h := &o.held[i]
			for h.left = o.list; len(h.left) > 0 && h.frame.At-h.left[0].lead <= now; {
				h.left = h.left[1:]
			}
		}
	}
	if len(o.list) == 0 {
		return 0
	}
	return o.list[0].lead
}

// Frame does with a frame what is due at the moment now and holds it for the rest.
func (o *Outlets) Frame(f *level.Frame, now time.Duration) {
	left := run(o.list, f, now)
	if len(left) == 0 {
		return
	}
	var kept *level.Frame
	if n := len(o.spare); n > 0 {
		kept, o.spare = o.spare[n-1], o.spare[:n-1]
	} else {
		kept = &level.Frame{}
	}
	kept.Copy(f)
	o.held = append(o.held, held{kept, left})
}

// run does what is due with a frame and returns the rest.
func run(list []outlet, f *level.Frame, now time.Duration) []outlet {
	for len(list) > 0 && f.At-list[0].lead <= now {
		list[0].do(f)
		list = list[1:]
	}
	return list
}

// Step does what is due with the frames held.
func (o *Outlets) Step(now time.Duration) {
	for i := range o.held {
		o.held[i].left = run(o.held[i].left, o.held[i].frame, now)
	}
	for len(o.held) > 0 && len(o.held[0].left) == 0 {
		o.spare = append(o.spare, o.held[0].frame)
		o.held = slices.Delete(o.held, 0, 1)
	}
}

// Next is when Step has something to do.
func (o *Outlets) Next() time.Duration {
	next := beat.Never
	for _, h := range o.held {
		if len(h.left) > 0 {
			next = min(next, h.frame.At-h.left[0].lead)
		}
	}
	return next
}
