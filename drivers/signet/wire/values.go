package wire

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"
)

// ValueError tells which TID had a value that cannot be read.
type ValueError struct {
	TID   TID
	Value []byte
}

// Error names the TID and shows the bytes.
func (e *ValueError) Error() string {
	return fmt.Sprintf("%v: value % x is not readable", e.TID, e.Value)
}

// A Poll asks devices in a range of TUIDs to report.
type Poll struct {
	Manager  TUID
	SoemCode uint32
	Low      TUID // first TUID asked, included
	High     TUID // last TUID asked, included
	Endpoint uint16
	Level    QueryLevel
}

// AppendPoll appends TID_POLL.
func AppendPoll(b []byte, p Poll) []byte {
	b = AppendTLVHeader(b, TIDPoll, 25)
	b = append(b, p.Manager[:]...)
	b = binary.BigEndian.AppendUint32(b, p.SoemCode)
	b = append(b, p.Low[:]...)
	b = append(b, p.High[:]...)
	b = binary.BigEndian.AppendUint16(b, p.Endpoint)
	return append(b, byte(p.Level))
}

// ParsePoll reads the value of TID_POLL.
func ParsePoll(v []byte) (Poll, error) {
	if len(v) != 25 || !validPoll(v) {
		return Poll{}, &ValueError{TIDPoll, v}
	}
	p := Poll{
		SoemCode: binary.BigEndian.Uint32(v[6:]),
		Endpoint: binary.BigEndian.Uint16(v[22:]),
		Level:    QueryLevel(v[24]),
	}
	copy(p.Manager[:], v)
	copy(p.Low[:], v[10:])
	copy(p.High[:], v[16:])
	return p, nil
}

// Covers tells whether a device is asked.
func (p Poll) Covers(t TUID) bool { return p.Low.Compare(t) <= 0 && t.Compare(p.High) <= 0 }

func validPoll(v []byte) bool {
	return v[24] <= byte(QueryExtended) && string(v[10:16]) <= string(v[16:22])
}

// A PollReply heads everything a device says about itself.
type PollReply struct {
	TUID        TUID
	SoemCode    uint32
	ChangeCount uint16 // moves when stored configuration changes; wraps
}

// AppendPollReply appends TID_POLL_REPLY.
func AppendPollReply(b []byte, p PollReply) []byte {
	b = AppendTLVHeader(b, TIDPollReply, 12)
	b = append(b, p.TUID[:]...)
	b = binary.BigEndian.AppendUint32(b, p.SoemCode)
	return binary.BigEndian.AppendUint16(b, p.ChangeCount)
}

// ParsePollReply reads the value of TID_POLL_REPLY.
func ParsePollReply(v []byte) (PollReply, error) {
	if len(v) != 12 {
		return PollReply{}, &ValueError{TIDPollReply, v}
	}
	p := PollReply{SoemCode: binary.BigEndian.Uint32(v[6:]), ChangeCount: binary.BigEndian.Uint16(v[10:])}
	copy(p.TUID[:], v)
	return p, nil
}

// Universe commands.
const (
	UniverseJoin  = 1
	UniverseLeave = 2
)

// An Announcement says that a Sender starts or stops a universe.
type Announcement struct {
	Universe uint16
	Command  byte       // UniverseJoin or UniverseLeave
	Group    netip.Addr // the group it is on; the zero Addr when folded
	Endpoint uint16     // the Sender's endpoint, in the nine-byte form of V1.07 only
	Extended bool       // nine-byte form
}

// AppendAnnouncement appends TID_UNIVERSE in the seven-byte form of 1.0.
func AppendAnnouncement(b []byte, a Announcement) []byte {
	b = AppendTLVHeader(b, TIDUniverse, 7)
	b = binary.BigEndian.AppendUint16(b, a.Universe)
	b = append(b, a.Command)
	return AppendIPv4(b, a.Group)
}

// ParseAnnouncement reads the value of TID_UNIVERSE, seven or nine bytes.
func ParseAnnouncement(v []byte) (Announcement, error) {
	if len(v) < 7 || !validUniverse(v) {
		return Announcement{}, &ValueError{TIDUniverse, v}
	}
	a := Announcement{Universe: binary.BigEndian.Uint16(v), Command: v[2], Group: ParseIPv4(v[3:7])}
	if len(v) == 9 {
		a.Endpoint, a.Extended = binary.BigEndian.Uint16(v[7:]), true
	}
	return a, nil
}

func validUniverse(v []byte) bool {
	u := binary.BigEndian.Uint16(v)
	return (len(v) == 7 || len(v) == 9) && u >= 1 && u <= LastUniverse &&
		(v[2] == UniverseJoin || v[2] == UniverseLeave)
}

// AppendIPv4 appends four bytes; the zero Addr is 0.0.0.0.
func AppendIPv4(b []byte, a netip.Addr) []byte {
	if !a.Is4() {
		return append(b, 0, 0, 0, 0)
	}
	four := a.As4()
	return append(b, four[:]...)
}

// ParseIPv4 reads four bytes; 0.0.0.0 is the zero Addr.
func ParseIPv4(v []byte) netip.Addr {
	four := [4]byte(v)
	if four == [4]byte{} {
		return netip.Addr{}
	}
	return netip.AddrFrom4(four)
}

// AppendLabel appends a label TLV: UTF-8 of at most 64 bytes, cut at a
// character. An empty label is a single zero byte.
func AppendLabel(b []byte, t TID, label string) []byte {
	if label == "" {
		return AppendTLV(b, t, []byte{0})
	}
	for len(label) > 64 {
		_, n := utf8.DecodeLastRuneInString(label)
		label = label[:len(label)-n]
	}
	b = AppendTLVHeader(b, t, len(label))
	return append(b, label...)
}

// ParseLabel reads a label with or without the encoding byte 00 of later
// revisions. Bytes that are not UTF-8 are replaced.
func ParseLabel(v []byte) string {
	if len(v) > 0 && v[0] == 0 {
		v = v[1:]
	}
	return strings.ToValidUTF8(string(v), "�")
}

// validLabel: no NUL but the leading encoding byte, which alone makes 65 bytes.
func validLabel(v []byte) bool {
	for i, c := range v {
		if c == 0 && i > 0 {
			return false
		}
	}
	return len(v) <= 64 || v[0] == 0
}

// Flags reads a bit field of any length as a big-endian number, as later
// revisions made some longer. Bits above 64 are lost.
func Flags(v []byte) uint64 {
	var f uint64
	for _, c := range v {
		f = f<<8 | uint64(c)
	}
	return f
}

// AppendSupported appends TID_RT_SUPPORTED_TIDS.
func AppendSupported(b []byte, tids []TID) []byte {
	b = AppendTLVHeader(b, TIDSupportedTIDs, 2*len(tids))
	for _, t := range tids {
		b = binary.BigEndian.AppendUint16(b, uint16(t))
	}
	return b
}

// ParseSupported reads the value of TID_RT_SUPPORTED_TIDS.
func ParseSupported(v []byte) ([]TID, error) {
	if len(v)%2 != 0 || len(v) > maxSupportedTIDsBytes {
		return nil, &ValueError{TIDSupportedTIDs, v}
	}
	tids := make([]TID, 0, len(v)/2)
	for ; len(v) > 0; v = v[2:] {
		tids = append(tids, TID(binary.BigEndian.Uint16(v)))
	}
	return tids, nil
}

// AppendFirmware appends TID_RT_FIRMWARE_VERSION: a number and its text.
func AppendFirmware(b []byte, version uint32, text string) []byte {
	text = text[:min(len(text), 64)]
	b = AppendTLVHeader(b, TIDFirmwareVersion, 4+len(text))
	b = binary.BigEndian.AppendUint32(b, version)
	return append(b, text...)
}

// ParseFirmware reads the value of TID_RT_FIRMWARE_VERSION.
func ParseFirmware(v []byte) (version uint32, text string, err error) {
	if len(v) < 4 {
		return 0, "", &ValueError{TIDFirmwareVersion, v}
	}
	return binary.BigEndian.Uint32(v), ParseLabel(v[4:]), nil
}

// Security event codes.
const (
	EventAuth       = 1 // wrong tag
	EventReplay     = 2
	EventFlood      = 3
	EventOnboarding = 4
)

// A SecurityEvent is a counter of attacks with the last offender.
type SecurityEvent struct {
	Code    uint16
	Count   uint32
	Address netip.Addr // the zero Addr when unknown
}

// AppendSecurityEvent appends TID_DG_SECURITY_EVENT of 7, 11 or 23 bytes.
func AppendSecurityEvent(b []byte, e SecurityEvent) []byte {
	address := e.Address.Unmap().AsSlice()
	b = AppendTLVHeader(b, TIDSecurityEvent, 7+len(address))
	b = binary.BigEndian.AppendUint16(b, e.Code)
	b = binary.BigEndian.AppendUint32(b, e.Count)
	switch len(address) {
	case 4:
		b = append(b, 1)
	case 16:
		b = append(b, 2)
	default:
		b = append(b, 0)
	}
	return append(b, address...)
}

// ParseSecurityEvent reads the value of TID_DG_SECURITY_EVENT; an address that
// does not fit its type is left out.
func ParseSecurityEvent(v []byte) (SecurityEvent, error) {
	if len(v) < 7 {
		return SecurityEvent{}, &ValueError{TIDSecurityEvent, v}
	}
	e := SecurityEvent{Code: binary.BigEndian.Uint16(v), Count: binary.BigEndian.Uint32(v[2:])}
	switch {
	case v[6] == 1 && len(v) >= 11:
		e.Address = netip.AddrFrom4([4]byte(v[7:11]))
	case v[6] == 2 && len(v) >= 23:
		e.Address = netip.AddrFrom16([16]byte(v[7:23]))
	}
	return e, nil
}

// What an endpoint does when its last source is lost.
const (
	FailoverHold     = 0
	FailoverBlackout = 1
	FailoverFull     = 2
	FailoverScene    = 3
	FailoverStop     = 4
)

// A Failover is a data-loss behaviour; Scene (1-65535) counts for
// FailoverScene only.
type Failover struct {
	Action byte
	Scene  uint16
}

// AppendFailover appends TID_EP_FAILOVER.
func AppendFailover(b []byte, f Failover) []byte {
	b = AppendTLVHeader(b, TIDEPFailover, 3)
	b = append(b, f.Action)
	return binary.BigEndian.AppendUint16(b, f.Scene)
}

// ParseFailover reads the value of TID_EP_FAILOVER.
func ParseFailover(v []byte) (Failover, error) {
	if len(v) != 3 || !validFailover(v) {
		return Failover{}, &ValueError{TIDEPFailover, v}
	}
	return Failover{v[0], binary.BigEndian.Uint16(v[1:])}, nil
}

func validFailover(v []byte) bool {
	return v[0] <= FailoverStop && (v[0] != FailoverScene || v[1] != 0 || v[2] != 0)
}

func validDMXTiming(v []byte) bool { return v[0] <= 1 && v[1] <= 2 }

func validPatch(v []byte) bool { return binary.BigEndian.Uint16(v) <= LastUniverse }

func validTODData(v []byte) bool { return (len(v)-2)%6 == 0 }

func evenLength(v []byte) bool { return len(v)%2 == 0 }

func atMost(limit byte) func([]byte) bool {
	return func(v []byte) bool { return v[0] <= limit }
}
