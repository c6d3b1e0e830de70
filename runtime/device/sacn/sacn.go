// Package sacn joins the driver of streaming ACN to a show: senders, receivers, the CIDs of
// the former, and the receiver of a rig.
package sacn

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"

	"showrun/drivers/sacn/wire"
	"showrun/runtime/device"
	"showrun/runtime/device/universe"
)

// protocol is the name of the protocol, and of its Lua module.
const protocol = "sacn"

// Protocol is streaming ACN for the shells of a show.
func Protocol() device.Protocol {
	return device.Protocol{
		Name: protocol, Shared: true, Values: universe.Values(),
		NewRig: func(env device.RigEnv) (device.Rig, error) { return newRig(env), nil },
	}
}

// cidBucket keeps the CID of a sender by its lane.
const cidBucket = "sacn cid"

// cidOf is the CID a sender names, or the one kept for it.
func cidOf(store device.Store, d *SenderDecl) (wire.CID, error) {
	if d.CID != "" {
		return wire.ParseCID(d.CID)
	}
	return CIDOf(store, d.Lane())
}

// CIDOf returns the CID kept under a name. The first time it is drawn.
func CIDOf(store device.Store, name string) (wire.CID, error) {
	v, found, err := store.Get(cidBucket, name)
	switch {
	case err != nil:
		return wire.CID{}, device.Missing(err)
	case found && len(v) != len(wire.CID{}):
		return wire.CID{}, fmt.Errorf("the state folder holds a broken CID of %s: %d bytes, want %d", name, len(v), len(wire.CID{}))
	case found:
		return wire.CID(v), nil
	}
	cid, err := wire.NewCID(rand.Reader)
	if err != nil {
		return cid, err
	}
	return cid, device.Missing(store.Put(cidBucket, name, cid[:]))
}

// virtualCID is that of a sender in virtual time, the same in every run.
func virtualCID(d *SenderDecl) wire.CID {
	sum := sha256.Sum256([]byte(d.Key()))
	return wire.CID(sum[:16])
}

// CheckCID tells what is wrong with a CID as people write it.
func CheckCID(text string) error {
	_, err := wire.ParseCID(text)
	return err
}
