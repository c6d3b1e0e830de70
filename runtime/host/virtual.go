package host

import (
	"context"
	"fmt"
	"time"

	"showrun/bindings"
	"showrun/runtime/beat"
	"showrun/runtime/clock"
	"showrun/runtime/device"
	"showrun/runtime/device/stagelinq"
	"showrun/runtime/host/folder"
	"showrun/runtime/rig"
	"showrun/runtime/script"
)

// RunVirtual runs a show on a virtual clock, from 0 until Options.For, with the
// rig's deck as the only player and no network. Everything happens on the calling
// goroutine, in the order of its instants, so two runs with the same seed show
// the same frames to Options.Frames.
func RunVirtual(ctx context.Context, opts Options) error {
	if opts.For <= 0 {
		return fmt.Errorf("a run in virtual time needs an end")
	}
	if err := opts.complete(); err != nil {
		return err
	}
	show, err := folder.Find(opts.Show)
	if err != nil {
		return err
	}
	clk := clock.NewVirtual()
	v := &virtual{core: newCore(opts, show, clk), clock: clk, deck: rig.NewDeck(0, clk.Time(0))}
	first, err := v.prepare(ctx, 1, nil, nil, v)
	if err != nil {
		return err
	}
	if _, err := v.swap(first, 0); err != nil {
		return err
	}
	defer func() {
		v.live.gen.End()
		v.live.files.Close()
	}()
	for _, sink := range v.sinks {
		v.deck.Connect(sink, clk.Time(0))
	}
	if err := v.run(ctx, opts.For); err != nil {
		return err
	}
	v.horizon = max(v.horizon, clk.Now()+v.lead)
	v.live.gen.Deliver(script.Event{Topic: bindings.TopicStop, At: v.horizon})
	for clk.Now() < v.horizon {
		clk.Set(v.engineNext())
		v.engineStep(clk.Now(), clk.Now())
	}
	return nil
}

// virtual is a run on a virtual clock.
type virtual struct {
	*core
	clock *clock.Virtual
	deck  *rig.Deck
	sinks []*stagelinq.Sink
}

// run goes from deadline to deadline.
func (v *virtual) run(ctx context.Context, until time.Duration) error {
	for ctx.Err() == nil {
		next := min(v.scriptNext(), v.engineNext(), v.clock.Since(v.deck.Next()), v.devicesNext())
		if next > until {
			v.clock.Set(until)
			return nil
		}
		now := max(next, v.clock.Now())
		v.clock.Set(now)
		v.deck.Step(v.clock.Time(now))
		v.stepDevices(now)
		if err := v.scriptStep(now); err != nil {
			return err
		}
		v.engineStep(now, now)
	}
	return ctx.Err()
}

// devicesNext is when a device has something to do.
func (v *virtual) devicesNext() time.Duration {
	next := beat.Never
	for _, d := range v.devices.inOrder {
		if s, ok := d.(device.Stepper); ok {
			next = min(next, s.Next())
		}
	}
	return next
}

func (v *virtual) stepDevices(now time.Duration) {
	for _, d := range v.devices.inOrder {
		if s, ok := d.(device.Stepper); ok && s.Next() <= now {
			s.Step(now)
		}
	}
}

// open implements opener: sinks hear the rig's deck, everything else stays in the
// frame log.
func (v *virtual) open(decl device.Declaration) (device.Device, error) {
	d, err := decl.OpenVirtual(v.env())
	if sink, ok := d.(*stagelinq.Sink); ok {
		v.sinks = append(v.sinks, sink)
	}
	return d, err
}
