package wire

import (
	"encoding/binary"
	"net/netip"
)

// Style is what a device is for.
type Style byte

// The styles.
const (
	StyleNode Style = iota
	StyleController
	StyleMedia
	StyleRoute
	StyleBackup
	StyleConfig
	StyleVisualiser
)

// String is the name of a style for people.
func (s Style) String() string {
	if names := [...]string{"node", "controller", "media server", "router", "backup", "configuration tool", "visualiser"}; int(s) < len(names) {
		return names[s]
	}
	return "unknown"
}

// PortCount is how many ports one ArtPollReply tells of.
const PortCount = 4

// Reply is an ArtPollReply: up to four ports of a device. One with more sends several,
// with another BindIndex each (section 7).
type Reply struct {
	IP         netip.Addr // of the device
	Version    uint16     // of its software
	Net        byte       // 0-127, Subnet 0-15: of all its ports
	Subnet     byte
	Oem        uint16
	Maker      uint16 // ESTA code
	ShortName  string // up to 17 bytes
	LongName   string // up to 63 bytes
	Report     string // up to 63 bytes, how it does
	Ports      [PortCount]PortState
	Style      Style
	MAC        [6]byte
	BindIP     netip.Addr // of the device it is a part of
	BindIndex  byte       // 1 for the first page; 0 means the same
	RefreshHz  uint16     // how many ArtDmx a second it can take; 0 if not said
	Responding bool       // it names DMX ports by the rules of Art-Net 3 and 4: 15 bits
}

// PortState is one port of a Reply.
type PortState struct {
	Output  bool // it takes levels from the network
	Input   bool // it brings levels onto the network
	SwOut   byte // lowest part of the address of the output, 0-15
	SwIn    byte // and of the input
	Sending bool // levels go out
	Merging bool // those of two sources
	LTP     bool // merged so that the latest change counts, not the highest level
}

// Bits of the fields.
const (
	portOutput = 1 << 7
	portInput  = 1 << 6

	goodSending = 1 << 7
	goodMerging = 1 << 3
	goodLTP     = 1 << 1

	status1Normal = 3<<6 | 2<<4 // indicators normal; addresses are programmed by the network or its owner
	status2Wide   = 1 << 3      // addresses of 15 bits
)

// replyLeast is the shortest ArtPollReply to be taken. Missing fields are zero.
// replySize is what we send.
const (
	replyLeast = 198
	replySize  = 239
)

// AppendReply appends an ArtPollReply.
func AppendReply(b []byte, r Reply) []byte {
	b = binary.LittleEndian.AppendUint16(append(b, id...), uint16(OpPollReply)) // no version here
	b = appendIP(b, r.IP)
	b = binary.LittleEndian.AppendUint16(b, Port)
	b = binary.BigEndian.AppendUint16(b, r.Version)
	b = append(b, r.Net&0x7f, r.Subnet&0xf)
	b = binary.BigEndian.AppendUint16(b, r.Oem)
	b = append(b, 0, status1Normal)
	b = binary.LittleEndian.AppendUint16(b, r.Maker)
	b = appendText(b, r.ShortName, 18)
	b = appendText(b, r.LongName, 64)
	b = appendText(b, r.Report, 64)
	b = r.appendPorts(b)
	b = append(b, make([]byte, 6)...) // priority, macro, remote, spare
	b = append(b, byte(r.Style))
	b = append(b, r.MAC[:]...)
	b = appendIP(b, r.BindIP)
	b = append(b, r.BindIndex, bit(r.Responding, status2Wide))
	b = append(b, make([]byte, 4+1+6+2)...) // GoodOutputB, Status3, responder, user
	b = binary.BigEndian.AppendUint16(b, r.RefreshHz)
	return append(b, make([]byte, 11)...)
}

func (r *Reply) appendPorts(b []byte) []byte {
	n := 0
	var types, in, out, swIn, swOut [PortCount]byte
	for i, p := range r.Ports {
		if p.Output || p.Input {
			n = i + 1
		}
		types[i] = bit(p.Output, portOutput) | bit(p.Input, portInput)
		in[i] = bit(p.Input && p.Sending, goodSending)
		out[i] = bit(p.Output && p.Sending, goodSending) | bit(p.Merging, goodMerging) | bit(p.LTP, goodLTP)
		swIn[i], swOut[i] = p.SwIn&0xf, p.SwOut&0xf
	}
	b = binary.BigEndian.AppendUint16(b, uint16(n))
	for _, f := range [...]*[PortCount]byte{&types, &in, &out, &swIn, &swOut} {
		b = append(b, f[:]...)
	}
	return b
}

func bit(on bool, mask byte) byte {
	if on {
		return mask
	}
	return 0
}

func appendIP(b []byte, a netip.Addr) []byte {
	if a = a.Unmap(); !a.Is4() {
		return append(b, 0, 0, 0, 0)
	}
	return append(b, a.AsSlice()...)
}

// ParseReply reads an ArtPollReply.
func ParseReply(b []byte) (Reply, error) {
	switch kind, err := Kind(b); {
	case err != nil:
		return Reply{}, err
	case kind != OpPollReply:
		return Reply{}, ErrForeign
	case len(b) < replyLeast:
		return Reply{}, ErrShort
	}
	var f [replySize]byte
	copy(f[:], b)
	r := Reply{
		IP:      netip.AddrFrom4([4]byte(f[10:14])),
		Version: binary.BigEndian.Uint16(f[16:]),
		Net:     f[18] & 0x7f, Subnet: f[19] & 0xf,
		Oem:       binary.BigEndian.Uint16(f[20:]),
		Maker:     binary.LittleEndian.Uint16(f[24:]),
		ShortName: text(f[26:44]), LongName: text(f[44:108]), Report: text(f[108:172]),
		Style: Style(f[200]), MAC: [6]byte(f[201:207]),
		BindIP: netip.AddrFrom4([4]byte(f[207:211])), BindIndex: f[211],
		Responding: f[212]&status2Wide != 0, RefreshHz: binary.BigEndian.Uint16(f[226:]),
	}
	for i := range r.Ports {
		types, in, out := f[174+i], f[178+i], f[182+i]
		output, input := types&portOutput != 0, types&portInput != 0
		r.Ports[i] = PortState{
			Output: output, Input: input, SwIn: f[186+i] & 0xf, SwOut: f[190+i] & 0xf,
			Sending: output && out&goodSending != 0 || input && in&goodSending != 0,
			Merging: out&goodMerging != 0, LTP: out&goodLTP != 0,
		}
	}
	return r, nil
}

// Output and Input are the addresses of a port.
func (r *Reply) Output(port int) Address {
	return AddressOf(int(r.Net), int(r.Subnet), int(r.Ports[port].SwOut))
}

// Input is the address of the input of a port.
func (r *Reply) Input(port int) Address {
	return AddressOf(int(r.Net), int(r.Subnet), int(r.Ports[port].SwIn))
}

// Subscribes tells whether levels of an address are to be sent to the device: those of its
// outputs, and those of its inputs too, as section 4 has it.
func (r *Reply) Subscribes(a Address) bool {
	for i, p := range r.Ports {
		if p.Output && r.Output(i) == a || p.Input && r.Input(i) == a {
			return true
		}
	}
	return false
}
