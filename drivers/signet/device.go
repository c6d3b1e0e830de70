package signet

import (
	"encoding/binary"

	"showrun/drivers/signet/device"
	"showrun/drivers/signet/wire"
)

// senderDevice is what a Sender tells about itself. Its values never change
// by the network: it holds no key that would let a Manager command it.
type senderDevice struct {
	sender      *Sender
	description device.Description
	label       string
	open        bool
}

// senderTIDs is what a Sender sends or acts on.
var senderTIDs = []wire.TID{
	wire.TIDPoll, wire.TIDPollReply, wire.TIDLevel, wire.TIDPriority, wire.TIDPreview,
	wire.TIDSync, wire.TIDTimecode, wire.TIDUniverse,
	wire.TIDSupportedTIDs, wire.TIDEndpointCount, wire.TIDProtocolVersion,
	wire.TIDFirmwareVersion, wire.TIDDeviceLabel, wire.TIDMultOverride,
	wire.TIDIdentify, wire.TIDStatus, wire.TIDRoleCapability, wire.TIDModelName,
	wire.TIDScope, wire.TIDEPCapability, wire.TIDEPDirection, wire.TIDSecurityEvent,
}

// DataEndpoints implements device.Device.
func (d *senderDevice) DataEndpoints() int {
	d.sender.mu.Lock()
	defer d.sender.mu.Unlock()
	return d.sender.output.dataEndpoints()
}

// ChangeCount implements device.Device: a Sender stores nothing that others can set.
func (d *senderDevice) ChangeCount() uint16 { return 0 }

// Bits of TID_EP_CAPABILITY and TID_EP_DIRECTION.
const (
	suppliesLevel     = 1 << 1
	directionSupplier = 2
	statusOpenMode    = 1 << 3
)

// AppendTLV implements device.Device.
func (d *senderDevice) AppendTLV(b []byte, endpoint uint16, t wire.TID) []byte {
	if endpoint != wire.RootEndpoint {
		switch t {
		case wire.TIDEPCapability:
			return wire.AppendTLV(b, t, []byte{suppliesLevel})
		case wire.TIDEPDirection:
			return wire.AppendTLV(b, t, []byte{directionSupplier})
		}
		return b
	}
	switch t {
	case wire.TIDDeviceLabel:
		return wire.AppendLabel(b, t, d.label)
	case wire.TIDMultOverride:
		return wire.AppendTLV(b, t, []byte{d.overridden()})
	case wire.TIDIdentify:
		return wire.AppendTLV(b, t, []byte{0})
	case wire.TIDStatus:
		var status uint32
		if d.open {
			status = statusOpenMode
		}
		return binary.BigEndian.AppendUint32(wire.AppendTLVHeader(b, t, 4), status)
	}
	return device.AppendCommonTLV(b, t, d.description, d.DataEndpoints())
}

func (d *senderDevice) overridden() byte {
	d.sender.mu.Lock()
	defer d.sender.mu.Unlock()
	for _, s := range d.sender.output.streams {
		if s.options.Multicast.IsValid() {
			return 1
		}
	}
	return 0
}
