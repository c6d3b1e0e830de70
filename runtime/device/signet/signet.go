// Package signet joins the Sig-Net driver to a show: Senders, Receivers and the read
// side of a Manager, the keys and names of all three, and the Node of a rig.
//
// Each device is made of a machine of the driver. On the network that comes with its
// sockets, and another takes its place when it fails; in virtual time it is stepped and
// nobody hears it.
package signet

import (
	"showrun/runtime/device"
)

// protocol is the name of the protocol, and of its Lua module.
const protocol = "signet"

// Protocol is Sig-Net for the shells of a show.
func Protocol(cfg RigConfig) device.Protocol {
	return device.Protocol{
		Name:   protocol,
		Shared: true,
		Values: []any{
			Levels{}, TimecodeEvent{}, Node{},
			SetPriority{}, LeaveUniverse{}, MoveTimecode{},
			Standing{}, SlotLevel{}, []byte{}, []Node{},
		},
		NewRig: func(env device.RigEnv) (device.Rig, error) {
			r, err := newRig(cfg, env)
			if err != nil {
				return nil, err
			}
			return r, nil
		},
	}
}

// Questions that scripts ask, and the answers. An answer that is zero says that there is
// nothing.
type (
	// TimecodeOf asks a Sender or a Receiver where a stream stands; a Standing.
	TimecodeOf struct{ Stream int }
	// LevelOf asks a Receiver for a slot, 1-512, after the merge; a SlotLevel.
	LevelOf struct {
		Universe, Slot int
		Preview        bool // of its preview, which is not merged
	}
	// LevelsOf asks a Receiver for the levels of a universe after the merge, up to the
	// last slot that any source sends; a []byte.
	LevelsOf struct {
		Universe int
		Preview  bool
	}
	// NodesOf asks a Manager for every device heard so far, by TUID, without those that
	// have no keys; a []Node.
	NodesOf struct{}
)

// Standing is where a timecode stands, if there is one.
type Standing struct {
	Timecode
	Known bool // it is sent, or was heard once
}

// SlotLevel is the level of a slot, and whether anybody drives it.
type SlotLevel struct {
	Level  byte
	Driven bool
}
