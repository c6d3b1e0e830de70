package stagelinq

import (
	"time"

	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/take"
	"showrun/drivers/stagelinq/wire"
	"showrun/runtime/beat"
	"showrun/runtime/device"
)

// VirtualTake is a recorded unit for runs in virtual time: it tells the sinks of the show
// what it told then, from show time 0 on.
type VirtualTake struct {
	env    device.RigEnv
	unit   stagelinq.Device
	events []take.Event      // that are still to come
	states map[string]string // as they were told last
	paths  []string          // of them, in the order in which they came
	sinks  []*Sink
}

// NewVirtualTake makes it of a take.
func NewVirtualTake(env device.RigEnv, t *take.Take) *VirtualTake {
	return &VirtualTake{
		env:    env,
		unit:   stagelinq.Device{Token: t.Unit.Token, Name: t.Unit.Name, Software: t.Unit.Software, Version: t.Unit.Version},
		events: t.Events, states: map[string]string{},
	}
}

// Patch implements device.VirtualRig: sinks that are new find the unit as it is by now.
func (v *VirtualTake) Patch(opened []device.Opened) {
	now := func(s *Sink) time.Time { return v.env.Time(s.env.Now()) }
	v.sinks = meet(v.sinks, opened, func(s *Sink) {
		for _, kind := range []stagelinq.DeviceKind{stagelinq.Found, stagelinq.Connected} {
			s.OnDevice(stagelinq.DeviceEvent{Kind: kind, Device: v.unit, At: now(s)})
		}
		for _, path := range v.paths {
			v.tell(s, path, v.states[path], now(s))
		}
	})
}

// tell tells a sink a state. A take has none that cannot be read.
func (v *VirtualTake) tell(s *Sink, path, json string, at time.Time) {
	e := stagelinq.StateEvent{Device: v.unit, Path: path, At: at}
	if json != "" {
		value, err := wire.ParseValue(json)
		if err != nil {
			panic("rig: the take has a bad value: " + err.Error())
		}
		e.Value = value
	}
	s.OnState(e)
}

// Next implements device.Stepper.
func (v *VirtualTake) Next() time.Duration {
	if len(v.events) == 0 {
		return beat.Never
	}
	return v.events[0].At
}

// Step implements device.Stepper.
func (v *VirtualTake) Step(now time.Duration) {
	for len(v.events) > 0 && v.events[0].At <= now {
		e := v.events[0]
		v.events = v.events[1:]
		at := v.env.Time(e.At)
		switch e.Kind {
		case take.State:
			if _, known := v.states[e.Path]; !known {
				v.paths = append(v.paths, e.Path)
			}
			v.states[e.Path] = e.JSON
			for _, s := range v.sinks {
				v.tell(s, e.Path, e.JSON, at)
			}
		case take.Beats:
			for _, s := range v.sinks {
				s.OnBeat(stagelinq.BeatEvent{Device: v.unit, BeatInfo: e.BeatInfo, At: at})
			}
		}
	}
}
