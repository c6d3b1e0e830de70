package gateway

import (
	"fmt"
	"net"
	"strings"
	"unicode/utf8"

	"github.com/grandcat/zeroconf"
)

// service is the type of the advertised service.
const service = "_stagenet._tcp"

// maxLabel is the longest part of a DNS name, in bytes.
const maxLabel = 63

// advertise announces the gateway by multicast DNS. The returned function takes
// the announcement back.
func (g *Gateway) advertise() (withdraw func(), err error) {
	address := g.Addr()
	var interfaces []net.Interface // none means all that can multicast
	var ips []string               // none means those of each interface
	if g.cfg.Interface != "" {
		i, addresses, err := interfaceOf(g.cfg.Interface)
		if err != nil {
			return nil, err
		}
		interfaces = append(interfaces, i)
		for _, ip := range addresses {
			ips = append(ips, ip.WithZone("").String())
		}
	}
	if !address.IP.IsUnspecified() {
		ips = []string{address.IP.String()}
		if interfaces == nil && address.IP.IsLoopback() {
			i, _, err := interfaceOf(address.IP.String())
			if err != nil {
				return nil, err
			}
			interfaces = append(interfaces, i)
		}
	}
	text := []string{"id=" + g.cfg.ID, "type=" + g.cfg.Type, "version=" + Version}
	s, err := zeroconf.RegisterProxy(escapeLabel(clip(g.cfg.Name)), service, "local", address.Port, hostName(g.cfg.ID), ips, text, interfaces)
	if err != nil {
		return nil, fmt.Errorf("stagenet gateway: advertise: %w", err)
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

// hostName is a name for the addresses of a gateway. It is not the name of the
// machine, which belongs to the machine's own responder.
func hostName(id string) string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, id)
	return clip("stagenet-"+plain) + ".local."
}
