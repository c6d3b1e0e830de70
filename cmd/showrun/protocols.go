package main

import (
	"showrun/runtime/device"
	"showrun/runtime/device/artnet"
	"showrun/runtime/device/dmx"
	"showrun/runtime/device/midi"
	"showrun/runtime/device/osc"
	"showrun/runtime/device/sacn"
	"showrun/runtime/device/signet"
	"showrun/runtime/device/stagelinq"
	"showrun/runtime/device/stagenet"
	"showrun/runtime/device/theater"
)

// protocols are those that shows may speak, each with its part of a rig. A rig shows the
// levels of the first that has any.
func protocols() []device.Protocol {
	return []device.Protocol{
		stagelinq.Protocol(), signet.Protocol(signet.RigConfig{}), sacn.Protocol(), artnet.Protocol(),
		stagenet.Protocol(), theater.Protocol(), osc.Protocol(), dmx.Protocol(), midi.Protocol(),
	}
}
