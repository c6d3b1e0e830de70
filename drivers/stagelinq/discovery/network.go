package discovery

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// ErrInterface says that the configured network interface does not exist or
// has no IPv4 address.
var ErrInterface = errors.New("stagelinq: no such network interface")

// Network is one IPv4 address of this machine with the network it is on.
type Network struct {
	Interface string
	Address   netip.Addr
	Prefix    netip.Prefix // masked
	Broadcast netip.Addr   // directed broadcast; invalid on /31 and /32
	Loopback  bool
}

// Networks lists the usable IPv4 networks: those on interfaces that are up and
// can broadcast, link-local ones included (1.2). selector is "" for all of
// them except loopback, or the name of an interface or one of its addresses;
// loopback takes part when it is selected or nothing else is there.
func Networks(selector string) ([]Network, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("stagelinq: list interfaces: %w", err)
	}
	var all []Network
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 || i.Flags&(net.FlagBroadcast|net.FlagLoopback) == 0 {
			continue
		}
		addresses, err := i.Addrs()
		if err != nil {
			continue // the interface went away meanwhile
		}
		for _, a := range addresses {
			if n, ok := networkOf(i, a); ok {
				all = append(all, n)
			}
		}
	}
	return selectNetworks(all, selector)
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

func networkOf(i net.Interface, a net.Addr) (Network, bool) {
	ipnet, ok := a.(*net.IPNet)
	if !ok {
		return Network{}, false
	}
	address, ok := netip.AddrFromSlice(ipnet.IP.To4())
	ones, bits := ipnet.Mask.Size()
	if !ok || bits != 32 {
		return Network{}, false
	}
	prefix := netip.PrefixFrom(address, ones).Masked()
	return Network{
		Interface: i.Name,
		Address:   address,
		Prefix:    prefix,
		Broadcast: directedBroadcast(prefix),
		Loopback:  i.Flags&net.FlagLoopback != 0,
	}, true
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

func selectNetworks(all []Network, selector string) ([]Network, error) {
	var chosen, loopback []Network
	var known []string
	for _, n := range all {
		known = append(known, n.Interface+" "+n.Address.String())
		switch {
		case selector == "" && n.Loopback:
			loopback = append(loopback, n)
		case selector == "" || n.Interface == selector || n.Address.String() == selector:
			chosen = append(chosen, n)
		}
	}
	if len(chosen) == 0 {
		chosen = loopback
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("%w: want %q, have %s", ErrInterface, selector, strings.Join(known, ", "))
	}
	return chosen, nil
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
