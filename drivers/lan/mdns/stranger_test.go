package mdns

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// storm announces whole services, each with an address of its own, from one sender or
// from one each.
func (s *scene) storm(services int, many bool) {
	for i := range services {
		if many {
			s.from = netip.AddrFrom4([4]byte{10, 9, byte(i >> 8), byte(i)})
		}
		n, host := nameOf(fmt.Sprint("fake", i), "_lighting", "_tcp", "local"), nameOf(fmt.Sprint("fake", i), "local")
		s.cache.take(eth0.index, packetOf(record{name: gatewayService, kind: typePTR, ttl: 4500, target: n},
			record{name: n, kind: typeSRV, ttl: 4500, port: 4000, target: host}, record{name: n, kind: typeTXT, ttl: 4500, text: "\x04id=x"},
			record{name: host, kind: typeA, ttl: 4500, addr: netip.AddrFrom4([4]byte{10, 9, byte(i >> 8), byte(i)})}), s.from, s.now)
	}
	s.settle()
	s.from = netip.MustParseAddr("10.0.0.1")
}

func TestOneSenderHasAShareOfTheServices(t *testing.T) {
	s := newScene(t, eth0)
	s.from = netip.MustParseAddr("10.6.6.6")
	s.storm(2*MaxServices, false)
	if n := len(s.cache.shown); n != MaxPerSender || s.cache.refused == 0 {
		t.Errorf("%d services of one sender, %d refused", n, s.cache.refused)
	}
	if got := s.hear(eth0, full(120, 4000, "10.0.0.1")...); !strings.Contains(got, "added Café") {
		t.Errorf("a gateway after a storm: %s", got)
	}
}

// TestAStormHidesNobody: after one from as many senders as there are services a new
// gateway is found within seconds, and one in use stays.
func TestAStormHidesNobody(t *testing.T) {
	s := newScene(t, eth0)
	s.cache.used = func(instance string) bool { return instance == "fake0" }
	s.storm(MaxServices, true)
	if got := s.hear(eth0, full(120, 4000, "10.0.0.1")...); strings.Contains(got, "added") {
		t.Fatal("there was room all the same")
	}
	for at := time.Duration(0); at < patience; at += time.Second {
		s.wait(time.Second)
		s.storm(1, true) // its user is heard now and then
	}
	s.wait(2 * time.Second)
	got := s.hear(eth0, full(120, 4000, "10.0.0.1")...)
	if !strings.Contains(got, "added Café") || len(s.cache.shown) != MaxServices || s.cache.evicted != 1 {
		t.Errorf("%d services, %d evicted", len(s.cache.shown), s.cache.evicted)
	}
	s.wait(patience)
	s.storm(MaxServices, true)
	if _, ok := s.cache.shown[nameOf("fake0", "_lighting", "_tcp", "local")]; !ok {
		t.Error("a service in use made room")
	}
}

// TestAForgedGoodbyeIsContradicted: whoever is said to be gone is asked, in time to say
// that it is not.
func TestAForgedGoodbyeIsContradicted(t *testing.T) {
	s := newScene(t, eth0)
	s.settle()
	s.from = netip.MustParseAddr("10.0.0.1")
	s.hear(eth0, full(120, 4000, "10.0.0.1")...)
	s.wait(10 * time.Second)
	s.from = netip.MustParseAddr("10.6.6.6")
	s.expect("goodbye", s.hear(eth0, full(0, 4000)[:1]...), asked)
	forged := full(120, 6666, "10.6.6.6")[1]
	s.from = netip.MustParseAddr("10.6.6.7")
	if got := s.hear(eth0, forged); !strings.Contains(got, "ask eth0 33 "+cafe.String()) {
		t.Errorf("another address is claimed: %q", got)
	}
	s.from = netip.MustParseAddr("10.0.0.1")
	s.hear(eth0, full(120, 4000, "10.0.0.1")...)
	if got := s.wait(3 * time.Second); strings.Contains(got, "removed") {
		t.Error(got)
	}
	if got := s.cache.shown[cafe.fold()].Endpoints; len(got) != 1 || got[0] != netip.MustParseAddrPort("10.0.0.1:4000") {
		t.Errorf("%v", got)
	}
}

// TestAddressesElsewhereAreNotTold: an advertisement cannot make us connect to ourselves
// or to another network.
func TestAddressesElsewhereAreNotTold(t *testing.T) {
	s := newScene(t, eth0)
	s.settle()
	s.cache.near = func(index int, a netip.Addr) bool {
		return index == eth0.index && netip.MustParsePrefix("10.0.0.0/24").Contains(a)
	}
	if got := s.hear(eth0, full(120, 4000, "127.0.0.1", "10.1.0.1", "::1", "8.8.8.8")...); strings.Contains(got, "added") || s.cache.distant != 4 {
		t.Errorf("%q, %d distant", got, s.cache.distant)
	}
	s.expect("one is near", s.hear(eth0, full(120, 4000, "127.0.0.1", "10.0.0.7")...), "added Café v1.2 Stage [10.0.0.7:4000] id=g1")
}
