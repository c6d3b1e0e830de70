package host

import (
	"net/netip"
	"slices"
	"time"
)

// subscribers are those who are told what changes: who asked for it, and who has operated
// the show lately. The zero subscribers are none.
type subscribers struct{ list []subscriber }

type subscriber struct {
	to    netip.AddrPort
	from  netip.AddrPort // who asked for it
	until time.Duration
}

// Limits of subscribers.
const (
	maxSubscribers  = 32
	subscriptionFor = time.Minute // after the last message
)

// now is who is told at show time now.
func (s *subscribers) now(now time.Duration) (list []netip.AddrPort) {
	s.list = slices.DeleteFunc(s.list, func(x subscriber) bool { return x.until <= now })
	for _, x := range s.list {
		list = append(list, x.to)
	}
	return list
}

// add takes one more, or the same again, asked for by somebody; false if there are too many.
func (s *subscribers) add(to, from netip.AddrPort, now time.Duration) bool {
	s.remove(to)
	if len(s.now(now)) >= maxSubscribers {
		return false
	}
	s.list = append(s.list, subscriber{to, from, now + subscriptionFor})
	return true
}

// renew notes that somebody is still there, and returns where he is told: at another port of
// his, if he has named one. False if he is not told yet.
func (s *subscribers) renew(from netip.AddrPort, now time.Duration) (to netip.AddrPort, known bool) {
	to = from
	s.now(now)
	for i := range s.list {
		if x := s.list[i]; x.to == from || x.to != x.from && x.to.Addr() == from.Addr() {
			s.list[i].until, to, known = now+subscriptionFor, x.to, true
		}
	}
	return to, known
}

func (s *subscribers) remove(to netip.AddrPort) {
	s.list = slices.DeleteFunc(s.list, func(x subscriber) bool { return x.to == to })
}
