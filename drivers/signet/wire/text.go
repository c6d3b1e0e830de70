package wire

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// String writes a TLV for people: "TID_EP_UNIVERSE 7".
func (t TLV) String() string { return t.TID.String() + " " + t.Text() }

// Text writes the value for people; what cannot be read is written in hex.
func (t TLV) Text() string {
	e, known := Lookup(t.TID)
	if known && e.text != nil && len(t.Value) >= e.Min && len(t.Value) <= e.Max && len(t.Value) > 0 {
		if text := e.text(t.Value); text != "" {
			return text
		}
	}
	if len(t.Value) > 16 {
		return fmt.Sprintf("% x ... (%d bytes)", t.Value[:16], len(t.Value))
	}
	return fmt.Sprintf("% x", t.Value)
}

func labelText(v []byte) string { return strconv.Quote(ParseLabel(v)) }

func numberText(v []byte) string { return strconv.FormatUint(Flags(v), 10) }

func flagsText(v []byte) string { return fmt.Sprintf("0x%02x", Flags(v)) }

// ipv4Text writes one or more IPv4 addresses.
func ipv4Text(v []byte) string {
	var list []string
	for ; len(v) >= 4; v = v[4:] {
		list = append(list, netip.AddrFrom4([4]byte(v)).String())
	}
	return strings.Join(list, " ")
}

func ipv6Text(v []byte) string { return netip.AddrFrom16([16]byte(v)).String() }

func firmwareText(v []byte) string {
	number, text, err := ParseFirmware(v)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%d %q", number, text)
}

func tidsText(v []byte) string {
	tids, err := ParseSupported(v)
	if err != nil {
		return ""
	}
	names := make([]string, len(tids))
	for i, t := range tids {
		names[i] = fmt.Sprintf("%04X", uint16(t))
	}
	return strings.Join(names, " ")
}

func timecodeText(v []byte) string {
	t, err := ParseTimecode(v)
	if err != nil {
		return ""
	}
	return t.String() + " at " + t.Rate.String()
}

func eventText(v []byte) string {
	e, err := ParseSecurityEvent(v)
	if err != nil {
		return ""
	}
	text := fmt.Sprintf("code %d, %d times", e.Code, e.Count)
	if e.Address.IsValid() {
		text += ", last from " + e.Address.String()
	}
	return text
}
