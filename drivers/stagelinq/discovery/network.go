package discovery

import (
	"fmt"
	"net"
	"net/netip"

	"showrun/drivers/lan"
)

// Network is one IPv4 address of this machine with the network it is on.
type Network struct {
	Interface string
	Address   netip.Addr
	Prefix    netip.Prefix // masked
	Broadcast netip.Addr   // directed broadcast; invalid on /31 and /32
	Loopback  bool
}

// Networks lists the usable IPv4 networks, link-local ones included (1.2). Without a
// selector they are those on all interfaces that are up and can broadcast, or loopback
// if there is nothing else; the selector is the name of an interface or one of its
// addresses, of which an IPv4 one chooses its network alone.
func Networks(selector string) ([]Network, error) {
	interfaces, err := lan.Select(selector, net.FlagBroadcast)
	if err != nil {
		return nil, fmt.Errorf("stagelinq: %w", err)
	}
	var networks []Network
	for _, i := range interfaces {
		networks = append(networks, networksOf(i)...)
	}
	if len(networks) == 0 {
		return nil, fmt.Errorf("stagelinq: interface %q has no IPv4 network: %w", selector, lan.ErrAbsent)
	}
	return networks, nil
}

func networksOf(i lan.Interface) []Network {
	var networks []Network
	for _, p := range i.Prefixes {
		chosen := !i.Asked.Is4() || i.Asked == p.Addr() || i.Loopback()
		if p.Addr().Is4() && chosen {
			networks = append(networks, Network{
				Interface: i.Name,
				Address:   p.Addr(),
				Prefix:    p.Masked(),
				Broadcast: directedBroadcast(p.Masked()),
				Loopback:  i.Loopback(),
			})
		}
	}
	return networks
}

// ListenAddress returns the address to accept connections on: that of the
// chosen network, or all with an empty selector.
func ListenAddress(selector string) (netip.Addr, error) {
	if selector == "" {
		return netip.IPv4Unspecified(), nil
	}
	networks, err := Networks(selector)
	if err != nil {
		return netip.Addr{}, err
	}
	return networks[0].Address, nil
}

// directedBroadcast returns the last address of an IPv4 network, an invalid
// address when it has none for broadcast.
func directedBroadcast(p netip.Prefix) netip.Addr {
	if p.Bits() > 30 {
		return netip.Addr{}
	}
	b := p.Addr().As4()
	for bit := p.Bits(); bit < 32; bit++ {
		b[bit/8] |= 0x80 >> (bit % 8)
	}
	return netip.AddrFrom4(b)
}

// networkFor returns the network that holds a remote address.
func networkFor(networks []Network, remote netip.Addr) (Network, bool) {
	for _, n := range networks {
		if n.Prefix.Contains(remote) {
			return n, true
		}
	}
	return Network{}, false
}
