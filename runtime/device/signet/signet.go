// Package signet joins the Sig-Net driver to a show: Senders, Receivers and the read
// side of a Manager, the keys and names of all three, and the Node of a rig.
//
// Each device is made of a machine of the driver. On the network that comes with its
// sockets, and another takes its place when it fails; in virtual time it is stepped and
// nobody hears it.
package signet

import (
	"crypto/sha256"
	"math/rand/v2"

	"showrun/drivers/signet"
	"showrun/runtime/device"
	"showrun/runtime/device/universe"
)

// protocol is the name of the protocol, and of its Lua module.
const protocol = "signet"

// Protocol is Sig-Net for the shells of a show.
func Protocol(cfg RigConfig) device.Protocol {
	return device.Protocol{
		Name:   protocol,
		Shared: true,
		Values: append(universe.Values(), TimecodeEvent{}, Node{}, MoveTimecode{}, Standing{}, []Node{}),
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
	// NodesOf asks a Manager for every device heard so far, by TUID, without those that
	// have no keys; a []Node.
	NodesOf struct{}
)

// Standing is where a timecode stands, if there is one.
type Standing struct {
	Timecode
	Known bool // it is sent, or was heard once
}

// virtualKeys are those of the devices in virtual time, where nobody needs them.
func virtualKeys() signet.Keys { return signet.K0{1}.Keys() }

// virtualIdentity is the TUID of a device in virtual time and its chance, the same in
// every run.
func virtualIdentity(name string) (signet.TUID, *rand.Rand, error) {
	chance := rand.NewChaCha8(sha256.Sum256([]byte(name)))
	tuid, err := signet.NewTUID(chance)
	return tuid, rand.New(chance), err
}
