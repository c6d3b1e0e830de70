package lan

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// ErrAbsent says that what was asked for is not on this machine now: no interface has
// the name or address, or it has no address of the wanted kind, or is down. It may come.
// An error that does not match it means that the system could not be asked, or that no
// interface can have such a name.
var ErrAbsent = errors.New("not there")

// absent is a text that matches ErrAbsent.
type absent string

func (a absent) Error() string        { return string(a) }
func (a absent) Is(target error) bool { return target == ErrAbsent }

func missing(format string, args ...any) error { return absent(fmt.Sprintf(format, args...)) }

// Interface is a network interface as it was at one moment. The zero Interface stands
// for the choice of the system.
type Interface struct {
	Index    int // the number the system gives it; an interface plugged in again has another
	Name     string
	Flags    net.Flags
	Prefixes []netip.Prefix // its addresses, each with the size of its network, without zones

	// Asked is the address it was asked for by, and the zero Addr if it was its name.
	Asked netip.Addr
}

// Interfaces lists the interfaces of this machine.
func Interfaces() ([]Interface, error) {
	list, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list the network interfaces: %w", err)
	}
	all := make([]Interface, len(list))
	for n, i := range list {
		if all[n], err = read(i); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// read asks for the addresses of an interface.
func read(i net.Interface) (Interface, error) {
	found := Interface{Index: i.Index, Name: i.Name, Flags: i.Flags}
	addresses, err := i.Addrs()
	if err != nil {
		return found, fmt.Errorf("list the addresses of interface %q: %w", i.Name, err)
	}
	for _, a := range addresses {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			found.Prefixes = append(found.Prefixes, p)
		}
	}
	return found, nil
}

// Find finds one interface, in whatever state it is, by its name or one of its
// addresses, IPv4 or IPv6, with or without a zone. Every loopback address is one of the
// loopback interface. Of several interfaces with an address the first that is up counts.
// Without a name, and for 0.0.0.0 or ::, which are all of them, it is the zero Interface.
func Find(name string) (Interface, error) {
	if all(name) {
		return Interface{}, nil
	}
	list, err := Interfaces()
	if err != nil {
		return Interface{}, err
	}
	return find(list, name)
}

func find(list []Interface, name string) (Interface, error) {
	found, err := named(list, name)
	if err != nil {
		return Interface{}, err
	}
	return found[max(0, slices.IndexFunc(found, Interface.Up))], nil
}

// Select lists the interfaces that are up and have an address: those that Find chooses
// from for a name, and without one all with the wanted flags. Of the latter loopback is
// one only if there is no other.
func Select(name string, want net.Flags) ([]Interface, error) {
	list, err := Interfaces()
	if err != nil {
		return nil, err
	}
	return choose(list, name, want)
}

func choose(list []Interface, name string, want net.Flags) ([]Interface, error) {
	usable := func(i Interface) bool { return i.Up() && len(i.Prefixes) > 0 }
	var chosen, loopback []Interface
	if !all(name) {
		found, err := named(list, name)
		if err != nil {
			return nil, err
		}
		for _, i := range found {
			if usable(i) {
				chosen = append(chosen, i)
			}
		}
		if len(chosen) == 0 {
			return nil, missing("interface %q is down or has no address", name)
		}
		return chosen, nil
	}
	for _, i := range list {
		switch {
		case !usable(i):
		case i.Loopback():
			loopback = append(loopback, i)
		case i.Flags&want == want:
			chosen = append(chosen, i)
		}
	}
	if len(chosen) == 0 {
		chosen = loopback
	}
	return chosen, nil
}

// all tells whether a name leaves the choice open.
func all(name string) bool {
	ip, err := netip.ParseAddr(name)
	return name == "" || err == nil && ip.IsUnspecified()
}

// named lists the interfaces with a name or an address.
func named(list []Interface, name string) ([]Interface, error) {
	ip, err := netip.ParseAddr(name)
	ip = ip.Unmap()
	var found []Interface
	for _, i := range list {
		switch {
		case i.Name == name:
			return []Interface{i}, nil
		case err == nil && i.has(ip):
			i.Asked = ip
			found = append(found, i)
		}
	}
	switch {
	case len(found) > 0:
	case !possible(name):
		return nil, fmt.Errorf("interface %q: expected the whole name of an interface or one of its addresses; there are %s", name, inventory(list))
	default:
		return nil, missing("interface %q: no interface has this name or address; there are %s", name, inventory(list))
	}
	return found, nil
}

// possible tells whether an interface may have a name or address on any system.
func possible(name string) bool {
	if ip, err := netip.ParseAddr(name); err == nil {
		return !ip.IsMulticast() && ip != netip.AddrFrom4([4]byte{255, 255, 255, 255})
	}
	_, err := netip.ParseAddrPort(name)
	return err != nil && !strings.ContainsAny(name, "/*?\x00") && !strings.Contains(name, "::") && strings.Trim(name, "0123456789.") != ""
}

// has tells whether an address is one of the interface.
func (i Interface) has(ip netip.Addr) bool {
	if ip.IsLoopback() {
		return i.Loopback()
	}
	if zone := ip.Zone(); zone != "" && zone != i.Name {
		return false
	}
	return slices.ContainsFunc(i.Prefixes, func(p netip.Prefix) bool { return p.Addr() == ip.WithZone("") })
}

// inventory is the interfaces for people. Link-local IPv6 addresses are left out.
func inventory(list []Interface) string {
	if len(list) == 0 {
		return "none"
	}
	var texts []string
	for _, i := range list {
		words := []string{i.Name}
		for _, p := range i.Prefixes {
			if a := p.Addr(); a.Is4() || !a.IsLinkLocalUnicast() {
				words = append(words, a.String())
			}
		}
		texts = append(texts, strings.Join(words, " "))
	}
	return strings.Join(texts, ", ")
}

// Up tells whether the interface is switched on.
func (i Interface) Up() bool { return i.Flags&net.FlagUp != 0 }

// Loopback tells whether the interface is within this machine.
func (i Interface) Loopback() bool { return i.Flags&net.FlagLoopback != 0 }

// Net is the interface as the standard library wants it, nil for the choice of the
// system.
func (i Interface) Net() *net.Interface {
	if i.Index == 0 {
		return nil
	}
	return &net.Interface{Index: i.Index, Name: i.Name, Flags: i.Flags}
}

// Addresses lists where the interface can be reached: the address it was asked for by,
// or IPv4 before IPv6. Link-local IPv6 comes with its zone, and only if there is nothing
// else.
func (i Interface) Addresses() []netip.Addr {
	if i.Asked.IsValid() {
		return []netip.Addr{i.zoned(i.Asked)}
	}
	var four, six, local []netip.Addr
	for _, p := range i.Prefixes {
		switch a := p.Addr(); {
		case a.Is4():
			four = append(four, a)
		case a.IsLinkLocalUnicast():
			local = append(local, i.zoned(a))
		default:
			six = append(six, a)
		}
	}
	if list := append(four, six...); len(list) > 0 {
		return list
	}
	return local
}

// Address is the first of Addresses.
func (i Interface) Address() (netip.Addr, error) {
	list := i.Addresses()
	if len(list) == 0 {
		return netip.Addr{}, missing("interface %q has no address", i.Name)
	}
	return list[0], nil
}

// IPv4 is the IPv4 address the interface was asked for by, or its first.
func (i Interface) IPv4() (netip.Addr, error) {
	if i.Asked.Is4() {
		return i.Asked, nil
	}
	for _, p := range i.Prefixes {
		if p.Addr().Is4() {
			return p.Addr(), nil
		}
	}
	return netip.Addr{}, missing("interface %q has no IPv4 address", i.Name)
}

// zoned adds the interface to an address that is good for nothing without it.
func (i Interface) zoned(a netip.Addr) netip.Addr {
	if a.Is6() && a.IsLinkLocalUnicast() {
		return a.WithZone(i.Name)
	}
	return a
}

// Source is the address to send from so that packets to another leave by the interface:
// the one it was asked for by if that is of the same kind, or its first of that kind. It
// is the zero Addr, which leaves the choice to the system, for the zero Interface, for
// an address on this machine, and for one that names its interface itself by a zone.
func (i Interface) Source(to netip.Addr) (netip.Addr, error) {
	to = to.Unmap()
	if i.Index == 0 || to.IsLoopback() || to.Zone() != "" {
		return netip.Addr{}, nil
	}
	if i.Asked.IsValid() && i.Asked.Is4() == to.Is4() {
		return i.zoned(i.Asked), nil
	}
	for _, a := range append(i.Addresses(), i.all()...) {
		if a.Is4() == to.Is4() {
			return a, nil
		}
	}
	return netip.Addr{}, missing("interface %q has no address to reach %v from", i.Name, to)
}

// all is every address of the interface.
func (i Interface) all() []netip.Addr {
	i.Asked = netip.Addr{}
	return i.Addresses()
}

// Near tells whether an address is on a network of the interface.
func (i Interface) Near(a netip.Addr) bool {
	return a.IsLinkLocalUnicast() || slices.ContainsFunc(i.Prefixes, func(p netip.Prefix) bool { return p.Contains(a.WithZone("")) })
}

// Speaks tells whether the interface has an address of the kind of another.
func (i Interface) Speaks(kind netip.Addr) bool {
	return slices.ContainsFunc(i.Prefixes, func(p netip.Prefix) bool { return p.Addr().Is4() == kind.Is4() })
}

// Check tells why sockets on the interface are of no use any more: one that is plugged
// in again, or has another address in place of the given one, is a new one to the
// system, and neither groups nor what is sent find their way to it. Only an error that
// matches ErrAbsent means that; another one, that the system could not be asked.
func (i Interface) Check(address netip.Addr) error {
	if i.Index == 0 {
		return nil
	}
	list, err := net.Interfaces()
	if err != nil {
		return fmt.Errorf("list the network interfaces: %w", err)
	}
	for _, o := range list { // the addresses of the others do not matter: asking for them takes time
		if i.same(Interface{Index: o.Index, Name: o.Name}) {
			now, err := read(o)
			if err != nil {
				return err
			}
			return i.check(now, address)
		}
	}
	return i.check(Interface{}, address)
}

// same tells whether another look has found the interface again.
func (i Interface) same(o Interface) bool { return i.Index == o.Index && i.Name == o.Name }

func (i Interface) check(now Interface, address netip.Addr) error {
	switch {
	case !i.same(now):
		return missing("interface %q is not the one it was", i.Name)
	case !now.has(address):
		return missing("interface %q has lost its address %v", i.Name, address)
	}
	return nil
}
