package rehearse

import (
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/device"
	"showrun/runtime/script"
	"showrun/runtime/show"
)

// Feed has enter a show what another has taken from outside, later by a shift. It implements
// device.VirtualRig.
type Feed struct {
	To    *show.Machine
	Shift time.Duration

	coming []entering
}

// entering is something on its way: a script.Event, or what an engine turn takes.
type entering struct {
	at   time.Duration
	what any
}

// Add adds what was taken at a show time, which is not before that of what was added last.
// Anything but events, and what engine turns take from outside, is passed over.
func (f *Feed) Add(at time.Duration, what any) {
	switch what.(type) {
	case script.Event, show.Observed, show.Aliased, show.Barred, show.Held:
		f.coming = append(f.coming, entering{at, what})
	}
}

// Next implements device.Stepper.
func (f *Feed) Next() time.Duration {
	if len(f.coming) == 0 {
		return beat.Never
	}
	return f.coming[0].at + f.Shift
}

// Step implements device.Stepper.
func (f *Feed) Step(now time.Duration) {
	n, env := 0, f.To.Env()
	for ; n < len(f.coming) && f.coming[n].at+f.Shift <= now; n++ {
		switch x := f.coming[n].what.(type) {
		case script.Event:
			x.At, x.Value = x.At+f.Shift, Later(x.Value, f.Shift)
			f.To.Put(x)
		case show.Observed:
			x.Arrival += f.Shift
			env.Observe(x.Source, x.Observation)
		case show.Aliased:
			env.Alias(x.Source, x.Target, x.At+f.Shift)
		case show.Barred:
			f.To.Bar()
		case show.Held:
			f.To.Hold(x.On)
		}
	}
	f.coming = append(f.coming[:0], f.coming[n:]...)
}

// Patch implements device.VirtualRig.
func (f *Feed) Patch([]device.Opened) {}
