package receiver

import (
	"showrun/drivers/signet/device"
	"showrun/drivers/signet/wire"
)

// A visualiser is what a Receiver that takes part in discovery tells about
// itself: it only listens and has no data endpoints.
type visualiser struct {
	description device.Description
	label       string
	status      byte
}

// visualiserTIDs is what a Visualiser sends or acts on.
var visualiserTIDs = []wire.TID{
	wire.TIDPoll, wire.TIDPollReply, wire.TIDLevel, wire.TIDPriority, wire.TIDPreview, wire.TIDSync, wire.TIDTimecode,
	wire.TIDUniverse, wire.TIDSupportedTIDs, wire.TIDEndpointCount, wire.TIDProtocolVersion, wire.TIDFirmwareVersion,
	wire.TIDDeviceLabel, wire.TIDMultOverride, wire.TIDIdentify, wire.TIDStatus, wire.TIDRoleCapability,
	wire.TIDModelName, wire.TIDScope, wire.TIDSecurityEvent,
}

// statusOpen is the Open Mode bit of TID_RT_STATUS.
const statusOpen = 1 << 3

func newVisualiser(cfg Config) *visualiser {
	v := &visualiser{label: cfg.Label, description: device.Description{
		Supported: visualiserTIDs, FirmwareText: cfg.Version, Model: cfg.Model, Scope: cfg.Scope,
		Roles: device.RoleVisualiser | device.RoleOpen,
	}}
	if cfg.Open {
		v.status = statusOpen
	}
	return v
}

// DataEndpoints implements device.Device.
func (v *visualiser) DataEndpoints() int { return 0 }

// ChangeCount implements device.Device: nothing of it can be set by others.
func (v *visualiser) ChangeCount() uint16 { return 0 }

// AppendTLV implements device.Device.
func (v *visualiser) AppendTLV(b []byte, endpoint uint16, t wire.TID) []byte {
	switch t {
	case wire.TIDDeviceLabel:
		return wire.AppendLabel(b, t, v.label)
	case wire.TIDMultOverride, wire.TIDIdentify:
		return wire.AppendTLV(b, t, []byte{0})
	case wire.TIDStatus:
		return wire.AppendTLV(b, t, []byte{0, 0, 0, v.status})
	}
	return device.AppendCommonTLV(b, t, v.description, 0)
}
