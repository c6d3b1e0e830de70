package stagenet

import "showrun/runtime/device"

// protocol is the name of the protocol, and of its Lua module.
const protocol = "stagenet"

// Protocol is StageNet for the shells of a show.
func Protocol() device.Protocol {
	return device.Protocol{
		Name:   protocol,
		Values: []any{Gateway{}, Use{}, Place{}, []Gateway{}},
		NewRig: func(env device.RigEnv) (device.Rig, error) { return newRig(env), nil },
	}
}
