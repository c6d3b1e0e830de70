package node

import (
	"fmt"
	"time"

	"showrun/drivers/signet/key"
	"showrun/drivers/signet/wire"
)

// SetUniverse patches an endpoint, counted from 1, at the device itself at now; 0
// unpatches it. Managers are told.
func (n *Node) SetUniverse(now time.Time, endpoint, universe int) error {
	if universe != 0 {
		if err := wire.CheckUniverse(universe); err != nil {
			return err
		}
	}
	return n.setLocally(now, endpoint, wire.TLV{TID: wire.TIDEPUniverse, Value: []byte{byte(universe >> 8), byte(universe)}})
}

// SetFailover chooses the data-loss behaviour of an endpoint at the device
// itself at now. Managers are told.
func (n *Node) SetFailover(now time.Time, endpoint int, f wire.Failover) error {
	if f.Action > wire.FailoverStop || f.Action == wire.FailoverScene && f.Scene == 0 {
		return fmt.Errorf("failover must be 0-4, and a scene 1-65535, got %+v", f)
	}
	return n.setLocally(now, endpoint, wire.TLV{TID: wire.TIDEPFailover, Value: []byte{f.Action, byte(f.Scene >> 8), byte(f.Scene)}})
}

func (n *Node) setLocally(now time.Time, endpoint int, t wire.TLV) error {
	n.mu.Lock()
	if n.machine.endpoint(endpoint) == nil {
		n.mu.Unlock()
		return fmt.Errorf("sig-net node has endpoints 1-%d, got %d", n.machine.DataEndpoints(), endpoint)
	}
	// The output itself follows with the next Step.
	n.machine.setLocally(endpoint, t, now)
	state, stored, regroup := n.settle()
	n.wake()
	n.mu.Unlock()
	if regroup {
		n.regroup()
	}
	if stored && n.cfg.OnState != nil {
		n.cfg.OnState(state)
	}
	return nil
}

// Onboard gives an offboarded Node its keys at now.
func (n *Node) Onboard(now time.Time, keys key.Keys) error {
	return n.rekey(func() error { return n.machine.onboard(keys, now) })
}

// Offboard wipes the keys at the device itself: from now on it sends beacons.
func (n *Node) Offboard() error { return n.rekey(n.machine.wipe) }

func (n *Node) rekey(change func() error) error {
	n.mu.Lock()
	err := change()
	n.machine.regroup = false
	n.wake()
	n.mu.Unlock()
	if err != nil {
		return err
	}
	return n.follow()
}
