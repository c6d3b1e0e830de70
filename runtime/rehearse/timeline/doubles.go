package timeline

import (
	"log/slog"
	"time"

	"showrun/runtime/beat"
	"showrun/runtime/clock"
	"showrun/runtime/device"
	"showrun/runtime/engine"
	"showrun/runtime/show"
)

// doubles are machines that stand for the machinery of a show that has no devices, such as a
// replay: they do what was ordered, and nobody hears of them.
type doubles struct {
	bound  show.Bindings // of the load that was made last; nil if there are devices
	clock  *clock.Virtual
	bpm    float64
	opened []device.Opened
}

// Declared returns bindings of which the machinery is on the page though there is no device, as
// it is told to move.
func (t *Timeline) Declared(bind show.Bind) show.Bind {
	return func(s show.Scene) show.Bindings {
		t.doubles.bound = bind(s)
		return t.doubles.bound
	}
}

// order has the double of a machine do what the machine was told.
func (d *doubles) order(o engine.DueOrder, bpm float64) {
	d.until(o.At, bpm)
	if x, ok := d.of(o.Device).(device.Taker); ok {
		x.Take(o.At, o.Message)
	}
}

// of is the double of a device by its key, which is made the first time; nil if it moves nothing.
func (d *doubles) of(key string) device.Device {
	for _, o := range d.opened {
		if o.Declaration.Key() == key {
			return o.Device
		}
	}
	if d.bound == nil {
		return nil
	}
	for _, decl := range d.bound.Devices() {
		if _, moves := decl.(device.Mechanical); !moves || decl.Key() != key {
			continue
		}
		x, err := decl.OpenVirtual(d.env())
		if err != nil {
			return nil // it is not to be seen, then
		}
		if p, ok := x.(device.Paced); ok {
			p.Tempo(d.clock.Now(), d.bpm)
		}
		d.opened = append(d.opened, device.Opened{Declaration: decl, Device: x})
		return x
	}
	return nil
}

// env is what doubles see of the world: the time.
func (d *doubles) env() device.Env {
	return device.Env{
		Now: d.clock.Now, Time: d.clock.Time, Since: d.clock.Since,
		Observe: func(string, beat.Observation) {}, Alias: func(string, string, time.Duration) {},
		Event: func(device.Event) bool { return true }, Log: slog.New(slog.DiscardHandler),
	}
}

// until goes on to an instant, at which the show has a tempo.
func (d *doubles) until(at time.Duration, bpm float64) {
	for s := d.first(); s != nil && s.Next() <= at; s = d.first() {
		d.clock.Set(max(d.clock.Now(), s.Next()))
		s.Step(d.clock.Now())
	}
	d.clock.Set(max(d.clock.Now(), at))
	if bpm == d.bpm {
		return
	}
	d.bpm = bpm
	for _, o := range d.opened {
		if p, ok := o.Device.(device.Paced); ok {
			p.Tempo(d.clock.Now(), bpm)
		}
	}
}

// first is the one that has something to do next, nil for none.
func (d *doubles) first() (first device.Stepper) {
	for _, o := range d.opened {
		if s, ok := o.Device.(device.Stepper); ok && (first == nil || s.Next() < first.Next()) {
			first = s
		}
	}
	return first
}

// take holds and releases machinery as an engine turn does.
func (d *doubles) take(in show.EngineTurn) {
	for _, x := range in.Inputs {
		held, ok := x.(show.Held)
		if !ok {
			continue
		}
		for _, o := range d.opened {
			if m, ok := o.Device.(device.Machinery); ok {
				m.Hold(held.On)
			}
		}
	}
}
