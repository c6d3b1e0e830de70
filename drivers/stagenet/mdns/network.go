package mdns

import (
	"fmt"
	"net"
	"net/netip"
)

// network is an interface and what can be reached through it.
type network struct {
	face     net.Interface
	prefixes []netip.Prefix
}

// has reports whether the interface speaks the IP version of an address.
func (n network) has(ip net.IP) bool {
	for _, p := range n.prefixes {
		if p.Addr().Is4() == (ip.To4() != nil) {
			return true
		}
	}
	return false
}

// local reports whether an address is on the network of the interface.
func (n network) local(a netip.Addr) bool {
	for _, p := range n.prefixes {
		if p.Contains(a.WithZone("")) {
			return true
		}
	}
	return a.IsLinkLocalUnicast()
}

// networksOf returns the interfaces that a selector chooses; see Config.
func networksOf(selector string) ([]network, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("mdns: list interfaces: %w", err)
	}
	var chosen, loopback []network
	for _, i := range interfaces {
		n := network{face: i}
		match := i.Name == selector
		addresses, err := i.Addrs()
		if err != nil {
			continue // it went away meanwhile
		}
		for _, a := range addresses {
			p, err := netip.ParsePrefix(a.String())
			if err != nil {
				continue
			}
			match = match || p.Addr().String() == selector
			n.prefixes = append(n.prefixes, p)
		}
		switch {
		case i.Flags&net.FlagUp == 0 || len(n.prefixes) == 0:
		case selector == "" && i.Flags&net.FlagLoopback != 0:
			loopback = append(loopback, n)
		case match || selector == "" && i.Flags&net.FlagMulticast != 0:
			chosen = append(chosen, n)
		}
	}
	if len(chosen) == 0 {
		chosen = loopback
	}
	if len(chosen) == 0 && selector != "" {
		return nil, fmt.Errorf("%w: %q", ErrInterface, selector)
	}
	return chosen, nil
}
