package mdns

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/grandcat/zeroconf"

	"showrun/drivers/lan"
)

// Advertisement is a service to be advertised.
type Advertisement struct {
	Instance string // its name for people; what is too long for DNS is cut off
	Service  string // the type, such as "_lighting._tcp"
	// Host names the host of the service in the local domain. It is not to be the name of
	// the machine, which belongs to the machine's own responder. What is not a letter or
	// a digit becomes a hyphen.
	Host string
	// Listen is where the service listens; on an unspecified address it is advertised
	// with those of each interface.
	Listen netip.AddrPort
	Text   []string // the TXT record, each entry "key=value" in at most 255 bytes
	// Interface is the name of an interface or one of its addresses; "" means all that
	// can multicast, or that of a loopback address in Listen.
	Interface string
}

// Advertise announces a service until the returned function, which takes it back.
func Advertise(a Advertisement) (withdraw func(), err error) {
	var interfaces []net.Interface // none means all that can multicast
	var ips []string               // none means those of each interface
	address := a.Listen.Addr()
	on := a.Interface
	if on == "" && address.IsLoopback() {
		on = address.String()
	}
	i, err := lan.Find(on)
	if err != nil {
		return nil, fmt.Errorf("mdns: advertise: %w", err)
	}
	if i.Net() != nil {
		if _, err := i.Address(); err != nil {
			return nil, fmt.Errorf("mdns: advertise: %w", err)
		}
		interfaces = append(interfaces, *i.Net())
		for _, ip := range i.Addresses() {
			ips = append(ips, ip.WithZone("").String())
		}
	}
	if !address.IsUnspecified() {
		ips = []string{address.WithZone("").String()}
	}
	s, err := zeroconf.RegisterProxy(escapeLabel(clip(a.Instance)), a.Service, "local", int(a.Listen.Port()), hostName(a.Host), ips, a.Text, interfaces)
	if err != nil {
		return nil, fmt.Errorf("mdns: advertise: %w", err)
	}
	return s.Shutdown, nil
}

// clip shortens a name to a label, without cutting a character.
func clip(name string) string {
	if len(name) <= maxLabel {
		return name
	}
	n := maxLabel
	for !utf8.RuneStart(name[n]) {
		n--
	}
	return name[:n]
}

// escapeLabel writes a label in the way the DNS library prints those it reads:
// it compares names as text.
func escapeLabel(label string) string {
	var b strings.Builder
	for _, c := range []byte(label) {
		switch {
		case strings.IndexByte(`. '@;()"\`, c) >= 0:
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\%03d`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// hostName makes the name of a host.
func hostName(host string) string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, host)
	return clip(plain) + ".local."
}
