package node

import (
	"encoding/binary"

	"showrun/drivers/signet/device"
	"showrun/drivers/signet/wire"
)

// refreshRate is the DMX rate of the virtual ports.
const refreshRate = 44

// statusOpen is the Open Mode bit of TID_RT_STATUS.
const statusOpen = 1 << 3

// supported is every TID a Node sends or acts on, ascending.
var supported = []wire.TID{
	wire.TIDPoll, wire.TIDPollReply, wire.TIDLevel, wire.TIDPriority, wire.TIDSync, wire.TIDOffboard,
	wire.TIDSupportedTIDs, wire.TIDEndpointCount, wire.TIDProtocolVersion, wire.TIDFirmwareVersion,
	wire.TIDDeviceLabel, wire.TIDMultOverride, wire.TIDIdentify, wire.TIDStatus, wire.TIDRoleCapability,
	wire.TIDReboot, wire.TIDModelName, wire.TIDScope,
	wire.TIDEPUniverse, wire.TIDEPLabel, wire.TIDEPMultOverride, wire.TIDEPCapability, wire.TIDEPDirection,
	wire.TIDEPStatus, wire.TIDEPFailover, wire.TIDEPDMXTiming, wire.TIDEPRefresh, wire.TIDEPProtocol,
	wire.TIDSecurityEvent, wire.TIDLevelFoldback,
}

// DataEndpoints implements device.Device.
func (m *machine) DataEndpoints() int { return len(m.endpoints) }

// ChangeCount implements device.Device.
func (m *machine) ChangeCount() uint16 { return m.changes }

// AppendTLV implements device.Device.
func (m *machine) AppendTLV(b []byte, number uint16, t wire.TID) []byte {
	if number != wire.RootEndpoint {
		if e := m.endpoint(int(number)); e != nil {
			return e.appendTLV(b, t)
		}
		return b
	}
	switch t {
	case wire.TIDDeviceLabel:
		return wire.AppendLabel(b, t, m.label)
	case wire.TIDMultOverride:
		return wire.AppendTLV(b, t, []byte{m.overridden()})
	case wire.TIDIdentify:
		return wire.AppendTLV(b, t, []byte{m.identify})
	case wire.TIDStatus:
		var status uint32
		if m.cfg.Open {
			status = statusOpen
		}
		return append32(b, t, status)
	}
	return device.AppendCommonTLV(b, t, device.Description{
		Supported: supported, FirmwareText: m.cfg.Version, Model: m.cfg.Model, Scope: m.cfg.Scope,
		Roles: device.RoleNode | device.RoleOpen,
	}, len(m.endpoints))
}

func (e *endpoint) appendTLV(b []byte, t wire.TID) []byte {
	switch t {
	case wire.TIDEPUniverse:
		return binary.BigEndian.AppendUint16(wire.AppendTLVHeader(b, t, 2), uint16(e.Universe))
	case wire.TIDEPLabel:
		return wire.AppendLabel(b, t, e.Label)
	case wire.TIDEPMultOverride:
		return wire.AppendIPv4(wire.AppendTLVHeader(b, t, 4), e.Group)
	case wire.TIDEPCapability:
		return wire.AppendTLV(b, t, []byte{capabilityConsumes | capabilityVirtual})
	case wire.TIDEPDirection:
		direction := byte(directionConsumer)
		if e.Off {
			direction = directionOff
		}
		return wire.AppendTLV(b, t, []byte{direction})
	case wire.TIDEPStatus:
		return append32(b, t, e.flags())
	case wire.TIDEPFailover:
		return wire.AppendFailover(b, e.Failover)
	case wire.TIDEPDMXTiming:
		return wire.AppendTLV(b, t, e.DMXTiming[:])
	case wire.TIDEPRefresh:
		return wire.AppendTLV(b, t, []byte{refreshRate})
	case wire.TIDEPProtocol:
		return wire.AppendTLV(b, t, []byte{0})
	case wire.TIDLevelFoldback:
		if e.live {
			return wire.AppendTLV(b, t, e.output[:])
		}
	}
	return b
}

func append32(b []byte, t wire.TID, v uint32) []byte {
	return binary.BigEndian.AppendUint32(wire.AppendTLVHeader(b, t, 4), v)
}

func (m *machine) overridden() byte {
	for _, e := range m.endpoints {
		if e.Group.IsValid() {
			return 1
		}
	}
	return 0
}
