package wire

import (
	"fmt"
	"slices"
)

// A TID is the type of a TLV.
type TID uint16

// The standard TIDs.
const (
	TIDPoll               TID = 0x0001
	TIDPollReply          TID = 0x0002
	TIDSetReply           TID = 0x0003 // V1.06, never sent
	TIDLevel              TID = 0x0101
	TIDPriority           TID = 0x0102
	TIDPreview            TID = 0x0103
	TIDSync               TID = 0x0201
	TIDTimecode           TID = 0x0202
	TIDUniverse           TID = 0x0203
	TIDOSC                TID = 0x0204 // V1.01, never sent
	TIDRDMCommand         TID = 0x0301
	TIDRDMResponse        TID = 0x0302
	TIDRDMTODControl      TID = 0x0303
	TIDRDMTODData         TID = 0x0304
	TIDRDMTODBackground   TID = 0x0305
	TIDRDMFlowControl     TID = 0x0306
	TIDOffboard           TID = 0x0401
	TIDMACAddress         TID = 0x0501
	TIDIPv4Mode           TID = 0x0502
	TIDIPv4Address        TID = 0x0503
	TIDIPv4Netmask        TID = 0x0504
	TIDIPv4Gateway        TID = 0x0505
	TIDIPv4Current        TID = 0x0506
	TIDIPv6Mode           TID = 0x0581
	TIDIPv6Address        TID = 0x0582
	TIDIPv6Prefix         TID = 0x0583
	TIDIPv6Gateway        TID = 0x0584
	TIDIPv6Current        TID = 0x0585
	TIDSupportedTIDs      TID = 0x0601
	TIDEndpointCount      TID = 0x0602
	TIDProtocolVersion    TID = 0x0603
	TIDFirmwareVersion    TID = 0x0604
	TIDDeviceLabel        TID = 0x0605
	TIDMultOverride       TID = 0x0606
	TIDIdentify           TID = 0x0607
	TIDStatus             TID = 0x0608
	TIDRoleCapability     TID = 0x0609
	TIDReboot             TID = 0x060A
	TIDModelName          TID = 0x060B
	TIDScope              TID = 0x060C
	TIDOTWCapability      TID = 0x060D
	TIDEPUniverse         TID = 0x0901
	TIDEPLabel            TID = 0x0902
	TIDEPMultOverride     TID = 0x0903
	TIDEPCapability       TID = 0x0904
	TIDEPDirection        TID = 0x0905
	TIDEPInputPriority    TID = 0x0906
	TIDEPStatus           TID = 0x0907
	TIDEPFailover         TID = 0x0908
	TIDEPDMXTiming        TID = 0x0909
	TIDEPRefresh          TID = 0x090A
	TIDEPProtocol         TID = 0x090B
	TIDEPIdentify         TID = 0x090C // V1.01, never sent
	TIDSecurityEvent      TID = 0xFF01
	TIDMessage            TID = 0xFF02
	TIDLevelFoldback      TID = 0xFF03
	FirstManufacturerTID  TID = 0x8000
	LastManufacturerTID   TID = 0xFF00
	maxSupportedTIDsBytes     = 2 * 678
)

// QueryLevel is how much a poll asks for; each level includes those below.
type QueryLevel byte

// The query levels, and the two values that keep a TID out of poll replies.
const (
	QueryHeartbeat QueryLevel = 0
	QueryConfig    QueryLevel = 1
	QueryFull      QueryLevel = 2
	QueryExtended  QueryLevel = 3
	QueryByName    QueryLevel = 0xFE // only when asked for
	QueryNever     QueryLevel = 0xFF
)

// Place says at which endpoints a TID lives.
type Place uint8

// The places.
const (
	AtRoot Place = 1 << iota
	AtData
)

// An Entry describes one TID. Min and Max bound the length of a value we
// accept, which includes the longer forms of later revisions; a query has
// length 0. Check judges a value of a fitting length, nil for any; text writes
// one for people, nil in hex.
type Entry struct {
	TID       TID
	Name      string
	Min, Max  int
	Place     Place
	Queryable bool
	Poll      QueryLevel
	Check     func(v []byte) bool
	text      func(v []byte) string
}

// table lists every standard TID in ascending order (section 12).
var table = []Entry{
	{TIDPoll, "TID_POLL", 25, 25, AtRoot | AtData, false, QueryNever, validPoll, nil},
	{TIDPollReply, "TID_POLL_REPLY", 12, 12, AtRoot | AtData, false, QueryHeartbeat, nil, nil},
	{TIDSetReply, "TID_SET_REPLY", 3, 3, AtRoot | AtData, false, QueryNever, nil, nil},
	{TIDLevel, "TID_LEVEL", 1, Slots, AtData, false, QueryNever, nil, nil},
	{TIDPriority, "TID_PRIORITY", 1, Slots, AtData, false, QueryNever, nil, nil},
	{TIDPreview, "TID_PREVIEW", 1, Slots, AtData, false, QueryNever, nil, nil},
	{TIDSync, "TID_SYNC", 0, 0, AtData, false, QueryNever, nil, nil},
	{TIDTimecode, "TID_TIMECODE", 5, 5, AtData, false, QueryNever, validTimecode, timecodeText},
	{TIDUniverse, "TID_UNIVERSE", 7, 9, AtData, false, QueryNever, validUniverse, nil},
	{TIDOSC, "TID_OSC", 0, MaxSend, AtData, false, QueryNever, nil, nil},
	{TIDRDMCommand, "TID_RDM_COMMAND", 26, 257, AtRoot | AtData, false, QueryNever, nil, nil},
	{TIDRDMResponse, "TID_RDM_RESPONSE", 26, 257, AtRoot | AtData, false, QueryNever, nil, nil},
	{TIDRDMTODControl, "TID_RDM_TOD_CONTROL", 1, 1, AtData, false, QueryNever, atMost(1), nil},
	{TIDRDMTODData, "TID_RDM_TOD_DATA", 2, MaxSend, AtData, true, QueryByName, validTODData, nil},
	{TIDRDMTODBackground, "TID_RDM_TOD_BACKGROUND", 1, 1, AtData, true, QueryConfig, atMost(3), numberText},
	{TIDRDMFlowControl, "TID_RDM_FLOW_CONTROL", 2, 2, AtData, true, QueryConfig, nil, nil},
	{TIDOffboard, "TID_RT_OFFBOARD", 4, 4, AtRoot, false, QueryNever, nil, nil},
	{TIDMACAddress, "TID_NW_MAC_ADDRESS", 6, 6, AtRoot, true, QueryFull, nil, nil},
	{TIDIPv4Mode, "TID_NW_IPV4_MODE", 1, 1, AtRoot, true, QueryFull, atMost(1), numberText},
	{TIDIPv4Address, "TID_NW_IPV4_ADDRESS", 4, 4, AtRoot, true, QueryFull, nil, ipv4Text},
	{TIDIPv4Netmask, "TID_NW_IPV4_NETMASK", 4, 4, AtRoot, true, QueryFull, nil, ipv4Text},
	{TIDIPv4Gateway, "TID_NW_IPV4_GATEWAY", 4, 4, AtRoot, true, QueryFull, nil, ipv4Text},
	{TIDIPv4Current, "TID_NW_IPV4_CURRENT", 12, 12, AtRoot, true, QueryFull, nil, ipv4Text},
	{TIDIPv6Mode, "TID_NW_IPV6_MODE", 1, 1, AtRoot, true, QueryFull, atMost(2), numberText},
	{TIDIPv6Address, "TID_NW_IPV6_ADDRESS", 16, 16, AtRoot, true, QueryFull, nil, ipv6Text},
	{TIDIPv6Prefix, "TID_NW_IPV6_PREFIX", 1, 1, AtRoot, true, QueryFull, atMost(128), numberText},
	{TIDIPv6Gateway, "TID_NW_IPV6_GATEWAY", 16, 16, AtRoot, true, QueryFull, nil, ipv6Text},
	{TIDIPv6Current, "TID_NW_IPV6_CURRENT", 33, 33, AtRoot, true, QueryFull, nil, nil},
	{TIDSupportedTIDs, "TID_RT_SUPPORTED_TIDS", 2, maxSupportedTIDsBytes, AtRoot, true, QueryFull, evenLength, tidsText},
	{TIDEndpointCount, "TID_RT_ENDPOINT_COUNT", 2, 2, AtRoot, true, QueryHeartbeat, nil, numberText},
	{TIDProtocolVersion, "TID_RT_PROTOCOL_VERSION", 1, 1, AtRoot, true, QueryFull, nil, numberText},
	{TIDFirmwareVersion, "TID_RT_FIRMWARE_VERSION", 4, 69, AtRoot, true, QueryFull, nil, firmwareText},
	{TIDDeviceLabel, "TID_RT_DEVICE_LABEL", 1, 65, AtRoot, true, QueryConfig, validLabel, labelText},
	{TIDMultOverride, "TID_RT_MULT_OVERRIDE", 1, 1, AtRoot, true, QueryHeartbeat, atMost(1), numberText},
	{TIDIdentify, "TID_RT_IDENTIFY", 1, 1, AtRoot, true, QueryConfig, atMost(4), numberText},
	{TIDStatus, "TID_RT_STATUS", 4, 4, AtRoot, true, QueryConfig, nil, flagsText},
	{TIDRoleCapability, "TID_RT_ROLE_CAPABILITY", 1, 8, AtRoot, true, QueryFull, nil, flagsText},
	{TIDReboot, "TID_RT_REBOOT", 5, 5, AtRoot, false, QueryNever, nil, nil},
	{TIDModelName, "TID_RT_MODEL_NAME", 1, 65, AtRoot, true, QueryFull, validLabel, labelText},
	{TIDScope, "TID_RT_SCOPE", 1, 32, AtRoot, true, QueryConfig, nil, labelText},
	{TIDOTWCapability, "TID_RT_OTW_CAPABILITY", 3, 3, AtRoot, true, QueryFull, nil, nil},
	{TIDEPUniverse, "TID_EP_UNIVERSE", 2, 2, AtData, true, QueryConfig, validPatch, numberText},
	{TIDEPLabel, "TID_EP_LABEL", 1, 65, AtData, true, QueryConfig, validLabel, labelText},
	{TIDEPMultOverride, "TID_EP_MULT_OVERRIDE", 4, 4, AtData, true, QueryConfig, nil, ipv4Text},
	{TIDEPCapability, "TID_EP_CAPABILITY", 1, 8, AtData, true, QueryConfig, nil, flagsText},
	{TIDEPDirection, "TID_EP_DIRECTION", 1, 1, AtData, true, QueryConfig, nil, numberText},
	{TIDEPInputPriority, "TID_EP_INPUT_PRIORITY", 1, Slots, AtData, true, QueryConfig, nil, nil},
	{TIDEPStatus, "TID_EP_STATUS", 4, 4, AtData, true, QueryConfig, nil, flagsText},
	{TIDEPFailover, "TID_EP_FAILOVER", 3, 3, AtData, true, QueryConfig, validFailover, nil},
	{TIDEPDMXTiming, "TID_EP_DMX_TIMING", 2, 2, AtData, true, QueryConfig, validDMXTiming, nil},
	{TIDEPRefresh, "TID_EP_REFRESH_CAPABILITY", 1, 1, AtData, true, QueryConfig, nil, numberText},
	{TIDEPProtocol, "TID_EP_PROTOCOL", 1, 1, AtData, true, QueryConfig, nil, numberText},
	{TIDEPIdentify, "TID_EP_IDENTIFY", 1, 1, AtData, true, QueryNever, nil, numberText},
	{TIDSecurityEvent, "TID_DG_SECURITY_EVENT", 0, 64, AtRoot, true, QueryExtended, nil, eventText},
	{TIDMessage, "TID_DG_MESSAGE", 0, 64, AtRoot, true, QueryExtended, nil, labelText},
	{TIDLevelFoldback, "TID_DG_LEVEL_FOLDBACK", 1, Slots, AtData, true, QueryByName, nil, nil},
}

// Table gives every standard TID in ascending order.
func Table() []Entry { return slices.Clone(table) }

// Lookup finds the entry of a standard TID.
func Lookup(t TID) (Entry, bool) {
	low, high := 0, len(table)
	for low < high {
		middle := (low + high) / 2
		if table[middle].TID < t {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low < len(table) && table[low].TID == t {
		return table[low], true
	}
	return Entry{}, false
}

// String is the name of the standard, or the number.
func (t TID) String() string {
	if e, known := Lookup(t); known {
		return e.Name
	}
	return fmt.Sprintf("TID_%04X", uint16(t))
}

// Manufacturer tells whether the meaning of the TID depends on the Mfg-Code.
func (t TID) Manufacturer() bool { return t >= FirstManufacturerTID && t <= LastManufacturerTID }
