package console

import (
	"net/netip"
	"net/url"
	"slices"

	"showrun/drivers/lan"
)

// A Link leads to the page of a console. Who has it has its role.
type Link struct {
	Role Role
	URL  string
}

// Page is a link to the page without a token, for logs.
func (s *Server) Page() string { return s.link(s.addresses()[0], "") }

// Links are the links to the page, those with which one drives first.
func (s *Server) Links() (links []Link) {
	if s.loopback {
		return []Link{{Drive, s.Page()}}
	}
	for _, by := range []struct {
		role  Role
		token string
	}{{Drive, s.tokens.Drive}, {Watch, s.tokens.Watch}} {
		for _, a := range s.addresses() {
			links = append(links, Link{by.role, s.link(a, by.token)})
		}
	}
	return links
}

func (s *Server) link(a netip.Addr, token string) string {
	u := url.URL{Scheme: "http", Host: netip.AddrPortFrom(a, s.port).String(), Path: "/"}
	if token != "" {
		u.Fragment = "token=" + token // browsers keep it to themselves
	}
	return u.String()
}

// addresses are those at which the console is reached, at least one, the likeliest first.
func (s *Server) addresses() []netip.Addr {
	at := netip.MustParseAddrPort(s.Address().String()).Addr().Unmap()
	if !at.IsUnspecified() {
		return []netip.Addr{at}
	}
	interfaces, _ := lan.Interfaces() // without them there is loopback
	return append(reached(interfaces, at), netip.AddrFrom4([4]byte{127, 0, 0, 1}))
}

// reached are the addresses of interfaces that others reach, IPv4 first. Those that need
// the name of an interface beside them are of no use in a link.
func reached(interfaces []lan.Interface, at netip.Addr) (list []netip.Addr) {
	for _, i := range interfaces {
		if !i.Up() {
			continue
		}
		for _, p := range i.Prefixes {
			a := p.Addr().Unmap()
			if a.IsGlobalUnicast() && (a.Is4() || at.Is6()) {
				list = append(list, a)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() })
	return list
}
