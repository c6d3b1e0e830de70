package stagelinq

import (
	"fmt"
	"io"
	"slices"
	"time"

	"showrun/drivers/stagelinq"
	"showrun/drivers/stagelinq/take"
	"showrun/drivers/stagelinq/wire"
	"showrun/runtime/beat"
	"showrun/runtime/device"
)

// VirtualTake is the players of a recording, for runs in virtual time: it tells the sinks of
// the show what they told then.
type VirtualTake struct {
	env   device.RigEnv
	from  time.Duration
	left  []take.Event // that are still to come
	units []*recorded
	sinks []*Sink
}

// recorded is a unit that is there, and what it told last.
type recorded struct {
	stagelinq.Device
	states map[string]string
	paths  []string // of them, in the order in which they came
}

// Players are the events of a recording of players, of which these are the entries.
func Players(entries []any) ([]take.Event, error) {
	return take.All(func() (take.Event, error) {
		if len(entries) == 0 {
			return take.Event{}, io.EOF
		}
		e, ok := entries[0].(take.Event)
		if !ok {
			return e, fmt.Errorf("it has a %T, which is none of a player", entries[0])
		}
		entries = entries[1:]
		return e, nil
	})
}

// NewVirtualTake makes it of the events of a recording, in their order, which begins at a
// show time. A unit that tells something and has not come is there from then on.
func NewVirtualTake(env device.RigEnv, events []take.Event, from time.Duration) *VirtualTake {
	return &VirtualTake{env: env, from: from, left: events}
}

// Patch implements device.VirtualRig: sinks that are new find the units as they are by now.
func (v *VirtualTake) Patch(opened []device.Opened) {
	v.sinks = meet(v.sinks, opened, func(s *Sink) {
		now := v.env.Time(s.env.Now())
		for _, u := range v.units {
			u.come(s, now)
			for _, path := range u.paths {
				u.tell(s, path, u.states[path], now)
			}
		}
	})
}

// Next implements device.Stepper.
func (v *VirtualTake) Next() time.Duration {
	if len(v.left) == 0 {
		return beat.Never
	}
	return v.from + v.left[0].At
}

// Step implements device.Stepper.
func (v *VirtualTake) Step(now time.Duration) {
	for ; v.Next() <= now; v.left = v.left[1:] {
		v.event(v.left[0], v.env.Time(v.Next()))
	}
}

// event has all sinks hear an event.
func (v *VirtualTake) event(e take.Event, at time.Time) {
	if e.Kind == take.Device && e.Change == stagelinq.Lost {
		v.lost(e.Unit.Token, at)
		return
	}
	u := v.unit(e.Unit, at)
	switch e.Kind {
	case take.State:
		if _, known := u.states[e.Path]; !known {
			u.paths = append(u.paths, e.Path)
		}
		u.states[e.Path] = e.JSON
		for _, s := range v.sinks {
			u.tell(s, e.Path, e.JSON, at)
		}
	case take.Beats:
		for _, s := range v.sinks {
			info := wire.BeatInfo{Clock: e.BeatInfo.Clock, Decks: slices.Clone(e.BeatInfo.Decks)}
			s.OnBeat(stagelinq.BeatEvent{Device: u.Device, BeatInfo: info, At: at})
		}
	}
}

// unit is the one that tells something; it comes if it was not there.
func (v *VirtualTake) unit(is take.Unit, at time.Time) *recorded {
	for _, u := range v.units {
		if u.Token == is.Token {
			return u
		}
	}
	u := &recorded{states: map[string]string{}}
	u.Device = stagelinq.Device{Token: is.Token, Name: is.Name, Software: is.Software, Version: is.Version}
	v.units = append(v.units, u)
	for _, s := range v.sinks {
		u.come(s, at)
	}
	return u
}

// lost takes a unit away, if it is there.
func (v *VirtualTake) lost(token wire.Token, at time.Time) {
	i := slices.IndexFunc(v.units, func(u *recorded) bool { return u.Token == token })
	if i < 0 {
		return
	}
	for _, s := range v.sinks {
		s.OnDevice(stagelinq.DeviceEvent{Kind: stagelinq.Lost, Device: v.units[i].Device, At: at})
	}
	v.units = slices.Delete(v.units, i, i+1)
}

// come has a sink find the unit.
func (u *recorded) come(s *Sink, at time.Time) {
	for _, kind := range []stagelinq.DeviceKind{stagelinq.Found, stagelinq.Connected} {
		s.OnDevice(stagelinq.DeviceEvent{Kind: kind, Device: u.Device, At: at})
	}
}

// tell tells a sink a state, unless that cannot be read.
func (u *recorded) tell(s *Sink, path, json string, at time.Time) {
	if value, err := wire.ParseValue(json); err == nil || json == "" {
		s.OnState(stagelinq.StateEvent{Device: u.Device, Path: path, Value: value, At: at})
	}
}
