package wire

import (
	"fmt"
	"net/netip"
	"time"
)

// Port is the UDP port of everything.
const Port = 5683

// TTL is the multicast time to live of every packet.
const TTL = 32

// Size limits in bytes: the largest packet sent, the largest accepted, and
// the payload at which lists are split over several packets.
const (
	MaxSend    = 1400
	MaxReceive = 1500
	MaxPayload = 1200
)

// Universe and slot numbers.
const (
	LastUniverse = 63999
	Slots        = 512
)

// Intervals of the protocol.
const (
	PollInterval      = 3 * time.Second
	PollJitter        = 500 * time.Millisecond
	PollBackoff       = 1000 * time.Millisecond
	EndpointSpacing   = time.Millisecond
	LostPolls         = 3
	StatusInterval    = time.Second
	AnnounceInterval  = 5 * time.Second
	StreamLoss        = 3 * time.Second
	SyncLoss          = 250 * time.Millisecond
	SyncSettle        = 5 * time.Millisecond
	TimecodeLoss      = time.Second
	BeaconInterval    = 5 * time.Second
	BeaconTimeout     = 30 * time.Second
	OffboardWindow    = 300 * time.Second
	ReplayEvictionAge = 3600 * time.Second
)

// The multicast groups with one purpose.
var (
	GroupAux     = netip.AddrFrom4([4]byte{239, 254, 255, 248})
	GroupPreview = netip.AddrFrom4([4]byte{239, 254, 255, 249})
	GroupTime    = netip.AddrFrom4([4]byte{239, 254, 255, 250})
	GroupManager = netip.AddrFrom4([4]byte{239, 254, 255, 251})
	GroupPoll    = netip.AddrFrom4([4]byte{239, 254, 255, 252})
	GroupNode    = netip.AddrFrom4([4]byte{239, 254, 255, 253})
	GroupLost    = netip.AddrFrom4([4]byte{239, 254, 255, 254})
	GroupBeacon  = netip.AddrFrom4([4]byte{239, 254, 255, 255})
)

// FoldCount is the number of groups that all universes share.
const FoldCount = 109

// CheckUniverse tells whether u is a universe number.
func CheckUniverse(u int) error {
	if u < 1 || u > LastUniverse {
		return fmt.Errorf("universe number must be 1-%d, got %d", LastUniverse, u)
	}
	return nil
}

// Fold gives the group of a universe: 239.254.0.((u-1) mod 109 + 1). The
// universe must be valid.
func Fold(universe uint16) netip.Addr {
	return netip.AddrFrom4([4]byte{239, 254, 0, byte((universe-1)%FoldCount + 1)})
}
