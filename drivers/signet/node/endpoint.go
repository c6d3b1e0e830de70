package node

import (
	"net/netip"
	"time"

	"showrun/drivers/signet/merge"
	"showrun/drivers/signet/wire"
)

// An endpoint is one output of a Node.
type endpoint struct {
	EndpointState
	merger *merge.Merger
	output [wire.Slots]byte
	live   bool   // output shows something
	status uint32 // last told
}

// Bits of TID_EP_STATUS.
const (
	statusActive    = 1 << 0
	statusReceiving = 1 << 3
	statusMerging   = 1 << 4
	statusFailover  = 1 << 6
)

// Bits of TID_EP_CAPABILITY and values of TID_EP_DIRECTION.
const (
	capabilityConsumes = 1 << 0
	capabilityVirtual  = 1 << 4
	directionOff       = 0
	directionConsumer  = 1
)

// group is where the levels of the endpoint come from; ok is false if it wants
// none.
func (e *endpoint) group() (group netip.Addr, ok bool) {
	if e.Universe == 0 || e.Off {
		return netip.Addr{}, false
	}
	if e.Group.IsValid() {
		return e.Group, true
	}
	return wire.Fold(uint16(e.Universe)), true
}

// repatch starts the input anew; the output holds.
func (e *endpoint) repatch() { e.merger = merge.New(0) }

// refresh computes the output from the merge and tells whether it changed.
// Slots that nobody drives, and all of them once the last source is lost, fall
// to the data-loss behaviour (section 14.1).
func (e *endpoint) refresh(scenes map[uint16][]byte) (changed bool) {
	if e.merger.SourceCount() == 0 && !e.live {
		return false
	}
	before, wasLive := e.output, e.live
	e.live = e.merger.SourceCount() > 0 || e.Failover.Action != wire.FailoverStop
	for i := range e.output {
		if level, driven := e.merger.Lookup(i); driven {
			e.output[i] = level
			continue
		}
		switch e.Failover.Action {
		case wire.FailoverBlackout:
			e.output[i] = 0
		case wire.FailoverFull:
			e.output[i] = 0xFF
		case wire.FailoverScene:
			if scene, ok := scenes[e.Failover.Scene]; ok {
				e.output[i] = 0
				if i < len(scene) {
					e.output[i] = scene[i]
				}
			}
		}
	}
	return e.output != before || e.live != wasLive
}

// shown is what a Sink is told.
func (e *endpoint) shown() []byte {
	if !e.live {
		return nil
	}
	return e.output[:]
}

// flags is the present value of TID_EP_STATUS.
func (e *endpoint) flags() uint32 {
	var f uint32
	if e.Universe != 0 && !e.Off {
		f |= statusActive
	}
	switch n := e.merger.SourceCount(); {
	case n > 1:
		f |= statusReceiving | statusMerging
	case n == 1:
		f |= statusReceiving
	case e.live:
		f |= statusFailover
	}
	return f
}

// step drops lost sources.
func (e *endpoint) step(now time.Time) (changed bool) { return e.merger.Step(now) }
