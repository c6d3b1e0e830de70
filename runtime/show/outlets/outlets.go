// Package outlets brings frames to outputs, each at its own time.
package outlets

import (
	"cmp"
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
	// Failed is told of a panic in an output, which gets no more frames until the next
	// Use.
	Failed func(name string, bug any)
	// Begin is told before each call of an output, and End after it; nil for nobody.
	Begin func(name *string)
	End   func()

	list  []outlet // in the order of their times
	held  []held   // frames that are still to be shown to some, oldest first
	spare []*level.Frame
}

// Publisher is an output and how long before their instants it wants frames.
type Publisher struct {
	Name string
	device.Publisher
	Lead time.Duration
}

// outlet is one thing done with every frame, so long before its instant.
type outlet struct {
	name   string
	lead   time.Duration
	do     func(*level.Frame)
	failed *bool // of the output, which may have two
}

// held is a copy of a frame and what is still to be done with it.
type held struct {
	frame *level.Frame
	left  []outlet
}

// Use changes the outputs from the moment now on, also of the frames held. What was due
// has been done.
func (o *Outlets) Use(publishers []Publisher, now time.Duration) {
	o.list = nil
	for _, p := range publishers {
		failed := new(bool)
		o.list = append(o.list, outlet{p.Name, p.Lead, p.Publish, failed})
		if r, ok := p.Publisher.(device.Releaser); ok && r.ReleaseLead() < p.Lead {
			o.list = append(o.list, outlet{p.Name, r.ReleaseLead(), func(f *level.Frame) { r.Release(f.At) }, failed})
		}
	}
	slices.SortStableFunc(o.list, func(a, b outlet) int { return cmp.Compare(b.lead, a.lead) })
	for i := range o.held {
		h := &o.held[i]
		for h.left = o.list; len(h.left) > 0 && h.frame.At-h.left[0].lead <= now; {
			h.left = h.left[1:]
		}
	}
}

// Frame does with a frame what is due at the moment now and holds it for the rest.
func (o *Outlets) Frame(f *level.Frame, now time.Duration) {
	left := o.run(o.list, f, now)
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
func (o *Outlets) run(list []outlet, f *level.Frame, now time.Duration) []outlet {
	for len(list) > 0 && f.At-list[0].lead <= now {
		o.do(&list[0], f)
		list = list[1:]
	}
	return list
}

// do does one thing. An output that panics is left alone from then on.
func (o *Outlets) do(x *outlet, f *level.Frame) {
	if *x.failed {
		return
	}
	if o.Begin != nil {
		o.Begin(&x.name)
		defer o.End()
	}
	defer func() {
		if bug := recover(); bug != nil {
			*x.failed = true
			o.Failed(x.name, bug)
		}
	}()
	x.do(f)
}

// Step does what is due with the frames held.
func (o *Outlets) Step(now time.Duration) {
	for i := range o.held {
		o.held[i].left = o.run(o.held[i].left, o.held[i].frame, now)
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
