package stagelinq

import (
	"fmt"
	"slices"
	"time"

	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/take"
	"showrun/drivers/stagelinq/wire"
	"showrun/runtime/beat"
	"showrun/runtime/device"
)

// TakeRig is a part of a rig in virtual time that says what players said in a recording, all
// of them.
type TakeRig struct {
	env   device.RigEnv
	from  time.Duration
	left  []take.Event
	sinks []*Sink
}

// NewTakeRig makes a part of the entries of a recording, which begins at a show time.
func NewTakeRig(env device.RigEnv, entries []any, at time.Duration) (*TakeRig, error) {
	r := &TakeRig{env: env, from: at}
	for _, entry := range entries {
		e, ok := entry.(take.Event)
		if !ok {
			return nil, fmt.Errorf("it has a %T, which is none of a player", entry)
		}
		r.left = append(r.left, e)
	}
	return r, nil
}

// Patch implements device.VirtualRig.
func (r *TakeRig) Patch(opened []device.Opened) {
	r.sinks = nil
	for _, o := range opened {
		if s, ok := o.Device.(*Sink); ok {
			r.sinks = append(r.sinks, s)
		}
	}
}

// Next implements device.Stepper.
func (r *TakeRig) Next() time.Duration {
	if len(r.left) == 0 {
		return beat.Never
	}
	return r.from + r.left[0].At
}

// Step implements device.Stepper.
func (r *TakeRig) Step(now time.Duration) {
	for len(r.left) > 0 && r.Next() <= now {
		at := r.env.Time(r.Next())
		for _, s := range r.sinks {
			say(s, r.left[0], at)
		}
		r.left = r.left[1:]
	}
}

// say has a sink hear an event.
func say(s *Sink, e take.Event, at time.Time) {
	unit := stagelinq.Device{Token: e.Unit.Token, Name: e.Unit.Name, Software: e.Unit.Software, Version: e.Unit.Version}
	switch e.Kind {
	case take.Device:
		s.OnDevice(stagelinq.DeviceEvent{Kind: e.Change, Device: unit, At: at})
	case take.State:
		if v, err := wire.ParseValue(e.JSON); err == nil || e.JSON == "" {
			s.OnState(stagelinq.StateEvent{Device: unit, Path: e.Path, Value: v, At: at})
		}
	case take.Beats:
		info := wire.BeatInfo{Clock: e.BeatInfo.Clock, Decks: slices.Clone(e.BeatInfo.Decks)}
		s.OnBeat(stagelinq.BeatEvent{Device: unit, BeatInfo: info, At: at})
	}
}
